"""A finding of the check: only its questioned amount (yuan) is withheld from the stage.

*Open*: stated by the auditor; the provider answers. *Answered*: rectification described, with files.
*Cleared*: the auditor or the street accepts, the amount is payable again. *Upheld*: the street decides, the amount stays withheld.
"""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle.check import REPORT
from evaluation.models import Check, Finding
from evaluation.permissions import delivers, is_assigned_auditor, supervises
from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.money import yuan
from kernel.notices import notify_all, register
from kernel.workdays import add_workdays
from procurement.lifecycle import clearance

register("finding.stated", _("A finding withholds {amount} yuan of “{title}”; please answer until {due}"))
register("finding.settled", _("The finding on “{title}” is settled"))


def contract_of(finding):
    return finding.check_of.assignment.contract


ANSWER = Step("answer", _("Answer the finding"), ("open",), "answered", lambda user, finding: delivers(user, contract_of(finding)), waits_for=_("provider"))
CLEAR = Step(
    "clear",
    _("Accept and release the amount"),
    ("open", "answered"),
    "cleared",
    lambda user, finding: is_assigned_auditor(user, finding.check_of.assignment) or supervises(user, contract_of(finding)),
    needs_reason=True,
    waits_for=_("third-party supervisor or the street"),
)
UPHOLD = Step(
    "uphold",
    _("Uphold: the amount stays withheld"),
    ("open", "answered"),
    "upheld",
    lambda user, finding: supervises(user, contract_of(finding)),
    tone="danger",
    needs_reason=True,
)
STATES = {"open": _("waiting for the provider's answer"), "answered": _("answered"), "cleared": _("cleared"), "upheld": _("upheld")}
LIFE = Life("finding", Finding, STATES, (ANSWER, CLEAR, UPHOLD), initial="open", root=contract_of)


@transaction.atomic
def state_finding(check, *, actor, kind, text, amount, activity=None):
    """State a finding and withhold its amount (yuan) from the stage. Raises Refusal when the check is closed or the amounts exceed the stage."""
    check = Check.objects.select_for_update().get(pk=check.pk)
    principal = acting_for(actor, check, REPORT)
    if check.status != "open":
        raise Refusal("wrong_state", _("This check is closed."))
    amount = yuan(amount)
    questioned = check.findings.exclude(status="cleared").aggregate(total=Sum("amount"))["total"] or 0
    if questioned + amount > check.stage.amount:
        raise Refusal(
            "too_much",
            _("All questioned amounts together exceed the stage's {amount} yuan.").format(amount=check.stage.amount),
            todo=_("Question only what is in doubt; the rest is paid."),
            field="amount",
        )
    if activity is not None and activity.contract_id != check.assignment.contract_id:
        raise Refusal("foreign_activity", _("This activity belongs to another contract."), field="activity")
    due = add_workdays(clock.today(), check.assignment.contract.check_days).date
    finding = Finding.objects.create(check_of=check, activity=activity, kind=kind, text=text, amount=amount, status="open", due_on=due, created_by=actor)
    clearance.state_clearance(check.stage, "finding", f"finding-{finding.pk}", held=amount, note=text[:300])
    trail.record(finding, "state", actor=actor, on_behalf_of=principal, to_status="open", params={"amount": str(amount), "kind": kind})
    people = [member.user for member in check.assignment.contract.organization.members.filter(ends_on=None).select_related("user")]
    notify_all(
        people,
        f"finding-{finding.pk}",
        "finding.stated",
        subject=finding,
        url=finding.get_absolute_url(),
        params={"amount": str(amount), "title": check.assignment.contract.title, "due": str(due)},
    )
    return finding


@LIFE.verb(ANSWER)
@transaction.atomic
def answer(finding, *, actor, answer, happened_on=None):
    """The provider describes the rectification."""
    return advance(finding, ANSWER, actor=actor, happened_on=happened_on, changes={"answer": answer})


@LIFE.verb(CLEAR)
@transaction.atomic
def clear(finding, *, actor, reason="", happened_on=None):
    """The doubt is gone: the withheld amount is payable."""
    finding = advance(finding, CLEAR, actor=actor, reason=reason, happened_on=happened_on)
    clearance.clear(finding.check_of.stage, "finding", f"finding-{finding.pk}")
    return settled(finding)


@LIFE.verb(UPHOLD)
@transaction.atomic
def uphold(finding, *, actor, reason="", happened_on=None):
    """The street decides: the amount stays withheld and is settled with the last stage."""
    return settled(advance(finding, UPHOLD, actor=actor, reason=reason, happened_on=happened_on))


def settled(finding):
    """Tell the provider how it ended."""
    contract = contract_of(finding)
    people = [member.user for member in contract.organization.members.filter(ends_on=None).select_related("user")]
    notify_all(people, f"finding-{finding.pk}-{finding.status}", "finding.settled", subject=finding, url=finding.get_absolute_url(), params={"title": contract.title})
    return finding
