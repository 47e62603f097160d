"""Bank account: asked for by the organization with stamped proof, confirmed by a second person at the street, then where money goes.

Holder = the organization's registered name. While a change waits, later stages freeze their open requests (`register_freeze`), and the old
contact is told; with the confirmation (or refusal) they go on. The number is encrypted; lists show the last four digits.
"""

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, notices, trail
from kernel.lifecycle import Refusal
from providers.models import BankAccount, Organization
from providers.permissions import is_member, manages, may_confirm_account

notices.register("account.asked", _("A new bank account of {name} was entered. If you did not expect this, call the street at once."))
notices.register("account.confirmed", _("The bank account of {name} ending in {digits} is confirmed."))
notices.register("account.refused", _("The bank account of {name} ending in {digits} was refused: {why}"))
_freezers: list = []


def register_freeze(freeze, thaw):
    """Announce what stops while an account changes: freeze(organization, actor), thaw(organization, actor). Called inside the transaction."""
    _freezers.append((freeze, thaw))


def tell(account, kind, **params):
    """Tell the organization's people once."""
    for row in account.organization.members.filter(ends_on=None).select_related("user"):
        details = {"name": account.organization.name, "digits": account.last_digits, **params}
        notices.notify(
            row.user,
            f"{kind}:{account.pk}",
            kind,
            subject=account.organization,
            url=reverse("organization_detail", args=[account.organization_id]),
            params=details,
        )


@transaction.atomic
def ask_account(organization, *, actor, bank, number, proof, holder=""):
    """Enter a new account with its stamped proof (a file or (name, bytes)). Counts only once confirmed. Returns the BankAccount. Raises Refusal."""
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    holder = (holder or organization.name).strip()
    digits = "".join(sign for sign in str(number) if sign.isdigit())
    if not manages(actor, organization):
        raise Refusal("role", _("Only a manager of the organization enters its account."))
    if organization.kind == "community_group":
        raise Refusal("group", _("A community group is paid through its supporting organization."), field="bank")
    if holder != organization.name:
        raise Refusal(
            "holder", _("The account holder must be {name}.").format(name=organization.name), todo=_("Open the account in the registered name."), field="holder"
        )
    if not 8 <= len(digits) <= 30 or any(sign not in " -" and not sign.isdigit() for sign in str(number)):
        raise Refusal("number", _("An account number has 8 to 30 digits."), field="number")
    if not proof:
        raise Refusal("proof", _("Upload the stamped proof of the account."), field="proof")
    if organization.accounts.waiting().exists():
        raise Refusal("waiting", _("Another account is waiting for confirmation."), todo=_("The street confirms or refuses that one first."))
    current = organization.accounts.current().first()
    if current and current.number == digits:
        raise Refusal("same", _("This is the account in use already."), field="number")
    account = BankAccount.objects.create(organization=organization, holder=holder, bank=bank.strip(), number=digits, last_digits=digits[-4:], asked_by=actor)
    trail.record(account, "ask_account", actor=actor, params={"replaces": current.pk if current else None})
    files.attach(account, proof, "proof", actor=actor)
    if current:
        for freeze, _thaw in _freezers:
            freeze(organization, actor)
        tell(account, "account.asked")
    return account


def decide(account, actor):
    """Lock an account that waits; asker and confirmer are two people of two sides. Raises Refusal."""
    account = BankAccount.objects.select_for_update(of=("self",)).select_related("organization").get(pk=account.pk)
    if account.state != "waiting":
        raise Refusal("decided", _("This account was decided already."))
    if not may_confirm_account(actor, account.organization):
        raise Refusal("role", _("An accountant of the street confirms accounts."))
    if account.asked_by_id == actor.pk or is_member(actor, account.organization):
        raise Refusal("two_people", _("Whoever asks for an account does not confirm it."), todo=_("Another accountant must decide."))
    return account


@transaction.atomic
def confirm_account(account, *, actor):
    """The street has checked the stamped proof, and by a call on the old contact where one exists. The account before is replaced. Raises Refusal."""
    account = decide(account, actor)
    if account.holder != account.organization.name:
        raise Refusal(
            "holder",
            _("The account holder must be {name}.").format(name=account.organization.name),
            todo=_("Refuse it and ask for one in the registered name."),
        )
    now = clock.now()
    before = account.organization.accounts.current().first()
    if before:
        BankAccount.objects.filter(pk=before.pk).update(replaced_at=now)
    BankAccount.objects.filter(pk=account.pk).update(confirmed_by=actor, confirmed_at=now)
    account.confirmed_by, account.confirmed_at = actor, now
    if before:
        for _freeze, thaw in _freezers:
            thaw(account.organization, actor)
    tell(account, "account.confirmed")
    trail.record(account, "confirm_account", actor=actor, params={"replaced": before.pk if before else None})
    return account


@transaction.atomic
def refuse_account(account, *, actor, reason):
    """Not accepted, with a reason the organization reads; the account before stays in use."""
    account = decide(account, actor)
    if not (reason or "").strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    BankAccount.objects.filter(pk=account.pk).update(refused_by=actor, refused_at=clock.now(), refused_why=reason.strip()[:300])
    if account.organization.accounts.current().exists():
        for _freeze, thaw in _freezers:
            thaw(account.organization, actor)
    tell(account, "account.refused", why=reason.strip()[:300])
    trail.record(account, "refuse_account", actor=actor, reason=reason)
    account.refresh_from_db()
    return account
