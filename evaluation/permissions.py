"""Who may judge what: supervision staff of the purchaser, the auditor by grant, the provider its own findings."""

from django.db.models import Q

from communities.permissions import memberships_of, purchase_scope
from kernel.lifecycle import principals_of
from providers.lifecycle.organization import organizations_of

SUPERVISORS = ("supervisor", "handler", "section")


def is_assigned_auditor(user, assignment):
    """The auditor holds the guardian grant written with the assignment, and the assignment is open."""
    return assignment.ended_at is None and user.has_perm("evaluation.audit_contract", assignment)


def supervises(user, contract):
    """Supervising staff of the contract's purchaser."""
    return any(row.role in SUPERVISORS and row.purchaser_id == contract.purchaser_id for row in memberships_of(user))


def delivers(user, contract):
    """People of the contract's provider."""
    return contract.organization_id in {organization.pk for organization in organizations_of(user)}


def check_scope(user, prefix=""):
    """A Q of checks (or what hangs on them): the auditor's own, the purchase's staff, the provider once reported."""
    found = Q(pk__in=[])
    contract = f"{prefix}assignment__contract__"
    for person in principals_of(user):
        found |= Q(**{f"{prefix}assignment__auditor": person, f"{prefix}assignment__ended_at": None})
        found |= purchase_scope(person, place=f"{contract}project__place__path", purchaser=f"{contract}purchaser")
        mine = [organization.pk for organization in organizations_of(person)]
        if mine:
            found |= Q(**{f"{contract}organization__in": mine}) & ~Q(**{f"{prefix}status": "open"})
    return found
