"""The place tree, each place, its import; purchasers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from communities import place_import
from communities.forms.place import ClosePlaceForm, PlaceDetailsForm, PlaceForm, PlaceImportForm, PurchaserForm, RenamePlaceForm
from communities.lifecycle import place as places
from communities.models import Place, PlaceSuccessor, Purchaser
from communities.permissions import has_role, may_staff, reach
from kernel import spreadsheet
from kernel.detail import render_detail
from kernel.forms import ask_and_do, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list

CHILD_KIND = {parent: kind for kind, parent in places.PARENT_KIND.items()}
SALT = "communities.place_import"


def may_shape(user):
    """Who founds, renames, closes and imports places and purchasers: the platform administrator and the finance bureau."""
    return user.is_platform_admin or has_role(user, "finance")


def staff_only(request):
    if not (request.user.is_platform_admin or reach(request.user)):
        raise PermissionDenied


def shapers_only(request):
    if not may_shape(request.user):
        raise PermissionDenied


@login_required
@require_safe
def place_list(request):
    """The tree: streets with their communities, residents and grids counted. Three queries whatever its size."""
    staff_only(request)
    rows = Place.objects.visible_to(request.user).exclude(kind=Place.GRID)
    rows = rows.annotate(grids=Count("children", filter=Q(children__kind=Place.GRID, children__closed_on=None))).order_by("sort_key", "id")
    if request.GET.get("closed") != "1":
        rows = rows.filter(closed_on=None)
    nodes, roots = {row.pk: row for row in rows}, []
    for row in nodes.values():
        row.below = []
    for row in nodes.values():
        parent = nodes.get(row.parent_id)
        (parent.below if parent else roots).append(row)
    for root in roots:
        count_residents(root)
    return render(request, "communities/place_list.html", {"roots": roots, "may_shape": may_shape(request.user), "closed": request.GET.get("closed") == "1"})


def count_residents(node):
    """Residents of a place: its own figure, or the sum of those below; communities and grids counted on the way."""
    below = [count_residents(child) for child in node.below]
    node.residents = node.population if node.population is not None else (sum(below) or None)
    node.communities = sum(child.kind == Place.COMMUNITY for child in node.below) + sum(getattr(child, "communities", 0) for child in node.below)
    return node.residents or 0


@login_required
@require_safe
def place_detail(request, pk):
    place = get_object_or_404(Place.objects.visible_to(request.user).select_related("parent"), pk=pk)
    context = {
        "children": place.children.filter(closed_on=None).annotate(grids=Count("children", filter=Q(children__closed_on=None))),
        "above": Place.objects.filter(pk__in=place.above_ids).order_by("path"),
        "names": list(place.names.all()),
        "successors": PlaceSuccessor.objects.filter(place=place).select_related("successor"),
        "predecessors": PlaceSuccessor.objects.filter(successor=place).select_related("place"),
        "purchasers": place.purchasers.all(),
        "members": place.memberships.in_force().select_related("user"),
        "may_shape": may_shape(request.user),
        "may_staff": may_staff(request.user, place=place),
        "child_kind": dict(Place.KINDS).get(CHILD_KIND.get(place.kind)),
    }
    return render_detail(request, place, "communities/place.html", **context)


def shape(request, form, work, *, title, back, intro="", draft=""):
    """A form of the tree; what its work gives back is shown next."""
    return ask_and_do(request, form, lambda data: work(**data), said=_("Saved."), title=title, intro=intro, cancel=back, draft=draft)


def shapable(request, pk):
    place = get_object_or_404(Place.objects.visible_to(request.user), pk=pk)
    shapers_only(request)
    return place


@login_required
def place_create(request, pk=None):
    """Found a place below another, or (administrator) a district."""
    parent = shapable(request, pk) if pk else None
    if parent is None and not request.user.is_platform_admin:
        raise PermissionDenied
    kind = CHILD_KIND.get(parent.kind if parent else None)
    if kind is None:
        raise PermissionDenied
    title = _("New {kind}").format(kind=dict(Place.KINDS)[kind])
    back = parent.get_absolute_url() if parent else reverse("place_list")
    return shape(
        request,
        PlaceForm(request.POST or None),
        lambda **data: places.add_place(kind, parent=parent, actor=request.user, **data),
        title=title,
        back=back,
        intro=str(parent or ""),
    )


@login_required
def place_edit(request, pk):
    place = shapable(request, pk)
    form = PlaceDetailsForm(request.POST or None, initial={"code": place.code, "population": place.population, "pinyin": place.sort_key})
    return shape(
        request,
        form,
        lambda **data: places.set_details(place, actor=request.user, **data),
        title=_("Edit {name}").format(name=place),
        back=place.get_absolute_url(),
    )


@login_required
def place_rename(request, pk):
    place = shapable(request, pk)
    intro = _("The old name stays with its dates: papers print the name valid on their day.")
    form = RenamePlaceForm(request.POST or None)
    return shape(
        request,
        form,
        lambda **data: places.rename_place(place, actor=request.user, **data),
        title=_("Rename {name}").format(name=place),
        back=place.get_absolute_url(),
        intro=intro,
    )


@login_required
def place_close(request, pk):
    place = shapable(request, pk)
    intro = _("For a merger or split. Closed years keep the old place; with one successor, open wishes and needs move along.")
    form = ClosePlaceForm(request.POST or None, place=place)
    return shape(
        request,
        form,
        lambda **data: places.close_place(place, actor=request.user, **data),
        title=_("Close {name}").format(name=place),
        back=place.get_absolute_url(),
        intro=intro,
    )


@login_required
def place_import_view(request):
    """Upload → preview with row errors → confirm. The rows travel signed through the page, so nothing is kept half-done."""
    shapers_only(request)
    if request.method == "POST" and "rows" in request.POST:
        return confirm_import(request)
    form = PlaceImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            rows = place_import.plan(place_import.read(form.cleaned_data["file"]))
        except spreadsheet.TableError as error:
            form.add_error("file", error)
        else:
            return preview(request, rows)
    return render_form(
        request,
        form,
        title=_("Import places"),
        submit=_("Check the table"),
        cancel=reverse("place_list"),
        template="communities/place_import.html",
        headers=place_import.HEADERS,
    )


def preview(request, rows):
    """What would happen, row by row; the button only when nothing is wrong."""
    wrong = [row for row in rows if row.errors]
    counts = {action: sum(row.action == action for row in rows) for action in ("new", "update", "same")}
    packed = "" if wrong else signing.dumps([row.as_list() for row in rows], salt=f"{SALT}.{request.user.pk}", compress=True)
    context = {"rows": (wrong or rows)[:200], "wrong": len(wrong), "total": len(rows), "counts": counts, "packed": packed}
    return render(request, "communities/place_import_preview.html", context, status=422 if wrong else 200)


def confirm_import(request):
    try:
        rows = signing.loads(request.POST["rows"], salt=f"{SALT}.{request.user.pk}", max_age=3600)
    except signing.BadSignature:
        messages.error(request, _("The preview is older than an hour. Upload the file again."))
        return redirect("place_import")
    try:
        new, updated = place_import.write(place_import.restore(rows), actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("place_import")
    messages.success(request, _("Imported: {new} new, {updated} updated.").format(new=new, updated=updated))
    return redirect("place_list")


@login_required
@require_safe
def place_template(request):
    """An empty table with the headings and one example."""
    staff_only(request)
    example = ["清源区", "玉河街道", "柳荫社区", "", "510199001001", 5200, ""]
    response = HttpResponse(
        spreadsheet.write_xlsx("区划", place_import.HEADERS, [example]), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = "attachment; filename=\"places.xlsx\"; filename*=UTF-8''%E5%8C%BA%E5%88%92%E5%AF%BC%E5%85%A5%E6%A8%A1%E6%9D%BF.xlsx"
    return response


@login_required
def purchaser_list(request):
    staff_only(request)
    return render_list(
        request,
        Purchaser.objects.visible_to(request.user).select_related("place"),
        title=_("Purchasers"),
        columns=[
            Column("name", _("Name"), kind="link"),
            Column("kind", _("Kind"), value=lambda row: row.get_kind_display()),
            Column("place__name", _("Area")),
            Column("credit_code", _("Credit code")),
            Column("phone", _("Telephone")),
        ],
        search=("name", "credit_code"),
        filters=[ChoiceFilter("kind", _("Kind"), choices=Purchaser.KINDS)],
        default_sort="name",
        links=[(_("New purchaser"), reverse("purchaser_create"))] if may_shape(request.user) else [],
        export_name="采购人",
        empty_text=_("No purchaser yet."),
    )


@login_required
def purchaser_detail(request, pk):
    purchaser = get_object_or_404(Purchaser.objects.visible_to(request.user).select_related("place"), pk=pk)
    members = purchaser.memberships.in_force().select_related("user").order_by("role", "id")
    edits = may_shape(request.user) or may_staff(request.user, purchaser=purchaser)
    return render_detail(
        request, purchaser, "communities/purchaser.html", members=members, may_edit=edits, may_staff=may_staff(request.user, purchaser=purchaser)
    )


@login_required
def purchaser_create(request):
    shapers_only(request)
    form = PurchaserForm(request.POST or None, user=request.user)
    return shape(request, form, lambda **data: places.add_purchaser(actor=request.user, **data), title=_("New purchaser"), back=reverse("purchaser_list"))


@login_required
def purchaser_edit(request, pk):
    purchaser = get_object_or_404(Purchaser.objects.visible_to(request.user), pk=pk)
    if not (may_shape(request.user) or may_staff(request.user, purchaser=purchaser)):
        raise PermissionDenied
    form = PurchaserForm(request.POST or None, user=request.user, instance=purchaser)
    return shape(
        request,
        form,
        lambda **data: places.change_purchaser(purchaser, actor=request.user, **data),
        title=_("Edit {name}").format(name=purchaser),
        back=purchaser.get_absolute_url(),
    )
