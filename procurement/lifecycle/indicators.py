"""The measurable results of a project, and what changed of them between two revisions."""

from procurement.lifecycle.budget import INDICATOR_FIELDS
from procurement.models import Indicator


def replace_indicators(project, rows):
    """Write the indicators as given: dicts of INDICATOR_FIELDS but the order, which is theirs."""
    project.indicators.all().delete()
    fields = [name for name in INDICATOR_FIELDS if name != "order"]
    Indicator.objects.bulk_create([Indicator(project=project, order=number, **{name: row[name] for name in fields}) for number, row in enumerate(rows, 1)])


def indicator_changes(old, new):
    """[(old row or None, new row or None)] of two snapshots that differ, matched by kind and name, in the new one's order, removed ones at the end."""

    def plain(row):
        return {name: value for name, value in row.items() if name != "order"}

    before = {(row["kind"], row["name"]): plain(row) for row in (old or {}).get("indicators", [])}
    changes = [(before.pop((row["kind"], row["name"]), None), plain(row)) for row in new.get("indicators", [])]
    return [(was, now) for was, now in changes if was != now] + [(row, None) for row in before.values()]
