"""Wishes: left and followed without account, answered by staff."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from communities.forms.wish import DeleteContactForm, FollowForm, WishForm
from communities.lifecycle.wish import HANDLES, LIFE, delete_contact, leave_wish
from communities.models import Wish
from communities.permissions import reach
from communities.views.need import place_options, public_panels
from kernel import masks, trail
from kernel.detail import render_detail
from kernel.forms import refused
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.throttle import throttle
from kernel.views.access import reveal


@throttle("wish", "10/h")
def wish_public_new(request):
    """Anybody leaves a wish: no account, no script."""
    form = WishForm(request.POST or None, initial={"place": request.GET.get("place")})
    if request.method == "POST" and form.is_valid():
        try:
            wish = leave_wish(**form.cleaned_data)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            return redirect(f"{reverse('wish_public_follow', args=[wish.number])}?new=1")
    return render(request, "communities/wish_new.html", {"form": form}, status=422 if form.errors else 200)


@throttle("wish_follow", "60/h")
def wish_public_find(request):
    """Type the number, see what became of it."""
    form = FollowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if Wish.objects.filter(number=form.cleaned_data["number"]).exists():
            return redirect("wish_public_follow", form.cleaned_data["number"])
        form.add_error("number", _("There is no wish with this number. Compare it sign by sign with what you wrote down."))
    return render(request, "communities/wish_find.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
def wish_public_follow(request, number, form=None):
    """Everything that happened to a wish; who knows the number may read it. Never the contact."""
    wish = get_object_or_404(Wish.objects.select_related("place__parent"), number=number)
    needs = [(need, public_panels(request, need)) for need in wish.needs.exclude(status="draft")]
    closing = closing_reason(wish) if wish.status == "closed" else ""
    context = {"wish": wish, "needs": needs, "closing": closing, "new": request.GET.get("new"), "form": form or DeleteContactForm()}
    return render(request, "communities/wish_follow.html", context, status=422 if form is not None else 200)


def closing_reason(wish):
    """The reason a wish was closed with."""
    last = trail.rows_of(wish).filter(verb="close").last()
    return last.reason if last else ""


@throttle("wish_contact", "10/h")
@require_POST
def wish_public_delete_contact(request, number):
    wish = get_object_or_404(Wish, number=number)
    form = DeleteContactForm(request.POST)
    if form.is_valid():
        try:
            delete_contact(wish, form.cleaned_data["contact"])
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Your contact is deleted for good. The wish itself stays."))
            return redirect("wish_public_follow", number)
    return wish_public_follow(request, number, form)


@login_required
def wish_list(request):
    if not reach(request.user):
        raise PermissionDenied
    return render_list(
        request,
        Wish.objects.visible_to(request.user).select_related("place", "grid"),
        title=_("Wishes"),
        columns=[
            Column("text", _("Wish"), value=lambda row: row.text[:60], kind="link", sort=False),
            Column("place__name", _("Community")),
            Column("group", _("For whom")),
            Column("created_at", _("Left on"), kind="date"),
            Column("status", _("Status"), kind="status"),
        ],
        search=("text", "group", "number"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=LIFE.states.items()),
            ChoiceFilter("place", _("Community"), choices=place_options, field="place_id"),
            DateFilter("left", _("Left on"), field="created_at"),
        ],
        default_sort="-created_at",
        links=[(_("Leave a wish for a resident"), reverse("wish_public_new"))],
        export_name="微心愿",
        empty_text=_("No wish has been left yet."),
    )


def handles(user, wish):
    return any(HANDLES(person, wish) for person in principals_of(user))


@login_required
def wish_detail(request, pk):
    wish = get_object_or_404(Wish.objects.visible_to(request.user).select_related("place", "grid", "subject_key"), pk=pk)
    contact = masks.mask_phone(wish.contact) if wish.contact else ""
    return render_detail(
        request, wish, "communities/wish.html", needs=wish.needs.all(), contact=contact, may_call=bool(contact) and handles(request.user, wish)
    )


@login_required
@never_cache
def wish_contact(request, pk):
    """The contact in plain, for whoever answers; the look goes to the access log."""
    wish = get_object_or_404(Wish.objects.visible_to(request.user).select_related("place", "subject_key"), pk=pk)
    if not handles(request.user, wish):
        raise PermissionDenied
    return reveal(request, wish, "contact", title=_("Show the contact"), shown=_("Contact of wish {number}").format(number=wish.number))
