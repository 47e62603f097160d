"""The lives as people who know the offices wrote them down (tests/expected/lifecycles.csv), against the tables the engine runs on."""

import csv
from functools import cache

from kernel.lifecycle import LIVES
from tests.processes import ROOT

TABLE = ROOT / "tests" / "expected" / "lifecycles.csv"


@cache
def rows():
    """(noun, verb, from, to) by hand; an empty `from` is how a noun begins."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["noun"], row["verb"], row["from"], row["to"]) for row in csv.DictReader(file)]


@cache
def expected():
    """noun → {(verb, from): {to, …}}, beginnings left out."""
    found = {}
    for noun, verb, source, target in rows():
        arrows = found.setdefault(noun, {})
        if source:
            arrows.setdefault((verb, source), set()).add(target)
    return found


def registered():
    from tests.lives.harness import load_lives

    return load_lives()


def test_the_same_nouns_live():
    assert sorted(registered()) == sorted({noun for noun, *_rest in rows()})


def test_no_row_stands_twice():
    assert len(rows()) == len(set(rows()))


def test_each_begins_and_passes_through_the_same_states():
    written = {noun: {state for other, _verb, source, target in rows() if other == noun for state in (source, target) if state} for noun in expected()}
    beginnings = {noun: target for noun, _verb, source, target in rows() if not source}
    assert {noun: sorted(life.states) for noun, life in registered().items()} == {noun: sorted(states) for noun, states in written.items()}
    assert {noun: life.initial for noun, life in LIVES.items()} == beginnings


def test_the_same_arrows():
    written = {(noun, verb, source, target) for noun, verb, source, target in rows() if source}
    drawn = {
        (noun, step.verb, source, step.target or source)
        for noun, life in registered().items()
        for step in life.steps
        for source in step.sources
    }
    assert {"missing in the tables": sorted(written - drawn), "not expected": sorted(drawn - written)} == {"missing in the tables": [], "not expected": []}


def test_every_state_is_reached_and_only_ends_lead_nowhere():
    for noun, arrows in expected().items():
        start = next(target for other, _verb, source, target in rows() if other == noun and not source)
        reached, before = {start}, None
        while reached != before:
            before = set(reached)
            reached |= {target for (_verb, source), targets in arrows.items() if source in reached for target in targets}
        states = {state for (_verb, source), targets in arrows.items() for state in (source, *targets)}
        assert states == reached, f"{noun}: never reached {sorted(states - reached)}"
