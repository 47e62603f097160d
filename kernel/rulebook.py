"""What a rule is, and how `rules/*.toml` is read and checked. Ask rules through `kernel.rules`."""

import datetime
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.utils.translation import get_language

FOLDER = Path(__file__).resolve().parent.parent / "rules"
UNITS = {"day", "working_day", "percent", "count", "yuan", "year", "month", "minute", "text"}
DAY_UNITS = {"day", "working_day"}
WHOLE = {"day", "working_day", "count", "year", "month", "minute"}
SCOPES = {"statutory", "self_run", "all"}
SEVERITIES = {"block", "warn", "duty", "info"}
CERTAINTIES = {"P", "S", "K"}
METHODS = {
    "open_tender",
    "invited_tender",
    "competitive_consultation",
    "competitive_negotiation",
    "inquiry",
    "single_source",
    "framework_agreement",
    "self_run",
}
TENDERS = frozenset({"open_tender", "invited_tender"})


class BadRule(ValueError):
    """A rule file breaks the schema; names file, id and field."""


class NoRule(LookupError):
    """No version of this rule is in force on the date for this purchase."""


@dataclass(frozen=True)
class Duration:
    """A number of days (`unit` day or working_day). `roll`: a minimum period ending on a day off ends on the next working day."""

    days: int
    unit: str
    roll: bool = False


@dataclass(frozen=True)
class Param:
    """One figure. percent: the number before the sign (Decimal); yuan: Decimal; text: str; the rest: int."""

    name: str
    value: object
    unit: str
    roll: bool = False
    note: str = ""

    @property
    def label(self):
        """What the figure is, in the reader's language."""
        return self.name.replace("_", " ") if (get_language() or "zh").startswith("en") else self.note


@dataclass(frozen=True)
class Rule:
    id: str
    topic: str
    topic_en: str
    article: str
    valid_from: datetime.date
    certainty: str
    scope: str
    severity: str
    does: str
    valid_to: datetime.date | None = None
    methods: tuple = ()
    region: str = ""
    level: str = ""
    sources: tuple = ()
    group: str = ""
    params: dict = field(default_factory=dict, hash=False)

    @property
    def title(self):
        """The topic in the reader's language."""
        return self.topic_en if (get_language() or "zh").startswith("en") else self.topic

    def param(self, name):
        """Raises NoRule when the version in force has no such figure."""
        try:
            return self.params[name]
        except KeyError:
            raise NoRule(f"{self.id} ({self.article}) has no parameter {name!r}; it has {sorted(self.params)}") from None

    def value(self, name):
        return self.param(name).value

    def days(self, name):
        """Whole days or working days; the unit is in `duration`."""
        return self.duration(name).days

    def duration(self, name):
        param = self.param(name)
        if param.unit not in DAY_UNITS:
            raise NoRule(f"{self.id}.{name} counts {param.unit}, not days")
        return Duration(param.value, param.unit, param.roll)

    def share(self, name):
        """A percent parameter as a Decimal fraction (10 % → 0.10)."""
        param = self.param(name)
        if param.unit != "percent":
            raise NoRule(f"{self.id}.{name} counts {param.unit}, not percent")
        return param.value / 100

    def in_force(self, on):
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def applies(self, scope=None, method=None, region=None, level=None):
        """Does this row hold for such a purchase? What is not given is not tested, but a local row needs its region."""
        return (
            (scope is None or self.scope in ("all", scope))
            and (not method or not self.methods or method in self.methods)
            and (not self.region or bool(region) and str(region).startswith(self.region))
            and (not self.level or self.level == level)
        )


def read_param(where, name, row):
    """One typed figure from its TOML or JSON table. Raises BadRule."""
    if not isinstance(row, dict) or {"value", "unit", "note"} - set(row):
        raise BadRule(f"{where}.{name}: a parameter needs value, unit and note (what it is, in Chinese)")
    extra = set(row) - {"value", "unit", "roll", "note"}
    if extra:
        raise BadRule(f"{where}.{name}: unknown keys {sorted(extra)}")
    value, unit = row["value"], row["unit"]
    if unit not in UNITS:
        raise BadRule(f"{where}.{name}: unit {unit!r} is none of {sorted(UNITS)}")
    if unit in WHOLE and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadRule(f"{where}.{name}: {unit} must be a whole number, not {value!r}")
    if unit in ("percent", "yuan"):
        try:
            value = Decimal(str(value))
        except InvalidOperation:
            raise BadRule(f"{where}.{name}: {unit} must be a number, not {value!r}") from None
    if unit == "text" and not isinstance(value, str):
        raise BadRule(f"{where}.{name}: text must be text, not {value!r}")
    if row.get("roll") and unit != "day":
        raise BadRule(f"{where}.{name}: only calendar days roll (working days never end on a day off)")
    return Param(name, value, unit, bool(row.get("roll", False)), row.get("note", ""))


