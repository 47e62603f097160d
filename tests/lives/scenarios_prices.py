"""Prices of a district's library."""

from types import SimpleNamespace

from tests.factories.prices import make_price
from tests.factories.projects import make_office
from tests.lives.harness import Case, noun


def entered():
    office = make_office()
    return SimpleNamespace(office=office, subject=make_price(office, 2000))


noun(
    "price",
    {"in_use": entered},
    {
        "void": Case(
            lambda scene: scene.office.section, lambda scene: {"reason": "看错了小数点"}, weak=lambda scene: [scene.office.staff, scene.office.accountant, make_office("别区街道").handler], race=True
        )
    },
)
