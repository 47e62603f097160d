"""A fund's ledger, its adjustments and income, its owner's consent, its forbidden uses, the overview and the end of its year."""

import datetime
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from kernel import clock, registry, trail
from kernel.lifecycle import Refusal
from kernel.money import yuan
from procurement.lifecycle import completeness, consent, fund, fund_adjustment, fund_receipt, fund_uses, fund_year, gates, ledger, project_funds
from procurement.lifecycle import project as projects
from procurement.models import Fund, FundAdjustment, FundEntry, FundReceipt
from tests.factories.projects import budget_of, make_fund, make_item, make_office, make_project, scan
from tests.processes import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def propose(row, office, direction="raise", amount=1000, **fields):
    return fund_adjustment.adjust(row, actor=office.fund_owner, direction=direction, amount=amount, document="财预〔2026〕30号", reason="年中调整", scan=scan(), **fields)


def again(row):
    return Fund.objects.get(pk=row.pk)


def income(row, office, amount, number="川财0001"):
    return fund_receipt.receive(row, actor=office.fund_owner, received_on=clock.today(), payer="company", amount=amount, receipt_number=number, scan=scan())


# -- the ledger --


def test_every_movement_is_a_row_with_what_was_free_after_it(office):
    row = make_fund(office, amount=100000)
    project = make_project(office, "approved", amount=40000, funds=[row])
    project_funds.commit(project, 40000, office.handler)
    project_funds.release(project, 15000, office.handler)
    fund_adjustment.approve(propose(again(row), office, "lower", 20000), actor=office.accountant)
    found = [(entry.kind, entry.amount, entry.committed, entry.balance) for entry in ledger.entries(row)]
    assert found == [
        ("adjusted", yuan(-20000), yuan(0), yuan(55000)), ("released", yuan(0), yuan(-15000), yuan(75000)), ("committed", yuan(0), yuan(40000), yuan(60000)),
        ("approved", yuan(0), yuan(0), yuan(100000)), ("expected", yuan(100000), yuan(0), yuan(100000)),
    ]  # fmt: skip
    assert {entry.project for entry in ledger.entries(row) if entry.kind in ("committed", "released")} == {project}
    assert registry.differing_totals() == []


def test_as_of_a_past_day_the_fund_stands_as_it_stood(client, office):
    early, late = clock.today() - datetime.timedelta(days=20), clock.today() - datetime.timedelta(days=5)
    row = make_fund(office, amount=100000)
    FundEntry.objects.filter(fund=row).update(happened_on=early - datetime.timedelta(days=9))
    project = make_project(office, "approved", amount=60000, funds=[row])
    project_funds.commit(project, 25000, office.handler, happened_on=early)
    project_funds.commit(project, 10000, office.handler, happened_on=late)
    assert ledger.standing(row, early)["free"] == yuan(75000)
    assert ledger.standing(row, late - datetime.timedelta(days=1))["committed"] == yuan(25000)
    assert ledger.standing(row)["free"] == again(row).free == yuan(65000)
    client.force_login(office.accountant)
    answer = client.get(row.get_absolute_url(), {"on": early.isoformat()})
    assert answer.context["then"]["free"] == yuan(75000)
    assert "75,000.00" in answer.content.decode()
    assert [entry.kind for entry in answer.context["page"]] == ["committed", "approved", "expected"]
    for nonsense in ("2026-13-45", "gestern", clock.today().isoformat()):
        assert client.get(row.get_absolute_url(), {"on": nonsense}).context["then"] is None


def test_a_long_ledger_comes_in_pages_and_costs_the_same(client, office, django_assert_max_num_queries):
    row = make_fund(office, amount=100000)
    project = make_project(office, "approved", amount=40000, funds=[row])
    for _number in range(30):
        ledger.enter(row, "committed", actor=office.handler, committed=1, project=project)
    client.force_login(office.accountant)
    client.get("/desk/")
    with django_assert_max_num_queries(20):
        first = client.get(row.get_absolute_url())
    second = client.get(row.get_absolute_url(), {"page": 2})
    assert (len(first.context["page"]), len(second.context["page"])) == (25, 7)
    assert first.context["page"][0].balance == yuan(99970)


