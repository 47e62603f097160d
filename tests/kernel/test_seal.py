"""The seal itself: who can open, who can't, and that a changed byte is found."""

import inspect
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import seal

PASSPHRASES = {name: f"{name} opens the bids 2026" for name in "abcde"}


@pytest.fixture(scope="module")
def openers():
    """Five enrolled openers (cheap scrypt): id → (public, protected)."""
    return {name: seal.enrol(words, n=2**4) for name, words in PASSPHRASES.items()}


@pytest.fixture(scope="module")
def privates(openers):
    return {name: seal.unlock(protected, PASSPHRASES[name]) for name, (_, protected) in openers.items()}


@pytest.fixture(scope="module")
def tender_key(openers):
    return seal.new_tender_key({name: public for name, (public, _) in openers.items()})


def test_the_real_cost_is_the_default_and_opens():
    """The suite enrols with less work (tests/conftest.py); the product does not."""
    defaults = inspect.getsource(seal.enrol).partition(")")[0]
    assert seal.SCRYPT_N == 2**15 and "n: int = SCRYPT_N" in defaults
    public, protected = seal.enrol("the real cost of words", n=seal.SCRYPT_N)
    assert protected["n"] == 2**15
    assert seal.check_passphrase(public, protected, "the real cost of words")
    with pytest.raises(seal.WrongPassphrase):
        seal.unlock(protected, "other words")



def test_any_two_of_five_open(tender_key, privates):
    blob = seal.seal(tender_key.public_key, "报价 98,000.00".encode(), b"lot 1")
    pairs = list(itertools.combinations(privates, 2))
    assert len(pairs) == len(tender_key.wraps) == 10
    for pair in pairs:
        key = seal.open_tender_key(tender_key, {name: privates[name] for name in pair})
        assert seal.unseal(key, blob, b"lot 1").decode() == "报价 98,000.00"


def test_one_opener_alone_cannot(tender_key, privates):
    for name, key in privates.items():
        with pytest.raises(seal.SealBroken):
            seal.open_tender_key(tender_key, {name: key})
        for group in tender_key.wraps:  # not even by pretending to be both
            with pytest.raises(seal.SealBroken):
                seal.open_tender_key(tender_key, {other: key for other in group.split(" ")})


def test_an_opener_of_another_tender_does_not_count(tender_key, privates):
    stranger = seal.unlock(seal.enrol("somebody else entirely", n=2**4)[1], "somebody else entirely")
    with pytest.raises(seal.SealBroken):
        seal.open_tender_key(tender_key, {"a": privates["a"], "x": stranger})
    with pytest.raises(seal.SealBroken):
        seal.open_tender_key(tender_key, {"a": privates["a"], "b": stranger})


def test_wraps_cannot_be_moved_between_tenders_or_pairs(openers, tender_key, privates):
    other = seal.new_tender_key({name: public for name, (public, _) in openers.items()})
    moved = seal.SealedKey(tender_key.public_key, 2, {"a b": other.wraps["a b"]})
    with pytest.raises(seal.SealBroken):
        seal.open_tender_key(moved, privates)
    swapped = seal.SealedKey(tender_key.public_key, 2, {"a c": tender_key.wraps["a b"]})
    with pytest.raises(seal.SealBroken):
        seal.open_tender_key(swapped, privates)


def test_replacement_is_wrapped_in_by_two_openers(tender_key, privates):
    public, protected = seal.enrol("the replacement's words", n=2**4)
    fresh = seal.unlock(protected, "the replacement's words")
    staying = {name: seal.X25519PrivateKey.from_private_bytes(privates[name]).public_key().public_bytes_raw() for name in "bcde"}
    new = seal.rewrap(tender_key, {"a": privates["a"], "b": privates["b"]}, {**staying, "f": public})
    blob = seal.seal(tender_key.public_key, b"sealed before the change", b"")
    key = seal.open_tender_key(new, {"f": fresh, "c": privates["c"]})
    assert seal.unseal(key, blob, b"") == b"sealed before the change"
    with pytest.raises(seal.SealBroken):
        seal.open_tender_key(new, {"a": privates["a"], "c": privates["c"]})
    with pytest.raises(seal.SealBroken):
        seal.rewrap(tender_key, {"a": privates["a"]}, {**staying, "f": public})


def test_stored_key_survives_json(tender_key, privates):
    stored = seal.SealedKey.from_dict(json.loads(json.dumps(tender_key.as_dict())))
    assert stored == tender_key
    assert stored.openers == set("abcde")
    for damaged in ({}, {"public_key": "?", "threshold": 2, "wraps": {}}, {"public_key": None, "threshold": 2, "wraps": {}}):
        with pytest.raises(seal.SealBroken):
            seal.SealedKey.from_dict(damaged)


def test_passphrase_rehearsal(openers):
    public, protected = openers["a"]
    assert seal.check_passphrase(public, protected, PASSPHRASES["a"])
    assert not seal.check_passphrase(public, protected, "a guess at the words")
    assert not seal.check_passphrase(openers["b"][0], protected, PASSPHRASES["a"])  # key files mixed up
    with pytest.raises(seal.WrongPassphrase):
        seal.unlock(protected, "a guess at the words")


