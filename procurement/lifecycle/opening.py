"""Opening 开启: after the deadline any two openers of five, each with an own passphrase, on one desk or on two.

The first opener leaves only halves: for each other opener the key still wrapped for that one (kernel.seal.first_half). The second
finishes. The private key lives for the length of that call and is never stored. Every part is compared with its digest and its
receipt; one changed byte makes the response 损坏 and is reported. Too few responses for the method: nothing is opened (B06, B10, B15).
"""

import json

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, crypto, rules, seal, trail
from kernel.lifecycle import Refusal, acting_for, advance, refusal_of
from kernel.money import yuan
from kernel.notices import notify
from procurement import collusion, methods, sealing
from procurement.lifecycle import bid as bids
from procurement.lifecycle import declaration
from procurement.lifecycle import lot as lots
from procurement.lifecycle.tender import OPEN
from procurement.models import BidPart, Tender, TenderOpener
from procurement.permissions_tender import may_handle_tender


def enrol_opener(user, passphrase):
    """Give a person an opener's key pair. Raises Refusal: weak passphrase, or the old key still opens a running purchase."""
    if weak := seal.weakness(passphrase):
        sentence = _("Use at least {count} characters.").format(count=seal.MIN_PASSPHRASE) if weak == "short" else _("Use more different characters, not digits only.")
        raise Refusal("weak", sentence, field="passphrase")
    running = TenderOpener.objects.filter(user=user, tender__status="published", tender__seal="openers").select_related("tender").first()
    if running:
        raise Refusal("in_use", _("Your key still opens {number}; it can be renewed afterwards.").format(number=running.tender.number))
    key = sealing.enrol(user, passphrase)
    TenderOpener.objects.filter(user=user, tender__status="draft").update(rehearsed_at=None)
    return key


@transaction.atomic
def appoint_openers(tender, users, alternates, *, actor):
    """Name a draft's openers (three) and alternates (two); each must have a key. Replaces the earlier ones. Raises Refusal."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_handle_tender(actor, tender):
        raise PermissionDenied(str(_("Only the handler names openers.")))
    if tender.status != "draft":
        raise Refusal("published", _("The key is already made for the openers that were named."))
    people = [*users, *alternates]
    if len({person.pk for person in people}) != len(people):
        raise Refusal("twice", _("Name each person once."), field="alternates")
    if missing := [str(person) for person in people if sealing.enrolled(person) is None]:
        raise Refusal("no_key", _("These people have no opener's key yet: {names}.").format(names="、".join(missing)), todo=_("Each makes one under “Opener's key”."), field="openers")
    tender.openers.exclude(user__in=people).delete()
    for person in people:
        row, made = TenderOpener.objects.get_or_create(tender=tender, user=person)
        row.alternate = person in alternates
        row.save()
    trail.record(tender, "appoint", actor=actor, params={"openers": [p.pk for p in users], "alternates": [p.pk for p in alternates]})
    return tender


@transaction.atomic
def rehearse(tender, *, actor, passphrase):
    """Prove the passphrase on a dummy: once before publication, again before the opening. Raises Refusal."""
    row = TenderOpener.objects.select_for_update().filter(tender=tender, user=actor).first()
    if row is None:
        raise PermissionDenied(str(_("You are not an opener of this purchase.")))
    if not sealing.proves(actor, passphrase):
        raise Refusal("passphrase", _("This passphrase does not open your key."), todo=_("Try again; if it is lost, the handler names somebody else before publication."), field="passphrase")
    if tender.status == "draft":
        row.rehearsed_at = clock.now()
    else:
        row.rehearsed_again_at = clock.now()
    row.save()
    trail.record(tender, "rehearse", actor=actor)
    return row


@rules.carries("B06", "B10", "B15")
def minimum_of(tender):
    """How many responses a lot needs to be opened: three of a tender (B06) or negotiation (B15), two of a consultation (B10); else by the profile."""
    return methods.least(tender, "bidders_at_opening") or 1


def short_lots(tender):
    """Lots with too few responses as [(lot, count)]. Asked only after the deadline: before, not even the number is told."""
    need = minimum_of(tender)
    return [(lot, count) for lot in tender.lots.all() if (count := lot.bids.filter(status="submitted").count()) < need]


def objection_to_opening(tender, actor):
    """Why opening can't begin now, or None."""
    if refusal := refusal_of(tender, OPEN, actor):
        return refusal
    if tender.venue != "internal":
        return Refusal("external", _("This purchase runs on another platform."))
    if tender.opens_at and clock.now() < tender.opens_at:
        from procurement.lifecycle.tender import clock_text

        return Refusal("postponed", _("The opening was postponed to {moment}.").format(moment=clock_text(tender.opens_at)))
    if len(short_lots(tender)) == tender.lots.count():
        figure = methods.figure(tender, "bidders_at_opening")
        return Refusal("too_few", _("Too few responses came; nothing is opened."), article=figure.article if figure else "", todo=_("Stop the purchase with a termination notice."))
    return None


