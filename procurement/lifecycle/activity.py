"""The life of an activity 活动.

planned      copied from the project's plan; postponed and replaced ones come back here
confirmed    the provider has fixed date and place
held         it took place
reported     who came, what happened, sign-in sheet, photos
answered     the community said on the phone: held, held with deviation, or not held
checked      the third party (or, when it or the community stays silent, the street) has compared it with the plan
cancelled    by weather or the purchaser (proven irrecoverable cost is paid) or by the provider (nothing is paid)

Five working days without an answer are shown as 未确认 and never count as consent: then the street verifies itself.
"Not held" withholds the activity's share of the budget from its payment stage; the rest is paid.
"""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, yuan
from kernel.workdays import add_workdays
from procurement.lifecycle.clearance import clear, state_clearance
from procurement.models import Activity, SignIn
from procurement.permissions_contract import audits, delivers, either, handles, in_community, provider_or_handler, supervises

# Practice 8 of the office, no article of law: how long the community may stay silent before the street verifies itself.
ANSWER_WORKDAYS = 5
MOST_PEOPLE = 100_000


def _running(activity, actor):
    if activity.contract.status != "performing":
        return Refusal("contract_not_running", _("The contract is “{state}”: its activities wait.").format(state=activity.contract.status_label), todo=_("Have the contract signed first."))
    return None


def _own_provider(activity, actor):
    """A residents' committee never confirms what it was paid to do."""
    if delivers(actor, activity):
        return Refusal("own_work", _("You belong to the provider: the community confirms, not who did the work."))
    return None


def _answered(activity, actor):
    if activity.community_answer:
        return Refusal("answered_already", _("The community has answered this already."))
    return _own_provider(activity, actor)


def answer_due(activity, calendar=None):
    """Until when the community is asked (LegalDate), from the day of the report; None before it."""
    return add_workdays(activity.reported_at, ANSWER_WORKDAYS, calendar) if activity.reported_at else None


def is_silent(activity):
    """未确认: reported, the time is over, and the community has said nothing."""
    due = answer_due(activity)
    return bool(due and not activity.community_answer and clock.today() > due.date)


def _still_asked(activity, actor):
    if not is_silent(activity):
        due = answer_due(activity)
        return Refusal("community_asked", _("The community may still answer until {day}.").format(day=due.date if due else "—"), todo=_("The street verifies itself from the day after."))
    return None


CONFIRM = Step("confirm", _("Confirm date and place"), ("planned",), "confirmed", delivers, _running, waits_for=_("provider"))
HOLD = Step("hold", _("It took place"), ("confirmed",), "held", delivers, _running, waits_for=_("provider"))
REPORT = Step("report", _("Report"), ("confirmed", "held"), "reported", delivers, _running, hint=_("The community is asked to confirm."), waits_for=_("provider"))
ANSWER = Step("answer", _("Confirm for the community"), ("reported",), "answered", in_community, _own_provider, withdrawable=True, waits_for=_("community staff"))
ANSWER_LATE = Step(
    "answer_late", _("Answer afterwards for the community"), ("checked",), None, in_community, _answered, tone="secondary",
    hint=_("The street has verified already; the community's word is still taken down."),
)  # fmt: skip
CHECK = Step("check", _("Checked"), ("reported", "answered"), "checked", either(audits, supervises), waits_for=_("third-party supervisor"), by_code=True)
VERIFY = Step(
    "verify", _("Verify for the street"), ("reported",), "checked", supervises, _still_asked, tone="secondary", needs_reason=True,
    hint=_("The community has not answered in time. Its silence is no consent; say how the street verified."),
)  # fmt: skip
POSTPONE = Step("postpone", _("Postpone"), ("planned", "confirmed"), "planned", provider_or_handler, _running, tone="secondary", needs_reason=True)
REPLACE = Step("replace", _("Replace by another activity"), ("planned", "confirmed"), "planned", handles, _running, tone="secondary", needs_reason=True)
CANCEL = Step("cancel", _("Cancel"), ("planned", "confirmed"), "cancelled", provider_or_handler, _running, tone="danger", needs_reason=True)
LIFE = Life(
    "activity",
    Activity,
    states={
        "planned": _("planned"), "confirmed": pgettext_lazy("activity", "date confirmed"), "held": pgettext_lazy("activity", "took place"),
        "reported": _("reported, community asked"), "answered": _("answered by the community"), "checked": _("checked"), "cancelled": pgettext_lazy("activity", "cancelled"),
    },
    steps=(CONFIRM, HOLD, REPORT, ANSWER, CHECK, VERIFY, ANSWER_LATE, POSTPONE, REPLACE, CANCEL),
    initial="planned",
    root=lambda activity: activity.contract,
)  # fmt: skip


