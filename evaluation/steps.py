"""What a member does, in order, as the panel's page shows it: declare, check, record the talks (the leader), score, sign; which is done, which is now, and where to click."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle import change, conformity, sheets, talks
from procurement import methods


@dataclass(frozen=True)
class MemberStep:
    """phase: past | current | next; `url` where it is done, `note` what is still missing, `action` the words of its button."""

    label: object
    phase: str
    action: object = ""
    url: str = ""
    note: str = ""
    done_at: object = None


def steps_of(panel, own, bids):
    """The steps of one sitting member."""
    order, found = ["draft", "formed", "checking", "scoring", "concluded"], []
    place = order.index(panel.status)

    def add(label, done_at, now, action="", url="", note="", over=False):
        phase = "past" if done_at or over else "current" if now else "next"
        found.append(MemberStep(label, phase, action if phase == "current" else "", url if phase == "current" else "", note if phase == "current" else "", done_at))

    add(_("Declare"), own.declared_at, place >= 1, _("Declare"), reverse("panel_declare", args=[panel.pk]), _("First declare whether anything stands between you and the bidders."))
    if conformity.is_checked(panel):
        left = conformity.missing_findings(panel, own, bids) if panel.status == "checking" and own.declared_at and not own.checked_at else 0
        note = _("{count} findings are still missing.").format(count=left) if left else _("All is found: hand the check in.")
        add(_("Check conformity"), own.checked_at, panel.status == "checking" and bool(own.declared_at), _("Check now"), reverse("panel_check", args=[panel.pk]), note, over=place > 2)
    waiting = []
    if own.is_leader and talks.kind_of(panel.tender):
        waiting = list(talks.untalked(panel.tender)) if panel.status == "scoring" and not sheets.is_blind_to(panel, own) else []
        note = _("Not yet talked with ({talks}): {names}.").format(talks=panel.tender.way.talks.name, names=talks.names_of(waiting))
        add(_("Talks with the suppliers"), None, bool(waiting), _("Record the talks"), reverse("panel_talks", args=[panel.pk]), note, over=place > 3 or panel.status == "scoring" and not waiting and not sheets.is_blind_to(panel, own))
    if methods.ranking_of(panel.tender) == "points":
        active = panel.status == "scoring" and bool(own.declared_at) and not waiting
        left = sheets.missing_scores(panel, own, sheets.items_now(panel, own), bids) if active and not own.submitted_at else 0
        stop = change.objection_to_handing_in(panel) if active and not left and not own.submitted_at and not sheets.is_blind_to(panel, own) else None
        note = _("{count} scores are still missing.").format(count=left) if left else str(stop) if stop else _("All is scored: hand your sheet in.")
        add(_("Score the responses"), own.submitted_at, active, _("Score now"), reverse("score_sheet", args=[panel.pk]), note)
    over = bool(panel.signing_ended_at)
    add(_("Sign the report"), own.signed_at, panel.status == "concluded", _("Read and sign"), reverse("panel_sign", args=[panel.pk]), _("Sign it, or state another view with reasons. Who does neither agrees."), over=over)
    return found
