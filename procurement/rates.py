"""Rates as data (rules/rates.toml): which one holds on a day, or none."""

import datetime
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from kernel.rulebook import FOLDER

YEAR = 360  # days of a year in interest on loans (通行做法)


@dataclass(frozen=True)
class Rate:
    """Percent a year, since when, and its source in words."""

    kind: str
    percent: Decimal
    valid_from: datetime.date
    source: str
    certainty: str


@cache
def known():
    rows = tomllib.loads((FOLDER / "rates.toml").read_text(encoding="utf-8"), parse_float=Decimal)["rate"]
    return tuple(Rate(**{**row, "percent": Decimal(row["percent"])}) for row in rows)


def rate_on(kind, day):
    """The Rate of a kind in force on a day, or None where no row covers it."""
    rows = [row for row in known() if row.kind == kind and row.valid_from <= day]
    return max(rows, key=lambda row: row.valid_from) if rows else None
