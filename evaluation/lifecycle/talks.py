"""磋商、谈判 (财库〔2014〕214号 第19条, 财政部令第74号 第31条): all members of the panel talk with each single supplier, apart from the others, and give every one the same chance.

The order is the law's: the responses are checked and who fails is out (第16条, 第30条); the panel talks with each of the rest; then final quotes are
asked for (第21条, 第33条). The panel's leader records who was there, from when to when, what was talked about and what the supplier undertakes.
Talks may be held again, after terms changed in substance (第20条, 第32条): round by round, the next only once every supplier had the last. Who was
asked and did not come had its chance: the record says so. Records are kept as they are; a mistake is put right by a further one that names it.
"""

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle import names, seats, sheets
from evaluation.models import Talk
from kernel import clock, trail
from kernel.lifecycle import Refusal
from procurement.lifecycle.tender import clock_text
from procurement.models import Bid, QuoteRound, Tender

LONGEST = 4000
ONLY_LEADER = _("Only the panel's leader records the talks.")


def kind_of(tender):
    """The Talks this purchase's method knows, or None: nobody else is bound to them."""
    return tender.way.talks


def untalked(tender):
    """Valid bids that had not yet the talk of the round that runs (of the first, while none was held); none once the last quotes were asked for, as where
    another panel judges again. `tender`: a purchase, or an OuterRef to one."""
    had = Talk.objects.filter(~Exists(Talk.objects.filter(panel=OuterRef("panel"), round__gt=OuterRef("round"))), bid=OuterRef("pk"), panel__tender=OuterRef("lot__tender"))
    over = QuoteRound.objects.filter(tender=OuterRef("lot__tender"), last=True)
    return Bid.objects.filter(~Exists(had), ~Exists(over), lot__tender=tender, status="opened").select_related("organization").order_by("lot__order", "public_id")


def names_of(bids):
    """Suppliers in a sentence, each once."""
    return "、".join(dict.fromkeys(str(bid) for bid in bids))


def objection_to_quotes(tender):
    """Why final quotes can't be asked for yet: a valid bidder has not been talked with; or None."""
    talks = kind_of(tender)
    missing = list(untalked(tender)) if talks else []
    if not missing:
        return None
    sentence = _("Not yet talked with ({talks}): {names}.").format(talks=talks.name, names=names_of(missing))
    return Refusal("not_talked", sentence, article=talks.article, todo=_("The panel's leader records the talk on the panel's page."))


def current(panel):
    """The records that stand: those no further one corrects, in the order of their rounds and times."""
    return panel.talks.filter(corrected_by=None)


def are_over(tender):
    """Whether the last round of final quotes was asked for: nobody is talked with any more."""
    return tender.quote_rounds.filter(last=True).exists()


def objection_to_talk(panel, bid):
    """Why the panel's next talk with this supplier can't be recorded now, or None."""
    talks = kind_of(panel.tender) if panel.tender_id else None
    if talks is None:
        return Refusal("no_talks", _("This purchase knows no talks of a panel with its suppliers."))
    if panel.status == "checking":
        return Refusal("not_checked", _("Talks begin once the check is closed: with who fails it nobody talks."), article=talks.article, todo=_("The leader closes the check on the panel's page."))
    if panel.status != "scoring":
        return Refusal("wrong_state", _("Talks are recorded between the check and the end of the evaluation."), article=talks.article)
    if bid.status != "opened" or bid.lot.tender_id != panel.tender_id:
        return Refusal("not_valid", _("This response is not valid or belongs to another purchase."), article=talks.article)
    if are_over(panel.tender):
        return Refusal("quotes_called", _("The last round of final quotes was asked for: the talks are over."), article=talks.article)
    begun = panel.talks.aggregate(last=Max("round"))["last"] or 0
    if begun and panel.talks.filter(bid=bid, round=begun).exists() and (waiting := list(untalked(panel.tender))):
        sentence = _("Every supplier has the same chance: a further round begins once all had this one. Not yet: {names}.").format(names=names_of(waiting))
        return Refusal("same_chance", sentence, article=talks.article, todo=_("Record the talks with them first."))
    return None


def next_round(panel, bid):
    """The number of the next talk with this supplier."""
    return (panel.talks.filter(bid=bid).aggregate(last=Max("round"))["last"] or 0) + 1


def locked(panel):
    """The panel, held together with its purchase: a talk and the call for quotes never cross."""
    Tender.objects.select_for_update().filter(pk=panel.tender_id).first()
    return seats.locked(panel)