REQUIRED = ("id", "topic", "topic_en", "article", "valid_from", "certainty", "scope", "severity", "does")
OPTIONAL = ("valid_to", "methods", "region", "level", "sources", "params")


def read_rule(row, where, group=""):
    """One rule from its table. Raises BadRule naming file, id and field."""
    where = f"{where}: {row.get('id', '?')}"
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise BadRule(f"{where}: missing {', '.join(missing)}")
    if unknown := set(row) - set(REQUIRED) - set(OPTIONAL):
        raise BadRule(f"{where}: unknown fields {sorted(unknown)}")
    for name, allowed in (("certainty", CERTAINTIES), ("scope", SCOPES), ("severity", SEVERITIES)):
        if row[name] not in allowed:
            raise BadRule(f"{where}: {name} {row[name]!r} is none of {sorted(allowed)}")
    for name in ("valid_from", "valid_to"):
        if row.get(name) and not isinstance(row[name], datetime.date):
            raise BadRule(f"{where}: {name} must be a date")
    if row.get("valid_to") and row["valid_to"] < row["valid_from"]:
        raise BadRule(f"{where}: valid_to lies before valid_from")
    if strange := set(row.get("methods", ())) - METHODS:
        raise BadRule(f"{where}: unknown methods {sorted(strange)}")
    values = {name: row[name] for name in (*REQUIRED, *OPTIONAL) if name in row}
    values["methods"] = tuple(row.get("methods", ()))
    values["sources"] = tuple(row.get("sources", ()))
    values["params"] = {name: read_param(where, name, param) for name, param in row.get("params", {}).items()}
    return Rule(group=group, **values)


def load(folder=FOLDER):
    """The rows of every group file. Raises BadRule on a broken file, a repeated version or overlapping validity."""
    rules = []
    for path in sorted(folder.glob("[a-z]_*.toml")):
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise BadRule(f"{path.name}: {error}") from None
        for row in data.get("rule", []):
            rule = read_rule(row, path.name, group=data.get("group", path.stem))
            if rule.id[0].lower() != path.name[0]:
                raise BadRule(f"{path.name}: {rule.id} does not belong in this file")
            for other in rules:
                if (other.id, other.region, other.level, other.methods) == (rule.id, rule.region, rule.level, rule.methods) and (
                    other.valid_from <= (rule.valid_to or datetime.date.max) and rule.valid_from <= (other.valid_to or datetime.date.max)
                ):
                    raise BadRule(f"{path.name}: {rule.id}: two versions are in force at once ({other.valid_from}, {rule.valid_from})")
            rules.append(rule)
    return rules


def load_sources(folder=FOLDER):
    """The texts the rules come from: key → title, number, valid_from, certainty."""
    return tomllib.loads((folder / "sources.toml").read_text(encoding="utf-8"))


def as_json(rule):
    row = {name: getattr(rule, name) for name in (*REQUIRED, *OPTIONAL) if getattr(rule, name)}
    for name in ("valid_from", "valid_to"):
        if row.get(name):
            row[name] = row[name].isoformat()
    row["params"] = {
        name: {"value": str(param.value) if isinstance(param.value, Decimal) else param.value, "unit": param.unit, "roll": param.roll, "note": param.note}
        for name, param in rule.params.items()
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def from_json(row):
    """The table `read_rule` reads, of what `as_json` made."""
    return row | {name: datetime.date.fromisoformat(row[name]) for name in ("valid_from", "valid_to") if row.get(name)}


@dataclass(frozen=True)
class Threshold:
    """Amounts in yuan for services: from `limit` on the purchase is statutory, from `open_tender` on it is tendered openly.
    `reason` says why both are None: an unknown threshold is never guessed."""

    region: str
    level: str
    limit: Decimal | None = None
    open_tender: Decimal | None = None
    valid_from: datetime.date | None = None
    source: str = ""
    certainty: str = ""
    reason: str = ""

    def __bool__(self):
        return not self.reason


def load_thresholds(folder=FOLDER):
    """Rows of thresholds.toml (A01). Raises BadRule."""
    data = tomllib.loads((folder / "thresholds.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    rows = []
    for row in data.get("threshold", []):
        where = f"thresholds.toml: {row.get('region', '?')} {row.get('level', '?')}"
        missing = [name for name in ("region", "level", "valid_from", "source", "certainty") if not row.get(name)]
        if missing or not ("limit" in row or "open_tender" in row):
            raise BadRule(f"{where}: missing {', '.join(missing) or 'limit or open_tender'}")
        if row["certainty"] not in CERTAINTIES:
            raise BadRule(f"{where}: certainty {row['certainty']!r}")
        amounts = {name: Decimal(row[name]) if name in row else None for name in ("limit", "open_tender")}
        rows.append((Threshold(**{k: row[k] for k in ("region", "level", "valid_from", "source", "certainty")}, **amounts), row.get("valid_to")))
    return rows
