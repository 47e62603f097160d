"""The life of a response 响应文件.

草稿 draft: its organization writes the parts; they lie encrypted under the platform key. 已提交 submitted: sealed under the
purchase's key, receipt given; nobody but its own organization sees that it exists (财政部令第87号 第28条). 已撤回 withdrawn: taken
back before the deadline, may be written and submitted anew. 已开启 opened: its price and names are known. 无效 invalid: it fails a
check, with the reason told to its organization alone. 已损坏 broken: what was stored is not what was submitted; reported.
"""

import json

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, crypto, rules, seal
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import yuan
from procurement import bid_content, eligibility, finishing, sealing
from procurement.finishing import TEXTS
from procurement.models import Bid, BidPart, BondTerms, Lot
from procurement.permissions_tender import may_bid, may_handle_tender, owner_tag

BOND, BOND_FILE = "bond", "bond-file"  # what the bidder says of its bid bond, sealed like everything else: before the opening nobody may learn who paid
FILE_PREFIX = "file-"
ENVELOPE, SCAN = "file-envelope", "file-scan"  # of a paper response: registered with it, and added once it is opened
MAX_FILES = 8


def objection_to_bidding(organization, lot, actor=None):
    """Why this organization can't respond to this lot, or None: not verified, excluded (H05, H07), helped to draft (条例 第18条), orders it itself."""
    return eligibility.objection(organization, lot)


def _closed(tender):
    if tender.status != "published" or tender.venue != "internal":
        return Refusal("not_open", _("No responses are taken for this purchase."))
    if clock.now() >= tender.deadline:
        from procurement.lifecycle.tender import clock_text

        return Refusal(
            "late",
            _("The deadline was {deadline}; the server's time is now {now}. This response was not taken.").format(
                deadline=clock_text(tender.deadline), now=clock.now().strftime("%Y-%m-%d %H:%M:%S")
            ),
            article="财政部令第87号 第33条", todo=_("Watch the market page for the next purchase."),
        )
    return None


def _submittable(bid, actor):
    if refusal := _closed(bid.lot.tender):
        return refusal
    parts = list(bid.parts.all())
    for part in parts:
        part.bid = bid
    plain = finishing.plain_parts(parts)
    if BOND not in plain and BondTerms.objects.filter(lot=bid.lot_id).exists():
        return Refusal("no_bond", _("This purchase asks a bid bond; yours is not stated yet."), article=rules.get("D09").article, todo=_("State it on the page of the response; it is sealed with it."))
    return finishing.objection(bid, plain)


def _withdrawable(bid, actor):
    return _closed(bid.lot.tender)


def _invalidatable(bid, actor):
    from procurement.lifecycle.qualification import objection_to_verdict

    if bid.lot.status != "opened":
        return Refusal("judged", _("The ranking is already recorded."), todo=_("Ask for a correction instead."))
    return objection_to_verdict(bid, actor)


def any_hand(user, bid):
    """Follows from the opening; who may open was asked there."""
    return user.is_authenticated


SUBMIT = Step("submit", _("Submit, sealed"), ("draft", "withdrawn"), "submitted", may_bid, objection=_submittable, unnamed=True, rules=("B09", "B27"))
WITHDRAW = Step("withdraw_bid", _("Withdraw the response"), ("submitted",), "withdrawn", may_bid, objection=_withdrawable, tone="danger", unnamed=True, rules=("B27",))
PAPER = Step("register_paper", _("Register a paper response"), ("draft",), "submitted", may_handle_tender, by_code=True)
OPEN = Step("open", _("Open"), ("submitted",), "opened", any_hand, by_code=True)
BREAK = Step("break", _("Report as damaged"), ("submitted",), "broken", any_hand, tone="danger", needs_reason=True, by_code=True)
RECORD = Step("record", _("Record an outside response"), ("draft",), "opened", any_hand, by_code=True)
INVALIDATE = Step(
    "invalidate", _("Declare invalid"), ("opened",), "invalid", may_handle_tender, needs_reason=True, tone="danger", rules=("H03", "H06"), objection=_invalidatable,
    hint=_("The reason is told to this bidder alone."),
)
REJECT = Step("reject", _("Declare invalid by the panel"), ("opened",), "invalid", any_hand, needs_reason=True, tone="danger", rules=("C08",), by_code=True)

LIFE = Life(
    "bid",
    Bid,
    states={
        "draft": pgettext_lazy("bid", "draft"),
        "submitted": pgettext_lazy("bid", "submitted, sealed"),
        "withdrawn": pgettext_lazy("bid", "withdrawn"),
        "opened": pgettext_lazy("bid", "opened"),
        "invalid": pgettext_lazy("bid", "invalid"),
        "broken": pgettext_lazy("bid", "damaged"),
    },
    steps=(SUBMIT, WITHDRAW, PAPER, OPEN, BREAK, RECORD, INVALIDATE, REJECT),
    root=lambda bid: bid,
)
LIFE.verb_labels = {"register_paper": _("paper response registered"), "opened_from": _("opened"), "final_price": _("final quote given"), "scan": _("scan of the paper response added")}