def share_of(activity):
    """What the activity is worth in the contract (yuan): its budget lines, over its repetitions, in the proportion contract : budget."""
    if activity.plan_id is None:
        return ZERO
    lines = sum((line.amount for line in activity.plan.lines.all()), ZERO)
    repeats = Activity.objects.filter(contract=activity.contract_id, plan=activity.plan_id).count() or 1
    contract, budget = activity.contract, activity.contract.project.budget_total
    ratio = Decimal(contract.amount) / budget if budget else Decimal(1)
    return yuan(lines * min(ratio, Decimal(1)) / repeats)


def _stage_of(activity):
    """The stage an amount is withheld from: the activity's own while money is left on it, else the next one."""
    rows = activity.contract.stages.exclude(status="paid").order_by("order")
    own = rows.filter(pk=activity.stage_id).first()
    return own or rows.first()


def withhold(activity, source, amount, note):
    """State a clearance row of the activity's share; later stages and payments read it. Never more than the stage."""
    stage = _stage_of(activity)
    if stage is not None and amount > 0:
        state_clearance(stage, source, f"activity-{activity.pk}", held=min(amount, stage.amount), note=note)


@LIFE.verb(CONFIRM)
@transaction.atomic
def confirm(activity, *, actor, planned_on=None, location="", happened_on=None):
    """The provider fixes the date (default: as planned) and place. Outside the contract's term is refused."""
    day = planned_on or activity.planned_on
    _within_term(activity, day)
    changes = {"planned_on": day, "location": location.strip() or activity.location}
    return advance(activity, CONFIRM, actor=actor, happened_on=happened_on, changes=changes, params={"planned_on": str(day)})


def _within_term(activity, day):
    contract = activity.contract
    if not contract.starts_on <= day <= contract.ends_on:
        raise Refusal("outside_term", _("The contract runs from {start} to {end}.").format(start=contract.starts_on, end=contract.ends_on), field="planned_on")


@LIFE.verb(HOLD)
@transaction.atomic
def hold(activity, *, actor, happened_on=None, reason=""):
    """It took place on `happened_on` (default today)."""
    return advance(activity, HOLD, actor=actor, happened_on=happened_on, reason=reason, changes={"held_on": happened_on or clock.today()})


@LIFE.verb(REPORT)
@transaction.atomic
def report(activity, *, actor, headcount, distinct_people=None, summary="", held_on=None, sign_ins=(), photos=(), sheet=None):
    """Report who came and what happened. `sign_ins`: [{name, phone, kind}], kept encrypted; `photos`: uploads; `sheet`: the scanned sign-in sheet.

    `headcount` counts attendances, `distinct_people` people where known. Raises Refusal for counts that cannot be.
    """
    day = held_on or activity.held_on or clock.today()
    if day > clock.today():
        raise Refusal("future", _("An activity that lies in the future cannot be reported."), field="held_on")
    if headcount > MOST_PEOPLE or headcount < len(sign_ins):
        raise Refusal("headcount", _("The headcount is lower than the rows of the sign-in sheet, or impossible."), field="headcount")
    if distinct_people is not None and distinct_people > headcount:
        raise Refusal("distinct", _("More distinct people than attendances is not possible."), field="distinct_people")
    changes = {"held_on": day, "headcount": headcount, "distinct_people": distinct_people, "summary": summary, "reported_at": clock.now()}
    activity = advance(activity, REPORT, actor=actor, happened_on=day, changes=changes, params={"headcount": headcount, "sign_ins": len(sign_ins), "photos": len(photos)})
    for row in sign_ins:
        SignIn.objects.create(activity=activity, name=row["name"], phone=row.get("phone", ""), kind=row.get("kind") or ("self" if row.get("phone") else "no_phone"))
    from kernel import files

    for photo in photos:
        files.attach(activity, photo, "photo", actor=actor, visibility="parties")
    if sheet is not None:
        files.attach(activity, sheet, "sign_in", actor=actor, visibility="staff")
    return activity


