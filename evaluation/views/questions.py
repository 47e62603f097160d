"""What the panel asks a bidder, the bidder's answer on its own page, corrections of arithmetic, low prices, deductions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from evaluation.forms.judging import AnswerQuestionForm, AskForm, ClaimForm, CorrectForm, LowPriceForm, NoteForm
from evaluation.lifecycle import claims, low_prices, questions, seats, sheets
from evaluation.models import BidQuestion
from evaluation.permissions_panel import may_score, member_row
from evaluation.views.panel import panel_of, step_form
from kernel import files
from kernel.forms import refused, rule_chips
from kernel.lifecycle import Refusal
from procurement import responses


def _led(request, pk, bid):
    """The panel and one of its responses, for the leader alone."""
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    if own is None or not own.is_leader:
        raise PermissionDenied
    return panel, get_object_or_404(seats.valid_bids(panel), pk=bid)


@login_required
def ask(request, pk, bid):
    panel, row = _led(request, pk, bid)
    minutes = questions.explain_minutes(panel.tender)
    low = str(row.pk) in low_prices.low_found(panel)
    initial = {"kind": "low_price", "text": "贵单位报价明显偏低，请说明报价的成本构成、人员和物资安排，并附证明材料。"} if low else {"kind": "clarify"}
    return step_form(
        request, panel, AskForm, lambda data: questions.ask(panel, row, actor=request.user, **data), _("Ask {name}").format(name=row.organization), _("Ask"), rules=["C08"],
        form_kwargs={"initial": initial, "minutes": minutes}, intro=_("The bidder is told at once and answers on its own page until the time you set, by the server's clock."),
    )  # fmt: skip


@login_required
def correct(request, pk, bid):
    panel, row = _led(request, pk, bid)
    return step_form(
        request, panel, CorrectForm, lambda data: questions.propose_correction(panel, row, actor=request.user, **data), _("Arithmetic of {name}").format(name=row.organization), _("Correct and ask the bidder"), rules=["C07"],
        intro=_("Opening table: {price} yuan. Enter what the other papers state; the faults are mended in the law's order and the bidder is asked to confirm.").format(price=f"{row.price:,.2f}"),
    )  # fmt: skip


@login_required
def claim(request, pk, bid):
    panel, row = _led(request, pk, bid)
    known = panel.claims.filter(bid=row).first()
    said = responses.declared(row)
    initial = {"declared": known.declared, "small_share": known.small_share, "note": known.note} if known else {"declared": bool(said.size), "small_share": said.small_share or None}
    return step_form(
        request, panel, ClaimForm, lambda data: claims.decide_claim(panel, row, actor=request.user, **data), _("Price deduction of {name}").format(name=row.organization), _("Record"), rules=["C09", "C10"],
        form_kwargs={"initial": initial}, intro=_("Only the price under review changes, never the contract price. Registered as: {kind}, {size}; declares itself: {said}.").format(
            kind=row.organization.get_kind_display(), size=row.organization.get_size_display() or _("size not stated"), said=dict(row.organization._meta.get_field("size").choices).get(said.size) or _("nothing")
        ),
    )  # fmt: skip


@login_required
def low_price(request, pk, bid):
    panel, row = _led(request, pk, bid)
    asked = panel.questions.filter(bid=row, kind="low_price").order_by("-id").first()
    said = (asked.answer or _("no answer")) if asked else _("The bidder has not been asked yet.")
    found = low_prices.low_found(panel).get(str(row.pk), {})
    why = _("Quote: {price} yuan; {reasons}.").format(price=f"{row.amount:,.2f}", reasons="；".join(low_prices.LOW_REASONS[code] for code in found.get("reasons", [])))
    return step_form(
        request, panel, LowPriceForm, lambda data: low_prices.explain_low(panel, row, actor=request.user, **data), _("Low price of {name}").format(name=row.organization), _("Record"), rules=["C08"],
        intro=" ".join((why, _("The bidder's explanation: {text}").format(text=said))),
    )  # fmt: skip


@login_required
def raise_low(request, pk, bid):
    panel = panel_of(request, pk)
    if not may_score(request.user, panel):
        raise PermissionDenied
    row = get_object_or_404(seats.valid_bids(panel), pk=bid)
    return step_form(
        request, panel, NoteForm, lambda data: low_prices.raise_low(panel, row, actor=request.user, **data), _("The price of {name} is too low").format(name=row.organization), _("Record"), rules=["C08"],
        intro=_("An expert's view is the fourth reason to review a price. The bidder is asked to explain it before anything is decided."),
    )  # fmt: skip


@login_required
@never_cache
def question_detail(request, pk):
    """A question: the bidder answers it here in its window; the panel and the office read it."""
    row = get_object_or_404(BidQuestion.objects.visible_to(request.user).select_related("panel__tender__purchaser", "bid__organization", "bid__lot", "answered_by", "change"), pk=pk)
    if sheets.reads_blind(request.user, row.panel):  # a question names its bidder
        raise PermissionDenied(_("First hand in the part judged blind."))
    answers = questions.may_answer(request.user, row)
    form = AnswerQuestionForm(request.POST or None, request.FILES or None, kind=row.kind) if answers and row.is_open else None
    if request.method == "POST":
        if not answers:
            raise PermissionDenied
        if form is None:
            messages.error(request, _("This is answered already, or its time is over."))
            return redirect(row)
        if form.is_valid():
            try:
                questions.answer_question(row, actor=request.user, **form.cleaned_data)
                messages.success(request, _("Your answer is with the panel."))
                return redirect(row)
            except Refusal as refusal:
                refused(form, refusal)
    own = member_row(request.user, row.panel)
    row._shown_to = request.user.pk
    context = {
        "question": row, "form": form, "answers": answers, "leads": bool(own and own.is_leader), "papers": files.of(row, request.user), "rule_chips": rule_chips({"low_price": ["C08"], "correction": ["C07"]}.get(row.kind, [])),
        "failed": row.kind == "correction" and not row.confirmed and not row.is_open and row.closed_at is None and row.bid.status == "opened",
    }  # fmt: skip
    return render(request, "evaluation/question.html", context, status=422 if form is not None and form.is_bound and form.errors else 200)


@login_required
@require_POST
def question_reject(request, pk):
    """A correction nobody confirmed: the response is invalid."""
    row = get_object_or_404(BidQuestion.objects.visible_to(request.user).select_related("panel", "bid"), pk=pk)
    own = member_row(request.user, row.panel)
    if row.kind != "correction":
        raise Http404
    if own is None or not own.is_leader:
        raise PermissionDenied
    try:
        return redirect(questions.reject_unconfirmed(row, actor=request.user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(row)
