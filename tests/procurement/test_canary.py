"""The canary: what a bidder writes is found nowhere in the clear, from the first save on until the opening (design.md 'Sealed bids')."""

import base64
import io
import json
import logging
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from PIL import Image

from kernel import clock, crypto, seal
from procurement import bid_content, responses, sealing
from procurement.lifecycle import opening
from procurement.models import Bid, BidPart, TenderOpener
from tests.factories.bids import posted
from tests.factories.providers import make_provider
from tests.factories.tenders import make_tender, passphrase_of, travel
from tests.procurement.refusals import refused

PRICE = "277777.77"


def spellings(words):
    """The canary as different stores would write it."""
    raw = words.encode()
    found = {raw, words.encode("utf-16-le"), json.dumps(words)[1:-1].encode()}
    for shift in range(3):  # whatever its place in a base64 text, the middle stays the same
        coded = base64.b64encode(bytes(shift) + raw)
        found.add(coded[4:-4])
        found.add(base64.urlsafe_b64encode(bytes(shift) + raw)[4:-4])
    return found


def files_written_since(start):
    """The run's whole folder (database, WAL, media, keys, queue, logs) and every temporary file written meanwhile."""
    for folder, only_new in ((settings.VAR, False), (Path(tempfile.gettempdir()), True)):
        for path in (Path(root) / name for root, _folders, names in os.walk(folder) for name in names):
            try:
                if path.is_file() and path.stat().st_size < 80_000_000 and (not only_new or path.stat().st_mtime >= start - 1):
                    yield path, content_of(path)
            except OSError:
                continue


def content_of(path):
    """A file's bytes. The database is read by another process: closing it here would drop SQLite's own locks on it (POSIX locks are per
    process), after which a second process takes itself for the last one and removes the WAL under our feet."""
    if ".sqlite3" in path.name:
        return subprocess.run(["cat", str(path)], capture_output=True).stdout
    return path.read_bytes()


def find(canaries, start, caplog):
    """Where a canary lies in the clear: [(place, canary)]."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    found = []
    wanted = [(words, spelling) for words in canaries for spelling in spellings(words)]
    places = [*files_written_since(start), ("log", caplog.text.encode())]
    if connection.vendor == "postgresql":
        places.append(("database", dump().encode()))
    for place, content in places:
        found += [(str(place), words) for words, spelling in wanted if spelling in content]
    return found


def dump():
    """Every text and byte of every table, for databases that are no file of ours."""
    out = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            out += [bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(out)


def picture(words):
    """A real PNG that carries the canary as text."""
    out = io.BytesIO()
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Comment", words)
    Image.new("RGB", (20, 20)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.fixture
def walk(transactional_db):
    return make_tender(state="published")


@pytest.mark.rule("B27")
def test_no_canary_from_the_first_save_to_the_opening(walk, client, caplog):
    caplog.set_level(logging.DEBUG)
    start = clock.wall().timestamp()
    tag = secrets.token_hex(6)
    inside = {"line": f"金丝雀明细{tag}", "note": f"canary-note-{tag}", "when": f"金丝雀时间{tag}", "person": f"金丝雀人员{tag}", "industry": f"金丝雀行业{tag}"}
    canaries = [f"金丝雀方案{tag}", f"canary-qualification-{tag}", f"金丝雀附件{tag}", *inside.values(), PRICE]
    provider = make_provider(office=walk.office, place=walk.office.street, kind="company")
    client.force_login(provider.user)
    client.post(reverse("bid_start", args=[walk.lot.pk]))
    row = Bid.objects.get()
    upload = io.BytesIO(picture(canaries[2]))
    upload.name = f"{canaries[2]}.png"
    data = {"technical": canaries[0] * 400, "qualification": canaries[1], "price": "1"}
    data |= posted(walk.lot, PRICE, sme="micro", sme_industry=inside["industry"], sme_staff="8", sme_revenue="120", sme_assets="30")
    data["line_name"][-1], data["line_note"][-1] = inside["line"], inside["note"]
    data |= {"plan-0-when": inside["when"], "team-0-name": inside["person"]}
    assert client.post(reverse("bid_autosave", args=[row.public_id]), data).json()["checklist"]
    assert BidPart.objects.filter(bid=row).count() == 8
    assert not find(canaries, start, caplog), "what saved itself lies in the clear"
    assert client.post(reverse("bid_edit", args=[row.public_id]), {**data, "price": PRICE, "file": upload}).status_code == 302
    assert BidPart.objects.filter(bid=row).count() == 9
    assert not find(canaries, start, caplog), "a draft lies in the clear"

    client.get(reverse("bid_edit", args=[row.public_id]))
    client.post(reverse("bid_submit", args=[row.public_id]))
    row.refresh_from_db()
    assert row.status == "submitted"
    for name in ("bid_detail", "bid_receipt"):
        client.get(reverse(name, args=[row.public_id]))
    client.force_login(walk.office.handler)
    for address in (reverse("tender_list") + "?export=csv", reverse("search") + f"?q={tag}", reverse("tender_detail", args=[walk.tender.pk])):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert not any(spelling in body for words in canaries[:2] for spelling in spellings(words))
    assert not find(canaries, start, caplog), "a submitted response lies in the clear"

    for number in range(2):
        from tests.factories.tenders import make_bid

        make_bid(walk.lot, make_provider(office=walk.office, place=walk.office.street), 250000 + number)
    travel(walk.tender.deadline)
    opening.open_with(walk.tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
    assert not find([*canaries, passphrase_of(walk.office.leader)], start, caplog), "one opener's half lets something out"
    opening.open_with(walk.tender, actor=walk.office.section, passphrase=passphrase_of(walk.office.section))
    row.refresh_from_db()
    assert str(row.price) == PRICE
    opened = responses.content_of(row)
    assert opened["lines"][-1]["name"] == inside["line"] and bid_content.total_of(opened["lines"]) == row.price
    assert (opened["plan"][0]["when"], opened["team"][0]["name"], responses.declared(row).size) == (inside["when"], inside["person"], "micro")
    assert not find(canaries[:-1], start, caplog), "opened texts and files stay encrypted on disk"


@pytest.mark.rule("B27")
def test_an_administrator_with_everything_reads_nothing(walk, client):
    """Database, disk, settings and the platform's keys, but no opener's passphrase."""
    provider = make_provider(office=walk.office, place=walk.office.street)
    from tests.factories.tenders import make_bid

    row = make_bid(walk.lot, provider, 250000)
    sealed = sealing.key_of(walk.tender)
    with pytest.raises(seal.SealBroken):
        crypto.open_platform_key(sealed)
    ring = crypto.keyring()
    for part in row.parts.all():
        for aad in (sealing.draft_aad(row, part.key), sealing.opened_aad(row, part.key), sealing.part_aad(row, part.key)):
            with pytest.raises(crypto.Unreadable):
                crypto.decrypt(part.sealed, aad)
        for key in ring.keys.values():
            with pytest.raises(seal.SealBroken):
                seal.unseal(key, part.sealed, sealing.part_aad(row, part.key))
        assert sealing.read_part(part) is None
    for opener in TenderOpener.objects.filter(tender=walk.tender).select_related("user"):
        protected = json.loads(sealing.enrolled(opener.user).protected_private)
        for guess in ("", settings.SECRET_KEY, opener.user.password, walk.tender.number):
            with pytest.raises(seal.WrongPassphrase):
                seal.unlock(protected, guess)
    assert row.organization_id is None and row.price is None
    assert row.owner_tag not in (provider.organization.name, str(provider.organization.pk))
    travel(walk.tender.deadline)
    refused("too_few", opening.open_with, walk.tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
