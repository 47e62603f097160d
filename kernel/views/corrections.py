"""Asking for a correction and deciding it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel import corrections, lifecycle
from kernel.cleaning import CleanForm
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal


class CorrectionForm(CleanForm):
    """What is wrong, what is right, and why."""

    field = forms.ChoiceField(label=_("What to correct"))
    new = forms.CharField(label=_("What is right"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Name the paper that proves it."))

    def __init__(self, *args, columns, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [(known.field, known.label) for known in columns]


def subject_of(noun, pk, user):
    life = lifecycle.LIVES.get(noun)
    if life is None:
        raise Http404
    return get_object_or_404(life.model.objects.visible_to(user), pk=pk)


@login_required
def correction_ask(request, noun, pk):
    subject = subject_of(noun, pk, request.user)
    columns = corrections.columns_for(subject, request.user)
    if not columns:
        raise PermissionDenied
    form = CorrectionForm(request.POST or None, columns=columns)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            corrections.ask(subject, data["field"], data["new"], actor=request.user, reason=data["reason"])
            messages.success(request, _("Asked. Somebody else decides; the old value is kept."))
            return redirect(subject)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request,
        form,
        title=_("Ask for a correction"),
        intro=_("Nothing is edited in place: a second person approves, the old value stays in the record."),
        submit=_("Ask"),
        cancel=subject.get_absolute_url(),
    )


@login_required
@require_POST
def correction_decide(request, noun, pk, correction):
    subject = subject_of(noun, pk, request.user)
    row = get_object_or_404(corrections.of(subject), pk=correction)
    try:
        corrections.decide(row, actor=request.user, approve=request.POST.get("decision") == "approve", reason=request.POST.get("reason", "")[:300].replace("\x00", ""))
        messages.success(request, _("Decided."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(subject)
