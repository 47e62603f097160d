"""Warnings pass only with a recorded reason, of an application and of a purchase; splitting above the open-tender threshold does not pass."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from kernel import clock, rules, trail
from kernel.lifecycle import refusal_of
from kernel.rulebook import Threshold
from procurement import drafting
from procurement.lifecycle import completeness, gates, project, selfrun, splitting, tender
from procurement.models import Fund, Tender
from tests.factories.contracts import make_contract
from tests.factories.projects import make_fund, make_item, make_office, make_project, scan
from tests.factories.tenders import make_draft
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
LIMIT, OPEN = Decimal(500000), Decimal(1000000)


@pytest.fixture
def office(monkeypatch):
    """A street in a place with both thresholds entered."""
    row = (Threshold("990000", "county", LIMIT, OPEN, datetime.date(2020, 1, 1), "测试标准", "S"), None)
    monkeypatch.setattr(rules, "THRESHOLDS", [*rules.THRESHOLDS, row])
    made = make_office()
    made.street.code = "990000"
    made.street.save()
    return made


@pytest.fixture
def alike(office):
    """Makes purchases of one key: the same fund and item."""
    money, item = make_fund(office, amount=9000000), make_item("拆分服务")

    def make(state="ready", amount=260000, **fields):
        return make_project(office, state, amount, **{"funds": [money], "item": item, **fields})

    return make


def keys(row):
    return [caution.key for caution in completeness.warnings(row)]


@pytest.mark.rule("A02")
def test_above_the_limit_splitting_is_warned_of_over_purchaser_fund_item_and_year(office, alike):
    first = alike("submitted")
    assert keys(first) == []
    second = alike()
    found = splitting.counted(second)
    assert (found.projects, found.total, found.blocks) == ((first,), Decimal(520000), False) and "第28条" in found.article
    assert splitting.counted(alike(funds=[make_fund(office)])) is False
    assert splitting.counted(alike(item=make_item("别的服务"))) is False
    alone = alike(amount=600000)
    assert splitting.counted(alone) is False  # by itself above the limit: nothing is evaded


@pytest.mark.rule("A02", mutate=("purchases", "fiscal_years"))
def test_the_rules_figures_decide_how_many_purchases_and_years_are_counted(office, alike):
    alike("submitted", fiscal_year=clock.today().year - 1)
    assert splitting.counted(alike()) is False
    alike("submitted")
    assert splitting.counted(alike()).total == Decimal(520000)


@pytest.mark.rule("A02")
def test_above_the_open_tender_threshold_only_a_document_lets_it_pass(office, alike, client):
    for _number in range(3):
        row = alike()
        row = project.submit(row, actor=office.staff, cautions={caution.key: "各社区独立实施" for caution in completeness.warnings(row)})
    last = alike()
    assert [lack.key for lack in completeness.lacks(last)] == ["split"]
    assert "不得化整为零" in str(refused("incomplete", project.submit, last, actor=office.staff, cautions={"splitting": "仍要办理"}))
    client.force_login(office.staff)
    address = reverse("project_exception", args=[last.pk])
    assert "1,040,000.00" in client.get(address).content.decode()
    assert client.post(address, {"document": "财预调〔2026〕7号", "reason": "年中追加预算"}).status_code == 422
    assert client.post(address, {"document": "财预调〔2026〕7号", "reason": "年中追加预算", "file": scan()}).status_code == 302
    last.refresh_from_db()
    assert completeness.lacks(last) == [] and project.unanswered(last) == []
    assert project.submit(last, actor=office.staff).status == "in_review"
    again = alike()  # the sum has grown: the document does not cover it
    assert [lack.key for lack in completeness.lacks(again)] == ["split"]


@pytest.mark.rule("A02")
def test_openly_tendered_and_approved_purchases_are_not_counted(office, alike):
    rows = [alike("approved", 400000)]
    made = make_draft(office, rows)
    counting = alike(amount=450000)
    assert splitting.counted(counting).projects == (rows[0],)
    Tender.objects.filter(pk=made.pk).update(approval_document="财采批〔2026〕1号")
    assert splitting.counted(counting) is False


@pytest.mark.rule("A02")
def test_a_purchase_and_a_direct_choice_ask_again(office, monkeypatch):
    found = splitting.Counted((), Decimal(1), Decimal(1), True, "第28条")
    row, small = make_draft(office), make_project(office, "approved", 30000)
    monkeypatch.setattr(splitting, "counted", lambda project: found)
    refused("split", tender.publish, row, actor=office.handler)
    assert selfrun.objection_to_choice(small).code == "split"


def test_each_warning_needs_its_reason_and_the_reviewer_sees_it(office, alike, client):
    alike("submitted")
    row = alike()
    missing = refused("caution", project.submit, row, actor=office.staff)
    assert missing.field == "caution_splitting"
    row.refresh_from_db()
    assert row.status == "draft" and not row.revisions.exists()
    client.force_login(office.staff)
    address = reverse("act", args=["project", row.pk, "submit"])
    page = client.get(row.get_absolute_url()).content.decode()
    assert f'href="{address}"' in page and f'action="{address}"' not in page
    answer = client.post(address, {"caution_splitting": " "})
    assert answer.status_code == 422 and "id_caution_splitting_error" in answer.content.decode()
    assert client.post(address, {"caution_splitting": "两个社区分别申请"}).status_code == 302
    row.refresh_from_db()
    kept = row.caution_reasons.get()
    assert (kept.reason, kept.by, kept.revision) == ("两个社区分别申请", office.staff, 1) and "520,000.00" in kept.warned
    assert trail.rows_of(row).last().params["cautions"] == {"splitting": "两个社区分别申请"}
    client.force_login(office.section)
    for shown in (row.get_absolute_url(), reverse("act", args=["project", row.pk, "pass_gate"])):
        assert "两个社区分别申请" in client.get(shown).content.decode()


def test_a_reason_covers_its_figures_until_they_change(office):
    row = make_project(office, "ready", 40000, title="采购活动器材与教学服务")
    assert keys(row) == ["words_n_goods_title"]
    row = project.submit(row, actor=office.staff, cautions={"words_n_goods_title": "器材仅为教学耗材"})
    row = gates.send_back(row, actor=office.section, reason="请补充")
    row = project.resubmit(row, actor=office.staff, reason="无需改动")
    assert row.caution_reasons.count() == 1  # the same words: not asked again
    row = gates.send_back(row, actor=office.section, reason="请补充")
    row = project.edit_project(row, actor=office.staff, title="购置器材与教学服务")
    refused("caution", project.resubmit, row, actor=office.staff)
    row = project.resubmit(row, actor=office.staff, cautions={"words_n_goods_title": "仍为耗材"})
    assert [kept.revision for kept in row.caution_reasons.all()] == [1, 3]


def test_without_warnings_the_button_submits_at_once(office, client):
    row = make_project(office, "ready", 40000)
    client.force_login(office.staff)
    assert f'action="{reverse("act", args=["project", row.pk, "submit"])}"' in client.get(row.get_absolute_url()).content.decode()
    assert client.post(reverse("act", args=["project", row.pk, "submit"])).status_code == 302
    row.refresh_from_db()
    assert row.status == "in_review"


def test_the_negative_list_blocks_what_is_never_a_service(office):
    row = make_project(office, "ready", 40000, title="社区劳务派遣用工")
    assert [lack.article for lack in completeness.lacks(row)] == ["财政部令第102号 第10条第（五）项"]
    refused("incomplete", project.submit, row, actor=office.staff)


@pytest.mark.rule("A10")
def test_biased_words_need_reason_and_policy_document(office):
    row = make_draft(office, qualification="具有独立承担民事责任的能力，社会组织评估等级3A以上。")
    key = "words_grade_qualification"
    assert refused("caution", tender.publish, row, actor=office.handler).field == f"caution_{key}"
    assert refused("caution_basis", tender.publish, row, actor=office.handler, cautions={key: "本区统一要求"}).field == f"caution_{key}_basis"
    row = tender.publish(row, actor=office.handler, cautions={key: {"reason": "本区统一要求", "basis": "区民发〔2026〕3号"}})
    kept = row.caution_reasons.get()
    assert row.status == "published" and kept.basis == "区民发〔2026〕3号" and kept.figures == ["评估等级"]


@pytest.mark.rule("A11")
def test_a_floor_price_or_a_ceiling_above_the_budget_is_refused(office):
    row = make_draft(office, contract_terms="报价不得低于预算的80%。")
    assert "87号" in str(refused("words", tender.publish, row, actor=office.handler))
    row = make_draft(office)
    row.lots.update(ceiling=Decimal("300000.01"))
    assert refused("above_budget", tender.publish, row, actor=office.handler).article == rules.get("A11").article


@pytest.mark.rule("A03")
def test_leaving_the_open_tender_needs_number_and_scan(office, client):
    row = make_draft(office, [approved(office, OPEN)])
    refused("approval", tender.publish, row, actor=office.handler)
    Tender.objects.filter(pk=row.pk).update(approval_document="财采批〔2026〕9号")
    row.refresh_from_db()
    assert "财采批〔2026〕9号" in str(refused("approval_file", tender.publish, row, actor=office.handler))
    client.force_login(office.handler)
    address = reverse("tender_approval", args=[row.pk])
    assert address in client.get(row.get_absolute_url()).content.decode()
    assert client.post(address, {"number": "财采批〔2026〕9号"}).status_code == 422
    assert client.post(address, {"number": "财采批〔2026〕9号", "file": scan()}).status_code == 302
    assert tender.publish(Tender.objects.get(pk=row.pk), actor=office.handler).status == "published"
    below = make_draft(office, [approved(office, OPEN - 1)])
    assert drafting.approval_missing(below) is None


def approved(office, amount):
    """An approved project of a statutory amount, its survey recorded while it was a draft."""
    from procurement.lifecycle import meeting
    from tests.factories.projects import make_meeting
    from tests.factories.tenders import make_survey

    row = make_project(office, "ready", amount)
    make_survey(office, [row])
    row = project.submit(row, actor=office.staff)
    row = gates.pass_gate(gates.pass_gate(row, actor=office.section), actor=office.leader)
    meeting.confirm_meeting(make_meeting(office, [row]), actor=office.second_leader)
    row.refresh_from_db()
    return row


@pytest.mark.rule("E06")
def test_expected_money_may_be_planned_on_with_a_reason_but_not_published(office):
    money = make_fund(office, state="expected")
    row = make_project(office, "ready", 40000, funds=[money])
    key = f"expected_money_{money.pk}"
    assert keys(row) == [key]
    assert project.submit(row, actor=office.staff, cautions={key: "上级已下达预通知"}).status == "in_review"
    drawn = make_draft(office)
    Fund.objects.filter(fundings__project__lots__tender=drawn).update(status="expected")
    assert refused("unfunded", tender.publish, drawn, actor=office.handler).article == rules.get("E06").article


@pytest.mark.rule("E06")
def test_a_contract_on_expected_money_is_not_signed():
    scene = make_contract(state="draft")
    Fund.objects.filter(fundings__project=scene.project).update(status="expected")
    found = refusal_of(scene.contract, scene.contract.LIFE.step("sign"), scene.office.handler)
    assert found.code == "fund_not_approved" and found.article == rules.get("E06").article
