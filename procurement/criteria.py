"""评分标准: the tree of scoring items and the scale each leaf is scored on, read from the words of the documents.

A number like 2.1 puts an item under 2. A scale is a short line, parts parted by a semicolon:

    每个 5                       so many points for each (like contracts, certificates), at most the item's points
    5A 8；4A 6；3A 4             points of a value by a table; grades of organizations are filled in by themselves
    优 31-40；良 21-30；一般 0-20 levels and their ranges
    最低 10 · 步长 0.5            the lowest points possible, the step between two possible scores
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.money import ZERO

GRADES = ("5A", "4A", "3A", "2A", "1A")
NUMBER = r"\d+(?:\.\d{1,2})?"
PART = re.compile(r"[；;\n]+")
EACH = re.compile(rf"^(?:每(?:个|项|份|人|次|件)?|each)\s*({NUMBER})\s*分?$", re.IGNORECASE)
LEAST = re.compile(rf"^(?:最低|min)\s*({NUMBER})\s*分?$", re.IGNORECASE)
STEP = re.compile(rf"^(?:步长|step)\s*({NUMBER})\s*分?$", re.IGNORECASE)
LEVEL = re.compile(rf"^(\S+?)\s*[:：]?\s*({NUMBER})\s*[-–—~至]\s*({NUMBER})\s*分?$")
VALUE = re.compile(rf"^(\S+?)\s*[:：=\s]\s*({NUMBER})\s*分?$")


@dataclass(frozen=True)
class Scale:
    """How a leaf is scored. way: points (typed) | count | table; levels only bound what is typed. Points are Decimal."""

    way: str = "points"
    each: Decimal | None = None
    table: dict = field(default_factory=dict, hash=False)
    levels: tuple = ()
    least: Decimal = ZERO
    step: Decimal | None = None

    @property
    def by_grade(self):
        """Whether the table is one of grades, which the registry knows."""
        return bool(self.table) and set(self.table) <= set(GRADES)


def read_scale(text):
    """The Scale of a line of words. Raises Refusal(code "scale") naming the part nobody can read."""
    values, table, levels = {}, {}, []
    for part in (part.strip() for part in PART.split(text or "")):
        if not part:
            continue
        if match := EACH.match(part):
            values |= {"way": "count", "each": Decimal(match[1])}
        elif match := LEAST.match(part):
            values["least"] = Decimal(match[1])
        elif match := STEP.match(part):
            values["step"] = Decimal(match[1])
        elif match := LEVEL.match(part):
            levels.append({"name": match[1], "low": match[2], "high": match[3]})
        elif match := VALUE.match(part):
            table[match[1]] = match[2]
        else:
            raise Refusal("scale", _("“{part}” can't be read as a scale.").format(part=part), todo=_("Write for example: 每个 5, 5A 8；4A 6 or 优 31-40；良 21-30."), field="scale")
    if table:
        values["way"] = "table"
    return Scale(table=table, levels=tuple(levels), **values)


def objection_to_item(item):
    """Why an item can't be scored as it is written, or None: its scale goes past its points, or a level is upside down."""
    scale = read_scale(item.scale)
    if item.kind in ("group", "price"):
        return Refusal("scale", _("“{item}” is not scored by members; it takes no scale.").format(item=item), field="scale") if item.scale.strip() else None
    highest = [Decimal(value) for value in scale.table.values()] + [Decimal(level["high"]) for level in scale.levels]
    if any(value > item.points for value in highest) or scale.least > item.points or (scale.step is not None and scale.step <= 0):
        return Refusal("scale", _("The scale of “{item}” goes past its {points} points.").format(item=item, points=item.points), field="scale")
    if any(Decimal(level["low"]) > Decimal(level["high"]) for level in scale.levels):
        return Refusal("scale", _("A level of “{item}” ends before it begins.").format(item=item), field="scale")
    if scale.way != "points" and item.kind != "objective":
        return Refusal("scale", _("“{item}” is computed from facts, so it is objective.").format(item=item), field="kind")
    return None


def tree(items):
    """The items in the order of their tree, each with `.depth`, `.worth` (points of the leaf, or the sum of a group's leaves) and `.leaf`."""
    items, children = list(items), {}
    known = {item.pk for item in items}
    for item in items:
        children.setdefault(item.parent_id if item.parent_id in known else None, []).append(item)

    def walk(parent, depth):
        for item in children.get(parent, ()):
            item.depth, item.leaf = depth, item.kind != "group"
            below = list(walk(item.pk, depth + 1)) if item.pk in children else []
            item.worth = item.points if item.leaf else sum((row.points for row in below if row.leaf), ZERO)
            yield item
            yield from below

    return list(walk(None, 0))


def judged(items):
    """The leaves members score: everything but groups and the price."""
    return [item for item in items if item.kind not in ("price", "group")]


def parents_by_number(rows):
    """The index of each row's parent among the rows by their numbers ("2.1" stands under "2"), None at the top.

    Raises Refusal: a number twice, a parent that is missing or is scored itself.
    """
    places, found = {}, []
    for index, row in enumerate(rows):
        if number := row.get("number") or "":
            if number in places:
                raise Refusal("number_twice", _("The number {number} is used twice.").format(number=number), todo=_("Give each item a number of its own."), field="number")
            places[number] = index
    for row in rows:
        above = (row.get("number") or "").rpartition(".")[0]
        if above and above not in places:
            raise Refusal("no_parent", _("{number} needs an item {above} above it.").format(number=row["number"], above=above), field="number")
        if above and rows[places[above]]["kind"] != "group":
            raise Refusal("scored_parent", _("“{name}” has items below it, so it is a group and is not scored itself.").format(name=rows[places[above]]["name"]), todo=_("Choose “group” as its kind."), field="kind")
        found.append(places[above] if above else None)
    return found
