"""Two processes take the same verb of the same subject at the same instant: one wins, the other gets a sentence, and it happened once.

Every verb scenario marked `race`; races over money and between different subjects stand beside their nouns
(tests/procurement/test_payment_race.py, test_race.py, test_funds.py, tests/providers/test_race.py).
"""

import re

import pytest

from kernel import seal, trail
from tests.lives import scenarios
from tests.lives.harness import NOUNS, begin, builders_of, fresh, person, verb_of
from tests.lives.racing import Racers
from tests.memory import memory
from tests.processes import child_environment

assert scenarios.load_lives
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LOST = ("wrong_state", "lost_race", "no_gate")
OWN_WORDS = {
    "project.pass_gate": ("403", "not_its_turn"), "project.approve": ("403",), "project.take": ("taken",), "project.hand_over": ("same",), "contract.publish_notice": ("published_already",),
    "contract.replace_key_person": ("left_already",), "tender.publish_result": ("told",), "payment.approve": ("403", "one_step_each"), "payment.complete": ("403",),
    "bid.submit": ("changed", "incomplete"), "tender.publish": ("not_approved",), "tender.record_external": ("twice",), "payment.submit": ("already_requested",),
    "lot.acknowledge": ("acknowledged",), "complaint.suspend": ("suspended_once",), "complaint.lift": ("not_suspended",),
    "tender.publish_selection": ("told",), "frameworkagreement.file_copy": ("filed",), "frameworkagreement.tell_users": ("told",),
    "singlesource.ask_response": ("running",),
}  # fmt: skip


@pytest.fixture
def racers(transactional_db, monkeypatch):
    monkeypatch.setattr(seal.enrol, "__defaults__", (2**4,))
    pair = Racers(child_environment())
    yield pair
    pair.stop()


def run(racers, name, key):
    """Problems of one race, as sentences; none when one won and the other was told."""
    case = NOUNS[name].cases[key]
    memory.fresh()
    scene, moment = begin(next(iter(builders_of(name, key).values())))
    subject = fresh(scene.subject)
    before = trail.rows_of(subject).count()
    answers = racers.run(name, key, subject, person(case.actor(scene)), case.kwargs(scene), moment)
    lost = [answer for answer in answers if not answer["won"]]
    if len(lost) != 1:
        return [f"{name}.{key}: {answers}"]
    found = []
    if lost[0]["code"] not in (*LOST, *OWN_WORDS.get(f"{name}.{key}", ())) or not CHINESE.search(lost[0]["sentence"]):
        found.append(f"{name}.{key}: the loser was told {lost[0]}")
    rows = [row.verb for row in trail.rows_of(subject)][before:]
    if rows.count(verb_of(key)) != 1:
        found.append(f"{name}.{key}: recorded {rows}")
    return found


@pytest.mark.slow
def test_one_wins_and_the_other_gets_a_sentence(racers):
    races = [(name, key) for name, declared in NOUNS.items() for key, case in declared.cases.items() if case.race]
    assert len(races) > 40
    problems = [problem for name, key in races for problem in run(racers, name, key)]
    assert not problems, "\n".join(problems)
