"""Reading the hand-written tables: a cell like `handler leader=200;@street=403;*=404` says the answer per role, the first match counts.

Beside the roles: `@street` all ten of the street office, `@staff` everybody in government, `@reporters` who prints figures, `rival` a provider
that bid for the same purchase, `leading` the panel's leader; `*` everybody else.
"""

import csv
from functools import cache

from tests.access.world import STREET_ROLES
from tests.processes import ROOT

GROUPS = {
    "@street": STREET_ROLES,
    "@staff": (*STREET_ROLES, "finance", "department", "community", "grid_worker"),
    "@reporters": ("handler", "committee", "leader", "accountant", "fund_owner", "supervisor", "observer"),
}


def rows_of(name):
    """The rows of a table in tests/expected."""
    with (ROOT / "tests" / "expected" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def rules_of(cell):
    """((roles, answer), …) of a cell, in order."""
    rules = []
    for part in cell.split(";"):
        names, _sign, answer = part.strip().rpartition("=")
        rules.append((frozenset(role for name in names.split() for role in GROUPS.get(name, (name,))), answer))
    return tuple(rules)


def expected(cell, *roles):
    """The answer a cell promises to somebody of these roles."""
    return next(answer for names, answer in rules_of(cell) if "*" in names or names & set(roles))
