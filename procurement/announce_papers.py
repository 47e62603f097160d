"""What documents, questions and official forms tell the shell: forms, navigation, desk, deadlines."""

import datetime

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, people, purchaser_ids
from kernel import clock, registry, rules
from kernel.registry import Brief, NavItem, Reminder, Task
from procurement.forms.document import AnswerForm
from procurement.lifecycle import question, tender
from procurement.models import Question

question.LIFE.form(question.ANSWER, AnswerForm)
tender.LIFE.verb_labels |= {"edit_documents": _("chapter of the documents edited"), "freeze_documents": _("documents published as a version")}
registry.nav(NavItem("buying", _("Official forms"), "hand_forms", may=lambda user: has_role(user, "handler", "finance"), order=48))


@registry.desk
def desk(user):
    """The question most pressing at the purchasers this person handles for, and how many wait; nobody who asked is named."""
    handled = purchaser_ids(user, "handler")
    if not handled:
        return
    rows = Question.objects.filter(tender__purchaser__in=handled, status__in=("asked", "answered"), tender__status="published").order_by("answer_due_on", "pk")
    rows = rows.annotate(count=Window(Count("pk")))

    def step(found):
        action = _("Answer the question") if found["status"] == "asked" else _("Publish question and answer")
        detail = str(_("{count} questions wait.")).format(count=found["count"]) if found["count"] > 1 else ""
        return Task("question", found["tender__title"], action, reverse("question_detail", args=[found["pk"]]), found["asked_at"], found["answer_due_on"], detail)

    yield Brief(rows, ("pk", "status", "tender__title", "asked_at", "answer_due_on", "count"), step)


@registry.reminder
def unanswered(now):
    """The answer of a question falls due (G01): to the handlers; nobody who asked is named."""
    rows = Question.objects.filter(status__in=("asked", "answered"), tender__status="published").select_related("tender__purchaser")
    g01, asked = rules.find("G01"), {}
    for row in rows:
        due = clock.end_of_day(row.answer_due_on)
        phase = "after" if now > due else "before" if now >= due - datetime.timedelta(days=1) else None
        if phase:
            handlers = asked.setdefault(row.purchaser_id, tuple(people("handler", purchaser=row.purchaser_id)))
            yield Reminder("question_answer", row, handlers, due, phase, str(row), row.get_absolute_url(), g01.article if g01 else "")
