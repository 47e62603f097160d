"""Proving the past: a daily seal over all chain heads, signed with a key kept outside the database, and its verification."""

import json

from kernel import clock, crypto, trail
from kernel.jobs import recurring
from kernel.models import ChainHead, DailySeal


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
