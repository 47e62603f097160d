"""Prices in a district's library, entered through the real verb."""

import datetime

from kernel import clock
from procurement.lifecycle import price
from tests.factories.projects import scan


def make_price(office, amount, name="图书", unit="批", *, place=None, days=10, source="standard", note="区财政局2026年指导价", actor=None, **fields):
    """One price of some days ago in the office's community (or `place`)."""
    if source == "survey":
        fields.setdefault("proof", scan("报价单.png"))
    return price.enter_price(
        actor or office.handler, place=place or office.community, name=name, unit=unit, price=amount, priced_on=clock.today() - datetime.timedelta(days=days), source=source, note=note, **fields
    )  # fmt: skip


def make_prices(office, *amounts, **fields):
    return [make_price(office, amount, **fields) for amount in amounts]
