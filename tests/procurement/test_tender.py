"""A purchase from draft to notice: the law of its method, money, scoring, openers, wording, deadlines."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from kernel import clock, holidays, rules, trail
from kernel.lifecycle import Refusal, offers
from procurement import timetable
from procurement.lifecycle import tender
from procurement.models import Announcement, Lot, SelfRunProfile, Tender
from tests.factories import projects
from tests.factories.contracts import make_contract
from tests.factories.tenders import ITEMS, hours, make_draft, make_tender, travel

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture
def office():
    clock.set_to(MONDAY)
    holidays.seed()
    return projects.make_office()


def refusal(verb, *args, **kwargs):
    with pytest.raises(Refusal) as caught:
        verb(*args, **kwargs)
    assert str(caught.value)
    return caught.value


@pytest.mark.rule("B09", "B13", "G09")
@pytest.mark.parametrize("rule, param", [("B09", "bid_time"), ("B09", "document_supply"), ("B13", "notice_period")])
def test_published_with_the_earliest_lawful_days(office, rule, param):
    row = tender.publish(make_draft(office), actor=office.handler)
    start = clock.today()
    frozen = rules.get(rule, scope="statutory", method="competitive_consultation")
    assert row.deadline.astimezone(clock.ZONE).date() == timetable.workdays.deadline(start, "B09", "bid_time").date == datetime.date(2026, 3, 12)
    assert row.documents_until == datetime.date(2026, 3, 9) and row.notice_until == datetime.date(2026, 3, 5)
    assert row.frozen["rules"][rule]["params"][param]["value"] == frozen.value(param)
    assert row.status == "published" and row.public_key and len(row.key_wraps["wraps"]) == 20
    notice = row.announcements.get(kind="notice")
    assert row.number in notice.body and "竞争性磋商公告" in notice.title and "2026-03-12 10:00" in notice.body
    assert row.lots.get().project.status == "sourcing"


@pytest.mark.rule("B09")
def test_a_shorter_deadline_is_refused_with_its_article(office):
    row = make_draft(office)
    short = datetime.datetime(2026, 3, 11, 17, tzinfo=clock.ZONE)
    found = refusal(tender.publish, row, actor=office.handler, deadline=short)
    assert found.code == "too_short" and "2026-03-12" in str(found) and "214号" in str(found) and found.field == "deadline"
    row.refresh_from_db()
    assert row.status == "draft" and not row.public_key and not Announcement.objects.exists()
    found = refusal(tender.publish, row, actor=office.handler, documents_until=datetime.date(2026, 3, 6))
    assert found.code == "documents_short"


def test_the_deadline_rolls_over_a_holiday(office):
    travel(datetime.datetime(2026, 4, 23, 9, tzinfo=clock.ZONE))
    row = tender.publish(make_draft(office), actor=office.handler)
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 5, 6)  # 3 May lies in the holiday 1–5 May


@pytest.mark.rule("C02", "C04", "A12", "B08", "A04")
@pytest.mark.parametrize(
    "fields, items, code, words",
    [
        ({"method_reason": ""}, ITEMS, "method_reason", "214号"),
        ({"plan_number": ""}, ITEMS, "plan_number", "实施条例"),
        ({"qualification": ""}, ITEMS, "incomplete", ""),
        ({}, ({**ITEMS[0], "points": Decimal(9)}, {**ITEMS[1], "points": Decimal(71)}, ITEMS[2]), "price_weight", "214号"),
        ({}, ({**ITEMS[0], "points": Decimal(31)}, {**ITEMS[1], "points": Decimal(49)}, ITEMS[2]), "price_weight", "214号"),
        ({}, ITEMS[:2], "points", "80"),
        ({"qualification": "须具有同类经验。"}, ITEMS, "qualification_scored", "87号"),
    ],
)
def test_a_draft_that_lacks_something_is_not_published(office, fields, items, code, words):
    row = make_draft(office, items=items, **fields)
    found = refusal(tender.publish, row, actor=office.handler)
    assert found.code == code and words in str(found)
    offer = next(offer for offer in offers(row, office.handler) if offer.step.verb == "publish")
    assert offer.refusal.code == code  # the button is greyed out by the same answer
    assert Tender.objects.get().status == "draft"


@pytest.mark.rule("E06")
def test_money_must_be_approved(office):
    from procurement.models import Fund

    row = make_draft(office)
    Fund.objects.update(status="expected")
    found = refusal(tender.publish, row, actor=office.handler)
    assert found.code == "unfunded" and "102号" in str(found) + rules.get("E06").article


def test_only_approved_projects_and_once(office):
    draft = projects.make_project(office, "submitted")
    assert refusal(tender.create_tender, [draft], actor=office.handler).code == "not_approved"
    row = make_draft(office)
    again = row.lots.get().project
    assert refusal(tender.create_tender, [again], actor=office.handler).code == "bought_already"
    with pytest.raises(PermissionDenied):
        tender.create_tender([projects.make_project(office, "approved")], actor=office.leader)


def test_a_project_with_a_contract_of_its_own_is_not_bought_again(client):
    """The small way goes straight to a contract: while that is drafted, no purchase of the same project begins."""
    scene = make_contract(state="draft")
    found = refusal(tender.create_tender, [scene.project], actor=scene.office.handler)
    assert found.code == "bought_already" and scene.contract.number in str(found)
    client.force_login(scene.office.handler, backend="django.contrib.auth.backends.ModelBackend")
    assert scene.project.title not in client.get("/tenders/new/").content.decode()


def test_openers_prove_their_passphrase_first(office):
    row = make_draft(office)
    row.openers.filter(alternate=False).update(rehearsed_at=None)
    assert refusal(tender.publish, row, actor=office.handler).code == "rehearsal"
    row.openers.filter(alternate=True).delete()
    assert refusal(tender.publish, row, actor=office.handler).code == "openers"


@pytest.mark.rule("B09")
def test_a_late_clarification_moves_the_deadline(office):
    row = tender.publish(make_draft(office), actor=office.handler)
    travel(datetime.datetime(2026, 3, 5, 9, tzinfo=clock.ZONE))
    row = tender.clarify(row, actor=office.handler, text="服务地点更正为春风社区。")
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 12)  # more than five days left
    travel(datetime.datetime(2026, 3, 10, 9, tzinfo=clock.ZONE))
    row = tender.clarify(row, actor=office.handler, text="增加一场活动。")
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 16)  # 15 March is a Sunday
    assert "2026-03-16" in row.announcements.filter(kind="correction").first().body
    row = tender.clarify(row, actor=office.handler, text="错别字。", affects_bids=False)
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 16)
    travel(row.deadline)
    assert refusal(tender.clarify, row, actor=office.handler, text="太迟").code == "late"


def test_lots_each_with_its_ceiling(office):
    rows = [projects.make_project(office, "approved", amount) for amount in (120000, 180000)]
    row = make_draft(office, rows)
    assert row.ceiling == Decimal(300000) and row.has_lots and Lot.objects.count() == 2
    row = tender.publish(row, actor=office.handler)
    assert "包号" in row.announcements.get().body
    single = tender.publish(make_draft(office), actor=office.handler)
    assert "包号" not in single.announcements.get().body and "分包" not in single.announcements.get().body


def test_stopping_frees_the_projects(office):
    walk = make_tender(office, "published")
    assert refusal(tender.fail, walk.tender, actor=office.handler, reason=" ").code == "reason_missing"
    row = tender.fail(walk.tender, actor=office.handler, reason="采购需求发生重大变化。")
    walk.lot.refresh_from_db()
    walk.lot.project.refresh_from_db()
    assert (row.status, walk.lot.status, walk.lot.project.status) == ("failed", "failed", "approved")
    assert "重大变化" in row.announcements.get(kind="termination").body
    assert make_draft(office, [walk.lot.project]).status == "draft"


def test_the_external_platform_starts_the_clock(office):
    row = make_draft(office, venue="external", external_platform="省政府采购网", external_url="https://ccgp.example.gov.cn/1")
    hours(24 * 8)
    row = tender.publish(row, actor=office.handler, happened_on=MONDAY.date(), reason="平台截图存档")
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 12) and not row.public_key
    assert trail.rows_of(row).filter(verb="publish").get().happened_on == MONDAY.date()


def test_all_or_nothing(office, monkeypatch):
    row = make_draft(office)
    before = trail.rows_of(row).count()

    def broken(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(tender, "announce", broken)
    with pytest.raises(RuntimeError):
        tender.publish(row, actor=office.handler)
    row.refresh_from_db()
    assert row.status == "draft" and not row.public_key and row.lots.get().project.status == "approved" and trail.rows_of(row).count() == before


@pytest.mark.rule("B26", "A01")
def test_a_self_run_purchase_obeys_its_profile_alone(office):
    SelfRunProfile.objects.update(valid_to=datetime.date(2026, 1, 1))
    project = projects.make_project(office, "approved", 80000)
    assert refusal(tender.create_tender, [project], actor=office.handler, method="self_run").code == "no_profile"
    SelfRunProfile.objects.create(
        purchaser=office.purchaser, name="五万至二十万", amount_from=50000, amount_to=200000, channel="open", seal="platform", scoring="lowest", min_days=3, min_count=2,
        confirmed_at=clock.now(), valid_from=datetime.date(2026, 1, 1),
    )  # fmt: skip
    row = tender.create_tender([project], actor=office.handler, method="self_run", qualification="独立承担民事责任。")
    row = tender.publish(row, actor=office.handler)
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 5) and row.seal == "platform" and row.frozen["profile"]["min_count"] == 2
    assert "B09" not in row.frozen["rules"]


def queries(client, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_pages_ask_the_same_whatever_their_length(office, client):
    """design.md: a list at most 12 queries, a detail at most 20, the same with one lot and with three."""
    from django.urls import reverse

    client.force_login(office.handler)
    one = make_tender(office, "published").tender
    few = queries(client, reverse("tender_list"))
    page = queries(client, one.get_absolute_url())
    rows = [projects.make_project(office, "approved", 100000) for _number in range(3)]
    three = tender.publish(make_draft(office, rows), actor=office.handler)
    make_draft(office)
    assert queries(client, reverse("tender_list")) == few <= 12
    assert queries(client, three.get_absolute_url()) == page <= 20


def test_what_is_frozen_is_decoded_once_and_a_change_of_one_row_reaches_no_other():
    pk = make_tender(state="published").tender.pk
    one, other = Tender.objects.get(pk=pk), Tender.objects.get(pk=pk)
    assert one.frozen["rules"] is other.frozen["rules"]
    one.frozen["on"] = "1999-01-01"
    assert other.frozen["on"] == Tender.objects.get(pk=pk).frozen["on"] != "1999-01-01"
    assert Tender.objects.filter(pk=pk).values_list("frozen__on", flat=True).get() == other.frozen["on"]
