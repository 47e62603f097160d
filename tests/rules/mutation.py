"""A pytest plugin that changes figures of the law, to prove that the tests marked for a rule look at them.

    pytest -p tests.rules.mutation --mutate-rule B09.bid_time=+1        the whole run under one changed figure
    pytest -p tests.rules.mutation --mutate-marked                      every test once per figure its marker names

A test joins by naming the figures that must matter to it: `@pytest.mark.rule("B09", mutate="bid_time")`. Several figures are a tuple;
with several ids write "B09.bid_time"; a change of its own is "bond_max=-1" (default +1; text becomes "changed").
"""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from kernel import rules


def parse(text, ids=()):
    """(rule id, parameter, change) of "B09.bid_time=+1", "bid_time" or "bid_time=-2"."""
    name, _sign, change = text.partition("=")
    rule_id, dot, param = name.rpartition(".")
    if not dot:
        if len(ids) != 1:
            raise ValueError(f"{text}: name the rule, the marker has {ids}")
        rule_id = ids[0]
    return rule_id, param, int(change or "1")


def versions_with(rule_id, param, value):
    """All versions of the registry, with one figure replaced in every version that has it. `value`: a value, or a function of the old one."""
    if not any(param in rule.params for rule in rules.RULES.versions[rule_id]):
        raise rules.NoRule(f"{rule_id} has no parameter {param}")

    def changed(rule):
        if param not in rule.params:
            return rule
        old = rule.params[param]
        new = value(old.value) if callable(value) else value
        return replace(rule, params={**rule.params, param: replace(old, value=new)})

    return {**rules.RULES.versions, rule_id: [changed(rule) for rule in rules.RULES.versions[rule_id]]}


@contextmanager
def patched(rule_id, param, value):
    """Run a block under a changed figure: `with patched("B09", "bid_time", 12): …`."""
    before = rules.RULES.versions
    rules.RULES.versions = versions_with(rule_id, param, value)
    try:
        yield
    finally:
        rules.RULES.versions = before


def shifted(change):
    return lambda old: "changed" if isinstance(old, str) else old + change


def pytest_addoption(parser):
    group = parser.getgroup("rules")
    group.addoption("--mutate-rule", action="append", default=[], metavar="ID.PARAM=CHANGE", help="run under a changed figure of the law")
    group.addoption("--mutate-marked", action="store_true", help="run each marked test once per figure it names, changed")
    group.addoption("--mutation-report", default="", help="write outcomes as JSON to this file")


def pytest_configure(config):
    config.mutation_outcomes = {}
    for text in config.getoption("--mutate-rule"):
        rule_id, param, change = parse(text)
        rules.RULES.versions = versions_with(rule_id, param, shifted(change))


def mutations_of(definition):
    found = []
    for marker in definition.iter_markers("rule"):
        named = marker.kwargs.get("mutate", ())
        found += [parse(text, marker.args) for text in ((named,) if isinstance(named, str) else named)]
    return found


def pytest_generate_tests(metafunc):
    if metafunc.config.getoption("--mutate-marked"):
        found = mutations_of(metafunc.definition)
        metafunc.parametrize("mutation", found, ids=[f"{rule}.{param}{change:+d}" for rule, param, change in found], indirect=True)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--mutate-marked"):
        items[:] = [item for item in items if mutations_of(item)]


@pytest.fixture(autouse=True)
def mutation(request):
    if not hasattr(request, "param"):
        yield
        return
    rule_id, param, change = request.param
    with patched(rule_id, param, shifted(change)):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    outcomes = item.config.mutation_outcomes
    if report.when == "call" or report.outcome != "passed":
        outcomes[report.nodeid] = report.outcome if report.when == "call" else f"{report.when} {report.outcome}"


def pytest_sessionfinish(session):
    if path := session.config.getoption("--mutation-report"):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(session.config.mutation_outcomes, file)
