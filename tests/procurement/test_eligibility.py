"""May we respond: every condition with its answer; what blocks is what the verbs refuse."""

import datetime

import pytest
from django.urls import reverse

from kernel import clock
from procurement import collusion, eligibility
from procurement.lifecycle import bid
from procurement.models import Bid, Tender
from providers.models import Exclusion, Organization, OrganizationMember
from tests.factories.providers import make_provider
from tests.factories.tenders import make_tender, open_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    return make_tender(state="published")


@pytest.fixture
def provider(walk):
    return make_provider(office=walk.office, place=walk.office.street)


def states(provider, walk):
    return {row.key: row.state for row in eligibility.conditions(provider.organization, walk.lot)}


def change(provider, **fields):
    Organization.objects.filter(pk=provider.organization.pk).update(**fields)
    provider.organization.refresh_from_db()


def listed(provider, walk, kind):
    return Exclusion.objects.create(organization=provider.organization, kind=kind, document="民社〔2026〕9号", starts_on=clock.today(), entered_by=walk.office.section)


def test_nothing_stands_against_an_ordinary_provider(walk, provider):
    assert states(provider, walk) == {"standing": "yes", "drafted": "yes", "orders_itself": "yes", "licence": "look", "abnormal": "yes", "people": "yes", "related": "look", "credit": "look"}
    assert eligibility.objection(provider.organization, walk.lot) is None


@pytest.mark.rule("H03", "H05", "H07")
@pytest.mark.parametrize("kind, state, code", [("debarred", "no", "H05"), ("untrustworthy", "no", "H07"), ("abnormal", "yes", None)])
def test_lists(walk, provider, kind, state, code):
    listed(provider, walk, kind)
    assert states(provider, walk)["standing"] == state
    if code:
        found = refused(code, bid.start_bid, provider.organization, walk.lot, actor=provider.user)
        assert found.article and found.todo
    else:
        assert states(provider, walk)["abnormal"] == "look"
        assert bid.start_bid(provider.organization, walk.lot, actor=provider.user)


def test_who_helped_to_draft_is_told_so_with_the_article(walk, provider):
    walk.lot.project.drafting_help.add(provider.organization)
    row = next(row for row in eligibility.conditions(provider.organization, walk.lot) if row.key == "drafted")
    assert row.state == "no" and row.refusal.code == "drafted" and "第18条" in row.article


@pytest.mark.parametrize("days, state", [(0, "yes"), (-1, "no")])
def test_the_certificate_counts_on_the_day_of_the_deadline(walk, provider, days, state):
    change(provider, licence_until=walk.tender.deadline.astimezone(clock.ZONE).date() + datetime.timedelta(days=days))
    assert states(provider, walk)["licence"] == state
    assert eligibility.objection(provider.organization, walk.lot) is None  # the qualification check decides it


@pytest.mark.rule("H08")
def test_a_grade_is_asked_after_only_where_somebody_wants_it_and_only_while_valid(walk, provider):
    assert "grade" not in states(provider, walk)
    walk.tender.qualification = "具有3A及以上评估等级。"
    walk.lot.tender = walk.tender
    assert states(provider, walk)["grade"] == "look"
    day = walk.tender.deadline.astimezone(clock.ZONE).date()
    change(provider, grade="4A", grade_until=day)
    assert states(provider, walk)["grade"] == "yes"
    change(provider, grade_until=day - datetime.timedelta(days=1))
    assert states(provider, walk)["grade"] == "no"


@pytest.mark.rule("H01", mutate="years_before")
def test_people_of_both_sides(walk, provider):
    leader = walk.office.leader
    member = OrganizationMember.objects.create(organization=provider.organization, user=leader, role="staff", starts_on=clock.today() - datetime.timedelta(days=1500), ends_on=clock.today() - datetime.timedelta(days=3 * 365 - 1))
    assert eligibility.ties(provider.organization, walk.tender) == [(leader, "same")] and states(provider, walk)["people"] == "no"
    assert eligibility.objection(provider.organization, walk.lot) is None  # the person withdraws, not the bidder
    OrganizationMember.objects.filter(pk=member.pk).update(ends_on=clock.today() - datetime.timedelta(days=3 * 365 + 1))
    assert eligibility.ties(provider.organization, walk.tender) == []
    change(provider, legal_representative=walk.office.handler.name)
    assert eligibility.ties(provider.organization, walk.tender) == [(walk.office.handler, "name")] and states(provider, walk)["people"] == "look"


@pytest.mark.rule("H01", "H03")
def test_the_opening_compares_control_and_people():
    walk = make_tender(state="closed")
    one, two, three = walk.providers
    change(one, controllers=two.organization.name)
    change(three, contact_name="独一无二", legal_representative=walk.office.leader.name)
    open_tender(walk.tender, walk.office)
    warned = {row.organization_id: row.warnings for row in Bid.objects.all()}
    assert any(row["rule"] == "H03" and two.organization.name in row["text"] for row in warned[one.organization.pk])
    assert any(row["rule"] == "H03" and "控股" in row["text"] for row in warned[two.organization.pk])
    assert [row["rule"] for row in warned[three.organization.pk] if row["rule"] != "H04"] == ["H01"]
    assert collusion._control(one.organization, three.organization) == ""


def test_the_page_for_an_organization(walk, provider, client):
    address = reverse("eligibility", args=[walk.tender.pk])
    client.force_login(provider.user)
    page = client.get(address).content.decode()
    assert "可以参加" in page and reverse("bid_start", args=[walk.lot.pk]) in page and "条例 第18条" in page
    listed(provider, walk, "debarred")
    page = client.get(address).content.decode()
    assert "不能参加" in page and reverse("bid_start", args=[walk.lot.pk]) not in page
    client.force_login(walk.office.handler)
    assert client.get(address).status_code == 403
    client.force_login(provider.user)
    travel(walk.tender.deadline)
    assert reverse("bid_start", args=[walk.lot.pk]) not in client.get(address).content.decode()
    assert Tender.objects.count() == 1
