"""Funds, and projects taken over from before the platform."""

import datetime
from types import SimpleNamespace

from kernel import clock
from procurement.lifecycle import backfill, fund, fund_adjustment, fund_receipt, project_funds
from tests.factories.projects import make_fund, make_item, make_office, make_project, scan
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


def donated(state):
    """A donation fund that has received its money."""

    def build():
        office = make_office()
        row = make_fund(office, 10000, state="expected", source="donation")
        scene = SimpleNamespace(office=office, receipt=fund_receipt.receive(row, actor=office.fund_owner, received_on=clock.today(), payer="company", amount=10000, receipt_number="川财0001", scan=scan()))
        row.refresh_from_db()
        scene.subject = row if state == "expected" else fund.approve(row, actor=office.accountant, document="捐赠协议1号")
        return scene

    return build


def proposed():
    """A move between two funds that waits for its second person."""
    office = make_office()
    scene = SimpleNamespace(office=office, fund=make_fund(office, 100000), other=make_fund(office, 50000))
    scene.subject = fund_adjustment.adjust(
        scene.fund, actor=office.fund_owner, direction="move", target=scene.other, amount=20000, document="财预〔2026〕11号", reason="调剂", scan=scan()
    )
    return scene


def received():
    scene = donated("expected")()
    scene.subject = scene.receipt
    return scene


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
        "assign": Case(keeper, lambda scene: {"owner_section": "社区发展治理办", "owner_person": scene.office.fund_owner, "needs_owner_consent": True}, weak=onlookers),
        "adjust": Case(keeper, lambda scene: {"direction": "raise", "amount": 5000, "document": "财预〔2026〕10号", "reason": "追加", "scan": scan()}, weak=onlookers),
        "receive": Case(
            keeper, lambda scene: {"received_on": clock.today(), "payer": "company", "amount": 800, "receipt_number": "川财0008", "scan": scan()},
            states={state: donated(state) for state in ("expected", "approved")}, weak=onlookers,
        ),
        "close+carry": Case(keeper, lambda scene: {"document": "财预〔2026〕9号"}, states={"closing": carrying}, weak=onlookers),
    },
)


noun(
    "fundadjustment",
    {"proposed": proposed},
    {
        "approve": Case(keeper, weak=onlookers, race=True),
        "refuse": Case(keeper, lambda scene: {"reason": "依据不足"}, weak=onlookers),
        "drop": Case(lambda scene: scene.office.fund_owner, weak=onlookers),
    },
)
noun("fundreceipt", {"recorded": received}, {"void": Case(keeper, lambda scene: {"reason": "重复登记"}, weak=onlookers, race=True)})


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
