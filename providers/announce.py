"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities import handover
from communities.permissions import memberships_of, reach
from kernel import files, registry, trail
from kernel.lifecycle import principals_of
from kernel.pinyin import sort_key
from kernel.registry import Hit, NavItem, Task, Waiting
from providers.lifecycle import account as accounts  # noqa: F401
from providers.lifecycle import organization  # noqa: F401
from providers.models import BankAccount, Organization
from providers.permissions import VERIFIERS, in_area_of, is_member, may_confirm_account, member_rows, organizations_of


def own_rows(user):
    """Memberships that verify organizations, and those that confirm accounts."""
    rows = memberships_of(user)
    return [row for row in rows if row.role in VERIFIERS], [row for row in rows if row.role == "accountant"]


@registry.desk
def waiting(user):
    """Organizations to verify, accounts to confirm; for a manager: what is missing from their own."""
    verifying, confirming = own_rows(user)
    if verifying:
        def to_verify(row):
            if any(in_area_of(mine, row) for mine in verifying) and not is_member(user, row):
                yield Task("organization", row.name, _("Verify it"), row.get_absolute_url(), since=row.created_at, detail=row.get_kind_display())

        yield Waiting(Organization.objects.filter(status="submitted").select_related("place")[:200], to_verify)
    if confirming:
        def to_confirm(row):
            if any(in_area_of(mine, row.organization) for mine in confirming) and row.asked_by_id != user.pk:
                yield Task(_("bank account"), row.organization.name, _("Confirm the account"), reverse("account_confirm", args=[row.pk]), since=row.asked_at)

        yield Waiting(BankAccount.objects.waiting().select_related("organization__place")[:200], to_confirm)
    for row in member_rows(user):
        own = row.organization
        if row.role != "manager":
            continue
        if own.status == "draft":
            last = trail.rows_of(own).filter(verb="send_back").last()
            yield Task("organization", own.name, _("Complete and submit it"), own.get_absolute_url(), since=own.created_at, detail=last.reason if last else "")
        elif own.status == "verified" and own.kind != "community_group" and not own.accounts.filter(Q(replaced_at=None, refused_at=None)).exists():
            yield Task("organization", own.name, _("Enter the bank account"), reverse("account_create", args=[own.pk]), since=own.verified_at)


@registry.search
def find(user, text):
    rows = Organization.objects.visible_to(user).filter(Q(name__icontains=text) | Q(credit_code__iexact=text) | Q(sort_key__startswith=sort_key(text)))[:10]
    return [Hit(_("organization"), row.name, row.get_absolute_url(), row.get_kind_display()) for row in rows]


registry.nav(
    NavItem("providers", _("Organizations"), "organization_list", may=lambda user: bool(reach(user)), order=10),
    NavItem("providers", _("My organization"), "my_organization", may=lambda user: bool(organizations_of(user)), order=5),
    NavItem("public", _("Register an organization"), "organization_register", may=lambda user: True, order=80),
)

files.register_access(Organization, files.by_sight(Organization))


def reads_proof(user, attachment):
    """The proof of an account is for the organization itself and the accountants of its area."""
    account = BankAccount.objects.visible_to(user).select_related("organization__place").filter(pk=attachment.subject_id).first()
    return bool(account) and any(is_member(person, account.organization) or may_confirm_account(person, account.organization) for person in principals_of(user))


files.register_access(BankAccount, reads_proof)


@handover.register
def sole_manager_of(user):
    """A login is not closed while it is the only manager of an organization."""
    for row in member_rows(user):
        others = row.organization.members.filter(role="manager", ends_on=None).exclude(user=user)
        if row.role == "manager" and not others.exists():
            yield handover.Held(row.organization.name, row.organization.get_absolute_url())
