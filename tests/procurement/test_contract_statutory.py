"""The contract of a purchase under the law: from the award, within its dates, held by a challenge, announced and filed."""

import datetime

import pytest

from kernel import clock
from kernel.workdays import add_workdays
from procurement.lifecycle import contract as contracts
from procurement.lifecycle import contract_draft as drafting
from procurement.lifecycle import lot as lots
from procurement.models import ProjectFund
from tests.factories.tenders import make_tender
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def awarded():
    return make_tender(state="announced")


@pytest.mark.rule("D06", "D07", "D08", "G04")
def test_from_award_to_filed_contract(awarded):
    office, lot = awarded.office, awarded.lot
    contract = drafting.draft_contract(lot, actor=office.handler)
    assert contract.statutory and contract.amount == lot.award.amount and contract.organization == lot.award.organization
    assert contract.sign_due_on == lot.award.letter_on + datetime.timedelta(days=30)
    lots.hold_signing(lot, actor=office.leader, note="有供应商质疑评审结果")
    assert "54" in refused("held", contracts.sign, contract, actor=office.handler).article
    lots.release_signing(lot, actor=office.leader, note="质疑不成立")
    contract = contracts.sign(contract, actor=office.handler)
    lot.refresh_from_db()
    assert lot.status == "contracted" and contract.project.status == "contracted"
    assert ProjectFund.objects.get(project=lot.project).committed == contract.amount
    assert contract.notice_due_on == add_workdays(clock.today(), 2).date
    assert contract.filing_due_on == add_workdays(clock.today(), 7).date
    contract = contracts.publish_notice(contract, actor=office.handler)
    assert "竞争性磋商" in contract.announcements.get(kind="contract").body
    contract = contracts.file_copy(contract, actor=office.handler)
    refused("filed_already", contracts.file_copy, contract, actor=office.handler)


@pytest.mark.rule("D06")
def test_never_above_the_award_nor_before_it_and_late_only_with_a_reason(awarded):
    office, lot = awarded.office, awarded.lot
    contract = drafting.draft_contract(lot, actor=office.handler, amount=lot.award.amount + 1)
    refused("over_award", contracts.sign, contract, actor=office.handler)
    drafting.edit_contract(contract, actor=office.handler, amount=lot.award.amount)
    refused("before_award", contracts.sign, contract, actor=office.handler, happened_on=lot.award.decided_on - datetime.timedelta(days=1), reason="补录")
    refused("contract_exists", drafting.draft_contract, lot, actor=office.handler)
    with clock.travelled(contract.sign_due_on + datetime.timedelta(days=1)):
        assert refused("late_signing", contracts.sign, contract, actor=office.handler).field == "reason"
        assert contracts.sign(contract, actor=office.handler, reason="法定代表人变更").status == "performing"
