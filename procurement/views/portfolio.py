"""A year's projects as a whole: the list with its search language, the board, and handing many over at once."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Exists, OuterRef, Value
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from communities.models import Place, Purchaser
from communities.permissions import area_scope, memberships_of, purchaser_ids
from kernel import clock
from kernel.lifecycle import principals_of
from kernel.listing import Bulk, ChoiceFilter, Column, back_to, render_list, selected, with_selection
from kernel.models import User
from procurement import asking, portfolio
from procurement.forms.portfolio import HandOverAllForm
from procurement.forms.project import applies
from procurement.gate_times import Holders
from procurement.lifecycle.project_handing import OPEN, Refused, hand_over_all, why_not
from procurement.models import Fund, Project, ProjectFund
from procurement.views.projects import years

BANDS = [("0-50000", _("under 50,000")), ("50000-200000", _("50,000 to 200,000")), ("200000-1000000", _("200,000 to 1,000,000")), ("1000000-", _("1,000,000 and more"))]
HANDING_ROLES = ("leader", "section", "supervisor", "handler")
MOST = 200


class YearFilter(ChoiceFilter):
    """The fiscal year; this year when the address says nothing, all when it says nothing on purpose, none of it when the search names one."""

    def value(self, request):
        return request.GET.get(self.key, str(clock.today().year)) if not request.asked.asks("year") else ""

    def narrow(self, request, queryset):
        value = self.value(request)
        return queryset.filter(fiscal_year=int(value)) if value in {known for known, _label in self.pairs(request)} else queryset


def stages(_request=None):
    """States, and what the board and the search call stages beside them."""
    return [*Project.LIFE.states.items(), ("delivering", pgettext_lazy("stage", "delivering")), ("closing", pgettext_lazy("stage", "closing")), ("late", _("overdue in its stage"))]


def choices_of(request):
    """What place, purchaser and handler may be chosen from, in one query: {kind: [(id as text, name)]}. Purchasers only for readers whose area holds several."""
    user, kind = request.user, lambda name: Value(name, output_field=CharField())
    rows = Place.objects.filter(area_scope(user, "path"), kind=Place.COMMUNITY).order_by().values_list(kind("place"), "pk", "name", "sort_key")
    if any(row.place_id and row.role in ("finance", "department") for row in memberships_of(user)):
        rows = rows.union(Purchaser.objects.filter(area_scope(user)).order_by().values_list(kind("street"), "pk", "name", "name"), all=True)
    if ids := {pk for person in principals_of(user) for pk in purchaser_ids(person)}:
        handling = Exists(Project.objects.filter(handler=OuterRef("pk"), purchaser__in=ids))
        rows = rows.union(User.objects.filter(handling).order_by().values_list(kind("owner"), "pk", "name", "name"), all=True)
    found = {"place": [], "street": [], "owner": [("@me", _("my own")), ("@none", _("without handler"))]}
    for name, pk, label, _sorted in sorted(rows, key=lambda row: (row[0], row[3], row[1])):
        found[name].append((str(pk), label))
    return found


def _owned(user):
    return lambda rows, value: rows.filter(handler=int(value)) if value.isdecimal() else portfolio.owned_by(rows, value, user)


def _in_band(rows, value):
    low, _dash, high = value.partition("-")
    rows = rows.filter(budget_total__gte=Decimal(low))
    return rows.filter(budget_total__lt=Decimal(high)) if high else rows


def _of_source(rows, value):
    return rows.filter(Exists(ProjectFund.objects.filter(project=OuterRef("pk"), fund__source=value)))


def filters_for(request):
    """The filters of list and board, all kept in the address."""
    found = [YearFilter("year", _("Year"), choices=years), ChoiceFilter("status", pgettext_lazy("project", "Stage"), choices=stages, apply=portfolio.in_stage)]
    known = choices_of(request)
    if known["street"]:
        found.append(ChoiceFilter("street", _("Purchaser"), choices=known["street"], field="purchaser_id"))
    return [
        *found,
        ChoiceFilter("place", _("Where"), choices=known["place"], field="place_id"), ChoiceFilter("owner", _("Handler"), choices=known["owner"], apply=_owned(request.user)),
        ChoiceFilter("source", _("Source of money"), choices=Fund.SOURCES, apply=_of_source), ChoiceFilter("way", _("Way"), choices=Project.WAYS), ChoiceFilter("band", _("Budget (yuan)"), choices=BANDS, apply=_in_band),
    ]  # fmt: skip


def read_search(request):
    """The search box of this request as Asked, and the sentence when it was not understood."""
    try:
        return asking.parse(request.GET.get("q", "").strip()[:100]), ""
    except asking.AskError as error:
        return asking.Asked(), str(error)


def columns(lateness, holders, export=False):
    """What the screen shows; a table that leaves the house says year, way and lateness in columns of their own."""
    since = {"sort": ("-stage_since",)}
    days = [Column("age", _("Days in stage"), value=portfolio.age, kind="number", **since), Column("late", _("Overdue"), value=lambda row: _("overdue") if lateness.of(row) else "", sort=False)]
    more = [Column("fiscal_year", _("Year"), value=lambda row: str(row.fiscal_year)), Column("way", _("Way"), value=lambda row: row.get_way_display()), Column("item__name", _("Catalogue item"))]
    shown = [Column("age", _("Days in stage"), value=lambda row: _days(row, lateness), kind="status", tone=lambda row: "bad" if lateness.of(row) else "", **since)]
    return [
        Column("number", _("Number")), Column("title", _("Project"), kind="link"), Column("place__name", _("Where")), Column("status", pgettext_lazy("project", "Stage"), kind="status"),
        *(days if export else shown), Column("waiting", _("Waiting on"), value=lambda row: portfolio.waiting_for(row, holders), sort=False), Column("handler__name", _("Handler")), *(more if export else []),
        Column("budget_total", _("Budget"), kind="money"), Column("ceiling", _("Approved"), kind="money"), Column("contract_sum", _("Under contract"), kind="money"), Column("paid_sum", pgettext_lazy("sum", "Paid"), kind="money"),
    ]  # fmt: skip


def _days(row, lateness):
    return _("{days}, overdue").format(days=portfolio.age(row)) if lateness.of(row) else str(portfolio.age(row))


def hands_over(user):
    """Whether handing over could be this person's at all."""
    return any(purchaser_ids(person, *HANDING_ROLES) for person in principals_of(user))


