"""Funds: expected to closed, what may be committed, and two purchases at once on the last money."""

import datetime
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from kernel import clock, registry, trail
from kernel.lifecycle import Refusal
from kernel.money import yuan
from procurement.lifecycle import fund, project_funds
from procurement.lifecycle import project as projects
from procurement.models import Fund
from tests.factories.projects import budget_of, make_fund, make_office, make_project, make_user
from tests.processes import together

pytestmark = pytest.mark.django_db
STATES = ("expected", "approved", "closing", "closed")


@pytest.fixture
def office():
    return make_office()


@pytest.mark.parametrize(("verb", "source", "target"), [("approve", "expected", "approved"), ("begin_closing", "approved", "closing"), ("close", "closing", "closed")])
def test_each_verb_works_from_its_state_and_refuses_from_every_other(office, verb, source, target):
    function = getattr(fund, verb)
    for state in STATES:
        row = make_fund(office, state=state)
        details = {"document": "财预〔2026〕2号"} if verb == "approve" else {}
        if state == source:
            assert function(row, actor=office.accountant, **details).status == target
        else:
            with pytest.raises(Refusal) as refusal:
                function(row, actor=office.accountant, **details)
            assert refusal.value.code == "wrong_state"
            row.refresh_from_db()
            assert row.status == state


def test_approval_needs_a_document_and_a_second_person(office):
    row = make_fund(office, state="expected")
    with pytest.raises(Refusal) as refusal:
        fund.approve(row, actor=office.accountant)
    assert refusal.value.code == "document_missing"
    with pytest.raises(Refusal) as refusal:
        fund.approve(row, actor=office.fund_owner, document="财预〔2026〕2号")
    assert refusal.value.code == "same_person"
    with pytest.raises(PermissionDenied):
        fund.approve(row, actor=office.handler, document="财预〔2026〕2号")


@pytest.mark.rule("E06")
def test_planning_on_expected_money_is_allowed_committing_it_is_not(office):
    expected = make_fund(office, amount=50000, state="expected")
    project = make_project(office, "approved", amount=40000, funds=[expected])
    with pytest.raises(Refusal) as refusal:
        project_funds.commit(project, 40000, office.handler)
    assert refusal.value.code == "fund_not_approved"
    assert "第14、16条" in str(refusal.value)
    fund.approve(expected, actor=office.accountant, document="财预〔2026〕3号")
    project_funds.commit(project, 40000, office.handler)
    expected.refresh_from_db()
    assert expected.committed == yuan(40000)


@pytest.mark.rule("E06")
def test_planning_beyond_the_fund_is_refused(office):
    money = make_fund(office, amount=60000, state="expected")
    make_project(office, "submitted", amount=40000, funds=[money])
    with pytest.raises(Refusal, match="20,000.00"):
        make_project(office, "submitted", amount=40000, funds=[money])


def test_commit_takes_funds_in_order_and_release_gives_back(office):
    first, second = make_fund(office, amount=30000), make_fund(office, amount=30000)
    project = make_project(office, "draft", amount=0)
    project = projects.set_budget(project, *budget_of(40000, project.starts_on), office.staff)
    project = projects.set_funding(project, [{"fund": first, "amount": 25000}, {"fund": second, "amount": 15000}], office.staff)
    assert [part for _fund, part in project_funds.commit(project, yuan("30000.50"), office.handler)] == [yuan(25000), yuan("5000.50")]
    project_funds.release(project, yuan("10000.50"), office.handler)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.committed, second.committed) == (yuan(20000), yuan(0))
    with pytest.raises(Refusal) as refusal:
        project_funds.release(project, 20001, office.handler)
    assert refusal.value.code == "not_committed"
    with pytest.raises(Refusal) as refusal:
        project_funds.commit(project, 20001, office.handler)
    assert refusal.value.code == "over_funding"
    assert [row.verb for row in trail.rows_of(project)][-2:] == ["commit", "release"]


def test_nothing_is_half_committed(office):
    enough, short = make_fund(office, amount=30000), make_fund(office, amount=30000)
    project = make_project(office, "draft")
    project = projects.set_budget(project, *budget_of(40000, project.starts_on), office.staff)
    project = projects.set_funding(project, [{"fund": enough, "amount": 20000}, {"fund": short, "amount": 20000}], office.staff)
    Fund.objects.filter(pk=short.pk).update(committed=25000)
    with pytest.raises(Refusal) as refusal:
        project_funds.commit(project, 40000, office.handler)
    assert refusal.value.code == "fund_short"
    assert "5,000.00" in str(refusal.value)
    enough.refresh_from_db()
    assert enough.committed == 0


