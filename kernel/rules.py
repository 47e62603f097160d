"""The law as data: `rules/*.toml`, checked as it is read, asked by id and date.

    rule = rules.get("B09", on=notice_date, scope="statutory", method="competitive_consultation")
    rule.days("bid_time")      # 10
    rule.share("ceiling")      # Decimal fraction of a percent parameter
    rule.article               # "财库〔2014〕214号 第10条"

No figure of the law is written in code. A tender freezes `snapshot(...)` when it publishes and asks `from_snapshot(...)` afterwards.
"""

import datetime
import sys
from collections import defaultdict

from kernel import clock
from kernel.rulebook import TENDERS, BadRule, Duration, NoRule, Param, Rule, Threshold, as_json, from_json, load, load_sources, load_thresholds, read_rule

__all__ = ["TENDERS", "BadRule", "Duration", "NoRule", "Param", "Rule", "Threshold", "load_sources"]


class Registry:
    """All versions of all rules. Immutable; a different set of rules is a different registry."""

    def __init__(self, rules):
        self.versions = {}
        for rule in sorted(rules, key=lambda rule: rule.id):
            self.versions.setdefault(rule.id, []).append(rule)

    def __iter__(self):
        for versions in self.versions.values():
            yield from versions

    def ids(self):
        return list(self.versions)

    def find(self, rule_id, on=None, **scope):
        """The row in force, or None. The most local row wins, then the latest."""
        if rule_id not in self.versions:
            raise NoRule(f"There is no rule {rule_id}")
        on = on or clock.today()
        rows = [rule for rule in self.versions[rule_id] if rule.in_force(on) and rule.applies(**scope)]
        return max(rows, key=lambda rule: (len(rule.region), bool(rule.level), rule.valid_from), default=None)

    def get(self, rule_id, on=None, **scope):
        rule = self.find(rule_id, on, **scope)
        if rule is None:
            raise NoRule(f"Rule {rule_id} has no version in force on {on or clock.today()} for {scope or 'any purchase'}")
        return rule


class Frozen:
    """The rules of one snapshot, each read when it is first asked. Asked like the registry; the date is the snapshot's own."""

    def __init__(self, on, rules):
        self.on = on
        self._rules = dict(rules)

    def find(self, rule_id, on=None, **scope):
        """None for an id that was not frozen. Raises BadRule on a damaged row."""
        found = self._rules.get(rule_id)
        if isinstance(found, dict):
            found = self._rules[rule_id] = read_rule(from_json(found), "snapshot")
        return found

    def get(self, rule_id, on=None, **scope):
        """Raises NoRule for an id that was not frozen, BadRule on a damaged row."""
        if rule_id not in self._rules:
            raise NoRule(f"Rule {rule_id} was not frozen on {self.on}")
        return self.find(rule_id)

    def with_rule(self, rule):
        """The same rules and one more."""
        return Frozen(self.on, {**self._rules, rule.id: rule})

    def __contains__(self, rule_id):
        return rule_id in self._rules


RULES = Registry(load())


def get(rule_id, on=None, **scope):
    """The version in force on a date (default: today) for a purchase (scope, method, region, level). Raises NoRule."""
    return RULES.get(rule_id, on, **scope)


def find(rule_id, on=None, **scope):
    """As `get`, but None when the rule does not hold for such a purchase."""
    return RULES.find(rule_id, on, **scope)


def applies(rule_id, on=None, **scope):
    """Does the rule hold for such a purchase on that date?"""
    return RULES.find(rule_id, on, **scope) is not None


def snapshot(ids=None, on=None, **scope):
    """The rules in force as JSON-able data, to be frozen on a tender. Rules that do not hold for the scope are left out."""
    on = on or clock.today()
    rows = {rule_id: RULES.find(rule_id, on, **scope) for rule_id in (ids or RULES.ids())}
    return {"on": on.isoformat(), "rules": {rule_id: as_json(rule) for rule_id, rule in rows.items() if rule}}


def from_snapshot(data):
    """The frozen rules of a snapshot, asked with `.get(id)`."""
    return Frozen(datetime.date.fromisoformat(data["on"]), data["rules"])


CARRIERS = defaultdict(set)


def carries(*rule_ids):
    """Announce that this function, class or Step carries out rules; `docs/rules.md` lists it. Raises NoRule on an unknown id."""
    for rule_id in rule_ids:
        if rule_id not in RULES.versions:
            raise NoRule(f"There is no rule {rule_id}")
    module = sys._getframe(1).f_globals.get("__name__", "")

    def mark(carrier):
        name = getattr(carrier, "__qualname__", None) or getattr(carrier, "verb", None) or type(carrier).__qualname__
        for rule_id in rule_ids:
            CARRIERS[rule_id].add(f"{module}.{name}")
        return carrier

    return mark


THRESHOLDS = load_thresholds()


@carries("A01")
def threshold(region, level, on=None):
    """A01 政府采购法第27条: the service thresholds of a region (division code) and level (province, city, county) on a date.
    The most local row wins. Without a row the answer is false and carries the reason; never a guess."""
    on = on or clock.today()
    places = [(row, ends) for row, ends in THRESHOLDS if str(region).startswith(row.region) and row.level in (level, "any")]
    rows = [row for row, ends in places if row.valid_from <= on and (not ends or on <= ends)]
    if rows:
        return max(rows, key=lambda row: (len(row.region), row.level == level, row.valid_from))
    return Threshold(region, level, reason=f"未录入 {region}（{level}）自 {on} 起适用的服务类限额标准和公开招标数额标准，请先按省级集中采购目录及标准录入。")
