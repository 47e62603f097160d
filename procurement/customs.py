"""Figures of good practice (rules/customs.toml): what is warned of although no article asks it."""

import datetime
import tomllib
from functools import cache

from kernel.rulebook import FOLDER, BadRule

UNITS = {"day": int, "working_day": int, "time": datetime.time}


def load(folder=FOLDER):
    """{key: figure}. Raises BadRule for a key that stands twice, an unknown unit or a figure that is none of it."""
    found = {}
    for row in tomllib.loads((folder / "customs.toml").read_text(encoding="utf-8"))["custom"]:
        if row["key"] in found or type(row["value"]) is not UNITS.get(row["unit"]) or not row["note"]:
            raise BadRule(f"customs.toml: {row['key']}")
        found[row["key"]] = row["value"]
    return found


known = cache(load)


def figure(key):
    """The figure of a key: days, working days or a time of day, as its row says."""
    return known()[key]
