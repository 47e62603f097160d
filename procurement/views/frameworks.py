"""Framework agreements: list, page with members and call-offs, beginning, refilling, summarising; and choosing a supplier for a project."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from communities.models import Purchaser
from communities.permissions import has_role, purchaser_ids
from kernel import clock
from kernel.detail import refuse, render_detail
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.money import ZERO
from procurement.forms.framework import CallOffForm, FrameworkForm, RefillForm, item_rows, second_quotes
from procurement.lifecycle import call_off as calls
from procurement.lifecycle import framework as frameworks
from procurement.models import Framework, FrameworkAgreement, FrameworkItem, Project
from procurement.permissions_framework import at_collector
from procurement.permissions_tender import may_handle_tender
from procurement.views.tenders_steps import only

at_desk = at_collector("handler", "leader")


@login_required
def framework_list(request):
    rows = Framework.objects.visible_to(request.user).select_related("purchaser").annotate(suppliers=Count("items__agreements", distinct=True))
    handles = any(purchaser_ids(person, "handler") for person in principals_of(request.user))
    return render_list(
        request, rows, title=_("Framework agreements"),
        columns=[
            Column("title", _("Title"), kind="link"), Column("purchaser__name", _("Collected by")), Column("suppliers", _("Suppliers"), kind="number"), Column("ceiling", _("Most that may be bought"), kind="money"),
            Column("starts_on", _("From"), kind="date"), Column("ends_on", _("To"), kind="date"), Column("status", _("State"), kind="status"),
        ],
        search=("title", "users"), filters=[ChoiceFilter("status", _("State"), choices=Framework.LIFE.states.items())], default_sort="-id",
        links=[(_("New framework"), reverse("framework_create"))] if handles else [], export_name="框架协议", empty_text=_("No framework agreement yet."),
    )  # fmt: skip


@login_required
def create(request):
    """A programme, its stage-1 draft and its service items in one form."""
    purchasers = Purchaser.objects.filter(pk__in={pk for person in principals_of(request.user) for pk in purchaser_ids(person, "handler")})
    purchaser = purchasers.select_related("place").first()
    if purchaser is None:
        raise PermissionDenied
    form, items = FrameworkForm(request.POST or None), item_rows(request.POST or None)

    def begin(data):
        rows = [row.cleaned_data for row in items.forms if row.cleaned_data.get("name")]
        return frameworks.begin(actor=request.user, purchaser=purchaser, items=rows, **data)

    return ask_and_do(
        request, form, begin, title=_("New framework"), formsets=[items], rules=["B21", "B22", "B23"], submit=_("Begin"), cancel=reverse("framework_list"), draft="framework-new",
        intro=_("Stage 1 collects suppliers as an open tender does and buys nothing yet. Each item becomes a lot; its price is the unit price."),
    )  # fmt: skip


def _member_rows(framework):
    """Each first item with its agreements and what each sold: constant queries."""
    sold = {row["agreement"]: row for row in frameworks.valid_call_offs(framework).values("agreement").annotate(count=Count("pk"), total=Sum("amount")).order_by()}
    found = []
    for item in frameworks.items_of(framework):
        members = [{"agreement": row, "count": sold.get(row.pk, {}).get("count", 0), "total": sold.get(row.pk, {}).get("total") or ZERO} for row in item.agreements.all()]
        left = [row for row in members if row["agreement"].status not in ("removed", "ended")]
        found.append({"item": item, "members": members, "left": len(left)})
    return found


@login_required
def framework_detail(request, pk):
    """Members, call-offs, summaries of one framework. A supplier sees itself and no other's figures."""
    row = get_object_or_404(Framework.objects.visible_to(request.user).select_related("purchaser__place", "project"), pk=pk)
    inside = any(purchaser_ids(person) for person in principals_of(request.user)) or has_role(request.user, "finance")
    rows = _member_rows(row)
    if not inside:
        own = set(FrameworkAgreement.objects.visible_to(request.user).filter(item__framework=row).values_list("pk", flat=True))
        rows = [{**one, "members": [member for member in one["members"] if member["agreement"].pk in own]} for one in rows]
    calls_ = list(frameworks.valid_call_offs(row).select_related("agreement__organization", "agreement__item__lot", "tender__purchaser").order_by("-pk")[:50]) if inside else []
    bought = sum((member["total"] for one in rows for member in one["members"]), ZERO)
    collections = {}
    if inside:
        for item in FrameworkItem.objects.filter(framework=row).select_related("lot__tender").order_by("lot__tender"):
            collections[item.lot.tender_id] = item.lot.tender
    due = frameworks.summaries_due(row) if inside else []
    return render_detail(
        request, row, "procurement/framework.html", rows=rows, inside=inside, calls=calls_, bought=bought, rest=row.ceiling - bought, collections=list(collections.values()), handles=any(at_desk(person, row) for person in principals_of(request.user)),
        due=[(year, day, clock.today() > min(clock.today().replace(year=year, month=12, day=31), row.ends_on)) for year, day in due], summaries=list(row.summaries.select_related("announcement")) if inside else [],
    )  # fmt: skip


