"""The trail shows an edit, a gap, a shortened tail and a wholesale recomputation; many writers at once keep it whole."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kernel import proof, trail
from kernel.models import ChainHead, TrailRow, User
from tests.processes import together


@pytest.fixture
def actor(db):
    return User.objects.create_user("clerk", "correct horse 12", name="经办人")


@pytest.fixture
def chain(actor):
    for number in range(6):
        trail.record(actor, "note", actor=actor, params={"number": number})
    return ChainHead.objects.get(name="kernel")


def raw(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def recompute(chain):
    """What an attacker with the database would do: make every hash fit again."""
    previous, last = "", 0
    for row in chain.rows.select_related("chain", "subject_type").order_by("seq"):
        row.seq = last = last + 1
        digest = trail.digest(row, previous)
        raw("UPDATE kernel_trailrow SET seq = %s, previous = %s, hash = %s WHERE id = %s", row.seq, previous, digest, row.pk)
        previous = digest
    raw("UPDATE kernel_chainhead SET seq = %s, hash = %s WHERE id = %s", last, previous, chain.pk)


def test_a_whole_chain_verifies(chain):
    assert proof.problems() == []


@pytest.mark.parametrize(
    "column, value", [("reason", "another"), ("verb", "other"), ("to_status", "paid"), ("params", '{"number": 99}'), ("actor_id", None), ("happened_on", "2020-01-01")]
)
def test_an_edit_names_its_row(chain, column, value):
    raw(f"UPDATE kernel_trailrow SET {column} = %s WHERE chain_id = %s AND seq = 3", value, chain.pk)
    assert proof.problems() == [("kernel", 3, "edited")]


def test_a_deletion_in_the_middle_names_the_gap(chain):
    raw("DELETE FROM kernel_trailrow WHERE chain_id = %s AND seq = 3", chain.pk)
    assert proof.problems() == [("kernel", 3, "missing")]


def test_a_deletion_at_the_tail_is_found(chain):
    raw("DELETE FROM kernel_trailrow WHERE chain_id = %s AND seq = 6", chain.pk)
    assert proof.problems() == [("kernel", 6, "tail")]


def test_a_wholesale_recomputation_is_found_by_the_seal_alone(chain, tmp_path):
    seal = tmp_path / "seal.json"
    call_command("verify_trail", export=str(seal))
    raw("UPDATE kernel_trailrow SET reason = 'rewritten' WHERE chain_id = %s AND seq = 2", chain.pk)
    recompute(chain)
    assert proof.problems() == []
    assert proof.problems(seal.read_text()) == [("kernel", 6, "differs from the seal")]
    with pytest.raises(CommandError):
        call_command("verify_trail", seal=str(seal))


def test_a_forged_seal_is_refused(chain):
    kept = json.loads(proof.export(proof.seal_day()))
    kept["content"] = kept["content"].replace('"seq": 6', '"seq": 5')
    assert proof.problems(json.dumps(kept))[0] == ("seal", 0, "signature")


def test_a_seal_leaves_the_house_once_and_proves_what_was(chain, settings, mailoutbox):
    seal = proof.seal_day()
    assert proof.send_seals() == 0 and not mailoutbox  # nobody to send it to
    settings.SEAL_RECIPIENTS = ["czj@example.cn", "auditor@example.cn"]
    settings.EMAIL_BACKEND = "tests.kernel.broken_mail.Backend"
    assert proof.send_seals() == 0
    seal.refresh_from_db()
    assert seal.sent_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert (proof.send_seals(), proof.send_seals()) == (1, 0)
    (mail,) = mailoutbox
    name, content, _kind = mail.attachments[0]
    assert mail.to == settings.SEAL_RECIPIENTS and str(seal.day) in name and proof.problems(content) == []
    raw("UPDATE kernel_trailrow SET reason = 'rewritten' WHERE chain_id = %s AND seq = 2", chain.pk)
    recompute(chain)
    assert proof.problems(content) == [("kernel", 6, "differs from the seal")]


def test_a_file_that_is_no_seal_proves_nothing_and_is_named(chain, tmp_path):
    for text in ("no seal", "[]", '{"content": 1, "signature": "00"}', '{"content": "{}", "signature": "xyz"}'):
        assert proof.problems(text)[0] == ("seal", 0, "not a seal file")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_trail", seal=str(tmp_path / "missing"))


def test_rows_can_neither_be_saved_again_nor_deleted(chain):
    row = TrailRow.objects.first()
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()


def test_growing_after_the_seal_is_no_problem(chain, actor):
    seal = proof.export(proof.seal_day())
    trail.record(actor, "note", actor=actor)
    assert proof.problems(seal) == []


APPEND = """
import sys, time
from pathlib import Path
from kernel import trail
from kernel.models import User
writer, ready, go = sys.argv[1:]
actor = User.objects.get(username="clerk")
Path(ready).touch()
while not Path(go).exists():
    time.sleep(0.002)
for number in range(5):
    trail.record(actor, "note", actor=actor, params={"writer": writer, "number": number})
"""


def test_twenty_appends_of_four_processes_keep_the_chain(transactional_db):
    User.objects.create_user("clerk", "correct horse 12", name="经办人")
    together(APPEND, *((name,) for name in range(4)))
    rows = list(TrailRow.objects.order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, 21))
    assert len({row.params["writer"] for row in rows}) == 4
    assert proof.problems() == []