def test_the_ledger_is_append_only_and_old_funds_get_an_opening_balance(office):
    row = make_fund(office, amount=100000)
    with pytest.raises(TypeError):
        row.entries.first().save()
    project_funds.commit(make_project(office, "approved", amount=40000, funds=[row]), 40000, office.handler)
    FundEntry.objects.filter(fund=row).delete()
    assert any("in the ledger" in str(label) for label, _stored, _counted in registry.differing_totals())
    assert ledger.open_books(Fund.objects.filter(pk=row.pk)) == 1
    assert registry.differing_totals() == []
    assert ledger.open_books(Fund.objects.filter(pk=row.pk)) == 0


# -- adjustments --


def test_an_adjustment_counts_once_a_second_person_approved_it(office):
    row = make_fund(office, amount=100000)
    adjustment = propose(row, office, "raise", 30000)
    assert again(row).amount == yuan(100000)
    with pytest.raises(Refusal) as refusal:
        fund_adjustment.approve(adjustment, actor=office.fund_owner)
    assert refusal.value.code == "same_person"
    with pytest.raises(PermissionDenied):
        fund_adjustment.approve(adjustment, actor=office.handler)
    with pytest.raises(Refusal) as refusal:
        propose(row, office)
    assert refusal.value.code == "adjustment_waiting"
    assert fund_adjustment.approve(adjustment, actor=office.accountant).status == "approved"
    assert again(row).amount == yuan(130000)
    assert [step.verb for step in trail.rows_of(adjustment)] == ["attach", "create", "approve"]
    with pytest.raises(Refusal):
        fund_adjustment.approve(adjustment, actor=office.leader)
    assert again(row).amount == yuan(130000)


def test_no_adjustment_goes_below_what_is_committed(office):
    row = make_fund(office, amount=100000)
    adjustment = propose(row, office, "lower", 70000)
    project_funds.commit(make_project(office, "approved", amount=40000, funds=[row]), 40000, office.handler)
    with pytest.raises(Refusal) as refusal:
        fund_adjustment.approve(adjustment, actor=office.accountant)
    assert refusal.value.code == "below_committed"
    assert "60,000.00" in str(refusal.value)
    fund_adjustment.refuse(adjustment, actor=office.accountant, reason="已承诺")
    with pytest.raises(Refusal) as refusal:
        propose(again(row), office, "lower", "60000.01")
    assert (refusal.value.code, refusal.value.field) == ("below_committed", "amount")
    fund_adjustment.approve(propose(again(row), office, "lower", 60000), actor=office.accountant)
    assert again(row).free == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Fund.objects.filter(pk=row.pk).update(amount=39999)


def test_money_moves_between_two_funds_of_one_purchaser_and_year(office):
    giver, taker = make_fund(office, amount=50000), make_fund(office, amount=10000)
    fund_adjustment.approve(propose(giver, office, "move", 20000, target=taker), actor=office.leader)
    assert (again(giver).amount, again(taker).amount) == (yuan(30000), yuan(30000))
    assert [ledger.standing(row)["amount"] for row in (giver, taker)] == [yuan(30000), yuan(30000)]
    strangers = {
        "another year": make_fund(office, fiscal_year=clock.today().year + 1), "another street": make_fund(make_office("别的街道")), "itself": giver,
    }  # fmt: skip
    for name, target in strangers.items():
        with pytest.raises(Refusal) as refusal:
            propose(giver, office, "move", 100, target=target)
        assert refusal.value.field == "target", name
    with pytest.raises(Refusal) as refusal:
        propose(giver, office, "move", 100)
    assert refusal.value.field == "target"


