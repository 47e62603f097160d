"""Needs: raised, edited, on the public list."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from communities.forms.wish import NeedForm, raisable_places
from communities.lifecycle.need import LIFE, RAISES, edit_need, raise_need
from communities.models import Need, Place
from communities.models.place import under
from communities.permissions import area_paths, reach
from kernel import trail
from kernel.detail import render_detail
from kernel.forms import ask_and_do
from kernel.listing import CappedPaginator, ChoiceFilter, Column, DateFilter, render_list
from kernel.registry import panels_for


def place_options(request):
    """Communities in the reader's area."""
    return [(place.pk, place.name) for place in Place.objects.filter(under(area_paths(request.user), "path"), kind=Place.COMMUNITY)]


@login_required
def need_list(request):
    if not reach(request.user):
        raise PermissionDenied
    may_raise = raisable_places(request.user).exists()
    return render_list(
        request,
        Need.objects.visible_to(request.user).select_related("place", "grid"),
        title=_("Needs list"),
        columns=[
            Column("title", _("Need"), kind="link"),
            Column("number", _("Number")),
            Column("place__name", _("Community")),
            Column("target_group", _("Target group")),
            Column("headcount", _("People"), kind="number"),
            Column("asked_count", _("Residents asked"), kind="number"),
            Column("published_at", _("Published"), kind="date"),
            Column("status", _("Status"), kind="status"),
        ],
        search=("title", "number", "target_group", "description"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=LIFE.states.items()),
            ChoiceFilter("place", _("Community"), choices=place_options, field="place_id"),
            ChoiceFilter("method", _("How residents were asked"), choices=Need.METHODS),
            DateFilter("published", _("Published"), field="published_at"),
        ],
        default_sort="-id",
        links=[(_("Raise a need"), reverse("need_create"))] if may_raise else [],
        export_name="需求清单",
        empty_text=_("No need has been raised yet."),
    )


@login_required
def need_detail(request, pk):
    need = get_object_or_404(Need.objects.visible_to(request.user).select_related("place__parent", "grid", "created_by"), pk=pk)
    confirmed = trail.rows_of(need).filter(verb="confirm").last()
    alone = bool(confirmed and confirmed.params.get("same_person"))
    may_edit = need.status == "draft" and RAISES(request.user, need)
    return render_detail(request, need, "communities/need.html", wishes=need.wishes.all(), alone=alone, may_edit=may_edit)


@login_required
def need_create(request):
    """Raise a need; `?wish=` starts from a wish."""
    if not raisable_places(request.user).exists():
        raise PermissionDenied
    wish = request.GET.get("wish", "")
    initial = {"wishes": [wish]} if wish.isdigit() else {}
    return need_form(
        request,
        NeedForm(request.POST or None, user=request.user, initial=initial),
        lambda data: raise_need(data.pop("place"), request.user, **data),
        title=_("Raise a need"),
        back=reverse("need_list"),
        draft="need-new",
    )


@login_required
def need_edit(request, pk):
    need = get_object_or_404(Need.objects.visible_to(request.user).select_related("place"), pk=pk)
    if not RAISES(request.user, need):
        raise PermissionDenied
    if need.status != "draft":
        messages.error(request, _("Only a draft can be edited."))
        return redirect(need)
    return need_form(
        request,
        NeedForm(request.POST or None, user=request.user, instance=need),
        lambda data: edit_need(need, request.user, **data),
        title=_("Edit {name}").format(name=need.title),
        back=need.get_absolute_url(),
    )


def need_form(request, form, work, *, title, back, draft=""):
    return ask_and_do(request, form, work, said=_("Saved."), title=title, rules=["A07"], cancel=back, draft=draft)


def public_panels(request, need):
    """What later stages tell the public about a need (registry noun "need_public"), each in its frame."""
    frame = get_template("kernel/parts/panel.html")
    return [frame.render({"panel": panel, "subject": need, **panel.context}, request) for panel in panels_for("need_public", need, request.user)]


@require_safe
def needs_public(request):
    """The needs list 服务需求清单 for everybody: no account, no script."""
    rows = Need.objects.filter(status="published").select_related("place__parent").order_by("-published_at")
    place = request.GET.get("place", "")
    if place.isdigit():
        rows = rows.filter(place__path__contains=f"/{int(place)}/")
    if text := request.GET.get("q", "").strip()[:60]:
        rows = rows.filter(title__icontains=text)
    page = CappedPaginator(rows, 20).get_page(request.GET.get("page"))
    places = Place.objects.open().filter(kind=Place.COMMUNITY).select_related("parent").order_by("parent__sort_key", "sort_key")
    return render(request, "communities/needs_public.html", {"page": page, "places": places, "place": place, "q": text})


@require_safe
def need_public(request, pk):
    """One published need, with what later stages tell the public about it."""
    need = get_object_or_404(Need.objects.filter(status__in=("published", "retired"), published_at__isnull=False).select_related("place__parent"), pk=pk)
    return render(request, "communities/need_public.html", {"need": need, "panels": public_panels(request, need)})
