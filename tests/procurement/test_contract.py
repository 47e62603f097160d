"""Contracts: drafted from what is known, signed within the law, amended by at most a tenth, ended with their money in order."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from kernel import clock, trail
from kernel.lifecycle import offers
from kernel.money import ZERO, yuan
from procurement.contract_totals import differing_totals
from procurement.lifecycle import amendment as amendments
from procurement.lifecycle import contract as contracts
from procurement.lifecycle import contract_draft as drafting
from procurement.lifecycle.stage import split
from procurement.models import Announcement, Contract, ProjectFund
from providers.lifecycle.organization import suspend
from tests.factories.contracts import days, fresh, make_contract, make_request, make_scene
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@given(
    amount=st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999999.99"), places=2),
    cuts=st.lists(st.integers(min_value=1, max_value=9999), min_size=0, max_size=7, unique=True),
)
def test_a_stage_plan_always_sums_to_the_fen(amount, cuts):
    edges = [0, *sorted(cuts), 10000]
    percents = [Decimal(high - low) / 100 for low, high in zip(edges, edges[1:], strict=False)]
    parts = split(amount, percents)
    assert sum(parts) == amount
    assert all(part >= 0 and part == yuan(part) for part in parts)
    assert all(abs(part - amount * percent / 100) <= Decimal("0.01") * len(percents) for part, percent in zip(parts, percents, strict=True))


def test_a_draft_knows_what_the_project_knew():
    scene = make_contract(state="draft", amount="18000.01")
    contract = scene.contract
    assert contract.amount == scene.project.ceiling and contract.organization == scene.provider.organization
    assert [(row.percent, row.condition, row.status) for row in contract.stages.all()] == [(30, "signed", "waiting"), (50, "progress", "waiting"), (20, "closing", "waiting")]
    assert sum(row.amount for row in contract.stages.all()) == contract.amount
    assert sum(row.amount for row in contract.portions.all()) == contract.amount
    assert contract.activities.count() == sum(row.times for row in scene.project.plan.all())
    assert {row.stage.condition for row in contract.activities.all()} == {"progress", "closing"}
    assert contract.check_days == 10 and not contract.statutory
    person = contract.key_people.get()
    assert person.phone == "13900000001"
    assert b"13900000001" not in bytes(type(person).objects.values_list("phone", flat=True).get().token)


def test_only_the_handler_drafts_and_only_once():
    scene = make_scene()
    for stranger in (scene.office.staff, scene.office.leader, scene.provider.user, make_scene().office.handler):
        with pytest.raises(PermissionDenied):
            drafting.draft_contract(scene.project, actor=stranger)
    drafting.draft_contract(scene.project, actor=scene.office.handler)
    refused("contract_exists", drafting.draft_contract, scene.project, actor=scene.office.handler)
    assert Contract.objects.filter(project=scene.project).count() == 1


@pytest.mark.rule("D15")
def test_the_term_is_one_year_or_has_a_reason_and_never_over_three():
    start = datetime.date(2026, 5, 1)
    assert drafting.term_objection(start, datetime.date(2027, 4, 30), "") is None
    assert drafting.term_objection(start, datetime.date(2027, 5, 1), "").code == "term_reason"
    assert drafting.term_objection(start, datetime.date(2027, 5, 1), "内容固定") is None
    assert drafting.term_objection(start, datetime.date(2029, 4, 30), "内容固定") is None
    too_long = drafting.term_objection(start, datetime.date(2029, 5, 1), "内容固定")
    assert too_long.code == "term_too_long" and "102号" in too_long.article


def test_signing_commits_the_money_and_marks_the_project():
    scene = make_contract()
    contract = scene.contract
    assert contract.status == "performing" and contract.signed_on == clock.today()
    assert ProjectFund.objects.get(project=scene.project).committed == contract.amount
    assert fresh(scene).project.status == "contracted"
    assert [row.verb for row in trail.rows_of(contract)] == ["create", "sign"]
    assert list(differing_totals()) == []


def test_what_keeps_a_draft_from_being_signed():
    scene = make_contract(state="draft", key_people=())
    handler = scene.office.handler
    refused("no_key_person", contracts.sign, scene.contract, actor=handler)
    drafting.edit_contract(scene.contract, actor=handler, key_people=[{"name": "周敏", "duty": "主管"}])
    drafting.edit_contract(scene.contract, actor=handler, ends_on=scene.contract.starts_on + days(400))
    refused("term_reason", contracts.sign, scene.contract, actor=handler)
    drafting.edit_contract(scene.contract, actor=handler, ends_on=scene.contract.starts_on + days(100))
    refused("future", contracts.sign, scene.contract, actor=handler, happened_on=clock.today() + days(1))
    drafting.edit_contract(scene.contract, actor=handler, amount=scene.project.ceiling + 1)
    assert refused("over_award", contracts.sign, scene.contract, actor=handler)
    drafting.edit_contract(scene.contract, actor=handler, amount=scene.project.ceiling)
    fund = scene.project.fundings.get().fund
    drafting.edit_contract(scene.contract, actor=handler, portions=[{"fiscal_year": fund.fiscal_year, "fund": fund, "amount": 100}])
    refused("portions_sum", contracts.sign, scene.contract, actor=handler)
    scene.contract.refresh_from_db()
    assert scene.contract.status == "draft" and ProjectFund.objects.get(project=scene.project).committed == 0
    refused("stages_sum", drafting.edit_contract, scene.contract, actor=handler, stages=[{"name": "全款", "percent": 90, "condition": "signed"}])
    assert scene.contract.stages.count() == 3


@pytest.mark.rule("H05")
def test_a_suspended_provider_signs_nothing():
    scene = make_contract(state="draft")
    suspend(scene.provider.organization, actor=scene.office.supervisor, reason="年检未通过")
    refused("not_verified", contracts.sign, scene.contract, actor=scene.office.handler)
    sign = next(offer for offer in offers(Contract.objects.get(pk=scene.contract.pk), scene.office.handler) if offer.step.verb == "sign")
    assert sign.refusal.code == "not_verified"


def test_signing_is_all_or_nothing(monkeypatch):
    scene = make_contract(state="draft")
    monkeypatch.setattr(contracts.projects, "mark_contracted", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        contracts.sign(scene.contract, actor=scene.office.handler)
    assert fresh(scene).contract.status == "draft"
    assert ProjectFund.objects.get(project=scene.project).committed == 0
    assert "sign" not in [row.verb for row in trail.rows_of(scene.contract)]


@pytest.mark.parametrize("state", ["performing", "closed"])
def test_signing_is_refused_from_other_states(state):
    scene = make_contract(state=state)
    refused("wrong_state", contracts.sign, scene.contract, actor=scene.office.handler)
    refused("signed_already", drafting.edit_contract, scene.contract, actor=scene.office.handler, amount=1)


@pytest.mark.rule("D07")
def test_the_notice_is_published_once():
    scene = make_contract()
    contract = contracts.publish_notice(scene.contract, actor=scene.office.handler)
    notice = Announcement.objects.get(contract=contract, kind="contract")
    assert contract.number in notice.body and "壹万捌仟元整" in notice.body and notice.public
    refused("published_already", contracts.publish_notice, contract, actor=scene.office.handler)


@pytest.mark.rule("D11")
def test_amendments_add_at_most_a_tenth_in_all():
    scene = make_contract(amount=15000)
    contract, office = scene.contract, scene.office
    funding = scene.project.fundings.get()
    ProjectFund.objects.filter(pk=funding.pk).update(amount=20000)
    first = amendments.draft_amendment(contract, actor=office.handler, subject_matter="增加两场活动", delta=1000)
    refused("same_person", amendments.sign, first, actor=office.handler)
    amendments.sign(first, actor=office.leader)
    assert refused("over_tenth", amendments.draft_amendment, contract, actor=office.handler, subject_matter="再增加", delta="500.01").field == "delta"
    second = amendments.draft_amendment(contract, actor=office.handler, subject_matter="再增加", delta=500)
    third = amendments.draft_amendment(contract, actor=office.handler, subject_matter="也增加", delta=500)
    amendments.sign(second, actor=office.leader)
    refused("over_tenth", amendments.sign, third, actor=office.leader)
    contract = fresh(scene).contract
    assert contract.addons == 1500 and contract.current_amount == 16500
    assert sum(row.amount for row in contract.stages.all()) == 16500 == sum(row.amount for row in contract.portions.all())
    assert ProjectFund.objects.get(pk=funding.pk).committed == 16500
    assert list(differing_totals()) == []


@pytest.mark.rule("D12")
def test_termination_needs_a_reason_and_a_second_person_and_frees_the_rest():
    scene = make_contract()
    refused("reason_missing", contracts.terminate, scene.contract, actor=scene.office.leader)
    with pytest.raises(PermissionDenied):
        contracts.terminate(scene.contract, actor=scene.office.handler, reason="机构停止服务")
    refused("owed_too_much", contracts.terminate, scene.contract, actor=scene.office.leader, owed=18001, reason="机构停止服务")
    contract = contracts.terminate(scene.contract, actor=scene.office.leader, owed=5000, reason="机构停止服务")
    assert contract.status == "terminated"
    assert ProjectFund.objects.get(project=scene.project).committed == 5000
    assert [row.amount for row in contract.stages.all()] == [5000, 0, 0]
    scene.contract = contract
    make_request(scene, 1, "paid")
    contract = contracts.close(contract, actor=scene.office.handler)
    assert contract.net_paid == 5000 and fresh(scene).project.status == "closed"


def test_a_key_person_changes_only_with_consent():
    scene = make_contract()
    person = scene.contract.key_people.get()
    with pytest.raises(PermissionDenied):
        contracts.replace_key_person(scene.contract, actor=scene.provider.user, person=person, name="吴芳", reason="离职")
    contracts.replace_key_person(scene.contract, actor=scene.office.handler, person=person, name="吴芳", reason="离职")
    assert [row.name for row in scene.contract.key_people.filter(left_on=None)] == ["吴芳"]
    refused("left_already", contracts.replace_key_person, scene.contract, actor=scene.office.handler, person=person, name="郑华", reason="离职")


def test_closing_a_contract_gives_unused_money_back():
    scene = make_contract(state="accepted")
    refused("unpaid", contracts.close, scene.contract, actor=scene.office.handler)
    last = scene.contract.stages.get(order=3)
    make_request(scene, 3, "paid", amount=last.amount - 500, settle_reason="少开展一次活动")
    contract = contracts.close(fresh(scene).contract, actor=scene.office.handler)
    funding = ProjectFund.objects.get(project=scene.project)
    assert contract.net_paid == contract.amount - 500 == funding.committed
    assert fresh(scene).project.status == "closed"
    assert funding.fund.paid == funding.fund.committed == contract.net_paid
    assert list(differing_totals()) == []


def test_rows_are_scoped_to_owner_and_member_and_closed_to_strangers():
    scene, other = make_contract(), make_contract()
    for user in (scene.office.handler, scene.office.cashier, scene.office.staff, scene.office.finance, scene.provider.user):
        assert list(Contract.objects.visible_to(user)) == [scene.contract]
    assert scene.contract not in Contract.objects.visible_to(other.provider.user)
    assert scene.contract.unpaid == scene.contract.amount and scene.contract.net_paid == ZERO
