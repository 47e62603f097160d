"""The place tree from a table: one row per place, its path in the first four columns. Planned first (preview, row errors), then written whole or not at all.

    区县 | 街道 | 社区 | 网格 | 行政区划代码 | 居民数 | 拼音
    清源区 | 玉河街道 | 柳荫社区 |  | 510199001001 | 5200 |

A row names the deepest place it describes; places above it must be in the table or in the tree. Known places get their code, residents and pinyin updated.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.models import Place, PlaceName
from kernel import clock, spreadsheet, trail
from kernel.lifecycle import Refusal
from kernel.pinyin import sort_key

LEVELS = (("区县", Place.DISTRICT), ("街道", Place.STREET), ("社区", Place.COMMUNITY), ("网格", Place.GRID))
CODE, POPULATION, PINYIN = "行政区划代码", "居民数", "拼音"
HEADERS = [*(header for header, _kind in LEVELS), CODE, POPULATION, PINYIN]
MOST_ROWS = 5000


@dataclass
class Row:
    """One row of the table: what it would do, or what is wrong with it."""

    number: int
    names: tuple
    code: str = ""
    population: int | None = None
    pinyin: str = ""
    action: str = ""
    errors: list = field(default_factory=list)

    @property
    def path(self):
        return " / ".join(self.names)

    def as_list(self):
        return [self.number, list(self.names), self.code, self.population, self.pinyin]


def read(upload):
    """Rows of an uploaded table. Raises spreadsheet.TableError for what is no such table."""
    table = spreadsheet.read_table(upload, max_rows=MOST_ROWS)
    if missing := [header for header, _kind in LEVELS[:3] if header not in table.header]:
        raise spreadsheet.TableError(_("These headings are missing: %(names)s."), code="headings", params={"names": "、".join(missing)})
    return [row_of(number, record) for number, record in table.records()]


def row_of(number, record):
    """One record as a Row, with errors of its own cells."""
    cells = [spreadsheet.text(record.get(header, "")) for header, _kind in LEVELS]
    names = tuple(cell for cell in cells if cell)
    row = Row(number, names, spreadsheet.text(record.get(CODE, "")), pinyin=spreadsheet.text(record.get(PINYIN, "")).lower())
    depth = len(names)
    if not names:
        row.errors.append(_("No place is named."))
    elif any(not cell for cell in cells[:depth]):
        row.errors.append(_("A level above is empty: name the whole path."))
    if any(len(name) > 60 for name in names):
        row.errors.append(_("A name has at most 60 characters."))
    if row.code and (not row.code.isdigit() or len(row.code) > 12):
        row.errors.append(_("A division code has up to 12 digits."))
    population = spreadsheet.text(record.get(POPULATION, "")).replace(",", "")
    if population:
        if population.isdigit() and int(population) < 100_000_000:
            row.population = int(population)
        else:
            row.errors.append(_("The number of residents is no whole number: {value}").format(value=population))
    return row


def restore(lists):
    """Rows kept between preview and confirmation."""
    return [Row(number, tuple(names), code, population, pinyin) for number, names, code, population, pinyin in lists]


def known_places():
    """All open places by their names from the district down."""
    names, found = {}, {}
    for place in Place.objects.order_by("path"):
        above = names.get(place.parent_id, ())
        names[place.pk] = (*above, place.name)
        found[names[place.pk]] = place
    return found


def plan(rows, known=None):
    """Say for each row what would happen: new, update, same, or an error. Returns the rows."""
    known = known_places() if known is None else known
    coming, seen = {row.names for row in rows if not row.errors}, {}
    for row in rows:
        if row.errors:
            continue
        if row.names in seen:
            row.errors.append(_("The same place stands in row {number} already.").format(number=seen[row.names]))
            continue
        seen[row.names] = row.number
        place, above = known.get(row.names), row.names[:-1]
        if place is not None and place.closed_on:
            row.errors.append(_("This place was closed on {day}.").format(day=place.closed_on))
        elif place is not None:
            row.action = "update" if changes(row, place) else "same"
        elif above and above not in known and above not in coming:
            row.errors.append(_("{above} is neither in the table nor in the tree.").format(above=" / ".join(above)))
        else:
            row.action = "new"
    return rows


def changes(row, place):
    """Fields of a known place the row gives a new value."""
    given = {"code": row.code, "population": row.population, "sort_key": row.pinyin}
    return {name: value for name, value in given.items() if value not in ("", None) and getattr(place, name) != value}


@transaction.atomic
def write(rows, *, actor):
    """Write planned rows, level by level. Returns (new, updated). Raises Refusal when any row is wrong now; nothing is written then."""
    known = known_places()
    if wrong := [row for row in plan(rows, known) if row.errors]:
        raise Refusal(
            "rows", _("{count} rows can't be imported. Nothing was changed.").format(count=len(wrong)), todo=_("Correct the file and upload it again.")
        )
    new, updated = [], 0
    for depth, (_header, kind) in enumerate(LEVELS, start=1):
        level = [row for row in rows if row.action == "new" and len(row.names) == depth]
        made = Place.objects.bulk_create(
            [
                Place(
                    kind=kind,
                    name=row.names[-1],
                    parent=known.get(row.names[:-1]),
                    code=row.code,
                    population=row.population,
                    sort_key=row.pinyin or sort_key(row.names[-1]),
                )
                for row in level
            ]
        )
        for row, place in zip(level, made, strict=True):
            place.path = f"{place.parent.path if place.parent else '/'}{place.pk}/"
            known[row.names] = place
        Place.objects.bulk_update(made, ["path"], batch_size=500)
        new += made
    for row in rows:
        if row.action == "update" and (given := changes(row, known[row.names])):
            updated += Place.objects.filter(pk=known[row.names].pk).update(**given)
    PlaceName.objects.bulk_create(PlaceName(place=place, name=place.name, valid_from=clock.today()) for place in new)
    for root in sorted({known[row.names[:1]].pk for row in rows}):
        mine = [place.pk for place in new if place.path.startswith(f"/{root}/")]
        trail.record(Place(pk=root), "import", actor=actor, params={"new": mine, "updated": updated})
    return len(new), updated
