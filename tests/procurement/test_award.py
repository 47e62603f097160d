"""From the ranking to letters, notices, refusals to sign and challenges; outside facts; the quick way below the limit."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, registry, workdays
from kernel.models import Notice
from procurement.lifecycle import award, lot, selfrun, tender
from procurement.models import Award, SelfRunProfile
from providers.models import Exclusion
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.tenders import make_draft, make_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def test_every_date_of_the_walk_comes_from_its_rule():
    walk = make_tender(state="announced", start=MONDAY)
    found = Award.objects.get()
    day = found.letter_on
    assert walk.tender.award_due_on == workdays.deadline(walk.tender.report_received_on, "D02", "decide").date
    assert found.notice_due_on == workdays.deadline(found.decided_on, "D03", "notice").date
    assert found.sign_due_on == workdays.deadline(day, "D06", "sign").date == day + datetime.timedelta(days=30)
    notice = walk.tender.announcements.get(kind="result")
    assert notice.until == workdays.deadline(day, "D04", "notice_period").date
    assert found.challenge_until == workdays.deadline(notice.until, "G02", "challenge").date
    assert found.letter_number and found.organization.name in notice.body and f"{found.amount:,.2f}" in notice.body
    assert all(str(member.user) in notice.body for member in walk.panel.sitting())


@pytest.mark.rule("D02")
def test_a_lower_candidate_needs_a_reason():
    walk = make_tender(state="evaluated")
    first, second = award.candidates(walk.lot)[:2]
    found = refused("reason", award.decide_award, walk.lot, actor=walk.office.leader, bid=second)
    assert first.organization.name in str(found)
    walk.lot.refresh_from_db()
    assert walk.lot.status == "evaluated" and not Award.objects.exists()
    award.decide_award(walk.lot, actor=walk.office.leader, bid=second, reason="第一候选人书面放弃")
    assert Award.objects.get().organization == second.organization


@pytest.mark.rule("H05")
def test_an_excluded_winner_is_refused_and_roles_are_asked():
    walk = make_tender(state="evaluated")
    first = award.candidates(walk.lot)[0]
    with pytest.raises(PermissionDenied):
        award.decide_award(walk.lot, actor=walk.office.accountant)
    with pytest.raises(PermissionDenied):
        award.decide_award(walk.lot, actor=walk.providers[0].user)
    Exclusion.objects.create(organization=first.organization, kind="debarred", document="财罚〔2026〕1号", starts_on=clock.today(), entered_by=walk.office.section)
    refused("H05", award.decide_award, walk.lot, actor=walk.office.leader)


@pytest.mark.rule("D05")
def test_each_loser_learns_its_own_score_and_nobody_elses(client):
    walk = make_tender(state="announced")
    winner = Award.objects.get().organization
    for provider, row in zip(walk.providers, walk.bids, strict=True):
        found = Notice.objects.filter(user=provider.user, kind__startswith="award_")
        if provider.organization == winner:
            assert found.get().kind == "award_won"
            continue
        notice = found.get()
        assert notice.kind == "award_lost" and notice.params["score"] == str(row.score) and notice.params["rank"] == str(row.rank)
        client.force_login(provider.user)
        page = client.get(reverse("bid_detail", args=[row.public_id])).content.decode()
        assert str(row.score) in page
        others = [other for other in walk.bids if other.pk != row.pk]
        assert {client.get(reverse("bid_detail", args=[other.public_id])).status_code for other in others} == {404}
        detail = client.get(reverse("tender_detail", args=[walk.tender.pk])).content.decode()
        assert not any(f">{other.score}<" in detail for other in others)


def test_the_result_is_told_once():
    walk = make_tender(state="announced")
    refused("told", award.publish_result, walk.tender, actor=walk.office.handler)


@pytest.mark.rule("D14")
def test_a_refusal_to_sign_brings_the_next():
    walk = make_tender(state="announced")
    first = Award.objects.get().organization
    award.decline(walk.lot, actor=walk.office.leader, reason="书面放弃")
    walk.lot.refresh_from_db()
    assert walk.lot.status == "evaluated"
    award.decide_award(walk.lot, actor=walk.office.leader, reason="顺延第二候选人")
    assert Award.objects.get().organization != first


@pytest.mark.rule("G04")
def test_a_challenge_holds_the_signing():
    walk = make_tender(state="announced")
    lot.hold_signing(walk.lot, actor=walk.office.handler, note="对评分提出质疑")
    found = refused("held", lot.mark_contracted, walk.lot, actor=walk.office.handler)
    assert "54" in str(found) and lot.signing_refusal(walk.lot)
    refused("held", lot.hold_signing, walk.lot, actor=walk.office.handler, note="再次")
    lot.release_signing(walk.lot, actor=walk.office.leader, note="质疑不成立")
    assert lot.mark_contracted(walk.lot, actor=walk.office.handler).status == "contracted"
    refused("not_held", lot.release_signing, walk.lot, actor=walk.office.leader, note="x")


def test_one_supplier_wins_at_most_so_many_lots():
    office = projects.make_office()
    rows = [projects.make_project(office, "approved", 300000) for _number in range(2)]
    row = make_draft(office, rows, max_lots_won=1, venue="external", external_platform="省平台", external_url="https://ccgp.example.gov.cn/1")
    tender.publish(row, actor=office.handler)
    travel(row.created_at + datetime.timedelta(days=15))
    one, two = (make_provider(office=office, place=office.street) for _number in range(2))
    candidates = [{"lot": each, "organization": who.organization, "price": Decimal(price), "score": Decimal(90 - rank), "rank": rank} for each in row.lots.all() for rank, (who, price) in enumerate(((one, 250000), (two, 260000)), 1)]
    row = award.record_external(row, actor=office.handler, candidates=candidates, opened_on=clock.today(), happened_on=clock.today())
    first, second = row.lots.all()
    award.decide_award(first, actor=office.leader)
    refused("max_lots", award.decide_award, second, actor=office.leader)
    award.decide_award(second, actor=office.leader, bid=award.candidates(second)[1], reason="达到可成交包数上限")
    row.refresh_from_db()
    assert row.status == "awarded"


def test_outside_facts_start_the_next_clocks():
    office = projects.make_office()
    row = tender.publish(make_draft(office, venue="external", external_platform="省平台", external_url="https://ccgp.example.gov.cn/1"), actor=office.handler)
    travel(MONDAY + datetime.timedelta(days=20))
    provider = make_provider(office=office, place=office.street)
    facts = [{"organization": provider.organization, "price": Decimal(280000), "score": Decimal("91.20"), "rank": 1}]
    day = MONDAY.date() + datetime.timedelta(days=16)
    refused("no_candidate", award.record_external, row, actor=office.handler, candidates=[])
    refused("over_ceiling", award.record_external, row, actor=office.handler, candidates=[{**facts[0], "price": Decimal(300001)}])
    row = award.record_external(row, actor=office.handler, candidates=facts, opened_on=day, happened_on=day, reason="平台评审报告")
    assert row.status == "evaluated" and row.report_received_on == day and row.award_due_on == workdays.deadline(day, "D02", "decide").date
    award.decide_award(row.lots.get(), actor=office.leader)
    row = award.publish_result(row, actor=office.handler)
    assert Award.objects.get().sign_due_on == clock.today() + datetime.timedelta(days=30)


def profile(office, channel="direct", **fields):
    SelfRunProfile.objects.filter(purchaser=office.purchaser).delete()
    values = {"name": "五万元以下", "amount_from": 0, "amount_to": 50000, "channel": channel, "seal": "none", "scoring": "lowest", "min_days": 0, "min_count": 1, "publish": False, **fields}
    return SelfRunProfile.objects.create(purchaser=office.purchaser, confirmed_at=clock.now(), valid_from=datetime.date(2026, 1, 1), **values)


@pytest.mark.rule("B26")
def test_direct_choice_in_one_form(client):
    office = projects.make_office()
    profile(office)
    project = projects.make_project(office, "approved", 40000)
    provider = make_provider(office=office, place=office.street)
    client.force_login(office.handler)
    assert reverse("provider_choose", args=[project.pk]) in client.get(project.get_absolute_url()).content.decode()
    address = reverse("provider_choose", args=[project.pk])
    data = {"organization": provider.organization.pk, "amount": "40000.01", "reason": "", "happened_on": clock.today().isoformat(), "no_tie": "on"}
    answer = client.post(address, data)
    assert answer.status_code == 422 and "40000.01" in answer.content.decode()
    answer = client.post(address, {**data, "amount": "40000", "reason": "常年服务本社区，居民满意"})
    assert answer.status_code == 302
    found = Award.objects.get()
    assert found.amount == 40000 and found.lot.status == "awarded" and found.lot.tender.status == "awarded"
    project.refresh_from_db()
    assert project.status == "sourcing"
    assert client.get(answer.url).status_code == 200
    refused("bought_already", selfrun.choose_provider, project, actor=office.handler, organization=provider.organization, amount=Decimal(1), reason="x")


@pytest.mark.rule("B26")
def test_three_quotes_and_the_band():
    office = projects.make_office()
    profile(office, "quotes", min_count=3)
    project = projects.make_project(office, "approved", 40000)
    who = [make_provider(office=office, place=office.street).organization for _number in range(3)]
    quotes = [{"organization": each, "price": Decimal(price)} for each, price in zip(who, (39000, 38000, 40000), strict=True)]
    refused("too_few", selfrun.choose_provider, project, actor=office.handler, organization=who[1], amount=Decimal(38000), reason="最低价", quotes=quotes[1:])
    refused("no_quote", selfrun.choose_provider, project, actor=office.handler, organization=who[1], amount=Decimal(37000), reason="最低价", quotes=quotes)
    refused("reason_missing", selfrun.choose_provider, project, actor=office.handler, organization=who[1], amount=Decimal(38000), reason="", quotes=quotes)
    with pytest.raises(PermissionDenied):
        selfrun.choose_provider(project, actor=office.staff, organization=who[1], amount=Decimal(38000), reason="最低价", quotes=quotes)
    found = selfrun.choose_provider(project, actor=office.handler, organization=who[1], amount=Decimal(38000), reason="最低价", quotes=quotes)
    assert found.bid.rank == 1 and found.lot.bids.count() == 3
    large = projects.make_project(office, "approved", 60000)
    refused("no_profile", selfrun.choose_provider, large, actor=office.handler, organization=who[0], amount=Decimal(60000), reason="x")


def test_from_choice_to_a_contract_draft():
    from procurement.lifecycle.contract_draft import draft_contract

    office = projects.make_office()
    profile(office)
    project = projects.make_project(office, "approved", 40000)
    provider = make_provider(office=office, place=office.street)
    found = selfrun.choose_provider(project, actor=office.handler, organization=provider.organization, amount=Decimal(39000), reason="熟悉社区")
    contract = draft_contract(found.lot, actor=office.handler)
    assert contract.amount == 39000 and contract.organization == provider.organization


@pytest.mark.rule("B26")
def test_a_small_open_purchase_with_the_platform_key():
    from procurement.lifecycle import opening
    from tests.factories.tenders import make_bid

    office = projects.make_office()
    profile(office, "open", seal="platform", min_days=3, min_count=2, publish=True)
    row = tender.create_tender([projects.make_project(office, "approved", 40000)], actor=office.handler, method="self_run", qualification="独立承担民事责任")
    row = tender.publish(row, actor=office.handler)
    each = row.lots.get()
    for price in (39000, 38000):
        make_bid(each, make_provider(office=office, place=office.street), price)
    refused("early", opening.open_with_witness, row, actor=office.handler, witness=office.leader)
    travel(row.deadline)
    refused("witness", opening.open_with_witness, row, actor=office.handler, witness=office.handler)
    row = opening.open_with_witness(row, actor=office.handler, witness=office.leader)
    row = award.rank_by_price(row, actor=office.handler)
    award.decide_award(row.lots.get(), actor=office.leader)
    award.publish_result(row, actor=office.handler)
    found = Award.objects.get()
    assert found.amount == 38000 and found.sign_due_on is None and found.challenge_until is None  # no statutory clocks below the limit


def test_deadlines_reach_people_before_and_after():
    walk = make_tender(state="announced", start=MONDAY)
    found = Award.objects.get()

    def kinds(moment):
        travel(moment)
        return {(row.kind, row.phase) for row in registry.open_reminders(moment) if row.kind in ("signing", "challenge_window", "result_notice", "award_decision")}

    assert ("signing", "before") in kinds(clock.end_of_day(found.sign_due_on) - datetime.timedelta(days=3))
    assert ("signing", "after") in kinds(clock.end_of_day(found.sign_due_on) + datetime.timedelta(days=1))
    assert ("challenge_window", "before") in kinds(clock.end_of_day(found.challenge_until) - datetime.timedelta(hours=5))
    travel(clock.end_of_day(found.sign_due_on))
    assert walk.office.handler in [user for row in registry.open_reminders(clock.now()) if row.kind == "signing" for user in row.users]