@transaction.atomic
def start_bid(organization, lot, *, actor):
    """The organization's response to a lot, new or already there. No trail row names anybody. Raises Refusal."""
    lot = Lot.objects.select_related("tender", "project").get(pk=lot.pk)
    if refusal := _closed(lot.tender) or objection_to_bidding(organization, lot, actor):
        raise refusal
    bid, _made = Bid.objects.get_or_create(lot=lot, owner_tag=owner_tag(organization.pk, lot.pk))
    if not bid.parts.filter(key="meta").exists():
        _keep(bid, "meta", json.dumps({"organization": organization.pk}).encode())
    return bid


@transaction.atomic
def save_part(bid, key, content, *, actor):
    """Keep one part of a draft, encrypted under the platform key. `content`: bytes; None removes it. Raises Refusal, PermissionDenied."""
    bid = Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)
    _own(bid, actor)
    if refusal := _closed(bid.lot.tender):
        raise refusal
    if bid.status not in SUBMIT.sources:
        raise Refusal("sealed", _("A submitted response is sealed and can no longer be read or changed."), todo=_("Withdraw it and submit it anew before the deadline."))
    if key not in TEXTS and key not in bid_content.PARTS and key not in (BOND, BOND_FILE) and not key.startswith(FILE_PREFIX):
        raise Refusal("unknown_part", _("There is no such part."))
    if content is None:
        bid.parts.filter(key=key).delete()
        return None
    if key in bid_content.PARTS:
        try:
            content = bid_content.kept(key, content)
        except bid_content.BadPart as error:
            raise Refusal("unknown_part", _("This part did not arrive whole. Nothing was saved; please send it again.")) from error
    if key == "price":
        content = _priced(bid, content)
    if key.startswith(FILE_PREFIX) and bid.parts.filter(key__startswith=FILE_PREFIX).exclude(key=key).count() >= MAX_FILES:
        raise Refusal("too_many_files", _("At most {count} files are possible.").format(count=MAX_FILES), field="file")
    return _keep(bid, key, content)


def _priced(bid, content):
    amount = yuan(content.decode())
    if not 0 < amount <= bid.lot.ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=bid.lot.ceiling), article=rules.get("A11").article, field="price")
    return str(amount).encode()


def _own(bid, actor):
    from django.core.exceptions import PermissionDenied

    from kernel.lifecycle import principals_of

    if not any(may_bid(person, bid) for person in principals_of(actor)):
        raise PermissionDenied(str(_("This response belongs to another organization.")))


def _keep(bid, key, plain):
    sealed = sealing.lock_draft(bid, key, plain)
    part, _made = BidPart.objects.update_or_create(
        bid=bid, key=key, defaults={"sealed": sealed, "digest": seal.digest(sealed), "size": len(plain), "saved_at": clock.now(), "is_draft": True, "opened": None}
    )
    return part


@LIFE.verb(SUBMIT)
@rules.carries("B27")
def submit(bid, *, actor):
    """Seal the parts under the purchase's key and give the receipt; the server's time inside the transaction decides.

    Sealing happens before the transaction, so that two hundred bidders at the deadline wait for nobody's files.
    Raises Refusal: late, incomplete, changed meanwhile.
    """
    bid = Bid.objects.select_related("lot__tender", "lot__project").get(pk=bid.pk)
    _own(bid, actor)
    drafts = {part.key: part for part in bid.parts.all() if part.is_draft}
    organization = _organization_of(bid, drafts)
    if refusal := objection_to_bidding(organization, bid.lot, actor):
        raise refusal
    tender = bid.lot.tender
    meta = {"organization": organization.pk, "name": organization.name, "by": actor.pk, "version": bid.version}
    read = {key: sealing.read_part(part) for key, part in drafts.items()}
    if refusal := _closed(tender) or (bid.status in SUBMIT.sources and finishing.objection(bid, read)):
        raise refusal
    plain = {**finishing.finished(bid, read), "meta": json.dumps(meta).encode()}
    sealed = {key: sealing.seal_part(tender, bid, key, content) for key, content in plain.items()} if tender.public_key else {}
    with transaction.atomic():
        digests = {key: seal.digest(content) for key, content in sealed.items()}
        receipt = seal.receipt_of_digests(digests)
        bid = advance(bid, SUBMIT, actor=actor, changes={"receipt": receipt, "submitted_at": clock.now()}, params={"receipt": receipt, "version": bid.version})
        now = {part.key: part.digest for part in bid.parts.all()}
        if now != {key: part.digest for key, part in drafts.items()}:
            raise Refusal("changed", _("A part was changed while you submitted."), todo=_("Look at the response and submit it again."))
        for key, content in sealed.items():
            BidPart.objects.filter(bid=bid, key=key).update(
                sealed=content, digest=digests[key], is_draft=False, saved_at=clock.now(), size=len(content)  # the plain size would show how many digits a price has
            )
    return bid


