"""The seal of a purchase: its key, its openers, and what lies sealed, in the words of tenders and bids.

`openers`: the private key is wrapped for each two of the openers, in both orders (kernel.seal); nobody else can open.
`platform`: wrapped under the platform key, opened by handler and witness after the deadline. `none`: quotes are recorded openly.
"""

import base64
import json

from kernel import crypto, seal
from procurement.models import OpenerKey


def text(raw):
    return base64.b64encode(bytes(raw)).decode()


def raw(value):
    return base64.b64decode(value)


def enrolled(user):
    """The user's opener key, or None."""
    return OpenerKey.objects.filter(user=user).first()


def enrol(user, passphrase):
    """Make (or replace) the opener's key pair; a key in use by a published purchase is never replaced by the caller."""
    public, protected = seal.enrol(passphrase)
    key, _made = OpenerKey.objects.update_or_create(user=user, defaults={"public": text(public), "protected_private": json.dumps(protected)})
    return key


def proves(user, passphrase):
    """Whether the passphrase opens a dummy sealed to this opener (practice 7)."""
    key = enrolled(user)
    return bool(key) and seal.check_passphrase(raw(key.public), json.loads(key.protected_private), passphrase)


def private_of(user, passphrase):
    """The opener's private key for the length of one opening. Raises seal.WrongPassphrase."""
    key = enrolled(user)
    if key is None:
        raise seal.WrongPassphrase
    return seal.unlock(json.loads(key.protected_private), passphrase)


def make_key(tender):
    """Give a purchase its key; does not save. `none` has no key."""
    if tender.seal == "none":
        return
    if tender.seal == "platform":
        sealed = crypto.new_platform_key()
    else:
        keys = OpenerKey.objects.filter(user__in=tender.openers.values("user"))
        sealed = seal.new_tender_key({str(key.user_id): raw(key.public) for key in keys}, either_first=True)
    tender.public_key, tender.key_wraps = text(sealed.public_key), sealed.as_dict()


def rewrap(tender, privates, users):
    """The tender's key wrapped anew for these openers, by the private keys of two present ones; does not save. Raises seal.SealBroken."""
    keys = {str(key.user_id): raw(key.public) for key in OpenerKey.objects.filter(user__in=users)}
    sealed = seal.rewrap(key_of(tender), privates, keys)
    tender.key_wraps = sealed.as_dict()


def key_of(tender):
    """The stored SealedKey. Raises seal.SealBroken."""
    return seal.SealedKey.from_dict(tender.key_wraps)


def part_aad(bid, key):
    """Ties a sealed part to its bid and name: moved to another bid it does not open."""
    return f"bid {bid.public_id} part {key}".encode()


def draft_aad(bid, key):
    return f"bid draft {bid.public_id} part {key}".encode()


def opened_aad(bid, key):
    return f"bid opened {bid.public_id} part {key}".encode()


def lock_draft(bid, key, plain):
    """A draft part under the platform key."""
    return crypto.encrypt(plain, draft_aad(bid, key))


def read_part(part):
    """The plain bytes of a draft or opened part; None while it is sealed."""
    if part.is_draft:
        return crypto.decrypt(part.sealed, draft_aad(part.bid, part.key))
    if part.opened is None:
        return None
    return crypto.decrypt(part.opened, opened_aad(part.bid, part.key))


def seal_part(tender, bid, key, plain):
    """A part under the purchase's key (or, without seal, under the platform key as draft is)."""
    return seal.seal(raw(tender.public_key), plain, part_aad(bid, key))


