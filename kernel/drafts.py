"""Forms that save themselves: one draft per person and form, encrypted under the platform key and bound to both."""

import json

from django.db import transaction

from kernel import clock, crypto
from kernel.lifecycle import Refusal
from kernel.models import Draft
from kernel.rotation import rotates

LARGEST_BYTES = 512 * 1024


def bound_to(user_id, key):
    """The associated data of a draft: it opens for this person and form only."""
    return f"draft\0{user_id}\0{key}".encode()


@transaction.atomic
def save(user, key, content):
    """Keep what the person has typed; the last save wins. Raises Refusal when it is too large."""
    plain = json.dumps(content, ensure_ascii=False).encode()
    if len(plain) > LARGEST_BYTES:
        raise Refusal("draft_too_large", "draft too large")
    sealed = crypto.encrypt(plain, bound_to(user.pk, key))
    draft, _made = Draft.objects.update_or_create(user=user, key=key, defaults={"content": sealed, "saved_at": clock.now()})
    return draft


def load(user, key):
    """(content, saved_at) or None; a draft that can no longer be read counts as none."""
    draft = Draft.objects.filter(user=user, key=key).first()
    if draft is None:
        return None
    try:
        return json.loads(crypto.decrypt(draft.content, bound_to(user.pk, key))), draft.saved_at
    except crypto.Unreadable:
        return None


def drop(user, key):
    """Forget a draft: it was submitted or thrown away."""
    Draft.objects.filter(user=user, key=key).delete()


rotates(Draft, "content", lambda row: crypto.renew(row.content, bound_to(row.user_id, row.key)))
