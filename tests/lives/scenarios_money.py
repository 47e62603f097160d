"""Funds, and projects taken over from before the platform."""

import datetime
from types import SimpleNamespace

from kernel import clock
from procurement.lifecycle import backfill, fund, project_funds
from tests.factories.projects import make_fund, make_item, make_office, make_project
from tests.factories.providers import make_provider
from tests.lives.harness import Case, noun


def money(state):
    def build():
        office = make_office()
        return SimpleNamespace(office=office, subject=make_fund(office, state=state))

    return build


def carrying():
    """A closing fund with a commitment nobody has paid, which goes over into the next year."""
    office = make_office()
    row = make_fund(office, amount=200000, unspent="carry")
    project_funds.commit(make_project(office, "approved", funds=[row]), 40000, office.handler)
    row.refresh_from_db()
    return SimpleNamespace(office=office, subject=fund.begin_closing(row, actor=office.accountant))


def keeper(scene):
    return scene.office.accountant


def onlookers(scene):
    return [scene.office.handler, scene.office.observer, scene.office.staff]


noun(
    "fund",
    {state: money(state) for state in ("expected", "approved", "closing")},
    {
        "approve": Case(keeper, lambda scene: {"document": "财预〔2026〕8号", "amount": 900000}, weak=onlookers, race=True),
        "begin_closing": Case(keeper, weak=onlookers, race=True),
        "close": Case(keeper, weak=onlookers, race=True),
        "close+carry": Case(keeper, lambda scene: {"document": "财预〔2026〕9号"}, states={"closing": carrying}, weak=onlookers),
    },
)


def rows_of(office, provider, funds, item):
    """One row at each stage, as the Excel file would give them."""
    day = clock.today()
    for number, (stage, paid) in enumerate((("已审议", ""), ("履约中", "5000"), ("已结项", "20000")), start=1):
        yield {
            "title": f"补录项目{number}", "stage": stage, "place": office.community.name, "year": str(funds.fiscal_year), "item": item.code, "target": "老人", "headcount": "30",
            "fund": funds.name, "code": provider.organization.credit_code if paid else "", "number": f"旧合同-{office.purchaser.pk}-{number}" if paid else "", "amount": "20000",
            "signed_on": f"{day - datetime.timedelta(days=60)}" if paid else "", "starts_on": f"{day - datetime.timedelta(days=59)}", "ends_on": f"{day + datetime.timedelta(days=60)}",
            "paid": paid, "paid_on": f"{day - datetime.timedelta(days=20)}" if paid else "", "voucher": "记-1" if paid else "", "note": "",
        }  # fmt: skip


def batch():
    office = make_office()
    provider = make_provider(office=office, place=office.street)
    rows = list(rows_of(office, provider, make_fund(office), make_item("补录事项")))
    made = backfill.enter(office.purchaser, rows, actor=office.handler, name="在途项目.xlsx")
    assert not any(made.problems), made.problems
    return SimpleNamespace(office=office, subject=made)


def handed_over():
    scene = batch()
    scene.subject = backfill.submit(scene.subject, actor=scene.office.handler)
    return scene


noun(
    "backfill",
    {"draft": batch, "submitted": handed_over},
    {
        "submit": Case(lambda scene: scene.office.handler, weak=lambda scene: [scene.office.cashier, scene.office.staff], race=True),
        "confirm": Case(lambda scene: scene.office.leader, weak=lambda scene: [scene.office.cashier, scene.office.staff], race=True),
        "send_back": Case(lambda scene: scene.office.leader, lambda scene: {"reason": "金额有误"}, weak=lambda scene: [scene.office.cashier, scene.office.staff]),
        "discard": Case(lambda scene: scene.office.handler, weak=lambda scene: [scene.office.leader, scene.office.staff]),
    },
)
