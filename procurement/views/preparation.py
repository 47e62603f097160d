"""Screens of what is recorded before a purchase, and the words checked while typing."""

from types import SimpleNamespace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel.forms import ask_and_do, refused
from kernel.lifecycle import Refusal, principals_of
from kernel.lint import lint
from procurement import drafting, placeholders, tender_papers, wording
from procurement.forms.preparation import ApprovalForm, ExceptionForm, IntentionCorrectionForm, IntentionForm, ReuseForm, ReviewForm, SurveyForm, answer_formset
from procurement.lifecycle import intention, review, splitting, survey
from procurement.models import Intention, Tender
from procurement.permissions import may_apply
from procurement.views.projects import visible

MOST_ITEMS = 40
TYPED = {"title": "title", "goal": "goal", "results": "goal", "qualification": "qualification", "requirements": "requirements", "contract_terms": "terms"}


@login_required
def project_survey(request, pk):
    """Record a needs survey, or use one of the last year."""
    project = visible(request, pk)
    if not survey.may_record(request.user, project):
        raise PermissionDenied
    again = survey.reusable(project)
    reuse = ReuseForm(request.POST or None, rows=again) if again and "survey" in request.POST else ReuseForm(rows=again)
    reusing = request.method == "POST" and "survey" in request.POST
    form = SurveyForm(None if reusing else request.POST or None, request.FILES or None, initial={"title": project.item.name})
    answers = answer_formset(None if reusing else request.POST or None)
    if reusing and reuse.is_valid():
        try:
            survey.reuse_survey(project, reuse.cleaned_data["survey"], actor=request.user)
            return redirect(project)
        except Refusal as refusal:
            refused(reuse, refusal)

    def record(data):
        rows = [row.cleaned_data for row in answers.forms if row.cleaned_data and row.has_changed()]
        survey.record_survey(project, actor=request.user, answers=rows, **data)

    return ask_and_do(
        request, form, record, to=project, title=_("Needs survey of {project}").format(project=project), rules=["A06"], formsets=[answers], reuse=reuse if again else None,
        intro=_("Market bodies are asked about supply and price before needs are fixed. A survey may be used for a year."), template="procurement/survey.html",
    )  # fmt: skip


@login_required
def project_intention(request, pk):
    """Publish the purchase intention of a project."""
    project = visible(request, pk)
    if not survey.may_record(request.user, project):
        raise PermissionDenied
    initial = {"title": project.title, "summary": project.goal, "budget": survey.amount_of(project), "month": project.starts_on}
    form = IntentionForm(request.POST or None, initial=initial)
    return ask_and_do(
        request, form, lambda data: intention.publish_intention(project, actor=request.user, **data), to=project,
        title=_("Purchase intention of {project}").format(project=project), rules=["A05"], submit=_("Publish"),
        intro=_("Everybody can read it at once. The days until the notice count from here."),
    )  # fmt: skip


@login_required
def intention_correct(request, pk):
    """Correct a published intention: old and new are published side by side."""
    project = visible(request, pk)
    if not survey.may_record(request.user, project):
        raise PermissionDenied
    row = get_object_or_404(Intention.objects.select_related("project"), project=project)
    if refusal := intention.objection_to_correction(row, request.user):
        messages.error(request, str(refusal))
        return redirect(project)
    form = IntentionCorrectionForm(request.POST or None, initial={name: getattr(row, name) for name in ("title", "summary", "budget", "month", "note")})
    return ask_and_do(
        request, form, lambda data: intention.correct_intention(row, actor=request.user, **data), to=project,
        title=_("Correct the intention of {project}").format(project=project), rules=["A05"], submit=_("Publish the correction"),
        intro=_("What was published stays readable; the correction shows old and new side by side and is linked to it."),
    )  # fmt: skip


@login_required
def project_exception(request, pk):
    """The document that adjusted the budget or approved another method (A02)."""
    project = visible(request, pk)
    if not any(may_apply(person, project) for person in principals_of(request.user)):
        raise PermissionDenied
    form = ExceptionForm(request.POST or None, request.FILES or None)
    return ask_and_do(
        request, form, lambda data: splitting.record_exception(project, actor=request.user, **data), to=project,
        title=_("Exception for {project}").format(project=project), rules=["A02"], template="procurement/exception.html",
        counted=splitting.counted(project), own=splitting.amount_of(project), project=project,
        intro=_("Several purchases of one key may pass the open-tender threshold only when the budget was adjusted or another method approved."),
    )  # fmt: skip


def _draft(request, pk):
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    drafting.check_handler(request.user, tender)
    return tender


@login_required
def tender_review(request, pk):
    """Record the legal or the key review of a purchase's documents."""
    tender = _draft(request, pk)
    form = ReviewForm(request.POST or None, request.FILES or None, tender=tender)
    return ask_and_do(
        request, form, lambda data: review.record_review(tender, actor=request.user, **form.arguments()), to=tender,
        title=_("Review of {tender}").format(tender=tender), rules=["A08"],
        intro=_("Whoever wrote the needs or the documents may not review them. A changed text is reviewed again."), template="procurement/review_form.html", reviews=review.told(tender),
    )  # fmt: skip


@login_required
def tender_approval(request, pk):
    """Record the approval to leave the open tender."""
    tender = _draft(request, pk)
    form = ApprovalForm(request.POST or None, request.FILES or None, initial={"number": tender.approval_document})
    return ask_and_do(
        request, form, lambda data: drafting.record_approval(tender, actor=request.user, **data), to=tender,
        title=_("Approval for {tender}").format(tender=tender), rules=["A03"], intro=_("From the open-tender threshold on, another method is approved before the purchase starts."),
    )  # fmt: skip


@login_required
@require_POST
def words_check(request):
    """The words of a form that the law looks at, as a fragment: asked while typing, decides nothing."""
    documents = "qualification" in request.POST
    statutory = documents and request.POST.get("method", request.GET.get("method", "")) != "self_run"
    found = [(wording.PLACES[kind], hit) for name, kind in TYPED.items() for hit in lint(request.POST.get(name, "")[:10000], kind, statutory=statutory)]
    chapter = request.GET.get("chapter", "")
    if chapter in tender_papers.LINTED:
        text = placeholders.NAME.sub("", request.POST.get("text", "")[: tender_papers.LONGEST])
        found += [(tender_papers.CHAPTERS[chapter], hit) for hit in lint(text, tender_papers.LINTED[chapter], statutory=request.GET.get("method", "") != "self_run")]
    count = request.POST.get("items-TOTAL_FORMS", "")[:4]
    items = [_item(request, number) for number in range(min(int(count), MOST_ITEMS) if count.isdecimal() else 0)]
    scoring = "；".join(f"{item.name} {item.standard}" for item in items if not item.legal_basis)
    found += [(wording.PLACES["scoring"], hit) for hit in lint(scoring, "scoring", statutory=statutory)]
    repeated = wording.scored_qualification(request.POST.get("qualification", ""), items) if documents else []
    return render(request, "procurement/words.html", {"found": found, "repeated": repeated})


def _item(request, number):
    return SimpleNamespace(**{name: request.POST.get(f"items-{number}-{name}", "")[:1000] for name in ("kind", "name", "standard", "legal_basis")})