def test_the_database_has_the_last_word_and_its_error_is_a_sentence(office):
    row = make_fund(office, amount=1000)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fund.objects.filter(pk=row.pk).update(committed=1001)
    with pytest.raises(Refusal) as refusal:
        fund.move_committed(row, yuan(1001))
    assert refusal.value.code == "fund_short"
    Fund.objects.filter(pk=row.pk).update(committed=500, paid=400)
    with pytest.raises(Refusal) as refusal:
        fund.move_committed(row, yuan(-200))
    assert refusal.value.code == "already_paid"


def test_closing_waits_for_projects_in_review_and_carries_over_with_a_document(office):
    row = make_fund(office, amount=100000, unspent="carry")
    make_project(office, "submitted", funds=[row])
    with pytest.raises(Refusal) as refusal:
        fund.begin_closing(row, actor=office.accountant)
    assert refusal.value.code == "projects_in_review"
    other = make_fund(office, amount=100000, unspent="carry")
    Fund.objects.filter(pk=other.pk).update(committed=30000, paid=10000)
    other.refresh_from_db()
    fund.begin_closing(other, actor=office.accountant)
    with pytest.raises(Refusal) as refusal:
        fund.close(other, actor=office.accountant)
    assert refusal.value.code == "document_missing"
    other.refresh_from_db()
    assert other.status == "closing"
    fund.close(other, actor=office.accountant, document="结转〔2027〕1号")
    carried = Fund.objects.get(predecessor=other)
    assert (carried.amount, carried.fiscal_year, carried.status) == (yuan(20000), other.fiscal_year + 1, "expected")


def test_the_treasury_cutoff_warns_thirty_days_ahead(office):
    soon = make_fund(office, cutoff_on=clock.today() + datetime.timedelta(days=30))
    later = make_fund(office, cutoff_on=clock.today() + datetime.timedelta(days=31))
    Fund.objects.filter(pk__in=(soon.pk, later.pk)).update(committed=100)
    found = [row for row in registry.open_reminders(clock.now()) if row.kind == "fund_cutoff"]
    assert [row.subject for row in found] == [soon]
    assert set(found[0].users) == {office.accountant, office.fund_owner}


def test_owner_member_and_stranger(client, office):
    row = make_fund(office)
    elsewhere = make_office("另一街道")
    for user, status in ((office.accountant, 200), (office.finance, 200), (elsewhere.accountant, 404), (office.staff, 404), (make_user(), 404)):
        client.force_login(user)
        assert client.get(row.get_absolute_url()).status_code == status, user
    client.force_login(office.legal)
    assert client.get(reverse("fund_create")).status_code == 403


def test_form_errors_stand_beside_the_field_and_keep_the_input(client, office):
    client.force_login(office.fund_owner)
    fields = {"name": "专项", "purchaser": office.purchaser.pk, "source": "fiscal", "fiscal_year": clock.today().year, "amount": "-5", "unspent": "lapse"}
    answer = client.post(reverse("fund_create"), fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["amount"]
    assert "专项" in answer.content.decode()
    answer = client.post(reverse("fund_create"), {**fields, "amount": "1000.50"})
    assert Fund.objects.get().amount == yuan("1000.50")


def test_the_stored_totals_agree_with_the_rows(office):
    project = make_project(office, "approved", amount=40000)
    project_funds.commit(project, 40000, office.handler)
    assert registry.differing_totals() == []
    Fund.objects.filter(fundings__project=project).update(committed=1)
    number = project.fundings.get().fund_id
    assert {str(label) for label, _stored, _counted in registry.differing_totals()} == {f"fund {number} committed", f"fund {number} committed in the ledger"}


RACER = """
import json, sys, time
from pathlib import Path
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import project_funds
from procurement.models import Project
project, user, ready, gate = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
project, user = Project.objects.get(pk=project), User.objects.get(pk=user)
ready.touch()
while not gate.exists():
    time.sleep(0.005)
try:
    project_funds.commit(project, 40000, user)
    print(json.dumps({"won": True}))
except Refusal as refusal:
    print(json.dumps({"won": False, "code": refusal.code, "sentence": str(refusal)}))
"""


@pytest.mark.django_db(transaction=True)
def test_two_processes_commit_the_last_money_and_one_gets_a_sentence(tmp_path):
    office = make_office()
    money = make_fund(office, amount=80000)
    projects = [make_project(office, "approved", amount=40000, funds=[money]) for _n in range(2)]
    Fund.objects.filter(pk=money.pk).update(committed=30000)
    answers = [json.loads(one.splitlines()[-1]) for one in together(RACER, *((project.pk, office.handler.pk) for project in projects))]
    losers = [answer for answer in answers if not answer["won"]]
    assert len(losers) == 1
    assert losers[0]["code"] == "fund_short"
    assert "10,000.00" in losers[0]["sentence"]
    money.refresh_from_db()
    assert money.committed == yuan(70000)
