"""Steps of purchases that are no plain verb: direct choice, final quotes, challenges."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel import clock, files
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, principals_of
from procurement.forms.tender import ChooseForm, HoldForm, QuotesWindowForm, quote_formset
from procurement.lifecycle import lot as lots
from procurement.lifecycle import quotes, selfrun
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import Lot, Project, Tender
from procurement.permissions_tender import may_decide, may_handle_tender


def only(user, subject, *predicates):
    """Raises PermissionDenied unless one of the predicates holds for the person or somebody they stand in for."""
    if not any(predicate(person, subject) for person in principals_of(user) for predicate in predicates):
        raise PermissionDenied


@login_required
def choose(request, pk):
    """From the approved project to its provider in one form (practice 1)."""
    project = get_object_or_404(Project.objects.visible_to(request.user).select_related("purchaser", "intended"), pk=pk)
    only(request.user, project, may_handle_tender)
    if refusal := selfrun.objection_to_choice(project, request.user):
        messages.error(request, str(refusal))
        return redirect(project)
    profile = selfrun.quick_profile(project)
    form = ChooseForm(request.POST or None, request.FILES or None, project=project)
    rows = quote_formset(request.POST or None, max(profile.min_count, 2)) if profile.channel == "quotes" else None
    if request.method == "POST" and form.is_valid() and (rows is None or rows.is_valid()):
        data = dict(form.cleaned_data)
        proof = data.pop("proof", None)
        data["declared"] = data.pop("no_tie")
        given = [row.cleaned_data for row in rows.forms if row.cleaned_data] if rows is not None else ()
        try:
            award = selfrun.choose_provider(project, actor=request.user, quotes=given, **data)
            if proof:
                files.attach(award.lot.tender, proof, "proof", actor=request.user)
            messages.success(request, _("The provider is chosen; draft the contract next."))
            return redirect(award.lot.tender)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Choose the provider of {project}").format(project=project), formsets=[rows] if rows is not None else [], rules=["A01"], submit=_("Choose"),
        cancel=project.get_absolute_url(), intro=_("Rule of your street: {profile} ({channel}).").format(profile=profile, channel=profile.get_channel_display()),
    )  # fmt: skip


@login_required
def call_quotes(request, pk):
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    only(request.user, tender, may_handle_tender)
    running = quotes.current_round(tender)
    number = quotes.further_round(tender, running) if running else 1
    form = QuotesWindowForm(request.POST or None, rounds=terms_of(tender).rounds) if number else None
    if request.method == "POST" and form is None:
        messages.error(request, _("The last round of quotes is over.") if running.read_at else _("Final quotes are already asked for."))
        return redirect("quotes_call", pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(quotes.call_quotes(tender, actor=request.user, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    context = {"form": form, "tender": tender, "running": running if running and running.read_at is None else None, "told": quotes.told_rounds(tender), "number": number, "now": clock.now(), "terms": terms_of(tender), "waits": quotes.objection_to_call(tender) if form is not None and not form.is_bound else None}
    return render(request, "procurement/quotes.html", context, status=422 if form is not None and form.is_bound and form.errors else 200)


@login_required
@require_POST
def read_quotes(request, pk):
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    try:
        count = quotes.read_quotes(tender, actor=request.user)
        messages.success(request, _("{count} final quotes read.").format(count=count))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(tender)


def _challenge(request, pk, verb, title, submit, *may):
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("tender"), pk=pk)
    only(request.user, lot, *may)
    form = HoldForm(request.POST or None)
    return ask_and_do(request, form, lambda data: verb(lot, actor=request.user, **data), to=lot, title=title, rules=["G02", "G04"], submit=submit)


@login_required
def hold(request, pk):
    """Record a challenge: signing waits (条例 第54条)."""
    return _challenge(request, pk, lots.hold_signing, _("Record a challenge"), _("Hold the signing"), may_handle_tender, may_decide)


@login_required
def release(request, pk):
    """The challenge is answered."""
    return _challenge(request, pk, lots.release_signing, _("The challenge is answered"), _("Lift the hold"), may_decide)
