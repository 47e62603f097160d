"""Words the law looks at, as data: `rules/lint.toml`, checked as it is read. `lint(text, kind)` is pure and knows no purchase.

A hit of severity "warn" may be passed with a recorded reason; one of severity "block" may not.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import get_language

from kernel import rules
from kernel.rulebook import FOLDER, BadRule, NoRule

KINDS = ("title", "goal", "lines", "qualification", "requirements", "scoring", "terms")
REQUIRED = ("key", "article", "source", "kinds", "severity", "pattern", "says", "says_en", "todo", "todo_en")
OPTIONAL = ("rule", "figure", "only", "unless")
DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


@dataclass(frozen=True)
class Pattern:
    """One row of lint.toml."""

    key: str
    article: str
    kinds: tuple
    severity: str
    pattern: re.Pattern
    says: str
    says_en: str
    todo: str
    todo_en: str
    rule: str = ""
    figure: str = ""
    only: str = ""
    unless: re.Pattern | None = None


@dataclass(frozen=True)
class Hit:
    """What was found: the words, the pattern that found them and the kind of text they stand in."""

    pattern: Pattern
    kind: str
    words: str

    @property
    def key(self):
        return f"{self.pattern.key}_{self.kind}"

    @property
    def article(self):
        return self.pattern.article

    @property
    def rule(self):
        return self.pattern.rule

    @property
    def blocks(self):
        return self.pattern.severity == "block"

    @property
    def says(self):
        """What the law says about these words, in the reader's language."""
        return self.pattern.says_en if (get_language() or "zh").startswith("en") else self.pattern.says

    @property
    def todo(self):
        return self.pattern.todo_en if (get_language() or "zh").startswith("en") else self.pattern.todo

    def __str__(self):
        return f"“{self.words}” {self.says}（{self.article}）"


def read(row, sources):
    """One Pattern from its table. Raises BadRule naming the row and the field."""
    where = f"lint.toml: {row.get('key', '?')}"
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise BadRule(f"{where}: missing {', '.join(missing)}")
    if unknown := set(row) - set(REQUIRED) - set(OPTIONAL):
        raise BadRule(f"{where}: unknown fields {sorted(unknown)}")
    if strange := set(row["kinds"]) - set(KINDS):
        raise BadRule(f"{where}: unknown kinds {sorted(strange)}")
    if row["severity"] not in ("block", "warn"):
        raise BadRule(f"{where}: severity {row['severity']!r} is neither block nor warn")
    if row.get("only", "statutory") != "statutory":
        raise BadRule(f"{where}: only {row['only']!r} is not statutory")
    if row["source"] not in sources:
        raise BadRule(f"{where}: {row['source']!r} stands not in sources.toml")
    if row.get("rule") and row["rule"] not in rules.RULES.versions:
        raise BadRule(f"{where}: there is no rule {row['rule']}")
    values = {name: value for name, value in row.items() if name not in ("source", "kinds", "pattern", "unless")}
    try:
        made = {name: re.compile(row[name]) for name in ("pattern", "unless") if row.get(name)}
    except re.error as error:
        raise BadRule(f"{where}: {error}") from None
    if row.get("figure") and not {"count"} <= set(made["pattern"].groupindex):
        raise BadRule(f"{where}: a figure needs the group count in the pattern")
    return Pattern(kinds=tuple(row["kinds"]), **values, **made)


def load(folder=FOLDER):
    """All patterns in their order. Raises BadRule on a broken file or a repeated key."""
    try:
        data = tomllib.loads(Path(folder, "lint.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"lint.toml: {error}") from None
    found = [read(row, rules.load_sources(folder)) for row in data.get("lint", [])]
    if len({row.key for row in found}) != len(found):
        raise BadRule("lint.toml: a key stands there twice")
    return found


PATTERNS = load()


def number(text):
    """A count as it is written: 3, ３, 三, 十二. None when it is no number."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return DIGITS.get(text)
    return DIGITS.get(tens, 1 if not tens else 0) * 10 + (DIGITS.get(ones, 0) if ones else 0)


def _exceeds(pattern, match):
    """Whether the number in the words is above the figure of the rule in force; without one the words alone count."""
    if not pattern.figure:
        return True
    try:
        allowed = rules.get(pattern.rule).value(pattern.figure)
    except NoRule:
        return False
    counts = [number(value) for name, value in match.groupdict().items() if name.startswith("count") and value]
    return any(count is not None and count > allowed for count in counts)


def lint(text, kind, *, statutory=True):
    """Hits of all patterns for a text of this kind, each pattern at most once. Not `statutory`: only what holds for every purchase."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {KINDS}")
    found = []
    for pattern in PATTERNS:
        if kind not in pattern.kinds or (pattern.only and not statutory):
            continue
        clean = pattern.unless.sub("", text or "") if pattern.unless else text or ""
        match = next((match for match in pattern.pattern.finditer(clean) if _exceeds(pattern, match)), None)
        if match:
            found.append(Hit(pattern, kind, match.group()))
    return found
