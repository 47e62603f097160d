"""Every way of buying as data (`rules/methods.toml`): frozen on a purchase when it publishes, asked instead of comparing names of methods.

    methods.of(tender).reveals                     what bidders see of each other at the opening
    methods.figure(tender, "bid_time").article     a figure of the law for this purchase, from the rules frozen on it
    methods.least(tender, "final_quotes")          a count, or None where the method knows none

A self-run purchase takes its counts and days from its street's frozen profile alone (practice 1).
"""

import datetime
import tomllib
from dataclasses import dataclass, field
from functools import cache

from django.utils.translation import get_language

from kernel import clock, rules, workdays
from kernel.rulebook import FOLDER, BadRule, NoRule

ENTRIES = {"notice", "invitation", "single"}
RANKINGS = {"points", "lowest", "negotiated"}
CHECKERS = {"purchaser", "panel"}


@dataclass(frozen=True)
class Case:
    """A lawful case in which a method may be used."""

    code: str
    article: str
    text: str
    text_en: str

    @property
    def label(self):
        return self.text_en if (get_language() or "zh").startswith("en") else self.text


@dataclass(frozen=True)
class Figure:
    """One figure of the law as it holds for a purchase, with the rule it comes from."""

    rule: rules.Rule
    param: str

    @property
    def value(self):
        return self.rule.value(self.param)

    @property
    def article(self):
        return self.rule.article


@dataclass(frozen=True)
class Talks:
    """What the panel's talks with each supplier are called, the article that wants them, and the one that lets the panel change terms in them (empty: in a
    purchase frozen before it was known; it changes none)."""

    name: str
    article: str
    changes: str = ""


@dataclass(frozen=True)
class Method:
    """A row of rules/methods.toml; the words of its keys are explained there."""

    code: str
    name: str
    article: str
    law: str
    valid_from: datetime.date
    entry: str
    ranking: tuple
    final_quotes: bool
    public_opening: bool
    reveals: tuple
    qualification: str
    panel: str
    words: dict = field(hash=False)
    figures: dict = field(hash=False)
    cases: tuple = ()
    also: str = ""
    talks: Talks | None = None

    def case(self, code):
        """The lawful case of this code, or None."""
        return next((case for case in self.cases if case.code == code), None)


def read_method(row):
    """A Method from a row of the file or of a frozen purchase. Raises BadRule on anything unknown."""
    row = dict(row)
    cases = tuple(Case(**case) for case in row.pop("case", ()))
    talks = row.pop("talks", None)
    day = row["valid_from"]
    row["valid_from"] = datetime.date.fromisoformat(day) if isinstance(day, str) else day
    try:
        method = Method(**{**row, "ranking": tuple(row["ranking"]), "reveals": tuple(row["reveals"]), "cases": cases, "talks": Talks(**talks) if talks else None})
    except (TypeError, KeyError) as error:
        raise BadRule(f"methods.toml: {row.get('code')}: {error}") from error
    if method.entry not in ENTRIES or not set(method.ranking) <= RANKINGS or method.qualification not in CHECKERS:
        raise BadRule(f"methods.toml: {method.code}: entry, ranking or qualification is none of those explained at its head")
    for place in method.figures.values():
        rule_id, _dot, param = place.partition(".")
        if not any(param in rule.params for rule in rules.RULES.versions.get(rule_id, ())):
            raise BadRule(f"methods.toml: {method.code}: there is no figure {place}")
    return method


@cache
def _rows():
    return tuple(tomllib.loads((FOLDER / "methods.toml").read_text(encoding="utf-8"))["method"])


@cache
def known():
    """All versions of all methods."""
    return tuple(read_method(row) for row in _rows())


def get(code, on=None):
    """The version of a method in force on a date (default: today). Raises NoRule."""
    on = on or clock.today()
    found = [method for method in known() if method.code == code and method.valid_from <= on]
    if not found:
        raise NoRule(f"There is no purchasing method {code!r} on {on}")
    return max(found, key=lambda method: method.valid_from)


def freeze(code, on=None):
    """The method's row as JSON-able data, to be kept on a purchase."""
    method = get(code, on)
    row = next(row for row in _rows() if row["code"] == code and row["valid_from"] == method.valid_from)
    return {**row, "valid_from": method.valid_from.isoformat()}


def of(tender):
    """The method frozen on the purchase, or the version of today while it is a draft."""
    frozen = tender.frozen.get("method")
    return read_method(frozen) if frozen else get(tender.method)


def scope_of(tender):
    """The scope by which the law is asked for this purchase."""
    return {"scope": "statutory" if tender.is_statutory else "self_run", "method": get(tender.method).law, "region": tender.purchaser.place.code or ""}


def snapshot(tender, on=None):
    """What is frozen on a purchase that publishes on a date: the rules that hold for it, and its method."""
    scope, method = scope_of(tender), get(tender.method, on)
    found = rules.snapshot(on=on, **scope)
    if method.also:
        found["rules"] = {**rules.snapshot(on=on, **{**scope, "method": method.also})["rules"], **found["rules"]}
    return {**found, "method": freeze(tender.method, on)}


def law(tender):
    """The rules frozen on the purchase, or those in force today while it is a draft; `.get(id)`, `id in law`."""
    return rules.from_snapshot(tender.frozen if tender.frozen.get("rules") else snapshot(tender))


def figure(tender, name, known=None):
    """The Figure `name` of this purchase's method, or None where it knows none. `known`: its law, where the caller has it already."""
    place = of(tender).figures.get(name)
    if place is None:
        return None
    rule_id, _dot, param = place.partition(".")
    known = known or law(tender)
    rule = known.find(rule_id) if rule_id in known or tender.is_statutory else rules.find(rule_id)  # a self-run panel borrows its size
    return Figure(rule, param) if rule and param in rule.params else None


def due(tender, name, start, calendar=None, known=None):
    """The LegalDate on which the period `name` that begins on `start` ends, or None where the method knows no such period."""
    found = figure(tender, name, known)
    return workdays.deadline(start, found.rule, found.param, calendar) if found else None


def least(tender, name, known=None):
    """A least number (bidders_at_opening, bidders_at_evaluation, final_quotes, candidates, members …), or None.

    A self-run purchase asks its street's profile for the responses. After a failed open tender two may negotiate, with approval (财政部令第74号 第27条).
    """
    if not tender.is_statutory and name.startswith("bidders"):
        return tender.frozen.get("profile", {}).get("min_count", 1) if name == "bidders_at_opening" else 1
    if name in ("bidders_at_opening", "bidders_at_evaluation", "final_quotes", "candidates") and _after_failed_tender(tender):
        if found := figure(tender, "after_failed_tender", known):
            return found.value
    found = figure(tender, name, known)
    return found.value if found else None


def _after_failed_tender(tender):
    earlier = tender.follows if tender.follows_id else None
    return earlier is not None and earlier.status == "failed" and earlier.method == "open_tender" and bool(tender.approval_document.strip())


def unscored():
    """Codes of the methods that usually rank without points."""
    return sorted({method.code for method in known() if method.ranking[0] != "points"})


def ranking_of(tender):
    """points | lowest | negotiated: as the purchase says, else as its profile or its method usually does."""
    if tender.ranking:
        return tender.ranking
    if tender.profile_id:
        return "lowest" if tender.profile.scoring == "lowest" else "points"
    return of(tender).ranking[0]
