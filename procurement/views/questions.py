"""Questions about the documents: asked by organizations, answered by the handler, read by everybody. No page shows who asked."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from kernel.detail import render_detail
from kernel.forms import ask_and_do
from kernel.lifecycle import principals_of
from procurement.forms.document import QuestionForm
from procurement.lifecycle import question as questions
from procurement.models import Question, Tender
from procurement.permissions import organization_ids
from procurement.permissions_document import asked_by
from procurement.permissions_tender import may_attend
from providers.models import Organization


@login_required
def question_ask(request, pk):
    """Ask about a running purchase, for one's organization."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser"), pk=pk)
    own = Organization.objects.filter(pk__in=organization_ids(request.user))
    if not own:
        raise PermissionDenied
    version = tender.document_versions.order_by("-number").first()
    form = QuestionForm(request.POST or None, organizations=own, chapters=version.chapters if version else [])
    return ask_and_do(
        request, form, lambda data: questions.ask(tender, data["organization"], actor=request.user, text=data["text"], chapter=data["chapter"]), to=reverse("public_documents", args=[tender.number]), said=_("Your question was sent without your name. You are told when it is answered."),
        title=_("Ask about {tender}").format(tender=tender), rules=["G01"], submit=_("Send without name"), cancel=tender.get_absolute_url(),
        intro=_("The purchaser reads your question and never learns who asked. Question and answer are published to everybody."),
    )  # fmt: skip


@login_required
def question_detail(request, pk):
    """One question: for the office, for whoever asked, and once published for everybody signed in."""
    row = get_object_or_404(Question.objects.visible_to(request.user).select_related("tender__purchaser", "announcement", "answered_by"), pk=pk)
    inside = any(may_attend(person, row.tender) for person in principals_of(request.user))
    return render_detail(request, row, "procurement/question.html", inside=inside, own=asked_by(request.user, row))
