"""Sealed bids: the primitives, and nothing about tenders.

The public key of a tender seals each part of a bid as it is saved. The private
half exists only wrapped: for every group of ``threshold`` openers (two, by
practice 7) it is encrypted to the first, and the result again to the next, so
both must be there. No cipher and no secret sharing is written here; HPKE
(RFC 9180), AES-GCM and scrypt come from ``cryptography``.

Everything fails closed: whatever was changed, cut, swapped or opened with the
wrong key raises :class:`SealBroken`, never gives back part of a text.

This module knows no database and no settings. ``kernel.crypto`` holds the
platform variant (``new_platform_key``) for profiles without key ceremony.
"""

import base64
import hashlib
import itertools
import json
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MAGIC = b"DDSEAL1\n"
CHUNK = 1 << 20
PAD = 4096
TAG = 16
SCRYPT_N = 2**15  # 32 MiB, about a tenth of a second: four times a login, once per opening
MIN_PASSPHRASE = 12


class SealBroken(Exception):
    """What was sealed is not what is here, or this key does not open it."""


class WrongPassphrase(Exception):
    """The passphrase does not open this opener's private key."""


@dataclass(frozen=True)
class SealedKey:
    """A tender's public key and its private half, wrapped. Safe to store and to show.

    ``wraps`` maps a group of opener ids (sorted, joined by a space) to the wrapped
    private key; the platform variant has the single group ``platform``.
    """

    public_key: bytes
    threshold: int
    wraps: dict[str, bytes] = field(default_factory=dict)

    @property
    def openers(self) -> set[str]:
        return {name for group in self.wraps for name in group.split(" ")}

    def as_dict(self) -> dict:
        """Plain values for a JSON column."""
        return {
            "v": 1,
            "public_key": _text(self.public_key),
            "threshold": self.threshold,
            "wraps": {group: _text(wrap) for group, wrap in sorted(self.wraps.items())},
        }

    @classmethod
    def from_dict(cls, data: Mapping) -> "SealedKey":
        try:
            return cls(
                _raw(data["public_key"]),
                int(data["threshold"]),
                {group: _raw(wrap) for group, wrap in data["wraps"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SealBroken("stored tender key is unreadable") from error


# -- openers ---------------------------------------------------------------


def weakness(passphrase: str) -> str | None:
    """Code of what is wrong with a new passphrase, or None: ``short`` or ``plain``."""
    if len(passphrase) < MIN_PASSPHRASE:
        return "short"
    if len(set(passphrase)) < 6 or passphrase.isdigit():
        return "plain"
    return None


def enrol(passphrase: str, n: int = SCRYPT_N) -> tuple[bytes, dict]:
    """Make an opener's key pair: ``(public_key, protected_private)``.

    The protected half is plain JSON values. The private key itself is never
    stored, logged or returned. ``n`` is scrypt's cost, kept beside the result so
    that it can be raised later.
    """
    private = X25519PrivateKey.generate()
    public = _public(private)
    salt, nonce = os.urandom(16), os.urandom(12)
    box = AESGCM(_scrypt(passphrase, salt, n)).encrypt(nonce, private.private_bytes_raw(), public)
    return public, {"v": 1, "n": n, "salt": _text(salt), "nonce": _text(nonce), "box": _text(box), "public_key": _text(public)}


def unlock(protected: Mapping, passphrase: str) -> bytes:
    """The opener's private key, for the length of one opening. Raises WrongPassphrase."""
    try:
        salt, nonce, box, public = (_raw(protected[name]) for name in ("salt", "nonce", "box", "public_key"))
        n = int(protected["n"])
    except (KeyError, TypeError, ValueError) as error:
        raise SealBroken("stored opener key is unreadable") from error
    try:
        return AESGCM(_scrypt(passphrase, salt, n)).decrypt(nonce, box, public)
    except InvalidTag as error:
        raise WrongPassphrase from error


def check_passphrase(public_key: bytes, protected: Mapping, passphrase: str) -> bool:
    """The rehearsal of practice 7: seals a dummy to the opener and opens it with the passphrase."""
    dummy = os.urandom(32)
    try:
        return unseal(unlock(protected, passphrase), seal(public_key, dummy, b"rehearsal"), b"rehearsal") == dummy
    except (WrongPassphrase, SealBroken):
        return False


# -- the tender's key ------------------------------------------------------


def new_tender_key(openers: Mapping[str, bytes], threshold: int = 2, *, either_first: bool = False) -> SealedKey:
    """Key pair of one tender, its private half wrapped for each ``threshold`` of the openers.

    ``openers``: id → public key; ids are stored as text and may hold no space.
    ``either_first`` wraps each group in every order, so that openers may act one after
    the other (``first_half``, ``second_half``) without it being known who comes first.
    The private key leaves this function only wrapped.
    """
    private = X25519PrivateKey.generate()
    return _wrap_for_groups(private.private_bytes_raw(), openers, threshold, either_first)


def first_half(sealed: SealedKey, name: str, private: bytes) -> dict[str, bytes]:
    """What the first of two openers leaves behind: other opener → the key still wrapped for that other one.

    Safe to store: each value opens only with the other opener's private key.
    Raises SealBroken for a stranger or a changed wrap.
    """
    halves = {}
    for group in sealed.wraps:
        names = group.split(" ")
        if len(names) == 2 and names[1] == name:
            halves[names[0]] = _hpke_open(sealed.wraps[group], private, _wrap_info(sealed.public_key, group, 1))
    if not halves:
        raise SealBroken("not an opener of this tender")
    return halves


def second_half(sealed: SealedKey, first: str, name: str, half: bytes, private: bytes) -> bytes:
    """The tender's private key from what the first opener left and the second one's private key. Raises SealBroken."""
    return proven(sealed, _hpke_open(half, private, _wrap_info(sealed.public_key, f"{name} {first}", 0)))


def open_tender_key(sealed: SealedKey, privates: Mapping[str, bytes]) -> bytes:
    """The tender's private key, given the private keys of enough openers.

    Raises SealBroken when they are too few, not openers of this tender, or a
    wrap was changed.
    """
    held = {str(name): key for name, key in privates.items()}
    for group in sorted(sealed.wraps):
        names = group.split(" ")
        if len(names) >= sealed.threshold and all(name in held for name in names):
            return _unwrap(sealed, group, [held[name] for name in names])
    raise SealBroken("not enough openers of this tender")


def rewrap(sealed: SealedKey, privates: Mapping[str, bytes], openers: Mapping[str, bytes]) -> SealedKey:
    """The same tender key wrapped for a new set of openers, by enough of the old ones.

    Bids sealed before stay valid. The caller replaces the stored key; copies of the
    old wraps in backups keep their value for the old openers (docs/threat-model.md).
    """
    ordered = any(list(names) != sorted(names) for names in (group.split(" ") for group in sealed.wraps))
    return _wrap_for_groups(open_tender_key(sealed, privates), openers, sealed.threshold, ordered)


def _wrap_for_groups(private: bytes, openers: Mapping[str, bytes], threshold: int, either_first: bool = False) -> SealedKey:
    keys = {str(name): key for name, key in openers.items()}
    if threshold < 2 or len(keys) < threshold or any(" " in name or not name for name in keys):
        raise ValueError("a tender key needs at least two openers with plain ids")
    if len(set(keys.values())) != len(keys):
        raise ValueError("two openers share one key")
    public = _public(X25519PrivateKey.from_private_bytes(private))
    wraps = {}
    choose = itertools.permutations if either_first else itertools.combinations
    for names in choose(sorted(keys), threshold):
        group, wrap = " ".join(names), private
        for depth, name in enumerate(names):
            wrap = SUITE.encrypt(wrap, X25519PublicKey.from_public_bytes(keys[name]), _wrap_info(public, group, depth))
        wraps[group] = wrap
    return SealedKey(public, threshold, wraps)


def _unwrap(sealed: SealedKey, group: str, keys: list[bytes]) -> bytes:
    wrap = sealed.wraps[group]
    for depth, key in reversed(list(enumerate(keys))):
        wrap = _hpke_open(wrap, key, _wrap_info(sealed.public_key, group, depth))
    return proven(sealed, wrap)


def proven(sealed: SealedKey, private: bytes) -> bytes:
    """``private`` if it is the other half of ``sealed``; raises SealBroken otherwise."""
    try:
        if _public(X25519PrivateKey.from_private_bytes(private)) == sealed.public_key:
            return private
    except ValueError:
        pass
    raise SealBroken("key does not belong to this tender")


def _wrap_info(public: bytes, group: str, depth: int) -> bytes:
    return b"diandan tender key v1\0" + public + group.encode() + struct.pack(">B", depth)


# -- parts of a bid --------------------------------------------------------


def seal(public_key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Seal one part in memory. ``aad`` ties it to its place (lot, bid, part, round).

    The length is hidden: small parts are padded to full 4 KiB, large ones to about
    a tenth of their size, so that a price does not show by its digits.
    """
    content_key, prefix = os.urandom(32), os.urandom(7)
    wrap = SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(public_key), _seal_info(aad))
    header = MAGIC + struct.pack(">H", len(wrap)) + wrap + prefix
    body = struct.pack(">Q", len(plaintext)) + plaintext
    body += bytes(_padded(len(body)) - len(body))
    box, digest = AESGCM(content_key), hashlib.sha256(header + aad).digest()
    last = (len(body) - 1) // CHUNK
    chunks = (
        box.encrypt(_nonce(prefix, number, number == last), body[number * CHUNK : (number + 1) * CHUNK], digest)
        for number in range(last + 1)
    )
    return header + b"".join(chunks)


def unseal(private: bytes, blob: bytes, aad: bytes) -> bytes:
    """The part as it was sealed. Raises SealBroken for any changed byte, other place or key."""
    blob = bytes(blob)
    start = len(MAGIC) + 2
    if not blob.startswith(MAGIC) or len(blob) < start:
        raise SealBroken("not a sealed part")
    end = start + struct.unpack(">H", blob[len(MAGIC) : start])[0]
    header, prefix, body = blob[: end + 7], blob[end : end + 7], blob[end + 7 :]
    if len(prefix) != 7 or len(body) <= TAG:
        raise SealBroken("sealed part is cut short")
    box = AESGCM(_content_key(private, blob[start:end], aad))
    digest = hashlib.sha256(header + aad).digest()
    last = (len(body) - 1) // (CHUNK + TAG)
    plain = bytearray()
    try:
        for number in range(last + 1):
            piece = body[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)]
            plain += box.decrypt(_nonce(prefix, number, number == last), piece, digest)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("sealed part was changed") from error
    size = struct.unpack(">Q", plain[:8])[0]
    if size > len(plain) - 8:
        raise SealBroken("sealed part is cut short")
    return bytes(plain[8 : 8 + size])


def digest(blob: bytes) -> str:
    """SHA-256 of one sealed part, hex: what a receipt lists."""
    return hashlib.sha256(blob).hexdigest()


def receipt(parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> str:
    """One SHA-256 (hex) over the sealed parts of a bid by name, in any order.

    The bidder keeps it; after opening anybody can compare it with what was opened.
    """
    return receipt_of_digests((name, digest(blob)) for name, blob in dict(parts).items())


def receipt_of_digests(digests: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """The same receipt from the parts' stored digests."""
    listing = [[str(name), value] for name, value in sorted(dict(digests).items())]
    return hashlib.sha256(json.dumps(listing, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


# -- small pieces ----------------------------------------------------------


def _content_key(private: bytes, wrap: bytes, aad: bytes) -> bytes:
    key = _hpke_open(wrap, private, _seal_info(aad))
    if len(key) != 32:
        raise SealBroken("not a sealed part")
    return key


def _hpke_open(wrap: bytes, private: bytes, info: bytes) -> bytes:
    try:
        return SUITE.decrypt(wrap, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("wrong key, or the wrap was changed") from error


def _seal_info(aad: bytes) -> bytes:
    return b"diandan sealed part v1\0" + hashlib.sha256(aad).digest()


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)


def _padded(size: int) -> int:
    """Padmé for large parts (at most about 12 % more), whole blocks for small ones."""
    if size <= 16 * PAD:
        return -(-size // PAD) * PAD
    exponent = size.bit_length() - 1
    grain = 1 << (exponent - exponent.bit_length())
    return -(-size // grain) * grain


def _scrypt(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode())


def _public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