@login_required
def agreement_detail(request, pk):
    row = get_object_or_404(FrameworkAgreement.objects.visible_to(request.user).select_related("item__framework__purchaser__place", "item__lot", "organization"), pk=pk)
    return render_detail(request, row, "procurement/framework_agreement.html", calls=list(row.call_offs.select_related("tender__purchaser")))


@login_required
def refill(request, pk):
    """Collect suppliers again for one item (B25)."""
    item = get_object_or_404(FrameworkItem.objects.filter(framework__in=Framework.objects.visible_to(request.user)).select_related("framework__purchaser__place", "lot__tender"), pk=pk)
    only(request.user, item.framework, at_desk)
    form = RefillForm(request.POST or None)
    left, once = frameworks.remaining(item)
    return ask_and_do(
        request, form, lambda data: frameworks.refill(item, actor=request.user, **data),
        title=_("Collect suppliers again for {item}").format(item=item.lot.title), rules=["B25"], submit=_("Make the draft"), cancel=item.framework.get_absolute_url(),
        intro=_("{left} of {once} suppliers are left.").format(left=left, once=once),
    )  # fmt: skip


@login_required
def summarize(request, pk):
    """Announce the yearly summary of one year that is over."""
    row = get_object_or_404(Framework.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    only(request.user, row, at_desk)
    if request.method == "POST":
        try:
            year = int(request.POST.get("year", ""))
        except ValueError:
            year = 0
        try:
            return redirect(frameworks.summarize(row, actor=request.user, year=year).announcement)
        except Refusal as refusal:
            refuse(request, refusal)
    return redirect(row)


@login_required
def call_off(request, pk):
    """From an approved project to a supplier of a framework, in one form. ?framework= where several cover the office."""
    project = get_object_or_404(Project.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    only(request.user, project, may_handle_tender)
    if refusal := calls.objection_to_calling(project, request.user):
        refuse(request, refusal)
        return redirect(project)
    choices = list(calls.usable_for(project).order_by("-pk"))
    framework = next((row for row in choices if str(row.pk) == request.GET.get("framework")), choices[0])
    items = frameworks.items_of(framework)
    agreements = [row for item in items for row in calls.in_force(item)]
    form = CallOffForm(request.POST or None, framework=framework, agreements=agreements, initial={"quantity": 1})
    quotes = second_quotes(request.POST or None, agreements) if "second" in framework.ways else None
    if request.method == "POST" and form.is_valid() and (quotes is None or quotes.is_valid()):
        data = dict(form.cleaned_data)
        given = [row.cleaned_data for row in quotes.forms if row.cleaned_data] if quotes is not None and data["way"] == "second" else ()
        try:
            award = calls.call_off(project, data.pop("agreement"), actor=request.user, quotes=given, **data)
            messages.success(request, _("The supplier is chosen; announce the result within two working days, then draft the contract."))
            return redirect(award.lot.tender)
        except Refusal as refusal:
            refused(form, refusal)
    turns = [(item, calls.next_in_turn(item)) for item in items] if "rotation" in framework.ways else []
    bought = frameworks.bought(framework)
    return render_form(
        request, form, title=_("Buy {project} under a framework").format(project=project), formsets=[quotes] if quotes is not None else [], rules=["B21", "B24"], submit=_("Choose"), cancel=project.get_absolute_url(),
        template="procurement/call_off.html", framework=framework, others=[row for row in choices if row.pk != framework.pk], project=project, turns=turns, bought=bought, rest=framework.ceiling - bought,
    )  # fmt: skip
