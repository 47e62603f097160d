"""Keys outside the database: what opens, what doesn't, and what production refuses."""

import json
import stat
import subprocess
import sys
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from kernel import crypto, seal


@pytest.fixture(autouse=True)
def key_dir(settings, tmp_path):
    """A folder of keys of its own."""
    settings.KEY_DIR = tmp_path / "keys"
    return settings.KEY_DIR


def test_round_trip_bound_to_its_place():
    token = crypto.encrypt("手机 13800000000".encode(), b"wish 1")
    assert crypto.decrypt(token, b"wish 1").decode() == "手机 13800000000"
    assert b"13800000000" not in token
    assert crypto.encrypt(b"x", b"") != crypto.encrypt(b"x", b"")
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(token, b"wish 2")


def test_every_changed_byte_is_found():
    token = crypto.encrypt(b"value", b"row")
    for place in range(len(token)):
        broken = bytearray(token)
        broken[place] ^= 1
        with pytest.raises(crypto.Unreadable):
            crypto.decrypt(bytes(broken), b"row")
    for cut in range(len(token)):
        with pytest.raises(crypto.Unreadable):
            crypto.decrypt(token[:cut], b"row")


def test_key_files_are_private_and_made_once(key_dir):
    crypto.keyring()
    for name in ("keyring.json", "seal_private.pem"):
        assert stat.S_IMODE((key_dir / name).stat().st_mode) == 0o600
    before = (key_dir / "keyring.json").read_bytes()
    assert crypto.make_keys() == []
    assert (key_dir / "keyring.json").read_bytes() == before


def test_production_makes_no_keys_by_itself(settings, key_dir):
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="makekeys"):
        crypto.encrypt(b"x", b"")
    with pytest.raises(ImproperlyConfigured, match="makekeys"):
        crypto.sign_seal(b"x")
    out = StringIO()
    call_command("makekeys", stdout=out)
    assert "BEGIN PUBLIC KEY" in out.getvalue() and "PRIVATE" not in out.getvalue()
    assert crypto.decrypt(crypto.encrypt(b"x", b""), b"") == b"x"
    assert crypto.verify_seal(b"x", crypto.sign_seal(b"x"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": {"a": "AA=="}, "current": "a", "index": "AA=="}', '{"keys": {}, "current": "b", "index": ""}'])
def test_a_damaged_keyring_is_named_not_replaced(key_dir, content):
    key_dir.mkdir()
    (key_dir / "keyring.json").write_text(content)
    with pytest.raises(ImproperlyConfigured, match="put back its copy"):
        crypto.keyring()
    assert (key_dir / "keyring.json").read_text() == content


def test_two_processes_starting_at_once_agree_on_the_keys(key_dir):
    code = (
        "import sys; from django.conf import settings; settings.configure(DEMO=True, KEY_DIR=sys.argv[1]);"
        "from kernel import crypto; print(crypto.keyring().current, crypto.blind_index('a', 'b'), crypto.public_seal_key())"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(key_dir)], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {child.communicate(timeout=60)[0] for child in children}
    assert len(said) == 1 and said.pop().strip()


def test_rotation_keeps_old_content_readable_until_dropped(key_dir):
    old = crypto.encrypt(b"old", b"row")
    first = crypto.key_id(old)
    second = crypto.start_rotation()
    assert second != first and crypto.start_rotation() == second  # stopped and started again: no third key
    assert crypto.decrypt(old, b"row") == b"old"
    new = crypto.renew(old, b"row")
    assert crypto.key_id(new) == second and crypto.decrypt(new, b"row") == b"old"
    assert crypto.renew(new, b"row") is None
    index = crypto.blind_index("phone", "1")
    crypto.finish_rotation(drop_old=True)
    assert crypto.blind_index("phone", "1") == index
    assert crypto.decrypt(new, b"row") == b"old"
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(old, b"row")
    assert list(json.loads((key_dir / "keyring.json").read_text())["keys"]) == [second]


def test_blind_index_finds_spellings_not_other_domains():
    index = crypto.blind_index("phone", "138-0000 0000")
    assert index == crypto.blind_index("phone", "１３８００００００００") and len(index) == 64
    assert index != crypto.blind_index("card", "13800000000")
    assert index != crypto.blind_index("phone", "13800000001")
    assert crypto.blind_index("phone", " ") == crypto.blind_index("phone", None) == ""


def test_seal_signature():
    signature, public = crypto.sign_seal(b"heads"), crypto.public_seal_key()
    assert crypto.verify_seal(b"heads", signature, public)
    assert not crypto.verify_seal(b"headz", signature, public)
    assert not crypto.verify_seal(b"heads", signature[:-1] + bytes([signature[-1] ^ 1]), public)


def test_another_platforms_signature_does_not_count(settings, tmp_path):
    signature = crypto.sign_seal(b"heads")
    settings.KEY_DIR = tmp_path / "other"
    assert not crypto.verify_seal(b"heads", signature)


def test_platform_key_seals_like_openers_do():
    key = crypto.new_platform_key()
    blob = seal.seal(key.public_key, b"98000", b"lot 1")
    stored = seal.SealedKey.from_dict(json.loads(json.dumps(key.as_dict())))
    assert seal.unseal(crypto.open_platform_key(stored), blob, b"lot 1") == b"98000"


def test_platform_key_does_not_open_a_key_sealed_tender():
    openers = {name: seal.enrol(f"{name} long enough words", n=2**4)[0] for name in "ab"}
    with pytest.raises(seal.SealBroken):
        crypto.open_platform_key(seal.new_tender_key(openers))
    one, other = crypto.new_platform_key(), crypto.new_platform_key()
    with pytest.raises(seal.SealBroken):
        crypto.open_platform_key(seal.SealedKey(one.public_key, 1, other.wraps))


def test_platform_tender_keys_rotate():
    key = crypto.new_platform_key()
    assert crypto.renew_platform_key(key) is None
    crypto.start_rotation()
    renewed = crypto.renew_platform_key(key)
    crypto.finish_rotation(drop_old=True)
    assert crypto.open_platform_key(renewed)
    with pytest.raises(seal.SealBroken):
        crypto.open_platform_key(key)
