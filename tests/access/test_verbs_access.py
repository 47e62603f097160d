"""Every verb of every life over HTTP × role × own and another's, GET and POST: tests/expected/verbs_access.csv. `ok` is any answer that lets
the person try: the form, its errors, or the way back with the law's sentence;
`again` is somebody who took the step already, whose second click is answered kindly."""

import pytest
from django.urls import reverse

from kernel.lifecycle import LIVES
from tests.access.answers import ask, code_of
from tests.access.objects import OBJECTS, arguments, people_of
from tests.access.tables import expected, rows_of
from tests.access.test_access import EMPTY

ROWS = rows_of("verbs_access.csv")


def test_every_verb_has_its_row():
    written = {(row["noun"], row["verb"]) for row in ROWS}
    drawn = {(noun, step.verb) for noun, life in LIVES.items() for step in life.steps}
    assert {"missing": sorted(drawn - written), "unknown": sorted(written - drawn)} == {"missing": [], "unknown": []}
    assert sorted({row["object"] for row in ROWS} - set(OBJECTS)) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['noun']}-{row['verb']}-{row['object']}")
def test_who_may_take_it(quick, row):
    world = quick
    where, wrong = reverse("act", args=[row["noun"], arguments(world, row["object"])[0], row["verb"]]), []
    for role, side, user in people_of(world, row["object"]):
        wanted = expected(row[side], role, *world.people.extra.get((user.pk, row["object"]), ()))
        for method in ("GET", "POST") if side == "own" else ("POST",):
            got = code_of(ask(user, where, method, EMPTY if method == "POST" else None))
            if wanted == "again":  # took it before: refused the page, and a second click is told so
                wrong += [] if got == ("403" if method == "GET" else "302") else [(method, side, role, user.username, wanted, got)]
            elif (wanted == "ok") != (got in ("200", "302", "422")) or (wanted != "ok" and got != wanted):
                wrong.append((method, side, role, user.username, wanted, got))
    assert wrong == []
    assert {code_of(ask(None, where, method)) for method in ("GET", "POST")} == {"login"}


@pytest.mark.parametrize("noun,verb,pk", [("project", "submit", "999999"), ("project", "submit", "abc"), ("project", "no_such_verb", "1"), ("nothing", "submit", "1"), ("project", "submit", "9" * 40)])
def test_no_such_thing(world, noun, verb, pk):
    where = f"/{noun}/{pk}/do/{verb}/"
    assert {code_of(ask(world.people.own["handler"], where, method)) for method in ("GET", "POST")} == {"404"}
