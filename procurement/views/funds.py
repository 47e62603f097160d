"""Screens of the funds."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from communities.permissions import memberships_of
from kernel import clock, spreadsheet
from kernel.detail import preload, refuse, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.money import ZERO
from procurement import customs
from procurement.forms.fund import FundForm, keeping
from procurement.lifecycle import fund_year, ledger
from procurement.lifecycle.fund import create_fund
from procurement.lifecycle.fund_year import PLANNING
from procurement.models import Fund, Project, YearPortion
from procurement.permissions import may_keep_funds
from procurement.views.projects import years

KEEPERS = ("fund_owner", "accountant", "leader", "finance")


@login_required
def fund_list(request):
    rows = Fund.objects.visible_to(request.user).select_related("purchaser", "place").annotate(left=F("amount") - F("committed"))
    return render_list(
        request, rows, title=_("Funds"),
        columns=[
            Column("name", _("Name"), kind="link"), Column("fiscal_year", _("Year"), value=lambda row: str(row.fiscal_year)), Column("purchaser__name", _("Owner")),
            Column("source", _("Source"), value=lambda row: row.get_source_display()), Column("amount", _("Amount"), kind="money"),
            Column("committed", _("Committed"), kind="money"), Column("paid", _("Paid"), kind="money"),
            Column("left", _("Free"), value=lambda row: row.free, kind="money"), Column("status", _("Status"), kind="status"),
        ],
        search=("name", "document"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=list(Fund.LIFE.states.items())),
            ChoiceFilter("source", _("Source"), choices=Fund.SOURCES),
            ChoiceFilter("year", _("Year"), choices=years, field="fiscal_year"),
        ],
        default_sort=("-fiscal_year", "name"), links=[*([(_("Enter a fund"), reverse("fund_create")), (_("Year end"), reverse("fund_year_end"))] if keeping(request.user).exists() else []), (_("Overview"), reverse("fund_overview"))],
        export_name="资金", empty_text=_("No fund yet."),
    )  # fmt: skip


LEDGER_PAGE = 25


@login_required
def fund_detail(request, pk):
    """The fund as a ledger; `?on=` shows it as it stood at the end of that day."""
    fund = get_object_or_404(Fund.objects.visible_to(request.user).select_related("purchaser__place", "place", "predecessor", "owner_person"), pk=pk)
    seen = set(Project.objects.visible_to(request.user).filter(fundings__fund=fund).values_list("pk", flat=True))
    rows = list(fund.fundings.select_related("project__place").order_by("-project_id")[:200])
    for row in rows:
        row.visible = row.project_id in seen
    on = day_asked(request)
    page = Paginator(ledger.entries(fund, on), LEDGER_PAGE).get_page(request.GET.get("page"))
    for entry in page.object_list:
        entry.visible = entry.project_id in seen
    promised = YearPortion.objects.filter(fund=fund).exclude(contract__status__in=("cancelled", "draft")).order_by().values("fiscal_year").annotate(promised=Sum("amount"), settled=Sum("paid"), contracts=Count("contract", distinct=True))
    adjustments = list(fund.adjustments.select_related("created_by", "target")[:50])
    keeps = any(may_keep_funds(person, fund) for person in principals_of(request.user))
    preload(fund, *[row for row in adjustments if row.status == "proposed"])
    for row in adjustments:
        row.fund, row._shown_to = fund, request.user.pk
    return render_detail(
        request, fund, "procurement/fund.html", rows=rows, planned=sum((row.amount - row.committed for row in rows if row.project.status in PLANNING), ZERO), on=on,
        then=ledger.standing(fund, on) if on else None, page=page, promised=promised.order_by("fiscal_year"), adjustments=adjustments, keeps=keeps,
        receipts=fund.receipts.select_related("created_by")[:100] if fund.has_income else [],
    )  # fmt: skip


def day_asked(request):
    """The past day of `?on=`, or None: today and nonsense show the fund as it is."""
    try:
        day = parse_date(request.GET.get("on", ""))
    except ValueError:
        return None
    return day if day and day < clock.today() else None


def year_asked(request):
    """The fiscal year of `?year=`, this year's where none is named."""
    year = request.GET.get("year", "")
    return int(year) if year.isascii() and year.isdigit() and len(year) == 4 else clock.today().year


OVERVIEW = {
    "fiscal_year": _("Year"), "purchaser__name": _("Owner"), "source": _("Source"), "place__name": _("For community"), "amount": _("Amount"), "planned": _("Planned, not committed"),
    "committed": _("Committed"), "paid": _("Paid"), "free": _("Free"), "carried": _("Of it carried over"), "received": _("Received"),
}  # fmt: skip


@login_required
@require_safe
def fund_overview(request):
    """A street's or a district's money by year, source and place; `?as=xlsx` is the same as a sheet."""
    year = "" if request.GET.get("year") == "all" else year_asked(request)
    funds = Fund.objects.visible_to(request.user)
    rows = fund_year.overview(funds.filter(fiscal_year=year) if year else funds)
    if not year:
        rows = rows[:1000]
    sources = dict(Fund.SOURCES)
    for row in rows:
        row["source"] = sources[row["source"]]
    if request.GET.get("as") == "xlsx":
        columns = [spreadsheet.Column(str(label), "money" if name in fund_year.SUMS else "text") for name, label in OVERVIEW.items()]
        content = spreadsheet.write_xlsx("资金总览", columns, [[str(row[name] or "") if name not in fund_year.SUMS else row[name] for name in OVERVIEW] for row in rows])
        response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        response["Content-Disposition"] = f"attachment; filename=funds-{year or 'all'}.xlsx"
        return response
    return render(
        request, "procurement/fund_overview.html",
        {"rows": rows, "total": fund_year.total_of(rows), "year": year, "years": [pair[0] for pair in years(request)], "one_owner": len({row["purchaser_id"] for row in rows}) < 2},
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fund_year_end(request):
    """What closing the year does to each fund's unpaid money; the chosen ones are opened for the next year."""
    year = year_asked(request)
    keeper = any(row.role in KEEPERS for person in principals_of(request.user) for row in memberships_of(person))
    if not keeper:
        raise PermissionDenied
    funds = Fund.objects.visible_to(request.user)
    if request.method == "POST":
        chosen = [int(pk) for pk in request.POST.getlist("fund") if pk.isascii() and pk.isdigit() and len(pk) < 19]
        try:
            made = fund_year.open_next_year(funds.filter(pk__in=chosen[:500]), actor=request.user)
            messages.success(request, _("{count} fund(s) of {year} are entered as expected money.").format(count=len(made), year=made[0].fiscal_year))
        except Refusal as refusal:
            refuse(request, refusal)
        return redirect(f"{reverse('fund_year_end')}?year={year}")
    rows = fund_year.year_end(funds, year)
    soon = clock.today() + timedelta(days=customs.figure("treasury_cutoff"))
    for row in rows:
        row.fund.near = bool(row.fund.cutoff_on and row.fund.unpaid > 0 and row.fund.cutoff_on <= soon)
    return render(request, "procurement/fund_year_end.html", {"rows": rows, "year": year, "years": [pair[0] for pair in years(request)], "next_year": year + 1, "today": clock.today()})


@login_required
def fund_create(request):
    if not keeping(request.user).exists():
        raise PermissionDenied
    form = FundForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(create_fund(request.user, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Enter a fund"), intro=_("It starts as expected money: projects may plan on it, nothing may be published or signed before it is approved."),
        rules=["E06"], cancel=reverse("fund_list"), draft="fund-new",
    )  # fmt: skip
