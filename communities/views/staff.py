"""Staff: who works where, invitations, ends; stand-ins."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.forms.staff import EndForm, InviteForm, LoginForm, ReasonForm, StandInForm
from communities.lifecycle import staff
from communities.models import Invitation, Membership
from communities.models.membership import ROLES
from communities.permissions import is_platform_admin, may_staff, may_staff_somewhere, reach
from kernel import clock
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.models import StandIn, User
from kernel.throttle import throttle

BACKEND = "django.contrib.auth.backends.ModelBackend"


def staff_only(request):
    if not (request.user.is_platform_admin or reach(request.user)):
        raise PermissionDenied


@login_required
def staff_list(request):
    staff_only(request)
    today = clock.today()
    state = request.GET.get("state", "")
    rows = Membership.objects.visible_to(request.user).select_related("user", "purchaser", "place")
    links = [(_("Invite"), reverse("staff_invite")), (_("Invitations"), reverse("invitation_list"))] if may_staff_somewhere(request.user) else []
    return render_list(
        request,
        rows if state else rows.in_force(),
        title=_("Staff"),
        columns=[
            Column("user__name", pgettext_lazy("person", "Name"), kind="link", link=lambda row: reverse("staff_detail", args=[row.pk])),
            Column("role", _("Role"), value=lambda row: row.get_role_display()),
            Column("unit", _("Unit"), value=lambda row: row.unit, sort=False),
            Column("starts_on", _("From"), kind="date"),
            Column("ends_on", _("To"), kind="date"),
        ],
        search=("user__name", "user__username", "purchaser__name", "place__name"),
        filters=[
            ChoiceFilter("role", _("Role"), choices=ROLES.items()),
            ChoiceFilter(
                "state",
                _("State"),
                choices=[("all", _("past ones too")), ("ended", _("ended"))],
                apply=lambda found, value: found.filter(ends_on__lt=today) if value == "ended" else found,
            ),
        ],
        default_sort="user__name",
        links=links,
        export_name="人员",
        empty_text=_("Nobody works here yet."),
    )


def visible_membership(request, pk):
    return get_object_or_404(Membership.objects.visible_to(request.user).select_related("user", "purchaser__place", "place"), pk=pk)


@login_required
@require_safe
def staff_detail(request, pk):
    """One person's role, the others they hold in sight of the reader, their stand-ins."""
    row = visible_membership(request, pk)
    others = Membership.objects.visible_to(request.user).filter(user=row.user_id).exclude(pk=row.pk).select_related("purchaser", "place")
    stand_ins = StandIn.objects.filter(Q(principal=row.user_id) | Q(deputy=row.user_id)).select_related("principal", "deputy")[:10]
    may = may_staff(request.user, purchaser=row.purchaser, place=row.place)
    running = row.ends_on is None or row.ends_on >= clock.today()
    context = {
        "row": row,
        "others": others,
        "stand_ins": stand_ins,
        "may_end": may and running,
        "may_close": is_platform_admin(request.user) and row.user.is_active,
    }
    return render(request, "communities/staff.html", context)


@login_required
@never_cache
def staff_invite(request):
    """Make an invitation; its link is shown once, on this page."""
    if not may_staff_somewhere(request.user):
        raise PermissionDenied
    form = InviteForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            row, token = staff.invite(actor=request.user, **form.arguments())
        except Refusal as refusal:
            refused(form, refusal)
        else:
            link = request.build_absolute_uri(reverse("invitation_accept", args=[token]))
            return render(request, "communities/invitation_made.html", {"row": row, "link": link})
    intro = _("Make a link and hand it over yourself. It works once, within seven days; whoever follows it sets their own password.")
    return render_form(request, form, title=_("Invite"), intro=intro, submit=_("Make the link"), cancel=reverse("staff_list"))


@login_required
def invitation_list(request):
    if not may_staff_somewhere(request.user):
        raise PermissionDenied
    states = {
        "open": pgettext_lazy("invitation", "open"),
        "accepted": pgettext_lazy("invitation", "accepted"),
        "expired": pgettext_lazy("invitation", "expired"),
        "revoked": pgettext_lazy("invitation", "revoked"),
    }
    return render_list(
        request,
        Invitation.objects.visible_to(request.user).select_related("purchaser", "place", "invited_by"),
        title=_("Invitations"),
        columns=[
            Column(
                "name",
                pgettext_lazy("person", "Name"),
                kind="link",
                link=lambda row: reverse("invitation_revoke", args=[row.pk]) if row.state == "open" else None,
            ),
            Column("role", _("Role"), value=lambda row: row.get_role_display()),
            Column("unit", _("Unit"), value=lambda row: row.unit, sort=False),
            Column("invited_by__name", _("Invited by")),
            Column("expires_at", _("Valid until"), kind="datetime"),
            Column("state", _("State"), value=lambda row: states[row.state], sort=False),
        ],
        search=("name",),
        filters=[DateFilter("invited", _("Invited"), field="invited_at")],
        default_sort="-invited_at",
        links=[(_("Invite"), reverse("staff_invite"))],
        empty_text=_("No invitations."),
    )


