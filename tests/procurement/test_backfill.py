"""Contracts under way: every row's problems named, nothing before the second person, real dates and money already paid."""

import datetime
import io
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from kernel import clock, registry
from kernel.lifecycle import Refusal
from kernel.spreadsheet import write_xlsx
from procurement.lifecycle import backfill
from procurement.lifecycle.backfill_rows import COLUMNS
from procurement.models import Backfill, Contract, Fund, PaymentRequest, Project
from tests.factories.projects import make_fund, make_item, make_office
from tests.factories.providers import make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    office = make_office()
    office.fund = make_fund(office, amount=300000)
    office.item = make_item()
    office.provider = make_provider(office=office)
    return office


def row(office, **changed):
    """The cells of a good row: a contract of 98,000 yuan with 29,400 paid."""
    today = clock.today()
    return {
        "title": "长者食堂助餐服务", "stage": "履约中", "place": office.community.name, "year": str(today.year), "item": office.item.code, "target": "老人", "headcount": "120",
        "fund": office.fund.name, "code": office.provider.organization.credit_code, "number": "HT-2026-001", "amount": "98,000.00", "signed_on": str(today - datetime.timedelta(days=90)),
        "starts_on": str(today - datetime.timedelta(days=80)), "ends_on": str(today + datetime.timedelta(days=60)), "paid": "29400", "paid_on": str(today - datetime.timedelta(days=70)),
        "voucher": "记-0315", "note": "", **changed,
    }  # fmt: skip


def entered(office, *rows):
    return backfill.enter(office.purchaser, list(rows), actor=office.handler, name="六月在途合同")


def test_confirmed_rows_become_projects_contracts_and_payments_marked_as_backfill(office):
    batch = backfill.submit(entered(office, row(office)), actor=office.handler)
    batch = backfill.confirm(batch, actor=office.leader)
    contract = Contract.objects.get()
    assert batch.status == "confirmed" and contract.is_backfill and contract.project.is_backfill
    assert (contract.amount, contract.paid, contract.status) == (Decimal("98000.00"), Decimal("29400.00"), "performing")
    assert [stage.amount for stage in contract.stages.all()] == [Decimal("29400.00"), Decimal("68600.00")]
    assert contract.signed_on == clock.today() - datetime.timedelta(days=90)
    fund = Fund.objects.get(pk=office.fund.pk)
    assert (fund.committed, fund.paid) == (Decimal("98000.00"), Decimal("29400.00"))
    assert PaymentRequest.objects.get().voucher_number == "记-0315"
    assert registry.differing_totals() == []


def test_a_closed_and_an_approved_row(office):
    rows = [row(office, stage="已结项", number="A1", paid="98000"), row(office, stage="已审议", number="", code="", signed_on="", paid="", paid_on="", voucher="")]
    backfill.confirm(backfill.submit(entered(office, *rows), actor=office.handler), actor=office.leader)
    assert sorted(Project.objects.values_list("status", flat=True)) == ["approved", "closed"]
    assert Contract.objects.get().status == "closed"
    assert Fund.objects.get(pk=office.fund.pk).committed == Decimal("98000.00")


