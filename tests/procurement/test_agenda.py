"""Whose calendar shows which date of a purchase: by role, by organization, never a rival's, never a stranger's."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock, feeds, holidays, registry, rules
from procurement.lifecycle import challenge, tender
from procurement.models import Tender
from tests.factories import projects
from tests.factories.contracts import make_contract
from tests.factories.providers import make_provider
from tests.factories.tenders import make_draft, make_tender, travel

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def keys(user, prefix="tender-"):
    """The last part of the ids of a person's dates."""
    return {entry.uid.rpartition("-")[2] for entry in registry.agenda_for(user, clock.today()) if entry.uid.startswith(prefix)}


def test_each_role_sees_its_own_dates():
    walk = make_tender(state="submitted", start=MONDAY)
    office = walk.office
    assert keys(office.handler) == {"deadline", "opening", "evaluation", "report", "award", "result", "challenge_until", "signing", "signing_limit", "contract_notice", "filing"}
    assert keys(office.leader) == {"award", "signing_limit", "rehearsal", "opening"}  # leads, and is an opener
    assert keys(office.section) == {"rehearsal", "opening"}
    assert keys(office.accountant) == keys(office.finance) == keys(office.staff) == set()
    other = projects.make_office("另一街道")
    assert keys(other.handler) == keys(other.leader) == set()


def test_a_bidder_sees_the_purchases_it_responds_to_and_nobody_learns_that_it_does():
    walk = make_tender(state="submitted", start=MONDAY)
    rival = make_provider(office=walk.office, place=walk.office.street)
    for provider in walk.providers:
        assert keys(provider.user) == {"deadline", "opening"}
    assert keys(rival.user) == set() and feeds.entries(rival.user) == []
    said = "".join(entry.title + entry.detail for entry in feeds.entries(walk.office.handler))
    assert not any(provider.organization.name in said for provider in walk.providers)


def test_after_the_result_the_winner_signs_and_the_others_may_challenge():
    walk = make_tender(state="announced", start=MONDAY)
    winner = next(provider for provider in walk.providers if provider.organization == walk.lot.award.organization)
    loser = next(provider for provider in walk.providers if provider is not winner)
    assert keys(winner.user) == {"challenge_until", "signing_limit"} and keys(loser.user) == {"challenge_until"}
    entry = next(entry for entry in registry.agenda_for(winner.user, clock.today()) if entry.uid.endswith("signing_limit"))
    assert entry.due == walk.lot.award.sign_due_on and entry.article == "政府采购法 第46条"


def test_done_is_gone_and_moved_moves():
    office = projects.make_office()
    row, handler = tender.publish(make_draft(office), actor=office.handler), office.handler
    before = {entry.uid: entry.due for entry in registry.agenda_for(handler, clock.today())}
    travel(datetime.datetime(2026, 3, 10, 9, tzinfo=clock.ZONE))
    tender.clarify(row, actor=handler, text="增加一场活动。")
    after = {entry.uid: entry.due for entry in registry.agenda_for(handler, clock.today())}
    assert after.keys() == before.keys() and after[f"tender-{row.pk}-deadline"] - before[f"tender-{row.pk}-deadline"] == datetime.timedelta(days=4)
    tender.fail(Tender.objects.get(pk=row.pk), actor=handler, reason="预算调整")
    assert keys(handler) == set()


def test_answers_to_challenges_and_complaints():
    walk = make_tender(state="announced", start=MONDAY)
    travel(clock.now() + datetime.timedelta(days=1))
    loser = next(provider for provider in walk.providers if provider.organization != walk.lot.award.organization)
    row = challenge.file(walk.tender, loser.organization, actor=loser.user, kind="result", facts="评分有误。", request="复核。", legal_basis="政府采购法 第52条")
    due = next(entry for entry in registry.agenda_for(walk.office.handler, clock.today()) if entry.uid == f"challenge-{row.pk}")
    assert due.due == row.answer_due_on and due.article == rules.get("G03").article
    assert f"complaint-window-{row.pk}" in {entry.uid for entry in registry.agenda_for(loser.user, clock.today())}
    others = [provider for provider in walk.providers if provider is not loser]
    assert not any(entry.uid.startswith("complaint-window") for provider in others for entry in registry.agenda_for(provider.user, clock.today()))


def test_dates_of_delivery_are_the_parties():
    scene = make_contract()
    contract = scene.contract
    day = contract.ends_on
    travel(datetime.datetime.combine(contract.starts_on, datetime.time(9), tzinfo=clock.ZONE))
    for user in (scene.office.handler, scene.provider.user):
        assert next(entry for entry in registry.agenda_for(user, clock.today()) if entry.uid == f"contract-{contract.pk}-end").due == day
    assert keys(scene.office.section, "contract-") == keys(projects.make_office("别的街道").handler, "contract-") == set()
    activities = {entry.uid for entry in registry.agenda_for(scene.provider.user, clock.today()) if entry.uid.startswith("activity-")}
    assert activities == {f"activity-{row.pk}" for row in contract.activities.filter(status__in=("planned", "confirmed"), planned_on__gte=clock.today())} and activities


def test_the_experts_and_the_auditors_calendar():
    walk = make_tender(state="scoring", start=MONDAY)
    expert = walk.panel.sitting().first().user
    assert {entry.uid for entry in registry.agenda_for(expert, clock.today())} == {f"panel-{walk.panel.pk}"}
    assert not any(entry.uid.startswith("panel-") for entry in registry.agenda_for(walk.office.handler, clock.today()))


def test_as_many_queries_for_many_purchases():
    office = projects.make_office()
    tender.publish(make_draft(office), actor=office.handler)

    def asked():
        with CaptureQueriesContext(connection) as seen:
            registry.agenda_for(office.handler, clock.today())
        return len(seen)

    asked()
    few = asked()
    for _number in range(3):
        tender.publish(make_draft(office), actor=office.handler)
    assert asked() == few