def test_the_adjustment_form_keeps_the_file_and_the_second_person_finds_it_on_the_desk(client, office):
    row = make_fund(office, amount=100000)
    where = reverse("act", args=["fund", row.pk, "adjust"])
    client.force_login(office.fund_owner)
    fields = {"direction": "lower", "amount": "200000", "document": "财预〔2026〕31号", "reason": "压减", "scan": scan()}
    answer = client.post(where, fields)
    assert answer.status_code == 422
    assert "amount" in answer.context["form"].errors
    assert client.post(where, fields | {"amount": "2000", "scan": scan()}).status_code == 302
    adjustment = FundAdjustment.objects.get()
    client.force_login(office.accountant)
    assert "审核预算调整" in client.get("/desk/").content.decode()
    assert "财预〔2026〕31号" in client.get(row.get_absolute_url()).content.decode()
    client.post(reverse("act", args=["fundadjustment", adjustment.pk, "approve"]))
    assert again(row).amount == yuan(98000)


RACER = """
import json, sys, time
from pathlib import Path
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import fund_adjustment, project_funds
from procurement.models import FundAdjustment, Project
what, pk, user, ready, gate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5])
user = User.objects.get(pk=user)
subject = Project.objects.get(pk=pk) if what == "commit" else FundAdjustment.objects.get(pk=pk)
ready.touch()
while not gate.exists():
    time.sleep(0.005)
try:
    project_funds.commit(subject, 40000, user) if what == "commit" else fund_adjustment.approve(subject, actor=user)
    print(json.dumps({"won": what}))
except Refusal as refusal:
    print(json.dumps({"lost": what, "code": refusal.code, "sentence": str(refusal)}))
"""


@pytest.mark.django_db(transaction=True)
def test_a_commitment_and_a_cut_at_once_cannot_both_take_the_last_money(tmp_path):
    office = make_office()
    money = make_fund(office, amount=70000)
    project = make_project(office, "approved", amount=40000, funds=[money])
    adjustment = propose(money, office, "lower", 40000)
    said = together(RACER, ("commit", project.pk, office.handler.pk), ("cut", adjustment.pk, office.accountant.pk))
    answers = [json.loads(one.splitlines()[-1]) for one in said]
    (winner,) = [answer["won"] for answer in answers if "won" in answer]
    (loser,) = [answer for answer in answers if "lost" in answer]
    assert loser["code"] == {"commit": "fund_short", "cut": "below_committed"}[loser["lost"]]
    assert "30,000.00" in loser["sentence"]
    stands = (yuan(70000), yuan(40000)) if winner == "commit" else (yuan(30000), yuan(0))
    assert (again(money).amount, again(money).committed) == stands
    assert registry.differing_totals() == []


# -- income --


def test_a_donation_fund_is_approved_up_to_what_was_received(office):
    row = make_fund(office, amount=50000, state="expected", source="donation")
    income(row, office, 30000)
    with pytest.raises(Refusal) as refusal:
        fund.approve(again(row), actor=office.accountant, document="捐赠〔2026〕1号")
    assert (refusal.value.code, refusal.value.field) == ("not_received", "amount")
    assert fund.approve(again(row), actor=office.accountant, document="捐赠〔2026〕1号", amount=30000).amount == yuan(30000)
    with pytest.raises(Refusal) as refusal:
        propose(again(row), office, "raise", 1)
    assert refusal.value.code == "not_received"
    income(again(row), office, 5000, "川财0002")
    fund_adjustment.approve(propose(again(row), office, "raise", 5000), actor=office.accountant)
    fund_adjustment.approve(propose(again(row), office, "raise", 10000, promised=True), actor=office.accountant)
    assert (again(row).amount, again(row).pledge) == (yuan(45000), "财预〔2026〕30号")
    pledged = make_fund(office, amount=50000, state="expected", source="low_fee")
    assert fund.approve(pledged, actor=office.accountant, document="收费〔2026〕1号", pledge="服务协议3号").pledge == "服务协议3号"