def test_protected_key_holds_no_private_bytes(openers, privates):
    for name, (_, protected) in openers.items():
        assert seal._text(privates[name]) not in json.dumps(protected)


@pytest.mark.parametrize(
    ("words", "code"), [("short", "short"), ("aaaaaaaaaaaaaaa", "plain"), ("202611221234567", "plain"), ("春江潮水连海平海上明月共潮生", None)]
)
def test_weak_passphrases_are_named(words, code):
    assert seal.weakness(words) == code


@pytest.mark.parametrize("openers", [{}, {"a": b"1" * 32}, {"a": b"1" * 32, "b": b"1" * 32}, {"a b": b"1" * 32, "c": b"2" * 32}])
def test_a_key_nobody_or_one_person_could_open_is_refused(openers):
    with pytest.raises(ValueError):
        seal.new_tender_key(openers)


PRIVATE = seal.X25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw()
SECRET = PRIVATE.private_bytes_raw()


@given(plain=st.binary(max_size=10_000), aad=st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_round_trip(plain, aad):
    assert seal.unseal(SECRET, seal.seal(PUBLIC, plain, aad), aad) == plain


@given(plain=st.binary(max_size=300), place=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None)
def test_any_changed_bit_is_found(plain, place, bit):
    blob = bytearray(seal.seal(PUBLIC, plain, b"place"))
    blob[place % len(blob)] ^= 1 << bit
    with pytest.raises(seal.SealBroken):
        seal.unseal(SECRET, bytes(blob), b"place")


@given(cut=st.integers(min_value=0))
@settings(max_examples=80, deadline=None)
def test_any_cut_is_found(cut):
    blob = seal.seal(PUBLIC, b"price 98000", b"place")
    with pytest.raises(seal.SealBroken):
        seal.unseal(SECRET, blob[: cut % len(blob)], b"place")


def test_other_place_is_found():
    with pytest.raises(seal.SealBroken):
        seal.unseal(SECRET, seal.seal(PUBLIC, b"x", b"lot 1"), b"lot 2")


def test_large_part_in_chunks_and_their_order():
    plain = bytes(range(256)) * 14_000  # 3.6 MB
    blob = seal.seal(PUBLIC, plain, b"")
    assert seal.unseal(SECRET, blob, b"") == plain
    body = len(blob) % (seal.CHUNK + seal.TAG)
    step = seal.CHUNK + seal.TAG
    start = len(seal.MAGIC) + 2 + 80 + 7
    first, second, rest = blob[start : start + step], blob[start + step : start + 2 * step], blob[start + 2 * step :]
    assert body and rest
    for forged in (blob[:start] + second + first + rest, blob[:start] + first + rest, blob[: start + 2 * step], blob + first):
        with pytest.raises(seal.SealBroken):
            seal.unseal(SECRET, forged, b"")


def test_length_does_not_show_the_price():
    assert len({len(seal.seal(PUBLIC, b"9" * digits, b"")) for digits in range(1, 200)}) == 1
    assert b"9" * 32 not in seal.seal(PUBLIC, b"9" * 200, b"")


def test_receipt_depends_on_every_part_not_on_order():
    parts = {"price": b"one", "technical": b"two"}
    assert seal.receipt(parts) == seal.receipt(reversed(parts.items()))
    assert seal.receipt(parts) == seal.receipt_of_digests({name: seal.digest(blob) for name, blob in parts.items()})
    others = [{"price": b"one"}, {"price": b"two", "technical": b"one"}, {"price": b"one", "technical": b"twO"}]
    assert len({seal.receipt(listing) for listing in (parts, *others)}) == 4


def test_two_openers_one_after_the_other_in_either_order(openers, privates):
    key = seal.new_tender_key({name: public for name, (public, _) in openers.items()}, either_first=True)
    blob = seal.seal(key.public_key, b"98000", b"lot 1")
    for first, second in itertools.permutations(privates, 2):
        halves = seal.first_half(key, first, privates[first])
        assert set(halves) == set(privates) - {first}
        opened = seal.second_half(key, first, second, halves[second], privates[second])
        assert seal.unseal(opened, blob, b"lot 1") == b"98000"


def test_a_half_left_behind_opens_only_for_the_one_it_was_left_to(openers, privates):
    key = seal.new_tender_key({name: public for name, (public, _) in openers.items()}, either_first=True)
    halves = seal.first_half(key, "a", privates["a"])
    for name in "acde":  # the first opener again, or somebody else with the half meant for b
        with pytest.raises(seal.SealBroken):
            seal.second_half(key, "a", name, halves["b"], privates[name])
        with pytest.raises(seal.SealBroken):
            seal.second_half(key, "a", "b", halves["b"], privates[name])
    changed = bytes([halves["b"][0] ^ 1]) + halves["b"][1:]
    with pytest.raises(seal.SealBroken):
        seal.second_half(key, "a", "b", changed, privates["b"])
    stranger = seal.X25519PrivateKey.generate().private_bytes_raw()
    for name, private in (("x", stranger), ("a", stranger)):
        with pytest.raises(seal.SealBroken):
            seal.first_half(key, name, private)