@login_required
def project_list(request):
    request.asked, error = read_search(request)
    rows = portfolio.with_gates(Project.objects.visible_to(request.user).select_related("place", "purchaser", "handler", "item"))
    bulk = [Bulk(pgettext_lazy("projects", "Compare"), reverse("project_compare"))]
    if hands_over(request.user):
        bulk.append(Bulk(_("Hand over"), reverse("project_hand_over")))
    links = [(_("Apply for a project"), reverse("project_create"))] if applies(request.user) else []
    return render_list(
        request, rows.none() if error else rows, title=_("Projects"), columns=columns(portfolio.Lateness(), Holders(), export="export" in request.GET),
        search=lambda rows, _text: portfolio.answer(rows, request.asked, request.user), filters=filters_for(request), default_sort="-id",
        links=[*links, (_("Board"), reverse("project_board")), (_("Published lists"), reverse("projectlist_list"))], bulk=bulk, totals=portfolio.totals_of,
        export_name="项目清单", empty_text=_("No project yet."), body="procurement/portfolio_rows.html",
        context={"search_error": error, "search_words": asking.KEYS, "asked": request.asked},
        template="procurement/portfolio_list.html",
    )  # fmt: skip


@login_required
def project_board(request):
    """The year's projects by stage, the longest waiting first."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    request.asked, _error = asking.Asked(), ""
    rows, lateness = Project.objects.visible_to(request.user), portfolio.Lateness()
    filters = [one for one in filters_for(request) if one.key != "status"]
    for one in filters:
        rows = one.narrow(request, rows)
    lanes, kept = portfolio.board(rows), request.GET.copy()
    kept.pop("q", None)
    for lane in lanes:
        lane.address = f"{reverse('project_list')}?{_address(kept, lane, filters[0].value(request))}"
        for row in lane.cards:
            row.shown_age, row.late, row.waits, row.worth = portfolio.age(row), lateness.of(row), portfolio.waiting_for(row), portfolio.card_money(row)
    return render(request, "procurement/board.html", {
        "lanes": lanes, "filters": [one.shown(request) for one in filters], "count": sum(lane.count for lane in lanes), "narrowed": any(request.GET.values()),
        "list_address": f"{reverse('project_list')}?{request.GET.urlencode()}",
    })  # fmt: skip


def _address(kept, lane, year):
    """The list of one lane with the board's filter."""
    found = kept.copy()
    found["year"], found["status"], found["sort"] = year, lane.stage, "age" if lane.stage == "closed" else "-age"
    if lane.gate:
        found["q"] = str(asking.Asked((asking.Term("gate", ":", lane.gate),)))
    return found.urlencode()


