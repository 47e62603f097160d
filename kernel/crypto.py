"""The platform's keys, all outside database and media: encryption, blind index, seal signatures.

`KEY_DIR/keyring.json` (0600) holds the data keys by id, so that they can be changed (`manage.py rotate_keys`), and
the key of the blind index. `KEY_DIR/seal_private.pem` signs the trail's daily seals; its public half may go anywhere.
Demo makes both by itself, production only by `manage.py makekeys`.

Every ciphertext is bound by its associated data to the one place it belongs to: moved to another row, it does not open.
"""

import base64
import hmac
import json
import os
import secrets
import tempfile
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kernel import clock
from kernel.seal import SealBroken, SealedKey, proven

FORMAT = b"\x01"
PLATFORM = "platform"


class Unreadable(Exception):
    """A ciphertext was changed, moved to another row, or its key is gone."""


@dataclass(frozen=True)
class Keyring:
    """All data keys by id, the one to write with, the index key; `rotating` while a change of keys is under way."""

    current: str
    keys: dict
    index: bytes
    rotating: bool = False

    def key(self, key_id):
        try:
            return self.keys[key_id]
        except KeyError as error:
            raise Unreadable(f"key {key_id} is not in the keyring") from error


_cache: dict[Path, tuple] = {}
_lock = threading.Lock()


def keyring():
    """The keyring, read again whenever its file changed. Raises ImproperlyConfigured when production has none."""
    path = _path("keyring.json")
    try:
        stamp = path.stat()
    except FileNotFoundError:
        _demo_only(path)
        make_keys()
        stamp = path.stat()
    known = _cache.get(path)
    version = (stamp.st_mtime_ns, stamp.st_ino)
    if known and known[0] == version:
        return known[1]
    with _lock:
        ring = _parse(path.read_text())
        _cache[path] = (version, ring)
    return ring


def make_keys():
    """Make whatever key file is missing; existing ones stay. Returns the names of the files made."""
    ring = {"version": 1, "rotating": False, "keys": {}, "index": _text(secrets.token_bytes(32))}
    ring["current"] = _new_key(ring)
    signer = Ed25519PrivateKey.generate()
    pem = signer.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = [name for name, content in (("keyring.json", json.dumps(ring, indent=1).encode()), ("seal_private.pem", pem)) if _place(_path(name), content)]
    _replace(_path("seal_public.pem"), public_seal_key())
    return made


def start_rotation():
    """Add a new data key and write with it from now on; resumes an unfinished rotation instead. Returns its id."""
    path = _path("keyring.json")
    keyring()
    ring = json.loads(path.read_text())
    if not ring.get("rotating"):
        ring["current"] = _new_key(ring)
        ring["rotating"] = True
        _replace(path, json.dumps(ring, indent=1).encode())
    return ring["current"]


def finish_rotation(*, drop_old=False):
    """Mark the rotation done; with `drop_old` forget the old keys (backups made before become unreadable)."""
    path = _path("keyring.json")
    ring = json.loads(path.read_text())
    ring["rotating"] = False
    if drop_old:
        ring["keys"] = {ring["current"]: ring["keys"][ring["current"]]}
    _replace(path, json.dumps(ring, indent=1).encode())


# -- encryption under the platform key -------------------------------------


def encrypt(plaintext, aad):
    """Encrypt bytes under the current platform key, bound to `aad` (bytes). Returns bytes naming their key id."""
    ring = keyring()
    name = ring.current.encode()
    header = FORMAT + bytes([len(name)]) + name
    return header + encrypt_with(ring.key(ring.current), plaintext, header + aad)


def decrypt(token, aad):
    """The bytes `encrypt` was given. Raises Unreadable."""
    token = bytes(token)
    header = _header(token)
    return decrypt_with(keyring().key(key_id(token)), token[len(header) :], header + aad)


def renew(token, aad):
    """The same content under the current key, or None when it already is: one row's share of a rotation."""
    return None if key_id(token) == keyring().current else encrypt(decrypt(token, aad), aad)


def key_id(token):
    """Id of the platform key a ciphertext was written with. Raises Unreadable for anything else."""
    return _header(bytes(token))[2:].decode("ascii", "replace")


