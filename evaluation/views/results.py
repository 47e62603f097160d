"""The report and its signatures, the result made again from what is stored, changes beside the first result, fees."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from evaluation import papers
from evaluation.forms.judging import ChangeReportForm, DropForm, FeeForm, ReviseForm, SignForm
from evaluation.lifecycle import fees, names, results, signing
from evaluation.models import ExpertFee, ResultVersion
from evaluation.permissions_panel import handles_panel, may_conclude, may_score, member_row
from evaluation.views.panel import panel_of, step_form
from kernel import files, pdf
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, principals_of
from procurement.criteria import judged
from procurement.models import Bid


def paper(request, template, context, name, back):
    """A paper as PDF, or its refusal on the page it came from."""
    try:
        content = pdf.render_pdf(template, context)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


@login_required
@require_safe
def report(request, pk):
    """The evaluation report as PDF (or ?html=1). The members sign it; the purchaser's people read it."""
    panel = panel_of(request, pk)
    if panel.status != "concluded":
        raise Http404
    context = papers.report_context(panel)
    if request.GET.get("html"):
        return render(request, "evaluation/report.html", context)
    return paper(request, "documents/evaluation_report.html", context, f"{panel.tender.number}-evaluation", f"{reverse('panel_report', args=[pk])}?html=1")


@login_required
@never_cache
def sign(request, pk):
    """The report to read, and the member's signature or dissent."""
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    if own is None or not may_score(request.user, panel):
        raise PermissionDenied
    if panel.status != "concluded":
        messages.error(request, _("There is no result yet."))
        return redirect(panel)
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signing.sign(panel, actor=request.user, **form.cleaned_data)
            messages.success(request, _("Your signature is on the report."))
            return redirect(panel)
        except Refusal as refusal:
            refused(form, refusal)
    context = {**papers.report_context(panel), "own": own}
    return render_form(
        request, form, title=_("Read and sign the report"), submit=_("Sign"), cancel=panel.get_absolute_url(), template="evaluation/sign.html",
        intro=_("Who neither signs nor writes reasons counts as agreeing ({article}).").format(article=signing.article_of(panel.tender)), **context,
    )  # fmt: skip