@login_required
def invitation_revoke(request, pk):
    row = get_object_or_404(Invitation.objects.visible_to(request.user).select_related("purchaser__place", "place"), pk=pk)
    if not may_staff(request.user, purchaser=row.purchaser, place=row.place):
        raise PermissionDenied
    if request.method == "POST":
        try:
            staff.revoke_invitation(row, actor=request.user)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The invitation is void."))
        return redirect("invitation_list")
    return render(request, "communities/invitation_revoke.html", {"row": row})


@throttle("invitation", "30/h")
@never_cache
def invitation_accept(request, token):
    """Follow an invitation: set up a login, or take the role with the one signed in."""
    try:
        row = staff.find_invitation(token)
    except Refusal as refusal:
        return render(request, "communities/invitation_void.html", {"refusal": refusal}, status=410)
    if request.user.is_authenticated:
        if request.method == "POST":
            try:
                staff.accept_invitation(token, user=request.user)
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("The role is yours."))
            return redirect("desk")
        return render(request, "communities/invitation_take.html", {"row": row})
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = staff.accept_invitation(token, username=data["username"], password=data["password1"], title=data["title"])
        except Refusal as refusal:
            refused(form, refusal)
        else:
            login(request, user, backend=BACKEND)
            messages.success(request, _("Welcome. Your desk shows what waits for you."))
            return redirect("desk")
    return render(request, "communities/invitation_accept.html", {"row": row, "form": form}, status=422 if form.errors else 200)


@login_required
def membership_end(request, pk):
    row = visible_membership(request, pk)
    if not may_staff(request.user, purchaser=row.purchaser, place=row.place):
        raise PermissionDenied
    form = EndForm(request.POST or None, membership=row)
    if request.method == "POST" and form.is_valid():
        try:
            staff.end_membership(row, actor=request.user, **form.cleaned_data)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The role ends on {day}.").format(day=form.cleaned_data["ends_on"]))
            return redirect("staff_list")
    title = _("End the role of {name}").format(name=row.user.name)
    intro = _("{role} at {unit}. Nobody leaves while tasks are theirs: they must be finished, passed on, or on a colleague's desk.").format(
        role=row.get_role_display(), unit=row.unit
    )
    return render_form(request, form, title=title, intro=intro, submit=_("End role"), tone="danger", cancel=reverse("staff_detail", args=[row.pk]))


@login_required
def staff_deactivate(request, pk):
    if not is_platform_admin(request.user):
        raise PermissionDenied
    person = get_object_or_404(User, pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            staff.deactivate(person, actor=request.user, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The login is closed."))
            return redirect("staff_list")
    return render_form(
        request, form, title=_("Close the login of {name}").format(name=person.name), submit=_("Close the login"), tone="danger", cancel=reverse("staff_list")
    )


def stand_ins_of(user):
    """Stand-ins a person sees: their own, and those of the people they staff."""
    if user.is_platform_admin:
        return StandIn.objects.all()
    colleagues = Membership.objects.visible_to(user).values("user") if may_staff_somewhere(user) else []
    return StandIn.objects.filter(Q(principal=user) | Q(deputy=user) | Q(principal__in=colleagues))


def may_end_stand_in(user, row):
    if user.is_platform_admin or row.principal_id == user.pk:
        return True
    units = Membership.objects.in_force().filter(user=row.principal_id).select_related("purchaser__place", "place")
    return any(may_staff(user, purchaser=unit.purchaser, place=unit.place) for unit in units)


@login_required
@require_safe
def standin_list(request):
    staff_only(request)
    rows = list(stand_ins_of(request.user).select_related("principal", "deputy", "created_by")[:200])
    for row in rows:
        row.running = row.revoked_at is None and row.ends_on >= clock.today()
        row.role_label = ROLES.get(row.scope, "")
        row.endable = row.running and (row.principal_id == request.user.pk or may_staff_somewhere(request.user))
    return render(request, "communities/standin_list.html", {"rows": rows})


@login_required
def standin_create(request):
    staff_only(request)
    form = StandInForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            staff.stand_in(actor=request.user, **form.cleaned_data)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Arranged. The trail will name both."))
            return redirect("standin_list")
    intro = _("The stand-in does the principal's tasks on these days; every step says for whom, and conflict rules test both.")
    return render_form(request, form, title=_("Arrange a stand-in"), intro=intro, cancel=reverse("standin_list"))


@login_required
@require_POST
def standin_revoke(request, pk):
    row = get_object_or_404(stand_ins_of(request.user).select_related("deputy"), pk=pk)
    if not may_end_stand_in(request.user, row):
        raise PermissionDenied
    try:
        staff.revoke_stand_in(row, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The stand-in has ended."))
    return redirect("standin_list")