@LIFE.verb(ANSWER)
@transaction.atomic
def answer(activity, *, actor, answer, remark=""):
    """The community says `held`, `deviation` or `not_held` (the latter two with a remark)."""
    return _take_down(activity, ANSWER, actor, answer, remark)


@LIFE.verb(ANSWER_LATE)
@transaction.atomic
def answer_late(activity, *, actor, answer, remark=""):
    """After the street has verified in the community's silence, its word is still taken down; the status stays."""
    return _take_down(activity, ANSWER_LATE, actor, answer, remark)


def _take_down(activity, step, actor, answer, remark):
    if answer not in dict(Activity._meta.get_field("community_answer").choices):
        raise Refusal("answer", _("Say whether it was held."), field="answer")
    if answer != "held" and not remark.strip():
        raise Refusal("remark", _("Say what was different."), field="remark")
    changes = {"community_answer": answer, "community_remark": remark.strip()[:300], "community_at": clock.now()}
    activity = advance(activity, step, actor=actor, changes=changes, params={"answer": answer}, reason=remark.strip())
    if answer == "not_held":
        withhold(activity, "community", share_of(activity), remark)
    return activity


def _undo_answer(activity, actor):
    """Taking the answer back also releases what it withheld."""
    for row in activity.contract.stages.filter(clearances__reference=f"activity-{activity.pk}", clearances__source="community"):
        clear(row, "community", f"activity-{activity.pk}")
    Activity.objects.filter(pk=activity.pk).update(community_answer="", community_remark="", community_at=None)


@LIFE.verb(CHECK)
@transaction.atomic
def check(activity, *, actor, happened_on=None):
    """The third party has compared the activity with the plan (called by its check; doubts are findings of their own)."""
    return advance(activity, CHECK, actor=actor, happened_on=happened_on)


@LIFE.verb(VERIFY)
@transaction.atomic
def verify(activity, *, actor, reason="", happened_on=None):
    """The community stayed silent: the street verifies with a reason. The activity stays marked 未确认."""
    return advance(activity, VERIFY, actor=actor, reason=reason, happened_on=happened_on)


@LIFE.verb(POSTPONE)
@transaction.atomic
def postpone(activity, *, actor, planned_on, cause="provider", reason="", happened_on=None):
    """A new date inside the term, with cause (weather, purchaser, provider) and reason."""
    _within_term(activity, planned_on)
    return advance(activity, POSTPONE, actor=actor, reason=reason, happened_on=happened_on, changes={"planned_on": planned_on}, params={"cause": cause, "from": str(activity.planned_on), "to": str(planned_on)})


@LIFE.verb(REPLACE)
@transaction.atomic
def replace(activity, *, actor, title, planned_on, location, planned_headcount, reason="", happened_on=None):
    """The purchaser agrees to another activity in its place, for the same money."""
    _within_term(activity, planned_on)
    changes = {"title": title, "planned_on": planned_on, "location": location, "planned_headcount": planned_headcount}
    return advance(activity, REPLACE, actor=actor, reason=reason, happened_on=happened_on, changes=changes, params={"from": activity.title, "to": title})


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(activity, *, actor, cause, proven_cost=ZERO, reason="", happened_on=None):
    """It will not take place. By weather or the purchaser: `proven_cost` (yuan) is still paid; by the provider: nothing. The rest of its share is withheld."""
    proven = yuan(proven_cost or 0)
    share = share_of(activity)
    if cause == "provider" and proven:
        raise Refusal("no_cost", _("What the provider cancels itself is not paid."), field="proven_cost")
    if proven > share:
        raise Refusal("cost_above_share", _("The activity is worth {amount} yuan; the cost cannot be higher.").format(amount=f"{share:,.2f}"), field="proven_cost")
    activity = advance(activity, CANCEL, actor=actor, reason=reason, happened_on=happened_on, changes={"cancel_cause": cause}, params={"cause": cause, "cost": str(proven)})
    if proven and not handles(actor, activity):
        raise Refusal("cost_by_handler", _("The street's handler enters the proven cost."), todo=_("Leave it empty and send your proof to the handler."), field="proven_cost")
    withhold(activity, "cancelled", share - proven, reason)
    return activity


LIFE.undo = {"answer": _undo_answer}
