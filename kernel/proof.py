"""Proving the past: a daily seal over all chain heads, signed with a key kept outside the database, and its verification."""

import json
import logging

from django.conf import settings
from django.core.mail import EmailMessage

from kernel import clock, crypto, trail
from kernel.jobs import recurring
from kernel.models import ChainHead, DailySeal

log = logging.getLogger(__name__)


def content_of_seal(day):
    """The heads of all chains as one canonical text."""
    heads = {head.name: {"seq": head.seq, "hash": head.hash} for head in ChainHead.objects.order_by("name")}
    return json.dumps({"day": day.isoformat(), "heads": heads}, sort_keys=True, ensure_ascii=False)


@recurring("seal")
def seal_day():
    """Sign today's heads once. Returns the DailySeal."""
    day = clock.today()
    if seal := DailySeal.objects.filter(day=day).first():
        return seal
    content = content_of_seal(day)
    return DailySeal.objects.create(day=day, content=content, signature=crypto.sign_seal(content.encode()).hex())


def export(seal):
    """The seal as a file to keep elsewhere (finance bureau, auditor)."""
    return json.dumps({"content": seal.content, "signature": seal.signature}, ensure_ascii=False)


@recurring("mail")
def send_seals():
    """Mail every seal that has not left the house to SEAL_RECIPIENTS (finance bureau, auditor), oldest first; what fails waits for the next round.

    Returns how many were sent. A seal may arrive twice after a crash, never not at all.
    """
    if not settings.SEAL_RECIPIENTS:
        return 0
    sent = 0
    for seal in DailySeal.objects.filter(sent_at=None).order_by("day"):
        mail = EmailMessage(
            f"【点单】{seal.day:%Y年%m月%d日}记录封存文件", "附件为当日全部操作记录的签名封存文件，请妥善保存，日后可凭此核验记录是否被改动。\n", to=settings.SEAL_RECIPIENTS
        )  # fmt: skip
        mail.attach(f"seal-{seal.day}.json", export(seal), "application/json")
        try:
            mail.send()
        except Exception as error:  # whatever the mail backend raises, the seal stands and is sent later
            log.warning("seal of %s was not sent: %s", seal.day, error)
            return sent
        DailySeal.objects.filter(pk=seal.pk, sent_at=None).update(sent_at=clock.now())
        sent += 1
    return sent


def problems(sealed=None):
    """Everything that does not fit: (chain, seq, what). `sealed` is the text of an exported seal file.

    Without a seal it finds edits, gaps and shortened tails; with one also a wholesale recomputation since the seal.
    """
    found = []
    for head in ChainHead.objects.order_by("name"):
        if wrong := trail.broken(head):
            found.append((head.name, *wrong))
    if sealed is None:
        return found
    try:
        kept = json.loads(sealed)
        content, signature = kept["content"].encode(), bytes.fromhex(kept["signature"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return [("seal", 0, "not a seal file"), *found]
    if not crypto.verify_seal(content, signature):
        return [("seal", 0, "signature"), *found]
    for name, then in json.loads(kept["content"])["heads"].items():
        head = ChainHead.objects.filter(name=name).first()
        row = head and head.rows.filter(seq=then["seq"]).first()
        if then["seq"] and (row is None or row.hash != then["hash"]):
            found.append((name, then["seq"], "differs from the seal"))
    return found
