"""People of an organization: list, invite, end, join."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.throttle import throttle
from providers.forms.organization import JoinForm, MemberForm
from providers.lifecycle.members import end_member, find_invitation, invite_member, join
from providers.models import OrganizationMember
from providers.permissions import is_member, manages
from providers.views.organization import BACKEND, find


@login_required
@never_cache
def members(request, pk):
    """Who acts for the organization; a manager invites here and sees the link once."""
    organization = find(request, pk)
    if not is_member(request.user, organization):
        raise PermissionDenied
    form, link = MemberForm(request.POST or None), ""
    if request.method == "POST":
        if not manages(request.user, organization):
            raise PermissionDenied
        if form.is_valid():
            _row, token = invite_member(organization, actor=request.user, **form.cleaned_data)
            link = request.build_absolute_uri(reverse("member_join", args=[token]))
            form = MemberForm()
    rows = organization.members.select_related("user").order_by("ends_on", "id")
    context = {
        "organization": organization,
        "rows": rows,
        "form": form,
        "link": link,
        "manages": manages(request.user, organization),
        "open": organization.invitations.filter(accepted_at=None)[:20],
    }
    return render(request, "providers/members.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def member_end(request, pk):
    row = get_object_or_404(OrganizationMember.objects.select_related("organization"), pk=pk)
    organization = find(request, row.organization_id)
    if not manages(request.user, organization):
        raise PermissionDenied
    try:
        end_member(row, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect("members", organization.pk)


@throttle("member_join", "20/h")
@never_cache
def member_join(request, token):
    """Follow an invitation: with a new login, or with the one signed in."""
    try:
        invitation = find_invitation(token)
    except Refusal as refusal:
        return render(request, "communities/invitation_void.html", {"refusal": refusal}, status=410)
    signed_in = request.user.is_authenticated
    form = JoinForm(request.POST or None)
    if request.method == "POST" and (signed_in or form.is_valid()):
        try:
            user = join(token, user=request.user) if signed_in else join(token, username=form.cleaned_data["username"], password=form.cleaned_data["password1"])
        except Refusal as refusal:
            refused(form, refusal) if not signed_in else messages.error(request, str(refusal))
        else:
            if not signed_in:
                login(request, user, backend=BACKEND)
            return redirect(invitation.organization)
    if signed_in:
        form = MemberForm()
        form.fields.clear()
    return render_form(
        request,
        form,
        title=_("Join {name}").format(name=invitation.organization.name),
        intro=_("You are invited as {role}.").format(role=invitation.get_role_display()),
        submit=_("Join"),
        template="kernel/form_page.html" if signed_in else "providers/register.html",
    )
