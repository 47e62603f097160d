"""Purchases: list, draft, page of each role."""

from collections import defaultdict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from communities.permissions import purchaser_ids
from kernel import clock
from kernel.detail import know, preload, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, open_holds, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from procurement import criteria, drafting, methods
from procurement.advice import advice_for
from procurement.forms.tender import ITEM_FIELDS, STANDARD_ITEMS, TenderForm, item_formset
from procurement.lifecycle import review
from procurement.lifecycle import tender as tenders
from procurement.models import Bid, Contract, Lot, Project, ProjectFund, Tender, TenderOpener
from procurement.permissions import organization_ids
from procurement.permissions_tender import OPENED_STATES, READERS, may_attend, may_decide, may_handle_tender


@login_required
def tender_list(request):
    rows = Tender.objects.visible_to(request.user).select_related("purchaser", "handler")
    handles = purchaser_ids(request.user, "handler")
    return render_list(
        request, rows, title=_("Purchases"),
        columns=[
            Column("number", _("Number")),
            Column("title", _("Title"), kind="link"),
            Column("purchaser__name", _("Purchaser")),
            Column("method", _("Method"), value=lambda row: row.get_method_display()),
            Column("deadline", _("Deadline"), kind="legal"),
            Column("status", _("State"), kind="status"),
            Column("handler__name", _("Handler")),
        ],
        search=("title", "number"),
        filters=[
            ChoiceFilter("status", _("State"), choices=Tender.LIFE.states.items()),
            ChoiceFilter("method", _("Method"), choices=Tender.METHODS),
            DateFilter("deadline", _("Deadline"), field="deadline__date"),
        ],
        default_sort="-id", links=[(_("New purchase"), reverse("tender_create"))] if handles else [], export_name="采购活动", empty_text=_("No purchase yet."),
    )  # fmt: skip


def _free_projects(user):
    """Approved projects of the user's purchasers that are in no running purchase and without a contract of their own."""
    ids = {pk for person in principals_of(user) for pk in purchaser_ids(person, "handler")}
    busy = Lot.objects.exclude(status="failed").exclude(tender__status="cancelled").values("project")
    drafted = Contract.objects.exclude(status__in=("cancelled", "terminated")).values("project")
    return Project.objects.filter(purchaser__in=ids, status__in=("approved", "sourcing"), item__nature="service").exclude(pk__in=busy).exclude(pk__in=drafted)


@login_required
def tender_create(request):
    """A draft from one or several approved projects; ?project=<id> ticks one, ?method=<code> chooses."""
    projects = _free_projects(request.user)
    if not any(purchaser_ids(person, "handler") for person in principals_of(request.user)):
        raise PermissionDenied
    initial = {"projects": request.GET.getlist("project"), "contact": request.user.name}
    if request.GET.get("method") in dict(Tender.METHODS):
        initial["method"] = request.GET["method"]
    form = TenderForm(request.POST or None, projects=projects, initial=initial)
    items = item_formset(request.POST or None, initial=list(STANDARD_ITEMS))
    if request.method == "POST" and form.is_valid() and items.is_valid():
        data = form.cleaned_data
        try:
            fields = {name: value for name, value in data.items() if name in tenders.EDITABLE and value not in ("", None)}
            tender = tenders.create_tender(list(data["projects"]), actor=request.user, method=data["method"], score_items=items.rows(), **{"title": "", **fields})
            return redirect(tender)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("New purchase"), formsets=[items], rules=["A12", "C02"], submit=_("Save the draft"), cancel=reverse("tender_list"), draft="tender-new", unscored=" ".join(methods.unscored()),
        intro=_("Choose the approved projects and the method; everything can be changed until it is published."), template="procurement/tender_form.html",
    )  # fmt: skip