@login_required
@require_POST
def end_signing(request, pk):
    panel = panel_of(request, pk)
    if not may_conclude(request.user, panel):
        raise PermissionDenied
    try:
        signing.end_signing(panel, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(panel)


def _may_change(request, panel):
    own = member_row(request.user, panel)
    return bool(own and own.is_leader) or any(handles_panel(person, panel) for person in principals_of(request.user))


@login_required
@never_cache
@require_safe
def result_list(request, pk):
    """Every result of the panel, each made again from its stored inputs, and whether it is the stored one."""
    panel = panel_of(request, pk)
    if panel.status != "concluded":
        raise Http404
    rows = []
    for version in panel.versions.select_related("made_by"):
        _again, same = results.recompute(version)
        version._shown_to = request.user.pk
        rows.append({"version": version, "same": same, "label": results.LABELS.get(version.kind, version.kind), "lots": names.result_rows(panel, version.result), "papers": files.of(version, request.user) if version.needs_report else []})
    bids = list(Bid.objects.filter(pk__in=[line["bid"] for lot in panel.result["lots"] for line in lot["lines"]]).select_related("organization"))
    return render(request, "evaluation/results.html", {"panel": panel, "rows": rows, "bids": bids, "may_change": _may_change(request, panel), "handles": handles_panel(request.user, panel), "inputs": panel.inputs})


def _concluded(request, pk):
    panel = panel_of(request, pk)
    if not _may_change(request, panel):
        raise PermissionDenied
    if panel.status != "concluded":
        raise Http404
    return panel


@login_required
def revise(request, pk):
    panel = _concluded(request, pk)
    bids = Bid.objects.filter(pk__in=[line["bid"] for lot in panel.result["lots"] for line in lot["lines"]]).select_related("organization")
    items = panel.tender.score_items.filter(pk__in=[item.pk for item in judged(panel.tender.score_items.all())])
    kwargs = {"reasons": results.reasons_for(panel.tender), "bids": bids, "members": panel.sitting(), "items": items}
    form = ReviseForm(request.POST or None, **kwargs)
    return ask_and_do(
        request, form, lambda data: results.revise(panel, actor=request.user, **form.changes()), to=reverse("panel_results", args=[pk]), said=_("The changed result stands beside the first. Report it to the finance bureau in writing."),
        title=_("Change the result"), rules=["C12"], submit=_("Change the result"), tone="danger",
        intro=_("Only for one of the law's reasons. The first result and the members' sheets stay as they are."),
    )  # fmt: skip


@login_required
def drop(request, pk, bid):
    panel = _concluded(request, pk)
    row = get_object_or_404(Bid.objects.filter(lot__tender=panel.tender).select_related("organization", "lot"), pk=bid)
    return step_form(
        request, panel, DropForm, lambda data: results.drop(panel, row, actor=request.user, **data), _("{name} falls").format(name=row.organization), _("Rank anew"), rules=["C12", "D14", "H05"],
        back=reverse("panel_results", args=[pk]), tone="danger", intro=_("The other responses are ranked anew with a new base price, in a further result beside the first."),
    )  # fmt: skip


def _version(request, pk):
    row = get_object_or_404(ResultVersion.objects.select_related("panel"), pk=pk)
    panel = panel_of(request, row.panel_id)
    row.panel = panel
    return panel, row


@login_required
def version_report(request, pk):
    panel, row = _version(request, pk)
    if not any(handles_panel(person, panel) for person in principals_of(request.user)):
        raise PermissionDenied
    return step_form(
        request, panel, ChangeReportForm, lambda data: results.report_change(row, actor=request.user, **data), _("Report the change to the finance bureau"), _("Record"), rules=["C12"],
        back=reverse("panel_results", args=[panel.pk]), intro=_("Print the report, have it signed and sent, then enter its number and its scan here."),
    )  # fmt: skip


@login_required
@require_safe
def version_paper(request, pk):
    """The written report of a change (PDF)."""
    panel, row = _version(request, pk)
    if row.number == 1:
        raise Http404
    return paper(request, "documents/result_change.html", papers.change_context(row), f"{panel.tender.number}-change-{row.number}", reverse("panel_results", args=[panel.pk]))


@login_required
@never_cache
@require_safe
def fee_sheet(request, pk):
    """评审费发放表: what each expert earns; ?pdf=1 prints the sheet to sign."""
    panel = panel_of(request, pk)
    if not any(handles_panel(person, panel) for person in principals_of(request.user)):
        raise PermissionDenied
    context = papers.fee_context(panel)
    if request.GET.get("pdf"):
        return paper(request, "documents/fee_sheet.html", context, f"{panel.tender.number}-fees", reverse("panel_fees", args=[pk]))
    known = {row.member_id: row for row in context["rows"]}
    members = [(member, known.get(member.pk), fees.is_paid(panel, member)) for member in panel.members.select_related("user").order_by("left_at", "-is_leader", "id")]
    return render(request, "evaluation/fees.html", {**context, "members": members, "begun": panel.status in ("checking", "scoring", "concluded")})


@login_required
def fee(request, pk, member):
    panel = panel_of(request, pk)
    if not any(handles_panel(person, panel) for person in principals_of(request.user)):
        raise PermissionDenied
    row = get_object_or_404(panel.members, pk=member)
    known = ExpertFee.objects.filter(member=row).first()
    rate = fees.rate_of(panel)
    return step_form(
        request, panel, FeeForm, lambda data: fees.set_fee(panel, row, actor=request.user, **data), _("Fee of {name}").format(name=row.user), _("Save"), back=reverse("panel_fees", args=[pk]),
        form_kwargs={"initial": {name: getattr(known, name) for name in ("session", "days", "overtime", "travel", "note")} if known else {"session": "half"}},
        intro=_("Rates of your office: {rate}. Travel by receipt, at most {travel} yuan.").format(rate=rate, travel=f"{rate.travel_most:,.2f}"),
    )  # fmt: skip