def test_income_is_counted_once_and_taken_out_by_a_second_person(office):
    row = make_fund(office, amount=50000, state="expected", source="low_fee")
    receipt = income(row, office, 800)
    for wrong, code in (({"number": "川财0001"}, "receipt_used"), ({"number": " "}, "receipt_missing"), ({"amount": 0, "number": "2"}, "amount")):
        with pytest.raises(Refusal) as refusal:
            income(row, office, **{"amount": 800, **wrong})
        assert refusal.value.code == code
    assert again(row).received == yuan(800)
    with pytest.raises(Refusal) as refusal:
        fund_receipt.void(receipt, actor=office.fund_owner, reason="误记")
    assert refusal.value.code == "same_person"
    fund_receipt.void(receipt, actor=office.accountant, reason="误记")
    assert again(row).received == 0
    income(row, office, 800)
    assert [one.status for one in FundReceipt.objects.order_by("pk")] == ["void", "recorded"]
    approved = fund.approve(again(row), actor=office.accountant, document="收费1号", amount=800)
    with pytest.raises(Refusal) as refusal:
        fund_receipt.void(FundReceipt.objects.get(status="recorded"), actor=office.leader, reason="退款")
    assert refusal.value.code == "still_counted"
    with pytest.raises(Refusal) as refusal:
        income(make_fund(office), office, 10)
    assert refusal.value.code == "no_income"
    assert approved.received == yuan(800)
    assert registry.differing_totals() == []


# -- owner and uses --


def test_a_fund_may_ask_its_owner_before_the_last_gate(client, office):
    row = make_fund(office, amount=200000)
    fund.assign(row, actor=office.accountant, owner_section="社区发展治理办", owner_person=office.fund_owner, needs_owner_consent=True)
    with pytest.raises(Refusal) as refusal:
        fund.assign(again(row), actor=office.accountant, owner_person=office.staff)
    assert refusal.value.field == "owner_person"
    project = make_project(office, "submitted", amount=60000, funds=[row])
    names = [run.name for run in project.gate_runs.order_by("order", "pk")]
    assert names[-2] == "资金归口同意（社区发展治理办）"
    assert len(names) == len(consent.gates_of(make_project(office, "ready", amount=60000))) + 1
    project = gates.pass_gate(gates.pass_gate(project, actor=office.section), actor=office.leader)
    assert project.open_run().key == f"fund-{row.pk}"
    with pytest.raises(PermissionDenied):
        gates.pass_gate(project, actor=office.leader)
    client.force_login(office.fund_owner)
    assert project.title in client.get("/desk/").content.decode()
    project = gates.pass_gate(project, actor=office.fund_owner)
    assert (project.status, project.open_run().name) == ("in_review", names[-1])
    fund.assign(again(row), actor=office.accountant)
    assert project.gate_runs.filter(key=f"fund-{row.pk}", result="passed").count() == 1


@pytest.mark.parametrize(
    ("forbidden", "item", "found"),
    [
        ("人员工资、基础设施建设", "基础设施建设", "基础设施建设"), ("不得用于慰问品发放，旅游", "慰问品发放", "慰问品发放"), ("旅游；宴请", "社区读书会", None), ("", "社区读书会", None),
        ("读书", "社区青少年读书会", "读书"),
    ],
)  # fmt: skip
def test_forbidden_uses_are_held_against_the_catalogue_item(forbidden, item, found):
    from procurement.models import CatalogueItem

    assert fund_uses.forbidden_by(Fund(forbidden_uses=forbidden), CatalogueItem(name=item)) == found
    assert fund_uses.forbidden_by(Fund(forbidden_uses=forbidden), CatalogueItem(name="别的", category=item)) == found


def test_a_project_on_a_fund_that_forbids_it_is_warned_and_shows_what_is_allowed(client, office):
    row = make_fund(office, amount=200000, allowed_uses="助老服务", forbidden_uses="文艺演出")
    project = make_project(office, "submitted", amount=20000, funds=[row], item=make_item("社区文艺演出"))
    assert [one.key for one in completeness.warnings(project)] == [f"forbidden_use_{row.pk}"]
    client.force_login(office.section)
    page = client.get(project.get_absolute_url()).content.decode()
    assert "文艺演出" in page
    assert "助老服务" in page
    assert completeness.warnings(make_project(office, "submitted", amount=20000, funds=[row], item=make_item("老人理发"))) == []


# -- the years --


