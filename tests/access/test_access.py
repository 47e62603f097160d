"""Every address × every role × (own, another's) object × method, and a stranger: the answers of tests/expected/access.csv."""

import pytest
from django.urls import get_resolver

from tests.access.answers import address, ask, code_of
from tests.access.objects import OBJECTS, people_of
from tests.access.tables import expected, rows_of

ROWS = rows_of("access.csv")
EMPTY = {"csrfmiddlewaretoken": "sent"}  # a form sent with nothing filled in
NOT_HERE = {"readyz"}  # answers by the state of the machine: tests/infra


def names(resolver=None):
    """Every named address of the site."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern)
        elif pattern.name:
            yield pattern.name


def test_every_address_has_its_rows():
    written = {row["url"] for row in ROWS}
    assert sorted(set(names()) - written - NOT_HERE) == []
    assert sorted(written - set(names())) == []
    assert sorted({row["object"] for row in ROWS} - set(OBJECTS)) == []
    assert len({(row["url"], row["object"], row["method"]) for row in ROWS}) == len(ROWS)


def test_every_own_address_is_tried_with_both_methods():
    ours = {row["url"] for row in ROWS if not row["url"].startswith(("account_", "mfa_", "set_language"))} - {"bid_detail", "project_detail"}
    assert sorted(url for url in ours if {row["method"] for row in ROWS if row["url"] == url} != {"GET", "POST"} and url not in ("account_inactive",)) == []


def disagreements(world, row):
    """(who, expected, got) of a row wherever they differ."""
    where, data = address(world, row["url"], row["object"]), EMPTY if row["method"] == "POST" else None
    closed = row["own"] == "*=405" and row["far"] in ("", "*=405")  # the method is refused before anybody is looked at: a few people say it for all
    for role, side, user in people_of(world, row["object"]):
        if closed and role not in ("admin", "handler", "outsider") or not row[side]:  # without an object nobody is the other's
            continue
        wanted = expected(row[side], role, *world.people.extra.get((user.pk, row["object"]), ()))
        if (got := code_of(ask(user, where, row["method"], data))) != wanted:
            yield f"{side} {role} {user.username}", wanted, got
    if (got := code_of(ask(None, where, row["method"], data))) != row["anonymous"]:
        yield "anonymous", row["anonymous"], got


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['url']}-{row['object']}-{row['method']}")
def test_answers(quick, row):
    assert list(disagreements(quick, row)) == []
