"""The parts of a response between form and seal: texts, price, files with their names; nothing is written to disk in the clear."""

import json
import struct
from dataclasses import dataclass

from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from kernel import filetypes
from kernel.lifecycle import Refusal
from kernel.money import yuan
from procurement import bid_content, finishing, sealing
from procurement.lifecycle import bid as bids
from procurement.models import BidPart

FILE_KINDS = {
    "licence": _("licence or registration"), "tax": _("tax proof"), "social": _("social security proof"), "similar": _("similar contract"), "person": _("certificate of a person"), "plan": _("plan"),
    "other": _("other"),
}  # fmt: skip


PAPER_FILES = {bids.ENVELOPE: _("photo of the envelope"), bids.SCAN: _("scan of the paper response")}


@dataclass(frozen=True)
class BidFile:
    key: str
    name: str
    content_type: str
    content: bytes
    kind: str = "other"

    @property
    def kind_label(self):
        return PAPER_FILES.get(self.key) or FILE_KINDS.get(self.kind, FILE_KINDS["other"])

    @property
    def disposition(self):
        return content_disposition_header(True, self.name)


def pack(name, content_type, content, kind="other"):
    """A file with its name, type and kind (a key of FILE_KINDS) as one part."""
    head = json.dumps({"name": name, "type": content_type, "kind": kind}).encode()
    return struct.pack(">H", len(head)) + head + content


def packed(upload, kind="other"):
    """An upload as one part, its type told by its content."""
    found = filetypes.inspect(upload)
    upload.seek(0)
    return pack(filetypes.clean_name(upload.name), found.content_type, upload.read(), kind)


def unpack(key, raw):
    size = struct.unpack(">H", raw[:2])[0]
    head = json.loads(raw[2 : 2 + size])
    return BidFile(key, head["name"], head["type"], raw[2 + size :], head.get("kind", "other"))


def part_label(key):
    """What a sealed part is, in words, without saying what it holds."""
    if key in PAPER_FILES:
        return PAPER_FILES[key]
    if key.startswith(bids.FILE_PREFIX):
        return _("file {number}").format(number=key.rpartition("-")[2])
    if key.startswith("final-"):
        return _("final quote")
    named = {"meta": _("bidder and version"), bids.BOND: _("bid bond"), bids.BOND_FILE: _("paper of the bid bond")}
    return bids.TEXTS.get(key) or bid_content.PARTS.get(key) or named.get(key, key)


def _parts(bid):
    for part in bid.parts.all().order_by("key"):
        part.bid = bid
        yield part


def plain_of(bid):
    """{key: bytes} of every part of the own draft."""
    return finishing.plain_parts(_parts(bid))


def content_of(bid):
    """The structured parts that can be read now, clean once opened: {key: rows or dict}; nothing while sealed."""
    found = {}
    for part in _parts(bid):
        if part.key in bid_content.PARTS and (raw := sealing.read_part(part)) is not None:
            found[part.key] = bid_content.load(part.key, raw)
    return found


@dataclass(frozen=True)
class Declared:
    """What an opened response declares: the bidder's size as an enterprise ("micro", "small", "medium" or ""), the per cent of the contract that
    small and micro members of a consortium or subcontractors carry (text of a Decimal, "" for none), the subcontract in words, days it binds."""

    size: str = ""
    small_share: str = ""
    subcontract: str = ""
    validity: int | None = None
    letter: bool = False
    unrelated: bool = False


def declared(bid):
    """The Declared of a response that can be read now; an empty one when it declares nothing."""
    return _declared(content_of(bid).get("declare") or {})


def all_declared(bids):
    """{bid id: Declared} of several opened responses, in one query."""
    parts, known = BidPart.objects.filter(bid__in=bids, key="declare").select_related("bid"), {}
    for part in parts:
        if (raw := sealing.read_part(part)) is not None:
            known[part.bid_id] = _declared(bid_content.load("declare", raw))
    return {bid.pk: known.get(bid.pk, Declared()) for bid in bids}


def _declared(given):
    share = given.get("consortium_share") or given.get("subcontract_share") or ""
    subcontract = "，".join(text for text in (given.get("subcontract"), given.get("subcontract_to")) if text)
    return Declared(given.get("sme") or "", share, subcontract, given.get("validity"), bool(given.get("letter")), bool(given.get("unrelated")))


def draft_texts(bid):
    """What was typed so far: {key: text} of the own draft."""
    return {part.key: sealing.read_part(part).decode() for part in _parts(bid) if part.key in bids.TEXTS and part.is_draft}


def keyed_parts(bid):
    """[(key, label, text)] of parts that can be read now: the own draft, or opened; empty while sealed."""
    kept = {part.key: part for part in _parts(bid)}
    found = [(key, label, sealing.read_part(kept[key])) for key, label in bids.TEXTS.items() if key in kept]
    return [(key, label, _money(raw.decode()) if key == "price" else raw.decode()) for key, label, raw in found if raw is not None]


def _money(text):
    """A typed price as money is written; what is no number stays as typed."""
    try:
        return _("{price} yuan").format(price=f"{yuan(text):,.2f}")
    except ArithmeticError:
        return text


def readable_parts(bid):
    """[(label, text)] of parts that can be read now."""
    return [(label, text) for _key, label, text in keyed_parts(bid)]


def files_of(bid):
    """Names of the files that can be read now."""
    found = []
    for part in _parts(bid):
        if (part.key.startswith(bids.FILE_PREFIX) or part.key == bids.BOND_FILE) and (raw := sealing.read_part(part)) is not None:
            found.append(unpack(part.key, raw))
    return found


def file_content(bid, key):
    return next((row for row in files_of(bid) if row.key == key), None)


def save_content(bid, parts, *, actor):
    """Keep the structured parts of a draft as typed: {key: rows or dict}. Empty ones are removed. Raises Refusal."""
    for key, typed in parts.items():
        empty = not any(typed.values()) if key == "declare" else not typed
        if not empty:
            bids.save_part(bid, key, bid_content.dump(key, typed), actor=actor)
        elif bid.parts.filter(key=key).exists():
            bids.save_part(bid, key, None, actor=actor)


def save_form(bid, data, *, actor):
    """Save the texts, the price and a file of one form. Raises Refusal."""
    for key in bids.TEXTS:
        value = data.get(key)
        if value not in (None, ""):
            bids.save_part(bid, key, str(value).encode(), actor=actor)
        elif bid.parts.filter(key=key).exists():
            bids.save_part(bid, key, None, actor=actor)
    upload = data.get("file")
    if upload:
        taken = {part.key.rpartition("-")[2] for part in bid.parts.filter(key__startswith=bids.FILE_PREFIX)}
        number = next(number for number in range(1, 100) if str(number) not in taken)
        if number > bids.MAX_FILES:
            raise Refusal("too_many_files", _("At most {count} files are possible.").format(count=bids.MAX_FILES), field="file")
        bids.save_part(bid, f"{bids.FILE_PREFIX}{number}", packed(upload, data.get("file_kind") or "other"), actor=actor)
