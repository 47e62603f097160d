"""What documents, questions and official forms tell the shell: forms, navigation, deadlines. (The desk: announce_tender.)"""

import datetime

from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, people
from kernel import clock, registry, rules
from kernel.registry import NavItem, Reminder
from procurement.forms.document import AnswerForm
from procurement.lifecycle import question, tender
from procurement.models import Question

question.LIFE.form(question.ANSWER, AnswerForm)
tender.LIFE.verb_labels |= {"edit_documents": _("chapter of the documents edited"), "freeze_documents": _("documents published as a version")}
registry.nav(NavItem("buying", _("Official forms"), "hand_forms", may=lambda user: has_role(user, "handler", "finance"), order=48))


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
