"""The registry of organizations and the page of each."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from communities.lifecycle.staff import new_login
from communities.permissions import is_staff_of_government, reach
from kernel import masks
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.throttle import throttle
from kernel.views.access import reveal
from providers.forms.organization import ContactForm, OrganizationForm, RegistrationForm
from providers.lifecycle.organization import LIFE, code_warning, edit, exclusions_on, register, warning_for
from providers.lifecycle.standing import grade_on
from providers.models import Organization
from providers.permissions import EXCLUDERS, GRADERS, VERIFIERS, is_member, manages, may_confirm_account, of_area, organizations_of

BACKEND = "django.contrib.auth.backends.ModelBackend"


def find(request, pk):
    return get_object_or_404(Organization.objects.visible_to(request.user).select_related("place", "supporter", "verified_by"), pk=pk)


@login_required
def organization_list(request):
    if not reach(request.user) and not organizations_of(request.user):
        raise PermissionDenied
    return render_list(
        request,
        Organization.objects.visible_to(request.user).select_related("place"),
        title=_("Organizations"),
        columns=[
            Column("name", _("Name"), kind="link", sort="sort_key"),
            Column("kind", _("Kind"), value=lambda row: row.get_kind_display()),
            Column("credit_code", _("Credit code")),
            Column("place__name", _("Area")),
            Column("grade", _("Grade"), value=lambda row: grade_on(row), sort="grade"),
            Column("fields_of_work", _("Fields of service")),
            Column("status", _("Status"), kind="status"),
        ],
        search=("name", "credit_code", "fields_of_work", "sort_key"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=LIFE.states.items()),
            ChoiceFilter("kind", _("Kind"), choices=Organization.KINDS),
            ChoiceFilter("grade", _("Grade"), choices=Organization._meta.get_field("grade").choices),
            ChoiceFilter("auditor", _("Third-party supervision"), choices=[("1", _("offered"))], apply=lambda rows, value: rows.filter(is_auditor=True)),
        ],
        default_sort="sort_key",
        export_name="承接主体名录",
        empty_text=_("No organization has registered yet."),
    )


@login_required
def organization_detail(request, pk):
    organization = find(request, pk)
    user = request.user
    mine, staff = is_member(user, organization), is_staff_of_government(user) or bool(reach(user))
    return render_detail(
        request,
        organization,
        "providers/organization.html",
        masked_id=masks.mask_id(organization.id_number),
        code_warning=code_warning(organization.kind, organization.credit_code),
        warning=warning_for(organization) if staff or mine else "",
        listings=exclusions_on(organization),
        exclusions=organization.exclusions.select_related("entered_by"),
        names=list(organization.names.all()),
        members=organization.members.filter(ends_on=None).select_related("user"),
        accounts=organization.accounts.select_related("asked_by", "confirmed_by")[:10] if mine or staff else (),
        grade_now=grade_on(organization),
        may={
            "edit": manages(user, organization),
            "members": manages(user, organization),
            "account": manages(user, organization) and organization.kind != "community_group",
            "confirm": may_confirm_account(user, organization),
            "grade": of_area(*GRADERS)(user, organization),
            "exclude": of_area(*EXCLUDERS)(user, organization),
            "rename": of_area("handler", "section", "supervisor")(user, organization),
            "identity": bool(organization.id_number) and of_area(*VERIFIERS)(user, organization),
        },
    )


@throttle("organization_register", "10/h")
def organization_register(request):
    """Public: an organization enters itself, its licence and its manager's login; then the street verifies it."""
    signed_in = request.user.is_authenticated
    form = RegistrationForm(request.POST or None, request.FILES or None)
    if signed_in:
        for name in ("manager_name", "email", "username", "password1", "password2"):
            form.fields.pop(name)
    if request.method == "POST" and form.is_valid():
        try:
            user, organization = enrol(form, request.user if signed_in else None)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            if not signed_in:
                login(request, user, backend=BACKEND)
            messages.success(request, _("Registered. Check what you entered and submit it for verification."))
            if warning := code_warning(organization.kind, organization.credit_code):
                messages.warning(request, warning)
            return redirect(organization)
    return render_form(
        request,
        form,
        title=_("Register an organization"),
        intro=_(
            "For social organizations, companies and others who want to provide services. A street office verifies what you enter; until then nothing is public."
        ),
        submit=_("Register"),
        template="kernel/form_page.html" if signed_in else "providers/register.html",
    )


@transaction.atomic
def enrol(form, user):
    """The login (for a newcomer) and the organization, both or neither."""
    data = form.cleaned_data
    if user is None:
        user = new_login(data["username"], data["password1"], name=data["manager_name"], email=data["email"])
    return user, register(user=user, licence=data["licence"], **form.facts())


@login_required
def organization_edit(request, pk):
    organization = find(request, pk)
    if not manages(request.user, organization):
        raise PermissionDenied
    form_class = OrganizationForm if organization.status == "draft" else ContactForm
    form = form_class(request.POST or None, request.FILES or None, instance=organization)
    if request.method == "POST" and form.is_valid():
        try:
            edit(find(request, pk), actor=request.user, licence=form.cleaned_data.get("licence"), **form.facts())
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(organization)
    intro = "" if organization.status == "draft" else _("Name, code and kind were verified: the street changes those, with a document.")
    return render_form(request, form, title=_("Edit {name}").format(name=organization.name), intro=intro, cancel=organization.get_absolute_url())


@login_required
def organization_identity(request, pk):
    """The full identity card number, after the purpose was written down."""
    organization = find(request, pk)
    if not of_area(*VERIFIERS)(request.user, organization):
        raise PermissionDenied
    return reveal(request, organization, "id_number", title=_("Show the identity card number"), shown=_("Identity card number of {name}").format(name=organization.name))


@login_required
@require_safe
def my_organization(request):
    """To the page of one's own organization; with several, to the list of them."""
    mine = organizations_of(request.user)
    return redirect(mine[0]) if len(mine) == 1 else redirect(reverse("organization_list"))