def _organization_of(bid, drafts):
    from providers.models import Organization

    meta = drafts.get("meta")
    if meta is None:
        raise Refusal("incomplete", _("This response is empty."), todo=_("Start it anew."))
    return Organization.objects.get(pk=json.loads(sealing.read_part(meta))["organization"])


@LIFE.verb(WITHDRAW)
@transaction.atomic
def withdraw_bid(bid, *, actor):
    """Take a submitted response back before the deadline; what was sealed is deleted, so that it can never be opened."""
    organization = next((pk for pk in _organizations(actor) if owner_tag(pk, bid.lot_id) == bid.owner_tag), None)
    bid = advance(bid, WITHDRAW, actor=actor, changes={"receipt": "", "submitted_at": None, "version": bid.version + 1}, params={"receipt": bid.receipt})
    bid.parts.all().delete()
    _keep(bid, "meta", json.dumps({"organization": organization}).encode())
    return bid


def _organizations(actor):
    from kernel.lifecycle import principals_of
    from procurement.permissions import organization_ids

    return {pk for person in principals_of(actor) for pk in organization_ids(person)}


@LIFE.verb(INVALIDATE)
@transaction.atomic
def invalidate(bid, *, actor, reason):
    """The purchaser's qualification check fails this response; the reason goes to its bidder only."""
    return advance(bid, INVALIDATE, actor=actor, reason=reason, changes={"invalid_reason": reason[:300]})


@transaction.atomic
def register_paper(lot, organization, *, actor, witness, received_at, price, note="", envelope=b""):
    """Handler and witness register a paper response (profile allows it): its time counts (practice 1). `received_at` aware, before the deadline.

    Price and photo of the envelope (`envelope`: a packed file, procurement.responses.pack) are sealed under the purchase's key like every other.
    """
    lot = Lot.objects.select_related("tender__profile", "project").get(pk=lot.pk)
    tender = lot.tender
    if not may_handle_tender(actor, tender):
        from django.core.exceptions import PermissionDenied

        raise PermissionDenied(str(_("Only the handler registers paper responses.")))
    if not (tender.profile_id and tender.profile.paper_allowed) or tender.status != "published":
        raise Refusal("no_paper", _("This purchase takes no paper responses."))
    if witness.pk == actor.pk:
        raise Refusal("witness", _("The witness must be a second person."), field="witness")
    if received_at > clock.now() or received_at >= tender.deadline:
        raise Refusal("late", _("The paper came after the deadline or lies in the future."), field="received_at")
    if refusal := objection_to_bidding(organization, lot, actor):
        raise refusal
    bid, made = Bid.objects.get_or_create(lot=lot, owner_tag=owner_tag(organization.pk, lot.pk), defaults={"on_paper": True})
    if not made:
        raise Refusal("twice", _("This organization has already responded."), field="organization")
    meta = json.dumps({"organization": organization.pk, "name": organization.name, "by": actor.pk, "witness": witness.pk}).encode()
    parts = {"meta": meta, "price": _priced(bid, str(price).encode()), "technical": note.encode(), "qualification": b"", **({ENVELOPE: envelope} if envelope else {})}
    for key, plain in parts.items():
        content = sealing.seal_part(tender, bid, key, plain) if tender.public_key else sealing.lock_draft(bid, key, plain)
        BidPart.objects.create(bid=bid, key=key, sealed=content, digest=seal.digest(content), size=len(content), saved_at=clock.now(), is_draft=not tender.public_key)
    receipt = seal.receipt_of_digests({part.key: part.digest for part in bid.parts.all()})
    return advance(bid, PAPER, actor=actor, changes={"receipt": receipt, "submitted_at": received_at}, params={"receipt": receipt, "witness": witness.pk})


@transaction.atomic
def add_scan(bid, packed, *, actor):
    """The scan of a paper response, only after it is opened (practice 1); once. `packed`: a file of procurement.responses.pack. Raises Refusal."""
    from kernel import trail

    bid = Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)
    if not may_handle_tender(actor, bid.lot.tender):
        from django.core.exceptions import PermissionDenied

        raise PermissionDenied(str(_("Only the handler registers paper responses.")))
    if not bid.on_paper or bid.status not in ("opened", "invalid"):
        raise Refusal("not_opened", _("The scan of a paper response is added once it is opened."), field="file")
    if bid.parts.filter(key=SCAN).exists():
        raise Refusal("twice", _("The scan is there already."), field="file")
    kept = crypto.encrypt(packed, sealing.opened_aad(bid, SCAN))
    part = BidPart.objects.create(bid=bid, key=SCAN, sealed=kept, digest=seal.digest(packed), size=len(packed), saved_at=clock.now(), is_draft=False, opened=kept)
    trail.record(bid, "scan", actor=actor, params={"digest": part.digest})
    return part
