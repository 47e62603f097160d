"""The timetable as a drawing: one lane a row, bars of periods, marks of days. Plain figures for an SVG; no style, so that screen and paper draw the same."""

import datetime
from dataclasses import dataclass

from procurement.schedule import DAY

LABELS, RIGHT, LANE, TOP = 270, 75, 26, 34
WIDTH = 1000
COLOURS = {"minimum": "#1d5aa6", "duty": "#a35c00", "window": "#5b6f86", "chosen": "#12395f", "done": "#2f8f57", "overdue": "#a61b1b"}
LONG = 75  # days from here on only every second week is named


@dataclass(frozen=True)
class Lane:
    """One row: its label, the bar (x, width; None for a bare day), the mark, the text beside it."""

    label: str
    y: int
    bar: tuple | None
    x: float
    colour: str
    hollow: bool
    text: str
    text_x: float


def drawing(rows, today, calendar):
    """Everything parts_gantt.html draws, or None where there is nothing to draw."""
    if not rows:
        return None
    known = {row.key: row for row in rows}
    days = [row.day for row in rows if row.key != "intention"] or [rows[0].day]
    first, last = min(days), max(days) + DAY
    span = max((last - first).days, 1)
    inner = WIDTH - LABELS - RIGHT
    place = lambda day: round(LABELS + inner * max((day - first).days, 0) / span, 1)  # noqa: E731
    lanes = []
    for row in rows:
        if row.key == "intention":
            continue
        phase, x = row.phase(today), place(row.day)
        base = known.get(row.point.base)
        begins = None if row.point.back or base is None or base.day >= row.day or row.kind == "chosen" else place(base.day)
        colour = COLOURS["done"] if phase == "done" else COLOURS["overdue"] if phase == "overdue" else COLOURS[row.kind]
        lanes.append(
            Lane(
                row.label, TOP + LANE * len(lanes), (begins, round(x - begins, 1)) if begins is not None else None, x, colour, row.kind == "window" and phase != "done",
                f"{row.day:%m-%d}{'*' if row.date.provisional and not row.happened else ''}", x + 9,
            )
        )  # fmt: skip
    height = TOP + LANE * len(lanes) + 6
    return {
        "lanes": lanes, "width": WIDTH, "height": height, "top": TOP, "left": LABELS, "ticks": _ticks(first, last, place),
        "off": _off(first, last, calendar, place, inner / span), "today": place(today) if first <= today <= last else None,
    }  # fmt: skip


def _ticks(first, last, place):
    """Mondays with their day, the first of each month with its month."""
    step, found, day = (14 if (last - first).days > LONG else 7), [], first
    mondays = 0
    while day <= last:
        if day.weekday() == 0:
            if mondays % (step // 7) == 0:
                found.append({"x": place(day), "text": f"{day:%m-%d}"})
            mondays += 1
        day += DAY
    return found


def _off(first, last, calendar, place, width):
    """Runs of days off as (x, width)."""
    runs, day = [], first
    while day <= last:
        if not calendar.works(day):
            end = day
            while not calendar.works(end + DAY) and end < last:
                end += DAY
            runs.append((place(day), round(width * ((end - day).days + 1), 1)))
            day = end
        day += datetime.timedelta(days=1)
    return runs
