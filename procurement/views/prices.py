"""Screens of a district's price library: list, entry, import with preview, one price."""

import base64
import hashlib
import json
import zlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.models import Place
from communities.models.place import under
from kernel import clock, drafts
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.spreadsheet import TableError
from procurement.forms.price import PriceForm, PriceImportForm
from procurement.lifecycle.price import enter_price, take_over
from procurement.models import Contract, PriceAlias, PriceEntry
from procurement.permissions_price import districts_of, enters_in, may_read_prices
from procurement.price_import import check, read
from procurement.pricing import statistic

PREVIEW_ROWS = 10
KEY = "price-import"
NEIGHBOURS = 200


def regions(request):
    """Streets of the reader's districts."""
    rows = Place.objects.filter(kind=Place.STREET)
    if not request.user.is_platform_admin:
        rows = rows.filter(under({f"/{pk}/" for pk in districts_of(request.user)}, "path"))
    return list(rows.values_list("path", "name"))


@login_required
def price_list(request):
    if not may_read_prices(request.user):
        raise PermissionDenied
    rows = PriceEntry.objects.visible_to(request.user).select_related("item", "place")
    if request.GET.get("item", "").isascii() and request.GET.get("item", "").isdigit():
        rows = rows.filter(item=request.GET["item"][:12])
    links = [(_("Enter a price"), reverse("price_enter")), (_("Import"), reverse("price_import"))] if enters_in(request.user) else []
    return render_list(
        request, rows, title=_("Prices"),
        columns=[
            Column("item__name", _("Item"), kind="link", sort=False), Column("item__unit", _("Unit"), sort=False), Column("place__name", _("Region"), sort=False),
            Column("price", _("Unit price"), kind="money"), Column("priced_on", _("Price of"), kind="date", sort=("priced_on",)),
            Column("source", _("Source"), value=lambda row: row.get_source_display(), sort=False), Column("note", _("Source in words"), sort=False), Column("status", _("Status"), kind="status", sort=False),
        ],
        search=("item__name", "note"),
        filters=[
            ChoiceFilter("source", _("Source"), choices=PriceEntry.SOURCES), ChoiceFilter("status", _("Status"), choices=list(PriceEntry.LIFE.states.items())),
            ChoiceFilter("region", _("Region"), choices=regions, apply=lambda queryset, path: queryset.filter(under({path}, "place__path"))), DateFilter("priced_on", _("Price of")),
        ],
        default_sort=("-priced_on", "-id"), links=links, export_name="价格库", empty_text=_("No price yet: enter what was asked or paid, or import a sheet."),
    )  # fmt: skip


@login_required
def price_enter(request):
    if not enters_in(request.user):
        raise PermissionDenied
    form = PriceForm(request.POST or None, request.FILES or None, user=request.user, initial={name: request.GET.get(name, "") for name in ("name", "unit")})
    if request.method == "POST" and form.is_valid():
        try:
            row = enter_price(request.user, **form.cleaned_data)
            messages.success(request, _("Entered. It counts in comparisons from now on."))
            return redirect(row)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Enter a price"), intro=_("One price for one unit, with the paper or document it comes from. A wrong one is withdrawn with a reason, never changed."),
        cancel=reverse("price_list"), draft="price-new",
    )  # fmt: skip


@login_required
def price_detail(request, pk):
    rows = PriceEntry.objects.visible_to(request.user).select_related("item", "place", "contract", "created_by")
    entry = get_object_or_404(rows, pk=pk)
    others = list(PriceEntry.objects.filter(item=entry.item, status="in_use").exclude(pk=pk).select_related("place").order_by("-priced_on", "-id")[:NEIGHBOURS])
    return render_detail(
        request, entry, "procurement/price.html", others=others[:10], found=statistic([row.price for row in others]),
        aliases=PriceAlias.objects.filter(item=entry.item, learned_by__isnull=False).select_related("learned_by"),
        contract=Contract.objects.visible_to(request.user).filter(pk=entry.contract_id).first() if entry.contract_id else None,
    )  # fmt: skip


@login_required
def price_import(request):
    """Upload, look at the first rows and at all faulty ones, then take over. The checked sheet waits as the person's own draft in between."""
    if not enters_in(request.user):
        raise PermissionDenied
    if request.method == "POST" and "take" in request.POST:
        return _take(request)
    form = PriceImportForm(request.POST or None, request.FILES or None)
    context = {}
    if request.method == "POST" and form.is_valid():
        try:
            rows = read(form.cleaned_data["file"])
            good, wrong = check(request.user, rows)
            context = {"preview": good[:PREVIEW_ROWS], "wrong": wrong, "rows": len(rows)}
            if rows and not wrong:
                context["token"] = _keep(request.user, rows)
        except TableError as error:
            form.add_error("file", error)
        except Refusal:
            form.add_error("file", _("This sheet is too large to be checked at once. Split the file."))
    return render_form(
        request, form, title=_("Import prices"),
        intro=_("Headings: 名称, 单位, 地区, 单价, 日期, 来源 (市场调查, 历史合同 or 官方标准), 来源说明. All are needed; 地区 is the name of a district, street or community."),
        submit=_("Check the file"), cancel=reverse("price_list"), template="procurement/price_import.html", **context,
    )  # fmt: skip


def _keep(user, rows):
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False).encode())
    drafts.save(user, KEY, {"rows": base64.b64encode(packed).decode(), "day": str(clock.today())})
    return hashlib.sha256(packed).hexdigest()


def _take(request):
    kept = drafts.load(request.user, KEY)
    packed = base64.b64decode(kept[0].get("rows", "") if kept else "")
    if not packed or hashlib.sha256(packed).hexdigest() != request.POST["take"]:
        messages.error(request, _("The checked file is no longer there. Upload it again."))
        return redirect("price_import")
    good, wrong = check(request.user, json.loads(zlib.decompress(packed)))
    try:
        if wrong:
            raise Refusal("bad_rows", _("Row {row}: {sentence}").format(row=wrong[0][0], sentence=wrong[0][1]), todo=_("Correct the file and upload it again."))
        count = take_over(good, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("price_import")
    drafts.drop(request.user, KEY)
    messages.success(request, _("{count} prices entered.").format(count=count))
    return redirect("price_list")