@pytest.mark.parametrize(
    "changed, word",
    [
        ({"title": ""}, "项目名称"), ({"stage": "不明"}, "阶段"), ({"place": "不存在社区"}, "不存在社区"), ({"item": "ZZZ"}, "ZZZ"), ({"year": "十年"}, "财政年度"),
        ({"amount": "-5"}, "合同金额"), ({"amount": "1e30"}, "合同金额"), ({"amount": "0.001"}, "合同金额"), ({"amount": "NaN"}, "合同金额"), ({"paid": "98000.01"}, "已支付"),
        ({"signed_on": "2999-01-01"}, "签订日期"), ({"signed_on": "昨天"}, "签订日期"), ({"ends_on": "2020-01-01"}, "结束日期"), ({"code": "91510100000000000X"}, "91510100000000000X"),
        ({"paid_on": ""}, "最近付款日期"), ({"headcount": "-1"}, "服务人数"), ({"title": "长" * 81}, "项目名称"), ({"stage": "已结项"}, "履约中"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_named(office, changed, word):
    batch = entered(office, row(office, **changed))
    assert any(word in problem for problem in batch.problems[0]), batch.problems
    with pytest.raises(Refusal) as refusal:
        backfill.submit(batch, actor=office.handler)
    assert refusal.value.code == "rows_wrong" and not Project.objects.exists()


def test_a_number_that_stands_twice_is_named_in_both_rows(office):
    batch = entered(office, row(office), row(office))
    assert all("HT-2026-001" in problems[0] for problems in batch.problems)


def test_the_person_who_entered_does_not_confirm(office):
    batch = backfill.submit(entered(office, row(office)), actor=office.handler)
    with pytest.raises(Refusal) as refusal:
        backfill.confirm(batch, actor=office.handler)
    assert refusal.value.code == "same_person" and not Contract.objects.exists()
    with pytest.raises(PermissionDenied):
        backfill.confirm(batch, actor=office.staff)


def test_a_fund_too_small_takes_everything_back(office):
    rows = [row(office, number=f"N{number}", amount="98000") for number in range(4)]
    batch = backfill.submit(entered(office, *rows), actor=office.handler)
    with pytest.raises(Refusal):
        backfill.confirm(batch, actor=office.leader)
    assert not Project.objects.exists() and Fund.objects.get(pk=office.fund.pk).committed == 0
    assert Backfill.objects.get().status == "submitted"


def test_a_row_that_no_longer_fits_is_refused_at_the_last_moment(office):
    first = backfill.submit(entered(office, row(office)), actor=office.handler)
    second = backfill.submit(entered(office, row(office)), actor=office.handler)
    backfill.confirm(first, actor=office.leader)
    with pytest.raises(Refusal):
        backfill.confirm(second, actor=office.leader)
    assert Contract.objects.count() == 1


def upload(header, *rows):
    file = io.BytesIO(write_xlsx("补录", header, rows))
    file.name = "在途.xlsx"
    return file


def test_import_over_http_shows_each_rows_problem(client, office):
    client.force_login(office.handler)
    good, bad = list(row(office).values()), list(row(office, place="无此社区", number="X2").values())
    answer = client.post("/backfill/import/", {"purchaser": office.purchaser.pk, "file": upload(list(COLUMNS), good, bad)}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200 and "无此社区" in page and "第2行" in page
    assert Backfill.objects.get().status == "draft"


def test_a_file_without_the_columns_or_no_excel_at_all_is_refused_beside_the_field(client, office):
    client.force_login(office.handler)
    answer = client.post("/backfill/import/", {"purchaser": office.purchaser.pk, "file": upload(["项目名称"], ["x"])})
    assert answer.status_code == 422 and "合同金额" in answer.content.decode()
    broken = io.BytesIO(b"PK\x03\x04 not a workbook")
    broken.name = "在途.xlsx"
    answer = client.post("/backfill/import/", {"purchaser": office.purchaser.pk, "file": broken})
    assert answer.status_code == 422 and not Backfill.objects.exists()


def test_the_template_can_be_read_by_the_import(client, office):
    from kernel.spreadsheet import read_table

    client.force_login(office.handler)
    file = SimpleUploadedFile("t.xlsx", client.get("/backfill/template/").content)
    assert read_table(file).header == list(COLUMNS)


def test_one_row_by_form_keeps_the_input_and_names_the_problem(client, office):
    client.force_login(office.handler)
    data = {**row(office, place="无此社区"), "purchaser": office.purchaser.pk}
    answer = client.post("/backfill/row/", data)
    assert answer.status_code == 422 and "无此社区" in answer.content.decode() and "HT-2026-001" in answer.content.decode()
    answer = client.post("/backfill/row/", {**data, "place": office.community.name})
    assert answer.status_code == 302 and Backfill.objects.get().problems == [[]]


def test_strangers_see_nothing(client, office):
    batch = entered(office, row(office))
    for person, status in [(make_office().handler, 404), (office.staff, 404), (office.leader, 200), (office.observer, 200)]:
        client.force_login(person)
        assert client.get(f"/backfill/{batch.pk}/").status_code == status
