"""A06 需求调查 (财库〔2021〕22号 第10、11条): market bodies are asked about supply and price before needs are fixed.

It never blocks a need: residents wish freely (practice 7). A project whose amount makes its purchase statutory is not handed to the gates
without a survey; a purchase that follows the law by choice is asked when it publishes. Self-run purchases are never asked. At least three
market bodies, fewer with a reason; a survey may be used again for a year by further projects of the purchaser for the same item.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, rules, trail, workdays
from kernel.lifecycle import Refusal, principals_of
from kernel.rules import carries
from procurement.lifecycle.configuration import limit_of
from procurement.models import MarketSurvey, Project, SurveyAnswer
from procurement.permissions import holds

RECORDABLE = ("draft", "in_review", "returned", "approved", "sourcing", "programme")
AUXILIARY = "辅助"


def amount_of(project):
    return project.ceiling if project.ceiling is not None else project.budget_total


def statutory_by_amount(project):
    """Whether the amount alone makes the purchase statutory."""
    return amount_of(project) >= limit_of(project.purchaser)


@carries("A06")
def needed(project):
    """Whether a statutory purchase of this project needs a survey: services to the public, or the rule's amount."""
    return AUXILIARY not in project.item.category or amount_of(project) >= rules.get("A06").value("amount")


def last_day(held_on):
    """Until when a survey may be used."""
    return workdays.add_months(held_on, rules.get("A06").value("reuse"))


def usable(survey, on=None):
    return (on or clock.today()) <= last_day(survey.held_on)


def survey_of(project):
    """The project's latest survey that may still be used, or None."""
    return next((row for row in project.surveys.all() if usable(row)), None)


def missing(project):
    """The refusal of a statutory purchase without survey, or None."""
    if not needed(project) or survey_of(project):
        return None
    rule = rules.get("A06")
    return Refusal(
        "survey", _("No needs survey stands behind “{project}”: at least {count} market bodies are asked about supply and price.").format(project=project, count=rule.value("respondents")),
        article=rule.article, todo=_("Record it on the project's page, or use one of the last year."),
    )  # fmt: skip


def objection_to_approval(project):
    """Why a project can't go to the gates yet (only where its amount makes it statutory), or None."""
    return missing(project) if statutory_by_amount(project) else None


def may_record(user, project):
    """The street's handler, who prepares the purchase."""
    return any(holds(person, "handler", project) for person in principals_of(user))


def _check(actor, project):
    if not may_record(actor, project):
        raise Refusal("role", _("The street's handler records the survey."))
    if project.status not in RECORDABLE:
        raise Refusal("wrong_state", _("This project is past its survey: it is “{state}”.").format(state=project.status_label))


@carries("A06")
@transaction.atomic
def record_survey(project, *, actor, title, held_on, result, answers, fewer_reason="", file=None):
    """Record who was asked and what came out. `answers`: rows {name, way, supply, price}. Raises Refusal: role, future, too_few."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    _check(actor, project)
    rule = rules.get("A06")
    if held_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="held_on")
    names = {row["name"].strip() for row in answers}
    if len(names) < rule.value("respondents") and not fewer_reason.strip():
        raise Refusal(
            "too_few", _("{given} market bodies were asked, the rule wants {count}.").format(given=len(names), count=rule.value("respondents")), article=rule.article,
            todo=_("Ask more, or say why fewer."), field="fewer_reason",
        )  # fmt: skip
    if not names:
        raise Refusal("too_few", _("Name at least one market body that was asked."), article=rule.article)
    kept = files.attach(project, file, "survey", actor=actor) if file else None
    row = MarketSurvey.objects.create(
        purchaser=project.purchaser, item=project.item, title=title, held_on=held_on, result=result, fewer_reason=fewer_reason, file=kept, recorded_by=actor
    )
    SurveyAnswer.objects.bulk_create(SurveyAnswer(survey=row, **{name: answer.get(name) for name in ("name", "way", "supply", "price") if answer.get(name) is not None}) for answer in answers)
    row.projects.add(project)
    trail.record(project, "survey", actor=actor, happened_on=held_on, params={"survey": row.pk, "asked": len(names)})
    return row


def reusable(project):
    """Surveys of the same purchaser and item that this project may use and does not use yet."""
    rows = MarketSurvey.objects.filter(purchaser=project.purchaser_id, item=project.item_id).exclude(projects=project)
    return [row for row in rows[:50] if usable(row)]


@transaction.atomic
def reuse_survey(project, survey, *, actor):
    """Use a survey of the last year for a further project. Raises Refusal: role, other_item, too_old."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    _check(actor, project)
    if survey.purchaser_id != project.purchaser_id or survey.item_id != project.item_id:
        raise Refusal("other_item", _("This survey asked about something else."))
    if not usable(survey):
        raise Refusal("too_old", _("This survey may be used until {day} only.").format(day=last_day(survey.held_on)), article=rules.get("A06").article, todo=_("Ask again."))
    survey.projects.add(project)
    trail.record(project, "survey", actor=actor, params={"survey": survey.pk, "reused": True})
    return survey


def told(project):
    """The surveys of a project for its page, newest first, each with `asked`: the market bodies. One query."""
    found = {}
    for answer in SurveyAnswer.objects.filter(survey__projects=project).select_related("survey").order_by("-survey__held_on", "-survey", "pk"):
        row = found.setdefault(answer.survey_id, answer.survey)
        row.asked = [*getattr(row, "asked", ()), answer]
    return list(found.values())
