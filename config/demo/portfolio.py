"""The streets' project lists of the year, prepared by one person and published by another."""

from kernel import clock
from procurement.lifecycle import project_lists
from procurement.lifecycle.project_lists import rows_for


def publish_lists(cast):
    """One person prepares the list of this year's approved projects of each street, another publishes it."""
    for key in ("yuhe", "wangxi"):
        purchaser, year = cast.purchasers[key], clock.today().year
        if rows_for(purchaser, year) and ("section", key) in cast.people and ("leader", key) in cast.people:
            row = project_lists.prepare_list(cast.people["section", key], purchaser=purchaser, fiscal_year=year)
            project_lists.publish(row, actor=cast.people["leader", key])
