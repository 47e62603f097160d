"""更正: asked by one, approved by another, the old value kept, once."""

import pytest
from django.core.exceptions import PermissionDenied

from kernel import corrections
from kernel.lifecycle import Refusal
from kernel.models import Correction, Notice, TrailRow, User
from tests.factories.contracts import make_contract, make_request
from tests.factories.projects import join

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    return make_contract(state="performing")


def asked(scene, new="更正后的合同名称"):
    return corrections.ask(scene.contract, "title", new, actor=scene.office.handler, reason="与纸质合同不一致")


def test_an_approved_correction_changes_the_value_and_keeps_the_old_one(scene):
    old = scene.contract.title
    corrections.decide(asked(scene), actor=scene.office.leader, approve=True)
    row = Correction.objects.get()
    scene.contract.refresh_from_db()
    assert scene.contract.title == "更正后的合同名称" and (row.old, row.approved, row.decided_by) == (old, True, scene.office.leader)
    assert list(TrailRow.objects.filter(params__correction=row.pk).values_list("verb", flat=True).order_by("id")) == ["ask_correction", "correct"]
    assert Notice.objects.filter(user=scene.office.handler, kind="correction.decided").exists()


def test_a_refused_correction_changes_nothing(scene):
    old = scene.contract.title
    corrections.decide(asked(scene), actor=scene.office.leader, approve=False)
    scene.contract.refresh_from_db()
    assert scene.contract.title == old


def test_nobody_approves_their_own_request_or_without_the_role(scene):
    row = asked(scene)
    join(scene.office.handler, "leader", purchaser=scene.office.purchaser)
    with pytest.raises(Refusal) as refusal:
        corrections.decide(row, actor=User.objects.get(pk=scene.office.handler.pk), approve=True)
    assert refusal.value.code == "same_person"
    with pytest.raises(PermissionDenied):
        corrections.decide(row, actor=scene.office.cashier, approve=True)
    with pytest.raises(PermissionDenied):
        corrections.decide(row, actor=scene.provider.user, approve=True)


def test_a_second_decision_is_refused(scene):
    row = asked(scene)
    corrections.decide(row, actor=scene.office.leader, approve=True)
    with pytest.raises(Refusal):
        corrections.decide(row, actor=scene.office.leader, approve=False)


@pytest.mark.parametrize("new, reason, code", [("", "x", "invalid"), ("长" * 81, "x", "invalid"), ("新名称", " ", "reason_missing")])
def test_bad_input_gets_a_sentence(scene, new, reason, code):
    with pytest.raises(Refusal) as refusal:
        corrections.ask(scene.contract, "title", new, actor=scene.office.handler, reason=reason)
    assert refusal.value.code == code and not Correction.objects.exists()


def test_the_same_value_and_a_second_open_request_are_refused(scene):
    with pytest.raises(Refusal):
        asked(scene, scene.contract.title)
    asked(scene)
    with pytest.raises(Refusal):
        asked(scene, "第三个名称")


def test_money_and_status_are_never_correctable(scene):
    for field in ("amount", "paid", "status", "organization", "signed_on"):
        with pytest.raises(PermissionDenied):
            corrections.ask(scene.contract, field, "1", actor=scene.office.handler, reason="x")


def test_the_voucher_number_of_a_payment_is_corrected_by_accountant_and_leader(scene):
    request = make_request(scene, 1, "paid")
    row = corrections.ask(request, "voucher_number", "记-9999", actor=scene.office.cashier, reason="凭证号录错")
    corrections.decide(row, actor=scene.office.accountant, approve=True)
    request.refresh_from_db()
    assert request.voucher_number == "记-9999"


def test_over_http(client, scene):
    client.force_login(scene.office.handler)
    address = f"/contract/{scene.contract.pk}/corrections/new/"
    assert client.get(address).status_code == 200
    answer = client.post(address, {"field": "title", "new": "新的名称", "reason": ""})
    assert answer.status_code == 422 and "新的名称" in answer.content.decode()
    client.post(address, {"field": "title", "new": "新的名称", "reason": "笔误"})
    row = Correction.objects.get()
    client.force_login(scene.office.leader)
    assert "新的名称" in client.get(scene.contract.get_absolute_url()).content.decode()
    client.post(f"/contract/{scene.contract.pk}/corrections/{row.pk}/", {"decision": "approve"})
    row.refresh_from_db()
    assert row.approved
    client.force_login(scene.office.cashier)
    assert client.get(address).status_code == 403
