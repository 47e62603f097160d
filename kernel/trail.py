"""Writing and proving the trail. Every step of every life ends in `record`, in the same transaction."""

import hashlib
import json

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F

from kernel import clock
from kernel.models.trail import ChainHead, TrailRow

HASHED = ("seq", "subject_type", "subject_id", "verb", "from_status", "to_status", "actor", "on_behalf_of", "happened_on", "effective_at", "recorded_at", "reason", "params")


def digest(row, previous):
    """The hash of a row: everything it says, and the hash before it."""
    content = {
        "chain": row.chain.name,
        "seq": row.seq,
        "type": f"{row.subject_type.app_label}.{row.subject_type.model}",
        "subject": row.subject_id,
        "verb": row.verb,
        "from": row.from_status,
        "to": row.to_status,
        "actor": row.actor_id,
        "for": row.on_behalf_of_id,
        "happened": row.happened_on.isoformat(),
        "effective": row.effective_at.astimezone(clock.ZONE).isoformat(),
        "recorded": row.recorded_at.astimezone(clock.ZONE).isoformat(),
        "reason": row.reason,
        "params": row.params,
        "previous": previous,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def chain_of(subject):
    """The chain a subject belongs to: its own `trail_chain()` or its app's."""
    named = getattr(subject, "trail_chain", None)
    return named() if named else subject._meta.app_label


@transaction.atomic(savepoint=False)
def record(subject, verb, *, actor, on_behalf_of=None, from_status="", to_status="", happened_on=None, reason="", params=None):
    """Append one row to the subject's chain and return it. Locks the chain's head, so call it last."""
    name = chain_of(subject)
    head = ChainHead.objects.select_for_update().filter(name=name).first()
    if head is None:  # two firsts at once: one creates, both lock the same row
        ChainHead.objects.get_or_create(name=name)
        head = ChainHead.objects.select_for_update().get(name=name)
    row = TrailRow(
        chain=head,
        seq=head.seq + 1,
        subject_type=ContentType.objects.get_for_model(subject),
        subject_id=subject.pk,
        verb=verb,
        from_status=from_status,
        to_status=to_status,
        actor=actor,
        on_behalf_of=on_behalf_of,
        happened_on=happened_on or clock.today(),
        effective_at=clock.now(),
        recorded_at=clock.wall(),
        reason=reason,
        params=json.loads(json.dumps(params or {}, default=str)),
        previous=head.hash,
    )
    row.hash = digest(row, head.hash)
    row.save()
    moved = ChainHead.objects.filter(pk=head.pk, seq=head.seq).update(seq=F("seq") + 1, hash=row.hash)
    if not moved:
        raise RuntimeError(f"chain {name} moved under its lock")
    return row


def rows_of(subject):
    """The subject's rows, oldest first."""
    return TrailRow.objects.filter(
        subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk
    ).select_related("actor", "on_behalf_of").order_by("id")


def broken(chain):
    """The first thing wrong in one chain as (seq, what), or None. Finds edits, gaps and a shortened tail."""
    previous, expected = "", 1
    for row in chain.rows.select_related("chain", "subject_type").order_by("seq").iterator(chunk_size=500):
        if row.seq != expected:
            return expected, "missing"
        if row.previous != previous or row.hash != digest(row, previous):
            return row.seq, "edited"
        previous, expected = row.hash, expected + 1
    if chain.seq != expected - 1:
        return expected, "tail"
    if chain.hash != previous:
        return chain.seq, "head"
    return None