def _chosen(request):
    """The projects to hand over: ticked ones, or all open ones of a colleague (?of=id)."""
    rows = Project.objects.visible_to(request.user).select_related("place", "purchaser", "handler")
    if request.method == "POST":
        return selected(request, rows)
    of = request.GET.get("of", "")
    return rows.filter(handler=int(of), status__in=OPEN) if of.isdecimal() and len(of) < 12 else rows.none()


def _seen(request):
    """project id → (handler id, status) as the confirmation page showed it."""
    found = {}
    for raw in request.POST.getlist("seen")[:1000]:
        parts = raw.split(":")
        if len(parts) == 3 and parts[0].isdecimal():
            found[int(parts[0])] = (int(parts[1]) if parts[1].isdecimal() else None, parts[2])
    return found


@login_required
def project_hand_over(request):
    """First what would move, to whom and why; then, after a second press, all of it or none of it."""
    if not hands_over(request.user):
        raise PermissionDenied
    rows = list(_chosen(request).order_by("purchaser", "pk")[: MOST + 1])
    if len(rows) > MOST:
        messages.error(request, _("More than {limit} projects at once: choose fewer.").format(limit=MOST))
        return redirect(back_to(request, "project_list"))
    purchasers = {row.purchaser_id for row in rows}
    confirming = request.method == "POST" and "confirm" in request.POST
    form = HandOverAllForm(request.POST if confirming else None, purchasers=purchasers)
    back, refusals = back_to(request, "project_list"), {}
    if confirming and not rows:
        form.add_error(None, _("No project is chosen."))
    if confirming and form.is_valid() and rows:
        try:
            moved = hand_over_all(rows, actor=request.user, successor=form.cleaned_data["successor"], reason=form.cleaned_data["reason"], seen=_seen(request))
            messages.success(request, ngettext("{count} project was handed over to {name}.", "{count} projects were handed over to {name}.", len(moved)).format(count=len(moved), name=form.cleaned_data["successor"]))
            return redirect(with_selection(back, [row.pk for row in moved]))
        except Refused as refused:
            refusals = {row.pk: sentence for row, sentence in refused.refusals}
            form.add_error(None, _("Nothing was handed over: {count} of {all} cannot go. Take the tick from them, or look at them again.").format(count=len(refusals), all=len(rows)))
            rows = list(Project.objects.visible_to(request.user).filter(pk__in=[row.pk for row in rows]).select_related("place", "purchaser", "handler").order_by("purchaser", "pk"))
    elif not confirming:
        refusals = why_not(rows, request.user)
    for row in rows:
        row.refused = refusals.get(row.pk, "")
    going = len([row for row in rows if not row.refused])
    offices = {pk for person in principals_of(request.user) for pk in purchaser_ids(person, *HANDING_ROLES)}
    holders = User.objects.filter(Exists(Project.objects.filter(handler=OuterRef("pk"), status__in=OPEN, purchaser__in=offices))).order_by("name")[:MOST]
    return render(request, "procurement/hand_over.html", {
        "form": form, "rows": rows, "going": going, "back": with_selection(back, [row.pk for row in rows]), "plain_back": back, "one_office": len(purchasers) < 2, "holders": holders, "of": request.GET.get("of", ""),
    }, status=422 if confirming else 200)  # fmt: skip