def encrypt_with(key, plaintext, aad):
    """AES-256-GCM under a given key (a subject's own); random nonce in front."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def decrypt_with(key, box, aad):
    """Counterpart of `encrypt_with`. Raises Unreadable."""
    try:
        return AESGCM(key).decrypt(bytes(box[:12]), bytes(box[12:]), aad)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("changed, moved, or the wrong key") from error


# -- equality without reading ----------------------------------------------


def normalise(value):
    """What two spellings of one phone, card or credit code have in common."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", str(value)).casefold() if sign.isalnum())


def blind_index(domain, value):
    """HMAC-SHA256 (64 hex characters) by which equal values of one domain are found; '' for an empty value."""
    return blind_indexes(domain, [value])[0] if value else ""


def blind_indexes(domain, values):
    """The blind indexes of many values of one domain, in their order: the key is read once."""
    key = hmac.digest(keyring().index, b"blind index\0" + domain.encode(), "sha256")
    plain = [normalise(value or "") for value in values]
    return [hmac.digest(key, text.encode(), "sha256").hex() if text else "" for text in plain]


# -- the trail's seal ------------------------------------------------------


def sign_seal(content):
    """Ed25519 signature (bytes) over a daily seal. Raises ImproperlyConfigured without the private key."""
    return _signer().sign(content)


def verify_seal(content, signature, public_key=None):
    """Whether the signature is that of `public_key` (PEM bytes; default: this platform's own)."""
    key = serialization.load_pem_public_key(public_key or public_seal_key())
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(bytes(signature), content)
    except InvalidSignature:
        return False
    return True


def public_seal_key():
    """PEM (bytes) of the public half, for the finance bureau and the auditor."""
    return _signer().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _signer():
    path = _path("seal_private.pem")
    if not path.exists():
        _demo_only(path)
        make_keys()
    return serialization.load_pem_private_key(path.read_bytes(), None)


# -- sealed bids without a key ceremony ------------------------------------


def new_platform_key():
    """A tender key wrapped under the platform key only (self-run profiles): same shape as `seal.new_tender_key`."""
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return SealedKey(public, 1, {PLATFORM: encrypt(private.private_bytes_raw(), _tender_aad(public))})


def open_platform_key(sealed):
    """The private key of such a tender. Raises SealBroken for a key-sealed tender or a changed wrap."""
    try:
        return proven(sealed, decrypt(sealed.wraps[PLATFORM], _tender_aad(sealed.public_key)))
    except (KeyError, Unreadable) as error:
        raise SealBroken("the platform key does not open this tender") from error


def renew_platform_key(sealed):
    """The tender key under the current platform key, or None when nothing is to do (for a rotation)."""
    if PLATFORM not in sealed.wraps:
        return None
    token = renew(sealed.wraps[PLATFORM], _tender_aad(sealed.public_key))
    return token and SealedKey(sealed.public_key, 1, {PLATFORM: token})


def _tender_aad(public):
    return b"platform tender key\0" + public


# -- files -----------------------------------------------------------------


def _path(name):
    return Path(settings.KEY_DIR) / name


def _demo_only(path):
    if not settings.DEMO:
        raise ImproperlyConfigured(f"{path} is missing. Make the keys once with `manage.py makekeys` and keep a copy in a safe.")


def _new_key(ring):
    name = f"{clock.wall():%Y%m%d}-{secrets.token_hex(3)}"
    ring["keys"][name] = _text(secrets.token_bytes(32))
    return name


def _parse(text):
    try:
        ring = json.loads(text)
        keys = {name: base64.b64decode(key, validate=True) for name, key in ring["keys"].items()}
        found = Keyring(ring["current"], keys, base64.b64decode(ring["index"], validate=True), bool(ring.get("rotating")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured("keyring.json is damaged; put back its copy") from error
    if found.current not in keys or {len(key) for key in keys.values()} != {32} or len(found.index) != 32:
        raise ImproperlyConfigured("keyring.json is incomplete; put back its copy")
    return found


def _place(path, content):
    """Create a file with 0600, whole or not at all; False when somebody else was first."""
    temp = _temp(path, content)
    try:
        os.link(temp, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temp)
    return True


def _replace(path, content):
    os.replace(_temp(path, content), path)


def _temp(path, content):
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temp = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mkstemp makes it 0600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temp


def _header(token):
    if len(token) < 2 or token[:1] != FORMAT or len(token) < 2 + token[1] + 28:
        raise Unreadable("not a ciphertext of this platform")
    return token[: 2 + token[1]]


def _text(raw):
    return base64.b64encode(raw).decode()