@login_required
def tender_edit(request, pk):
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    drafting.check_handler(request.user, tender)
    if tender.status != "draft":
        messages.error(request, _("Only a draft is edited; what is published changes by a clarification."))
        return redirect(tender)
    form = TenderForm(request.POST or None, instance=Tender.objects.get(pk=pk))
    initial = [{name: getattr(item, name) for name in ITEM_FIELDS} for item in tender.score_items.all()]
    items = item_formset(request.POST or None, initial=initial)
    lowest = methods.ranking_of(tender) != "points"
    if request.method == "POST" and form.is_valid() and (lowest or items.is_valid()):
        try:
            fields = {name: value for name, value in form.cleaned_data.items() if name in tenders.EDITABLE}
            return redirect(tenders.edit(tender, actor=request.user, score_items=None if lowest else items.rows(), **fields))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Edit {title}").format(title=tender.title), formsets=[] if lowest else [items], rules=["A10", "A12", "C02"], cancel=tender.get_absolute_url(),
        draft=f"tender-{pk}", template="procurement/tender_form.html", advice=advice_for(tender.purchaser, tender.ceiling), words_method=tender.method,
    )  # fmt: skip


def _role(user, tender):
    """What the page shows: purchaser's people see all, providers what was published and their own."""
    return any(may_attend(person, tender) for person in principals_of(user))


def _lot_rows(user, tender, inside):
    """Each lot with what this reader may see of it; a fixed number of queries however many lots there are."""
    lots = list(tender.lots.all())
    bids = defaultdict(list)
    if tender.opened_at or tender.status == "awarded":
        for bid in Bid.objects.visible_to(user).filter(lot__in=lots, status__in=OPENED_STATES).select_related("organization").order_by("rank", "price"):
            bids[bid.lot_id].append(bid)
    if inside:
        preload(tender, *lots)
    rows = []
    for lot in lots:
        lot.tender = tender
        may_hold = inside and lot.status == "awarded" and (may_handle_tender(user, lot) or may_decide(user, lot))
        rows.append({"lot": lot, "bids": bids[lot.pk], "award": getattr(lot, "award", None), "holds": open_holds(lot) if inside and tender.status in ("evaluated", "awarded") else [], "may_hold": may_hold})
    return rows


@login_required
def tender_detail(request, pk):
    """The page of a purchase. Before the opening nobody finds a number or a name of bidders here (B27)."""
    lots = Prefetch("lots", Lot.objects.select_related("project__place", "award__organization", "project__purchaser__place", "project__item"))
    openers = Prefetch("openers", TenderOpener.objects.select_related("user").order_by("alternate", "pk"))
    rows = Tender.objects.visible_to(request.user).select_related("purchaser__place", "handler", "profile", "evaluation_terms").prefetch_related(lots, "score_items", openers)
    tender = get_object_or_404(rows, pk=pk)
    user, now = request.user, clock.now()
    inside = _role(user, tender)
    own = list(Bid.objects.visible_to(user).filter(lot__tender=tender).exclude(status__in=OPENED_STATES).select_related("lot")) if organization_ids(user) else []
    opener = next((row for row in tender.openers.all() if row.user_id == user.pk), None) if tender.status in ("draft", "published") else None
    taking = tender.status == "published" and tender.venue == "internal" and tender.deadline and now < tender.deadline
    if tender.status == "draft":  # what still keeps it from being published is asked to the end, and shown beside
        prefetch_related_objects(drafting.projects_of(tender), Prefetch("fundings", ProjectFund.objects.select_related("fund")))
        know(tender, "reviews", review.told(tender))
    way = tender.way
    context = {
        "reads": any(tender.purchaser_id in purchaser_ids(person, *READERS) for person in principals_of(user)),
        "inside": inside, "responded": {bid.lot_id for bid in own}, "handles": may_handle_tender(user, tender), "lot_rows": _lot_rows(user, tender, inside), "own_bids": own, "opener": opener,
        "items": criteria.tree(tender.score_items.all()), "announcements": () if tender.status == "draft" else tender.announcements.all(), "taking": taking, "over": tender.deadline and now >= tender.deadline,
        "openers": tender.openers.all() if inside and tender.status in ("draft", "published", "opened") else [], "warnings": drafting.warnings_of(tender) if inside and tender.status == "draft" else [],
        "plan": drafting.proposed_deadline(tender) if inside and tender.status == "draft" and (tender.is_statutory or tender.profile_id) else None,
        "bidder": bool(organization_ids(user)), "may_open": tender.status == "published" and tender.venue == "internal" and bool(tender.deadline) and now >= tender.deadline and inside,
        "way": way, "case": way.case(tender.method_case), "windows": tender.quotes_until, "quotes_open": bool(tender.quotes_until and now < tender.quotes_until),
    }  # fmt: skip
    return render_detail(request, tender, "procurement/tender.html", **context)