def _check(panel, bid, actor, members, but=None, *, began_at, ended_at, present, about, offers, absence):
    """The fields of a record, or a Refusal beside its field. `members`: who was to be there; `but`: the record that is corrected."""
    article = kind_of(panel.tender).article
    if ended_at <= began_at:
        raise Refusal("times", _("A talk ends after it began."), field="ended_at")
    if ended_at > clock.now():
        raise Refusal("future", _("This time lies in the future. A talk is recorded once it is over."), field="ended_at")
    if panel.tender.opened_at is None or began_at < panel.tender.opened_at:
        raise Refusal("too_early", _("Nobody is talked with before the responses are opened."), article=article, field="began_at")
    others = current(panel).filter(began_at__lt=ended_at, ended_at__gt=began_at).exclude(bid__organization=bid.organization_id).exclude(pk=but and but.pk)
    if other := others.select_related("bid__organization").first():
        sentence = _("The panel talked with {name} from {began} to {ended}; each supplier is talked with alone.")
        raise Refusal("together", sentence.format(name=other.bid, began=clock_text(other.began_at), ended=clock_text(other.ended_at)), article=article, field="began_at")
    there = {member.pk for member in present}
    if not there or there - {member.pk for member in members}:
        raise Refusal("present", _("Say which members were there."), article=article, field="present")
    absent = [member for member in members if member.pk not in there]
    if absent and not absence.strip():
        sentence = _("All members talk with each supplier together. Say why {names} was not there.").format(names=names.told(panel, absent, actor))
        raise Refusal("absence", sentence, article=article, field="absence")
    for field, text in (("about", about), ("offers", offers)):
        if len(text.strip()) > LONGEST or field == "about" and not text.strip():
            raise Refusal("text", _("Write it down, in at most {limit} characters.").format(limit=LONGEST), field=field)
    return {
        "began_at": began_at, "ended_at": ended_at, "present": sorted(there), "absent": sorted(member.pk for member in absent), "absence": absence.strip()[:300] if absent else "",
        "about": about.strip(), "offers": offers.strip(),
    }  # fmt: skip


@transaction.atomic
def record_talk(panel, bid, *, actor, began_at, ended_at, present, about, offers="", absence=""):
    """The leader records the panel's next talk with one supplier. `present`: sitting members who were there; `absence`: why the others were not.

    Raises Refusal: no talks here, not checked yet, quotes are called, another supplier is still to have this round, times, who was there; PermissionDenied.
    """
    panel = locked(panel)
    if sheets.is_blind_to(panel, sheets.only_leader(panel, actor, ONLY_LEADER)):
        raise Refusal("blind", _("First hand in the part judged blind."))
    bid = Bid.objects.select_related("lot", "organization").get(pk=bid.pk)
    if refusal := objection_to_talk(panel, bid):
        raise refusal
    members, there = panel.seated(), {member.pk for member in present}
    if blind := [member for member in members if member.pk in there and sheets.is_blind_to(panel, member)]:  # at the table they would learn whose plan is whose
        sentence = _("{names} still judges without names and can't sit in a talk. Wait until that part is handed in.").format(names=names.told(panel, blind, actor))
        raise Refusal("blind", sentence, field="present")
    said = _check(panel, bid, actor, members, began_at=began_at, ended_at=ended_at, present=present, about=about, offers=offers, absence=absence)
    row = Talk.objects.create(panel=panel, bid=bid, round=next_round(panel, bid), recorded_by=actor, **said)
    trail.record(panel, "talk", actor=actor, params={"talk": row.pk, "bid": bid.pk, "round": row.round})
    return row


def members_of(talk):
    """Who was to be at a talk that is on record."""
    return list(talk.panel.members.filter(pk__in=[*talk.present, *talk.absent]).select_related("user").order_by("-is_leader", "pk"))


def objection_to_correction(talk):
    """Why this record can't be put right now, or None."""
    if talk.panel.status != "scoring":
        return Refusal("wrong_state", _("Talks are recorded between the check and the end of the evaluation."))
    if hasattr(talk, "corrected_by"):
        return Refusal("corrected", _("This record is corrected already."), todo=_("Correct the newer one."))
    return None


@transaction.atomic
def correct_talk(talk, *, actor, reason, began_at, ended_at, present, about, offers="", absence=""):
    """A further record puts a wrong one right and says why; both are kept. Not another talk: supplier and round stay. Raises Refusal, PermissionDenied."""
    panel = locked(talk.panel)
    sheets.only_leader(panel, actor, ONLY_LEADER)
    talk = Talk.objects.select_related("panel", "bid__organization").get(pk=talk.pk)
    if refusal := objection_to_correction(talk):
        raise refusal
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    said = _check(panel, talk.bid, actor, members_of(talk), talk, began_at=began_at, ended_at=ended_at, present=present, about=about, offers=offers, absence=absence)
    row = Talk.objects.create(panel=panel, bid=talk.bid, round=talk.round, corrects=talk, reason=reason.strip()[:300], recorded_by=actor, **said)
    trail.record(panel, "correct_talk", actor=actor, reason=reason, params={"talk": row.pk, "corrects": talk.pk, "bid": talk.bid_id, "round": talk.round})
    return row