def test_the_overview_sums_by_year_source_and_place_in_one_query(client, office, django_assert_num_queries, django_assert_max_num_queries):
    make_fund(office, amount=100000, place=office.community, source="community")
    row = make_fund(office, amount=50000, place=office.community, source="community")
    make_fund(office, amount=70000)
    project_funds.commit(make_project(office, "approved", amount=20000, funds=[row]), 15000, office.handler)
    make_project(office, "submitted", amount=10000, funds=[row])
    with django_assert_num_queries(1):
        rows = fund_year.overview(Fund.objects.all())
    sums = [(one["source"], one["place__name"], one["amount"], one["planned"], one["committed"], one["free"]) for one in rows]
    assert sums == [("community", "和睦社区", yuan(150000), yuan(15000), yuan(15000), yuan(135000)), ("fiscal", None, yuan(70000), yuan(0), yuan(0), yuan(70000))]
    client.force_login(office.finance)
    client.get("/desk/")
    with django_assert_max_num_queries(12):
        answer = client.get(reverse("fund_overview"))
    assert "220,000.00" in answer.content.decode()
    assert client.get(reverse("fund_overview"), {"year": clock.today().year - 1}).context["rows"] == []
    sheet = client.get(reverse("fund_overview"), {"as": "xlsx"})
    from io import BytesIO

    from openpyxl import load_workbook

    cells = [[cell.value for cell in line] for line in load_workbook(BytesIO(sheet.content)).active]
    assert [line[4] for line in cells[1:]] == [150000, 70000]
    stranger = make_office("第三街道")
    client.force_login(stranger.accountant)
    assert client.get(reverse("fund_overview")).context["rows"] == []


def test_the_years_end_says_what_happens_and_opens_the_next_year_once(client, office):
    year = clock.today().year
    lapsing = make_fund(office, amount=100000, name="甲资金", cutoff_on=clock.today() + datetime.timedelta(days=10), owner_section="综合办")
    carrying = make_fund(office, amount=100000, name="乙资金", unspent="carry")
    waiting = make_fund(office, amount=5000, name="丙资金", state="expected")
    for row in (lapsing, carrying):
        project_funds.commit(make_project(office, "approved", amount=40000, funds=[row]), 40000, office.handler)
    client.force_login(office.accountant)
    page = client.get(reverse("fund_year_end"), {"year": year})
    fates = {one.fund.name: str(one.fate) for one in page.context["rows"]}
    assert "40,000.00" in fates["甲资金"]
    assert "40,000.00" in fates["乙资金"]
    assert str(year + 1) in fates["乙资金"]
    assert str(year + 1) not in fates["甲资金"]
    assert [one.fund.near for one in page.context["rows"] if one.fund.name == "甲资金"] == [True]
    chosen = {"fund": [lapsing.pk, carrying.pk, waiting.pk]}
    client.post(f"{reverse('fund_year_end')}?year={year}", chosen)
    opened = Fund.objects.filter(fiscal_year=year + 1).order_by("name")
    assert {(row.name, row.amount, row.status, row.committed) for row in opened} == {("甲资金", yuan(100000), "expected", yuan(0)), ("乙资金", yuan(100000), "expected", yuan(0))}
    assert opened.get(name="甲资金").owner_section == "综合办"
    with pytest.raises(Refusal) as refusal:
        fund_year.open_next_year([lapsing, carrying], actor=office.accountant)
    assert refusal.value.code == "nothing_to_open"
    with pytest.raises(Refusal) as refusal:
        fund_year.open_next_year([make_fund(make_office("外街"))], actor=office.accountant)
    assert refusal.value.code == "role"
    client.force_login(office.handler)
    assert client.get(reverse("fund_year_end")).status_code == 403


def test_money_carried_over_begins_its_own_ledger(office):
    row = make_fund(office, amount=100000, unspent="carry")
    project = make_project(office, "draft")
    project = projects.set_budget(project, *budget_of(40000, project.starts_on), office.staff)
    projects.set_funding(project, [{"fund": row, "amount": 40000}], office.staff)
    project_funds.commit(project, 40000, office.handler)
    fund.close(fund.begin_closing(again(row), actor=office.accountant), actor=office.accountant, document="结转〔2027〕2号")
    carried = Fund.objects.get(predecessor=row)
    assert carried.name == f"{row.name}（结转）"
    assert [(entry.kind, entry.amount) for entry in ledger.entries(carried)] == [("carried", yuan(40000))]
    assert registry.differing_totals() == []
