"""The talks of a panel: with whom and when, the record of each by the leader, and what a later record put right."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evaluation.forms.talk import CorrectTalkForm, TalkForm
from evaluation.lifecycle import change, names, seats, sheets, talks
from evaluation.models import Talk
from evaluation.permissions_panel import handles_panel, may_score, member_row
from evaluation.views.panel import panel_of, step_form
from procurement.lifecycle import quotes
from procurement.lifecycle.evaluation_terms import terms_of


def _panel(request, pk):
    """A panel that talks, for its members and the handler: (panel, own row, its Talks)."""
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    if not ((own and may_score(request.user, panel)) or handles_panel(request.user, panel)):
        raise PermissionDenied
    if sheets.is_blind_to(panel, own):  # a talk may say whose plan it is that is still judged without a name
        raise PermissionDenied(_("First hand in the part judged blind."))
    if (kind := talks.kind_of(panel.tender)) is None:
        raise Http404
    return panel, own, kind


def led(request, pk):
    """As above, for the leader alone."""
    panel, own, kind = _panel(request, pk)
    if own is None or not own.is_leader:
        raise PermissionDenied
    return panel, kind


@login_required
@never_cache
@require_safe
def talk_list(request, pk):
    """Every supplier: talked with or not yet, when, who was there, what came of it; what the leader does next."""
    panel, own, kind = _panel(request, pk)
    members = {row.pk: row.shown for row in names.shown_members(panel, list(panel.members.select_related("user")), own)}
    records = {}
    for row in panel.talks.select_related("bid__organization", "bid__lot", "corrected_by"):
        row.there, row.away = ("、".join(members.get(key, "—") for key in keys) for keys in (row.present, row.absent))
        row.stands = not hasattr(row, "corrected_by")
        records.setdefault(row.bid_id, []).append(row)
    active, leads, bids = panel.status == "scoring", bool(own and own.is_leader), list(seats.valid_bids(panel))
    waiting = {bid.pk for bid in talks.untalked(panel.tender)}
    offered = leads and active and not talks.are_over(panel.tender)
    rows = [{"bid": bid, "records": records.pop(bid.pk, []), "waits": bid.pk in waiting, "offered": offered and (bid.pk in waiting or not waiting)} for bid in bids]
    rows += [{"bid": gone[0].bid, "records": gone} for gone in records.values()]  # talked with, invalid since
    context = {
        "panel": panel, "kind": kind, "rows": rows, "waiting": waiting, "leads": leads, "active": active, "handles": handles_panel(request.user, panel),
        "quotes": active and quotes.further_round(panel.tender) is not None, "stops": change.objection_to_going_on(panel) if active else None,
        "changes": change.of_purchase(panel.tender).annotate(asked=Count("questions"), given=Count("questions__answered_at")), "changeable": leads and active and change.objection_to_proposing(panel) is None,
    }  # fmt: skip
    return render(request, "evaluation/talks.html", context)


@login_required
def record(request, pk, bid):
    """The leader records the next talk with one supplier."""
    panel, kind = led(request, pk)
    row = get_object_or_404(seats.valid_bids(panel), pk=bid)
    number, said = talks.next_round(panel, row), [_("All members with this supplier alone, and the same chance for every one ({article}).").format(article=kind.article), _("What changes in substance is told to all suppliers at the same time in writing."), _("The record is kept as it is.")]
    if terms_of(panel.tender).blind:
        said.append(_("The technical part is judged blind: write nothing here by which a member could know whose it is."))
    return step_form(
        request, panel, TalkForm, lambda data: talks.record_talk(panel, row, actor=request.user, **data), _("{talks} with {name}, round {number}").format(talks=kind.name, name=row, number=number), _("Record"),
        back=reverse("panel_talks", args=[pk]), form_kwargs={"members": panel.sitting()}, draft=f"talk-{pk}-{bid}-{number}",
        intro=" ".join(map(str, said)),
    )  # fmt: skip


@login_required
def correct(request, pk, talk):
    """The leader puts a record right by a further one."""
    panel, kind = led(request, pk)
    row = get_object_or_404(Talk.objects.select_related("panel", "bid__organization").filter(panel=panel), pk=talk)
    initial = {name: getattr(row, name) for name in ("began_at", "ended_at", "present", "absence", "about", "offers")}
    return step_form(
        request, panel, CorrectTalkForm, lambda data: talks.correct_talk(row, actor=request.user, **data), _("Correct the record of {talks} with {name}").format(talks=kind.name, name=row.bid), _("Record the correction"),
        back=reverse("panel_talks", args=[pk]), form_kwargs={"members": panel.members.filter(pk__in=[*row.present, *row.absent]).select_related("user"), "initial": initial}, draft=f"talk-correct-{talk}",
        intro=_("The earlier record stays and is shown as corrected. Another talk is no correction: record it as a further round."),
    )  # fmt: skip
