"""Closing: nothing missing, accepted by somebody who did not buy, announced, then the balance."""

import pytest
from django.core.exceptions import PermissionDenied

from kernel import files
from kernel.lifecycle import Refusal
from procurement.contract_totals import differing_totals
from procurement.lifecycle import closing as closings
from procurement.lifecycle import contract as contracts
from procurement.models import Announcement
from tests.factories.contracts import fresh, make_contract, make_request
from tests.factories.projects import scan
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
PAPER = {"acceptors": "王强、李梅", "conclusion": "达到约定。", "community_opinion": "同意。"}


def test_the_checklist_names_what_is_missing():
    scene = make_contract()
    closing = closings.draft_closing(scene.contract, actor=scene.provider.user)
    refusal = refused("checklist_open", closings.submit, closing, actor=scene.provider.user)
    for key in ("activities", "summary", "satisfaction", "recipients"):
        assert str(closings.CHECKLIST[key]) in str(refusal)
    refused("closing_exists", closings.draft_closing, scene.contract, actor=scene.provider.user)
    refused("satisfaction", closings.save_closing, closing, actor=scene.provider.user, satisfaction=101)
    assert closing.rows.count() == 0


def test_open_findings_of_later_stages_stand_against_closing():
    scene = make_contract(state="closing")
    check = closings.before_closing(lambda contract: Refusal("finding_open", "有问题尚未整改。") if contract.pk == scene.contract.pk else None)
    try:
        refused("checklist_open", closings.submit, scene.closing, actor=scene.provider.user)
    finally:
        closings._checks.remove(check)
    assert closings.submit(scene.closing, actor=scene.provider.user).status == "submitted"


@pytest.mark.rule("F03")
def test_who_bought_does_not_accept():
    scene = make_contract(state="closing")
    closing = closings.submit(scene.closing, actor=scene.provider.user)
    refused("handler_accepts", closings.accept, closing, actor=scene.office.handler, **PAPER)
    with pytest.raises(PermissionDenied):
        closings.accept(closing, actor=scene.provider.user, **PAPER)
    refused("acceptance_paper", closings.accept, closing, actor=scene.office.second_handler, **PAPER | {"acceptors": ""})
    refused("opinion_missing", closings.accept, closing, actor=scene.office.second_handler, **PAPER | {"community_opinion": ""})
    closing = closings.opine(closing, actor=scene.office.staff, community_opinion="居民满意。")
    closing = closings.accept(closing, actor=scene.office.second_handler, **PAPER | {"community_opinion": ""})
    assert closing.status == "accepted" and closing.community_opinion == "居民满意。"


@pytest.mark.rule("F02")
def test_the_acceptance_is_announced():
    scene = make_contract(state="accepted")
    notice = Announcement.objects.get(contract=scene.contract, kind="acceptance")
    assert notice.public and "希望继续开展" in notice.body and "同意结项" in notice.body
    assert scene.closing.rows.filter(key="activities", done=True).exists()


def test_the_signed_record_goes_by_its_name():
    scene = make_contract(state="closing")
    closing = closings.submit(scene.closing, actor=scene.provider.user)
    closing = closings.accept(closing, actor=scene.office.supervisor, acceptors="王强、李梅", conclusion="达到约定。", community_opinion="同意。", scan=scan("验收书.png"))
    assert [str(row.role_label) for row in files.of(closing, role="acceptance")] == ["已签字的履约验收书"]


def test_acceptance_is_all_or_nothing(monkeypatch):
    scene = make_contract(state="closing")
    closing = closings.submit(scene.closing, actor=scene.provider.user)
    monkeypatch.setattr(closings, "announce", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        closings.accept(closing, actor=scene.office.supervisor, **PAPER)
    closing.refresh_from_db()
    assert closing.status == "submitted" and closing.accepted_on is None


def test_sent_back_comes_again():
    scene = make_contract(state="closing")
    closing = closings.submit(scene.closing, actor=scene.provider.user)
    refused("submitted_already", closings.save_closing, closing, actor=scene.provider.user, summary="改")
    closing = closings.send_back(closing, actor=scene.office.supervisor, reason="缺少成效数据")
    closing = closings.save_closing(closing, actor=scene.provider.user, summary="补充成效", satisfaction=95, recipients_opinion="好")
    assert closings.submit(closing, actor=scene.provider.user).status == "submitted"


def test_the_balance_follows_the_acceptance_and_closes_everything():
    scene = make_contract(state="closing")
    refused("closing_open", make_request, scene, 3)
    scene = make_contract(state="closed")
    assert scene.contract.status == "closed" and scene.project.status == "closed"
    assert scene.contract.net_paid == scene.contract.amount
    refused("wrong_state", contracts.close, fresh(scene).contract, actor=scene.office.handler)
    assert list(differing_totals()) == []
