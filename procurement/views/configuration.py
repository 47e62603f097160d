"""What a street settles for itself: gates, self-run profiles, payment steps; each version proposed by one, confirmed by another."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from communities.models import Purchaser
from communities.permissions import in_places, place_paths, purchaser_ids
from kernel import clock
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from procurement.forms.configuration import FORMS
from procurement.gate_times import Measured, measured
from procurement.lifecycle import configuration as settings_of
from procurement.lifecycle.configuration import KINDS, limit_of, objection_to_confirming, threshold_of
from procurement.models import Tender
from procurement.permissions import SETTING_ROLES

TITLES = {
    "gate": _("Review gates"), "profile": _("Self-run purchases by amount"), "payment_step": _("Steps of a payment"),
    "budget_bounds": _("Shares of people and running cost in a budget"), "price_rule": _("Far-off unit prices"), "document": _("Texts of purchase documents"), "fee_rate": _("Fees of experts"),
}  # fmt: skip


def readable(user):
    """Purchasers whose settings this person may read."""
    ids = {pk for person in principals_of(user) for pk in purchaser_ids(person)}
    return (Purchaser.objects.filter(pk__in=ids) | Purchaser.objects.filter(in_places(place_paths(user, "finance")))).select_related("place").distinct()


def settles(user, purchaser):
    return any(purchaser.pk in purchaser_ids(person, *SETTING_ROLES) for person in principals_of(user))


def chosen_purchaser(request):
    asked = request.GET.get("purchaser", "")
    rows = readable(request.user)
    purchaser = get_object_or_404(rows, pk=asked) if asked.isdigit() else rows.first()
    if purchaser is None:
        raise PermissionDenied
    return purchaser


@login_required
@require_safe
def configuration(request):
    purchaser, today = chosen_purchaser(request), clock.today()
    sections = []
    for key, model in KINDS.items():
        rows = list(model.objects.filter(purchaser=purchaser).select_related("proposed_by", "confirmed_by", "replaces"))
        confirmed = [row for row in rows if row.confirmed_at and not row.withdraws]
        proposals = [row for row in rows if not row.confirmed_at and not row.refused_at]
        for row in proposals:
            row.objection = objection_to_confirming(row, request.user)
        sections.append({
            "key": key, "title": TITLES[key], "proposals": proposals,
            "current": [row for row in confirmed if row.valid_from <= today and not (row.valid_to and row.valid_to < today)],
            "coming": [row for row in confirmed if row.valid_from > today], "past": [row for row in confirmed if row.valid_to and row.valid_to < today],
        })  # fmt: skip
    return render_page(
        request, "procurement/configuration.html",
        {"purchaser": purchaser, "purchasers": readable(request.user), "sections": sections, "settles": settles(request.user, purchaser), "limit": limit_of(purchaser), "threshold": threshold_of(purchaser), "times": gate_times(purchaser, sections), "document_methods": Tender.METHODS},
    )  # fmt: skip


def gate_times(purchaser, sections):
    """[(gate in force, Measured)] of this purchaser: what it expects of each gate, and how long the last decisions took."""
    found = measured(purchaser)
    gates = next(section["current"] for section in sections if section["key"] == "gate")
    return [(gate, found.get(gate.key, Measured())) for gate in sorted(gates, key=lambda gate: (gate.order, gate.pk))]


@login_required
def setting_propose(request, kind):
    """Propose a new setting or, with ?replaces=, a new version of one."""
    if kind not in FORMS:
        raise Http404
    purchaser, model = chosen_purchaser(request), KINDS[kind]
    if not settles(request.user, purchaser):
        raise PermissionDenied
    replaced = get_object_or_404(model, pk=request.GET["replaces"], purchaser=purchaser) if request.GET.get("replaces", "").isdigit() else None
    initial = {name: getattr(replaced, name) for name in FORMS[kind].Meta.fields if name != "valid_from"} if replaced else {}
    form = FORMS[kind](request.POST or None, purchaser=purchaser, replacing=replaced, initial=initial)
    back = f"{reverse('configuration')}?purchaser={purchaser.pk}"
    if request.method == "POST" and form.is_valid():
        try:
            settings_of.propose(model, request.user, purchaser=purchaser, replaces=replaced, **form.cleaned_data)
            messages.success(request, _("Proposed. It counts once a second person has confirmed it."))
            return redirect(back)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(request, form, title=_("Propose: {kind}").format(kind=TITLES[kind]), intro=_("A second person of the street confirms it before it counts."), cancel=back, submit=_("Propose"))


def _row(request, kind, pk):
    if kind not in KINDS:
        raise Http404
    return get_object_or_404(KINDS[kind].objects.visible_to(request.user).select_related("purchaser"), pk=pk)


@login_required
@require_POST
def setting_decide(request, kind, pk):
    """Confirm, refuse, or propose the end of a setting (POST `do`)."""
    row = _row(request, kind, pk)
    if not settles(request.user, row.purchaser):
        raise PermissionDenied
    try:
        match request.POST.get("do"):
            case "confirm":
                settings_of.confirm(row, request.user)
                messages.success(request, _("Confirmed: it counts from {day}.").format(day=row.valid_from))
            case "refuse":
                settings_of.refuse(row, request.user)
                messages.success(request, _("The proposal was turned down."))
            case "withdraw":
                facts = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname in _facts(kind)}
                settings_of.propose(KINDS[kind], request.user, purchaser=row.purchaser, replaces=row, withdraws=True, **facts)
                messages.success(request, _("Proposed. It counts once a second person has confirmed it."))
            case _other:
                raise Http404
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('configuration')}?purchaser={row.purchaser_id}")


def _facts(kind):
    names = FORMS[kind].Meta.fields if kind in FORMS else KINDS[kind].FACTS
    return {"fund_id" if name == "fund" else name for name in names if name != "valid_from"}