@rules.carries("B27")
@transaction.atomic
def open_with(tender, *, actor, passphrase, second=None, second_passphrase=""):
    """One opener enters the passphrase; the second one's call (or `second` at the same desk) opens everything.

    Returns the tender: still published after the first, opened after the second. Raises Refusal, PermissionDenied.
    """
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if refusal := objection_to_opening(tender, actor):
        raise refusal
    if tender.seal != "openers":
        raise Refusal("no_openers", _("This purchase has no openers."), todo=_("Handler and witness open it."))
    row, private = _present(tender, actor, passphrase)
    sealed = sealing.key_of(tender)
    earlier = [other for other in tender.openers.select_related("user").exclude(pk=row.pk) if str(actor.pk) in other.partial]
    try:
        if second is not None:
            other, other_private = _present(tender, second, second_passphrase, field="second_passphrase")
            if other.pk == row.pk:
                raise Refusal("same", _("The two openers must be two people."), field="second")
            key = seal.open_tender_key(sealed, {str(actor.pk): private, str(second.pk): other_private})
            present = [row, other]
        elif earlier:
            first = earlier[0]
            key = seal.second_half(sealed, str(first.user_id), str(actor.pk), sealing.raw(first.partial[str(actor.pk)]), private)
            present = [first, row]
        else:
            row.partial = {name: sealing.text(half) for name, half in seal.first_half(sealed, str(actor.pk), private).items()}
            row.save()
            trail.record(tender, "attend", actor=actor, params={"opener": actor.pk})
            return tender
    except seal.SealBroken as error:
        raise Refusal("broken_key", _("The stored key of this purchase does not open."), todo=_("Call the administrator; the responses stay sealed.")) from error
    return _open_all(tender, key, actor=actor, present=[str(opener.user) for opener in present], people=[opener.user_id for opener in present])


@transaction.atomic
def open_with_witness(tender, *, actor, witness):
    """A self-run purchase sealed by the platform (or not at all): the handler opens, a second person witnesses."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_handle_tender(actor, tender):
        acting_for(actor, tender, OPEN)
        raise PermissionDenied(str(_("Only the handler opens this purchase.")))
    if refusal := objection_to_opening(tender, actor):
        raise refusal
    if tender.seal == "openers":
        raise Refusal("openers", _("Two openers open this purchase."))
    if witness.pk == actor.pk:
        raise Refusal("witness", _("The witness must be a second person."), field="witness")
    key = crypto.open_platform_key(sealing.key_of(tender)) if tender.seal == "platform" else None
    return _open_all(tender, key, actor=actor, present=[str(actor), str(witness)], people=[actor.pk, witness.pk])


def _present(tender, person, passphrase, field="passphrase"):
    row = tender.openers.select_related("user").filter(user=person).first()
    if row is None:
        raise PermissionDenied(str(_("You are not an opener of this purchase.")))
    if refusal := declaration.objection(tender, person):
        refusal.field = field
        raise refusal
    try:
        private = sealing.private_of(person, passphrase)
    except seal.WrongPassphrase as error:
        raise Refusal("passphrase", _("This passphrase does not open the key of {name}.").format(name=person), field=field) from error
    row.present_at = clock.now()
    row.save()
    return row, private


def _open_all(tender, key, *, actor, present, people):
    """Unseal every response of every lot with enough of them, write the record, fail the lots with too few."""
    tender = advance(tender, OPEN, actor=actor, params={"present": people}, changes={"opened_at": clock.now()})
    short = {lot.pk: count for lot, count in short_lots(tender)}
    rows = []
    for lot in tender.lots.select_related("tender"):
        if lot.pk in short:
            sentence = "提交响应文件的供应商不足" if short[lot.pk] else "无供应商提交响应文件"
            lots.fail(lot, actor=actor, reason=f"{sentence}（{short[lot.pk]} 家）")
            continue
        advance(lot, lots.OPEN, actor=actor)
        opened = [_open_one(bid, key, actor) for bid in lot.bids.filter(status="submitted").order_by("submitted_at", "pk")]
        collusion.check(opened)
        rows += [
            {"lot": lot.pk, "bid": bid.pk, "organization": str(bid.organization or ""), "price": str(bid.price or ""), "intact": bid.status == "opened", "receipt": bid.receipt,
             "submitted_at": bid.submitted_at.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M:%S"), "warnings": bid.warnings, "on_paper": bid.on_paper}
            for bid in opened
        ]
    record = {**tender.opening_record, "present": present, "people": people, "at": clock.now().strftime("%Y-%m-%d %H:%M:%S"), "rows": rows, "short": [{"lot": pk, "count": count} for pk, count in short.items()]}
    Tender.objects.filter(pk=tender.pk).update(opening_record=record)
    TenderOpener.objects.filter(tender=tender).update(partial={})
    tender.opening_record = record
    return tender


def _open_one(bid, key, actor):
    """One response: compare digests and receipt, unseal, keep the content under the platform key. A changed byte makes it broken."""
    parts = list(bid.parts.all())
    plain, intact = {}, seal.receipt_of_digests({p.key: p.digest for p in parts}) == bid.receipt if key else True
    for part in parts:
        part.bid = bid
        try:
            if key and seal.digest(bytes(part.sealed)) != part.digest:
                raise seal.SealBroken("digest")
            plain[part.key] = seal.unseal(key, part.sealed, sealing.part_aad(bid, part.key)) if key else sealing.read_part(part)
        except (seal.SealBroken, crypto.Unreadable):
            intact = False
    meta = json.loads(plain["meta"]) if "meta" in plain else {}
    found = {"organization_id": meta.get("organization")}
    if not intact or "price" not in plain:
        bid = advance(bid, bids.BREAK, actor=actor, reason="内容校验不一致", changes=found)
        _report_broken(bid)
        return bid
    bid = advance(bid, bids.OPEN, actor=actor, changes={**found, "price": yuan(plain["price"].decode())}, params={"by": meta.get("by"), "receipt": bid.receipt})
    for part in parts:
        BidPart.objects.filter(pk=part.pk).update(opened=crypto.encrypt(plain[part.key], sealing.opened_aad(bid, part.key)), is_draft=False)
    return bid


def _report_broken(bid):
    from communities.permissions import people

    for person in people("supervisor", "observer", "handler", purchaser=bid.lot.tender.purchaser_id):
        notify(person, f"bid-broken-{bid.pk}", "bid_broken", subject=bid.lot.tender, url=bid.lot.tender.get_absolute_url(), params={"number": bid.lot.tender.number})


