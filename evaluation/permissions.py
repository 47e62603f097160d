"""Who may judge what: supervision staff of the purchaser, the auditor by grant, the provider its own findings."""

from django.db.models import Exists, OuterRef, Q

from communities.permissions import memberships_of, purchase_scope
from evaluation.models import Assignment, PanelMember
from kernel import about
from kernel.lifecycle import principals_of
from providers.lifecycle.organization import organizations_of

SUPERVISORS = ("supervisor", "handler", "section")


about.ask("judges", lambda: Exists(PanelMember.objects.filter(user=OuterRef("pk"), left_at=None)))
about.ask("audits", lambda: Exists(Assignment.objects.filter(auditor=OuterRef("pk"), ended_at=None)))


def judging_hats(user):
    """(sits on a panel, audits a contract): the menu asks on every page."""
    return bool(about.of(user, "judges")), bool(about.of(user, "audits"))


def is_assigned_auditor(user, assignment):
    """The auditor holds the guardian grant written with the assignment, and the assignment is open."""
    return assignment.ended_at is None and user.has_perm("evaluation.audit_contract", assignment)


def supervises(user, contract):
    """Supervising staff of the contract's purchaser."""
    return any(row.role in SUPERVISORS and row.purchaser_id == contract.purchaser_id for row in memberships_of(user))


def delivers(user, contract):
    """People of the contract's provider."""
    return contract.organization_id in {organization.pk for organization in organizations_of(user)}


def contract_scope(person, contract):
    """A Q of what hangs on contracts (path `contract`) of purchases this person's unit or place takes part in."""
    return purchase_scope(person, place=f"{contract}project__place__path", purchaser=f"{contract}purchaser")


def check_scope(user):
    """A Q of checks: the auditor's own, the purchase's staff, the provider once it is no longer open."""
    found = Q(pk__in=[])
    for person in principals_of(user):
        found |= contract_scope(person, "assignment__contract__")
        if not about.certainly_not(person, "audits"):
            found |= Q(assignment__in=Assignment.objects.filter(auditor=person, ended_at=None).values("pk"))
        if mine := [organization.pk for organization in organizations_of(person)]:
            found |= Q(assignment__in=Assignment.objects.filter(contract__organization__in=mine).values("pk")) & ~Q(status="open")
    return found


def finding_scope(user):
    """A Q of findings: as checks, but the provider sees its findings from the moment they are stated (it has to answer)."""
    found = Q(pk__in=[])
    for person in principals_of(user):
        found |= Q(check_of__assignment__auditor=person, check_of__assignment__ended_at=None)
        found |= contract_scope(person, "check_of__assignment__contract__")
        if mine := [organization.pk for organization in organizations_of(person)]:
            found |= Q(check_of__assignment__contract__organization__in=mine)
    return found
