"""Two people at once on the same money, in separate processes behind one barrier: one wins, the other gets a sentence, the totals move once."""

import json

import pytest

from kernel import clock, trail
from procurement.contract_totals import differing_totals
from procurement.lifecycle import amendment as amendments
from procurement.models import Contract, Fund, PaymentRequest, ProjectFund
from tests.factories.contracts import fresh, invoice, make_contract, make_request, make_user
from tests.factories.projects import join
from tests.processes import together

RACER = """
import datetime, json, sys, time
from pathlib import Path
from django.core.exceptions import PermissionDenied
from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import amendment, contract_draft, payment
from procurement.models import Amendment, PaymentRequest, PaymentStage, Project
kind, pk, user, extra, moment, ready, gate = sys.argv[1:]
clock.set_to(datetime.datetime.fromisoformat(moment))
user = User.objects.get(pk=user)
subject = {"pay": PaymentRequest, "approve": PaymentRequest, "ask": PaymentStage, "amend": Amendment, "draft": Project}[kind].objects.get(pk=pk)
Path(ready).touch()
while not Path(gate).exists():
    time.sleep(0.002)
try:
    if kind == "pay":
        payment.pay(subject, actor=user, voucher_number=extra)
    elif kind == "approve":
        payment.approve(subject, actor=user)
    elif kind == "ask":
        payment.request_payment(subject, actor=user, invoice_number=extra, invoice_on=clock.today())
    elif kind == "amend":
        amendment.sign(subject, actor=user)
    else:
        contract_draft.draft_contract(subject, actor=user)
    print(json.dumps({"won": True}))
except Refusal as refusal:
    print(json.dumps({"won": False, "code": refusal.code, "sentence": str(refusal)}))
except PermissionDenied as refusal:
    print(json.dumps({"won": False, "code": "403", "sentence": str(refusal)}))
"""

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def race(transactional_db):
    """Run one verb per row (kind, pk, user, extra) at the same moment; returns the answers."""

    def run(*rows):
        said = together(RACER, *((kind, pk, user.pk, extra, clock.now().isoformat()) for kind, pk, user, extra in rows))
        return [json.loads(one.splitlines()[-1]) for one in said]

    return run


def losers(answers):
    lost = [answer for answer in answers if not answer["won"]]
    assert len(lost) == len(answers) - 1, answers
    assert all(answer["sentence"] for answer in lost)
    return {answer["code"] for answer in lost}


def test_two_cashiers_pay_and_the_money_moves_once(race):
    scene = make_contract()
    second = join(make_user("另一位出纳"), "cashier", purchaser=scene.office.purchaser)
    request = make_request(scene, 1, "approved")
    codes = losers(race(("pay", request.pk, scene.office.cashier, "记-1"), ("pay", request.pk, second, "记-2"), ("pay", request.pk, second, "记-2")))
    assert codes <= {"wrong_state", "lost_race"}
    contract = fresh(scene).contract
    fund = Fund.objects.get(fundings__project=scene.project)
    assert contract.paid == request.amount == fund.paid == contract.stages.get(order=1).paid
    assert [row.verb for row in trail.rows_of(request)].count("pay") == 1
    assert list(differing_totals()) == []


def test_two_reviewers_approve_one_step(race):
    scene = make_contract()
    second = join(make_user("另一位审核"), "section", purchaser=scene.office.purchaser)
    request = make_request(scene, 1)
    codes = losers(race(("approve", request.pk, scene.office.section, ""), ("approve", request.pk, second, "")))
    assert codes == {"lost_race"} or codes == {"403"}  # read before or after the winner's commit
    request.refresh_from_db()
    assert request.step == 1 == request.approvals.count()


def test_provider_and_handler_ask_for_the_same_stage(race):
    scene = make_contract()
    stage = scene.contract.stages.get(order=1)
    codes = losers(race(("ask", stage.pk, scene.provider.user, invoice()), ("ask", stage.pk, scene.office.handler, invoice())))
    assert codes == {"already_requested"}
    assert PaymentRequest.objects.filter(stage=stage).count() == 1


def test_two_amendments_do_not_pass_a_tenth_together(race):
    scene = make_contract()
    ProjectFund.objects.filter(project=scene.project).update(amount=30000)
    first = amendments.draft_amendment(scene.contract, actor=scene.office.handler, subject_matter="增加一", delta=1000)
    second = amendments.draft_amendment(scene.contract, actor=scene.office.handler, subject_matter="增加二", delta=1000)
    codes = losers(race(("amend", first.pk, scene.office.leader, ""), ("amend", second.pk, scene.office.supervisor, "")))
    assert codes == {"over_tenth"}
    assert fresh(scene).contract.addons == 1000
    assert list(differing_totals()) == []


def test_two_handlers_draft_one_contract(race):
    from tests.factories.contracts import make_scene

    scene = make_scene()
    codes = losers(race(("draft", scene.project.pk, scene.office.handler, ""), ("draft", scene.project.pk, scene.office.second_handler, "")))
    assert codes == {"contract_exists"}
    assert Contract.objects.filter(project=scene.project).count() == 1
