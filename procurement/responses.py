"""The parts of a response between form and seal: texts, price, files with their names; nothing is written to disk in the clear."""

import json
import struct
from dataclasses import dataclass

from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from kernel import filetypes
from kernel.lifecycle import Refusal
from procurement import sealing
from procurement.lifecycle import bid as bids


@dataclass(frozen=True)
class BidFile:
    key: str
    name: str
    content_type: str
    content: bytes

    @property
    def disposition(self):
        return content_disposition_header(True, self.name)


def pack(name, content_type, content):
    """A file with its name and type as one part."""
    head = json.dumps({"name": name, "type": content_type}).encode()
    return struct.pack(">H", len(head)) + head + content


def unpack(key, raw):
    size = struct.unpack(">H", raw[:2])[0]
    head = json.loads(raw[2 : 2 + size])
    return BidFile(key, head["name"], head["type"], raw[2 + size :])


def part_label(key):
    """What a sealed part is, in words, without saying what it holds."""
    if key.startswith(bids.FILE_PREFIX):
        return _("file {number}").format(number=key.rpartition("-")[2])
    return bids.TEXTS.get(key) or {"meta": _("bidder and version"), "final": _("final quote"), bids.BOND: _("bid bond"), bids.BOND_FILE: _("paper of the bid bond")}.get(key, key)


def _parts(bid):
    for part in bid.parts.all().order_by("key"):
        part.bid = bid
        yield part


def draft_texts(bid):
    """What was typed so far: {key: text} of the own draft."""
    return {part.key: sealing.read_part(part).decode() for part in _parts(bid) if part.key in bids.TEXTS and part.is_draft}


def readable_parts(bid):
    """[(label, text)] of parts that can be read now: the own draft, or opened; empty while sealed."""
    found = []
    for key, label in bids.TEXTS.items():
        for part in _parts(bid):
            if part.key == key and (raw := sealing.read_part(part)) is not None:
                found.append((label, raw.decode()))
    return found


def files_of(bid):
    """Names of the files that can be read now."""
    found = []
    for part in _parts(bid):
        if (part.key.startswith(bids.FILE_PREFIX) or part.key == bids.BOND_FILE) and (raw := sealing.read_part(part)) is not None:
            found.append(unpack(part.key, raw))
    return found


def file_content(bid, key):
    return next((row for row in files_of(bid) if row.key == key), None)


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
        kind = filetypes.inspect(upload)
        upload.seek(0)
        taken = {int(part.key.rpartition("-")[2]) for part in bid.parts.filter(key__startswith=bids.FILE_PREFIX)}
        number = next(number for number in range(1, 100) if number not in taken)
        if number > bids.MAX_FILES:
            raise Refusal("too_many_files", _("At most {count} files are possible.").format(count=bids.MAX_FILES), field="file")
        bids.save_part(bid, f"{bids.FILE_PREFIX}{number}", pack(filetypes.clean_name(upload.name), kind.content_type, upload.read()), actor=actor)
