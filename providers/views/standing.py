"""What the government enters about an organization: names, grade, exclusions; and its bank account's confirmation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from kernel import access, files
from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal
from providers.forms.organization import AccountForm, ExclusionForm, GradeForm, LiftForm, RefuseAccountForm, RenameForm
from providers.lifecycle import account as accounts
from providers.lifecycle import standing
from providers.models import BankAccount, Exclusion
from providers.permissions import EXCLUDERS, GRADERS, VERIFIERS, is_member, manages, may_confirm_account, of_area
from providers.views.organization import find


def act_on(request, organization, form, work, *, title, intro="", rules=(), submit=None):
    """A form about an organization that leads back to it."""
    return ask_and_do(request, form, lambda data: work(**data), to=organization, said=_("Saved."), title=f"{title} · {organization}", intro=intro, rules=rules, submit=submit)


def allowed(request, pk, *roles):
    """The organization, when the user holds one of the roles for its area; a weak role gets 403."""
    organization = find(request, pk)
    if not of_area(*roles)(request.user, organization):
        raise PermissionDenied
    return organization


@login_required
def organization_rename(request, pk):
    organization = allowed(request, pk, *VERIFIERS)

    def work(name, since, document, proof):
        files.attach(organization, proof, "licence", actor=request.user)
        standing.rename(organization, name, actor=request.user, since=since, document=document)

    form = RenameForm(request.POST or None, request.FILES or None)
    return act_on(
        request,
        organization,
        form,
        work,
        title=_("New name"),
        intro=_("The old name stays on papers of its time. The bank account must then be renewed in the new name."),
    )


@login_required
def organization_grade(request, pk):
    organization = allowed(request, pk, *GRADERS)
    form = GradeForm(request.POST or None)
    return act_on(
        request, organization, form, lambda **data: standing.set_grade(organization, actor=request.user, **data), title=_("Assessment grade"), rules=["H08"]
    )


@login_required
def exclusion_create(request, pk):
    organization = allowed(request, pk, *EXCLUDERS)
    form = ExclusionForm(request.POST or None, request.FILES or None)
    return act_on(
        request,
        organization,
        form,
        lambda **data: standing.exclude(organization, actor=request.user, **data),
        title=_("Debarment or listing"),
        intro=_("It blocks bidding, award and signing from its first day; payment for accepted work only warns."),
        rules=["H05", "H07"],
    )


@login_required
def exclusion_lift(request, pk):
    row = get_object_or_404(Exclusion, pk=pk)
    organization = allowed(request, row.organization_id, *EXCLUDERS)
    form = LiftForm(request.POST or None)
    return act_on(request, organization, form, lambda **data: standing.lift_exclusion(row, actor=request.user, **data), title=_("End early"))


@login_required
def account_create(request, pk):
    organization = find(request, pk)
    if not manages(request.user, organization):
        raise PermissionDenied
    form = AccountForm(request.POST or None, request.FILES or None, initial={"holder": organization.name})
    return act_on(
        request,
        organization,
        form,
        lambda **data: accounts.ask_account(organization, actor=request.user, **data),
        title=_("Bank account"),
        intro=_("It counts once an accountant of the street has confirmed it. While a change waits, open payments stop, and your people are told."),
        submit=_("Ask for confirmation"),
    )


def waiting_account(request, pk):
    """An account this accountant may decide; asker and members never."""
    account = get_object_or_404(BankAccount.objects.visible_to(request.user).select_related("organization__place", "asked_by"), pk=pk)
    if not may_confirm_account(request.user, account.organization) or is_member(request.user, account.organization):
        raise PermissionDenied
    return account


@login_required
def account_confirm(request, pk):
    """GET: number beside the stamped proof (the look is logged). POST: confirm."""
    account = waiting_account(request, pk)
    if request.method == "POST":
        try:
            accounts.confirm_account(account, actor=request.user)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The account is confirmed."))
        return redirect(account.organization)
    number = access.reveal(account, "number", request.user, "核对收款账户证明")
    current = account.organization.accounts.current().first()
    return render(
        request,
        "providers/account_confirm.html",
        {"account": account, "organization": account.organization, "number": number, "current": current, "form": RefuseAccountForm()},
    )


@login_required
@require_POST
def account_refuse(request, pk):
    account = waiting_account(request, pk)
    form = RefuseAccountForm(request.POST)
    return act_on(
        request, account.organization, form, lambda reason: accounts.refuse_account(account, actor=request.user, reason=reason), title=_("Refuse the account")
    )
