"""The tests about the rule tests: each figure a marker names, changed, must break its test."""

import json
import os
import subprocess
import sys

import pytest

from kernel import rules
from kernel.carriers import ROOT, marked_tests
from tests.rules.mutation import parse, patched


def test_every_marked_figure_matters_to_its_test(tmp_path):
    nodes = sorted({node for node, _ids, mutate in marked_tests() if mutate})
    assert len(nodes) >= 5, "no test names the figure it guards"
    report = tmp_path / "outcomes.json"
    command = [sys.executable, "-m", "pytest", "-p", "tests.rules.mutation", "--mutate-marked", "--mutation-report", str(report)]
    run = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "-m", "not browser and not slow", "--tb=no", *nodes],
        cwd=ROOT, capture_output=True, text=True, timeout=300, env=_fresh_environment(tmp_path), check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    outcomes = json.loads(report.read_text())
    assert len(outcomes) >= 5, run.stdout
    blind = {node: outcome for node, outcome in outcomes.items() if outcome != "failed"}
    assert not blind, f"these tests pass (or break) although their figure changed: {blind}"


def _fresh_environment(tmp_path):
    """The child makes its own folder and database."""
    (tmp_path / "var").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DIANDAN_TEST_RUN", "DIANDAN_TEST_VAR", "DIANDAN_VAR", "PYTEST"))}
    return {**kept, "DIANDAN_TEST_VAR": str(tmp_path / "var")}


def test_a_patched_figure_is_seen_by_every_way_of_asking():
    with patched("B09", "bid_time", 12):
        assert rules.get("B09").days("bid_time") == 12
        assert rules.from_snapshot(rules.snapshot(["B09"])).get("B09").days("bid_time") == 12
    assert rules.get("B09").days("bid_time") == 10


def test_the_names_of_mutations():
    assert parse("bid_time", ("B09",)) == ("B09", "bid_time", 1)
    assert parse("D10.bond_max=-1", ("D09", "D10")) == ("D10", "bond_max", -1)
    with pytest.raises(ValueError, match="name the rule"):
        parse("bid_time", ("B09", "B03"))
