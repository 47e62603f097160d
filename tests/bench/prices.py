"""A budget beside a price library of a hundred thousand prices: queries and time for one line and for a thousand, and at a tenth of the prices."""

from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock
from procurement.lifecycle import price, price_check
from procurement.models import BudgetLine, PriceEntry, Project
from tests.bench.pages import milliseconds
from tests.bench.work import row

EACH = 10  # prices of one item


def fill(told, district, start, end):
    """Items from start to end, with EACH prices."""
    names = [(f"物品{number}号", "件") for number in range(start, end)]
    for first in range(0, len(names), 2000):
        items = price.items_for(district.pk, names[first : first + 2000])
        PriceEntry.objects.bulk_create(
            (
                PriceEntry(
                    status="in_use", created_by=told.people.own["finance"], district=district, item=item, place=told.place, price=Decimal(100 + number), priced_on=clock.today(),
                    source="standard", note="bench",
                )
                for item in items.values() for number in range(EACH)
            ),
            batch_size=1000,
        )  # fmt: skip


def lines(project, count):
    return [BudgetLine(pk=-number, project=project, name=f"物品{number}号", unit="件", quantity=1, price=100, amount=100) for number in range(1, count + 1)]


def asked(project, count):
    """(queries, milliseconds) of a budget of so many lines beside the library."""
    rows = lines(project, count)
    with CaptureQueriesContext(connection) as captured:
        found = price_check.evidence(project, rows)
    assert all(one.found for one in found)
    return len(captured), milliseconds(lambda: price_check.evidence(project, rows))


def matching(told, size):
    """One line and a thousand (a hundred in a small run) beside a tenth of the library and beside all of it."""
    district = told.cast.places[told.cast.told["district"]["name"]]
    project = Project.objects.select_related("place", "purchaser").get(pk=told.plots["draft"].pk)
    most, made, measured = min(1000, size // EACH // 10 - 1), 0, {}
    for prices in (size // 10, size):
        fill(told, district, made, prices // EACH)
        made = prices // EACH
        measured[prices] = {count: asked(project, count) for count in (1, most)}
    found = []
    for count in (1, most):
        text = ", ".join(f"{prices:,} prices: {at[count][0]} queries, {at[count][1]:.1f} ms" for prices, at in measured.items())
        same = len({at[number][0] for at in measured.values() for number in (1, most)}) == 1
        found.append(row(f"budget of {count:,} line(s) beside the price library", text, "the same queries", same))
    return found
