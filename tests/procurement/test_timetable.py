"""The timetable of a purchase on its page: what is seen by whom, playing with a draft, what moved and why, years without a holiday list."""

import datetime
import html
import io

import pytest
from django.urls import reverse
from pypdf import PdfReader

from kernel import clock, holidays, notices, registry, rules, spreadsheet, workdays
from kernel.models import HolidayCalendar, Notice
from procurement import movements, schedule, schedule_facts, timetable
from procurement.lifecycle import award, bond, tender
from procurement.models import Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.special import make_framework, make_single
from tests.factories.tenders import ITEMS, make_draft, make_tender, travel
from tests.procurement import naive
from tests.procurement.refusals import refusal

pytestmark = pytest.mark.django_db
D = datetime.date
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
CASES = {"open_tender": "", "consultation": "services", "negotiation": "complex"}


@pytest.fixture
def office():
    clock.set_to(MONDAY)
    holidays.seed()
    return projects.make_office()


def at(*parts):
    return datetime.datetime(*parts, tzinfo=clock.ZONE)


def draft(office, method="consultation", **fields):
    return make_draft(office, method=method, items=() if method == "negotiation" else ITEMS, method_case=CASES[method], **fields)


def page(client, user, row, **query):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("tender_timetable", args=[row.pk]), query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def publish_2027(days="2027-01-01 至 2027-01-03 休 元旦\n2027-02-05 至 2027-02-14 休 春节"):
    people = [projects.make_user(name, is_platform_admin=True) for name in ("日历员", "复核人")]
    made = holidays.begin(actor=people[0], document_number="国办发明电〔2026〕9号")
    rows, errors = holidays.parse(days, 2027)
    assert not errors
    holidays.set_year(made, 2027, rows, actor=people[0], document_number="国办发明电〔2026〕9号")
    return holidays.publish(HolidayCalendar.objects.get(pk=made.pk), actor=people[1])


@pytest.mark.rule("B01", "B02", "B03", "B09", "B13", "B14", "G09")
@pytest.mark.parametrize("method", CASES)
@pytest.mark.parametrize("day", [D(2026, 2, 13), D(2026, 9, 20), D(2026, 9, 24), D(2026, 12, 29)])
def test_published_around_holidays_as_counted_by_hand(office, method, day):
    travel(at(day.year, day.month, day.day, 9))
    row = tender.publish(draft(office, method), actor=office.handler)
    expected = naive.timetable(method, day)
    assert row.deadline.astimezone(clock.ZONE).date() == expected["deadline"] and row.notice_until == expected["notice_until"]
    assert timetable.timetable(row, day).deadline.provisional == (expected["deadline"].year == 2027)
    plan = {key: D.fromisoformat(value) for key, value in row.frozen["plan"].items()}
    assert {key: plan[key] for key in expected if key in plan} == {key: value for key, value in expected.items() if key in plan}
    assert {"deadline", "rehearsal", "award", "result", "challenge_until", "signing", "filing"} <= set(plan)


def test_the_page_shows_every_date_with_its_article(office, client):
    row = tender.publish(draft(office), actor=office.handler)
    said = page(client, office.handler, row)
    for words in ("2026-03-12 10:00", "2026-03-07", "财库〔2014〕214号 第10条", "政府采购法 第46条", "开启人再次验证口令", "不顺延截止时间的最后澄清", "合同副本备案", "<svg"):
        assert words in said, words
    assert "没有变动" in said and reverse("tender_dates", args=[row.pk]) in said
    assert page(client, office.finance, row).count("合同副本备案") == said.count("合同副本备案")


def test_a_supplier_sees_its_own_dates_and_a_stranger_nothing(office, client):
    row = draft(office)
    provider = make_provider(office=office, place=office.street)
    client.force_login(provider.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("tender_timetable", args=[row.pk])).status_code == 404
    row = tender.publish(row, actor=office.handler)
    said = page(client, provider.user, row)
    assert "提交响应文件截止" in said and "对磋商文件提出质疑截止" in said
    for words in ("开启人再次验证口令", "合同副本备案", "评审报告送交采购人", "没有余地", str(office.handler)):
        assert words not in said, words
    client.force_login(projects.make_user("路人"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("tender_timetable", args=[row.pk])).status_code == 404


def test_a_draft_is_played_with_and_nothing_is_saved(office, client):
    row = draft(office)
    said = page(client, office.handler, row, start="2026-03-05")
    assert "2026-03-16 10:00" in said and "没有余地" in said
    said = page(client, office.handler, row, start="2026-03-05", deadline="2026-03-19T15:30")
    assert "2026-03-19 15:30" in said and "没有余地" not in said
    said = page(client, office.handler, row, start="2026-03-05", deadline="2026-03-13T10:00")
    assert "最早合法日期为 2026-03-16" in said and "财库〔2014〕214号 第10条" in said and "2026-03-16 10:00" in said
    said = page(client, office.handler, row, start="2026-03-05", deadline="2026-03-21T10:00")
    assert "2026-03-21 是休息日" in said and rules.get("G09").article in said
    assert "dd-field bad" in page(client, office.handler, row, start="2026-02-20")  # a notice here is published now, never on an earlier day
    row.refresh_from_db()
    assert row.deadline is None and row.frozen == {}


def test_counting_back_from_a_wish(office, client):
    row = draft(office)
    said = page(client, office.handler, row, aim="signing", wished="2026-05-29")
    terms = schedule_facts.terms_of(row)
    found = schedule.latest_start(terms, D(2026, 5, 29))
    assert f"最迟应于 {found} 发布" in said
    assert schedule.by_key(schedule.compute(terms, found))["signing"].date.date <= D(2026, 5, 29)
    assert "已经来不及" in page(client, office.handler, row, aim="signing", wished="2026-03-10")
    later = schedule.latest_start(terms, D(2026, 5, 28))
    assert f"最迟应于 {later} 发布" in page(client, office.handler, row, aim="service", wished="2026-05-29")


def test_the_form_that_publishes_shows_it_too(office, client):
    row = draft(office)
    client.force_login(office.handler)
    said = client.get(reverse("act", args=["tender", row.pk, "publish"])).content.decode()
    assert reverse("tender_timetable", args=[row.pk]) in said and "plan-live" in said
    answer = client.get(reverse("tender_timetable", args=[row.pk]), {"deadline": "2026-03-06T10:00"}, headers={"HX-Request": "true", "HX-Target": "plan-live"})
    assert "dd-note bad" in answer.content.decode()


@pytest.mark.rule("G09")
def test_a_deadline_on_a_day_off_is_not_published(office):
    row = draft(office)
    found = refusal(tender.publish, row, actor=office.handler, deadline=at(2026, 3, 14, 10))
    assert found.code == "day_off" and found.field == "deadline" and "2026-03-16" in str(found) and found.article == rules.get("G09").article
    row = tender.publish(row, actor=office.handler, deadline=at(2026, 3, 16, 10))
    found = refusal(tender.clarify, row, actor=office.handler, text="更正", deadline=at(2026, 3, 21, 10))
    assert found.code == "day_off"


@pytest.mark.rule("B09")
def test_a_late_clarification_says_what_it_moved(office, client):
    row = tender.publish(draft(office), actor=office.handler)
    travel(at(2026, 3, 10, 9))
    row = tender.clarify(row, actor=office.handler, text="增加一场活动。")
    change = movements.of(row)[0]
    moved = {one.key: (str(one.before), str(one.after)) for one in change.rows}
    assert moved["deadline"] == ("2026-03-12", "2026-03-16") and moved["rehearsal"] == ("2026-03-10", "2026-03-12") and moved["signing_limit"][0] < moved["signing_limit"][1]
    assert "notice_until" not in moved and "documents_until" not in moved and change.note == row.announcements.get(kind="correction").number
    said = page(client, office.handler, row)
    assert "澄清或者更正采购文件" in said and change.note in said
    assert tender.clarify(row, actor=office.handler, text="错别字。", affects_bids=False) and len(movements.of(row)) == 1


def test_a_postponed_opening_says_what_it_moved(office, client):
    walk = make_tender(office, "closed", start=MONDAY)
    row = tender.postpone(walk.tender, actor=office.handler, opens_at=at(2026, 3, 16, 10), reason="开启人不足两名。")
    change = movements.of(row)[0]
    assert {one.key: str(one.after) for one in change.rows}["opening"] == "2026-03-16" and "deadline" not in {one.key for one in change.rows}
    assert "推迟开启" in page(client, office.handler, row) and "推迟开启" in page(client, walk.providers[0].user, row)


@pytest.mark.rule("G09")
def test_a_new_holiday_list_moves_running_timetables_once(office, client):
    travel(at(2026, 12, 15, 9))
    row = tender.publish(draft(office, "open_tender"), actor=office.handler)
    assert row.deadline.astimezone(clock.ZONE).date() == D(2027, 1, 4) and "2027 年度放假安排未录入" in page(client, office.handler, row)
    before = movements.dates(row)
    publish_2027("2027-01-01 至 2027-01-04 休 元旦\n2027-02-05 至 2027-02-14 休 春节")
    row = Tender.objects.get(pk=row.pk)
    assert row.deadline.astimezone(clock.ZONE).date() == D(2027, 1, 4)  # a published deadline is extended by a notice, never silently
    change = movements.of(row)[0]
    moved = {one.key: one.after for one in change.rows}
    assert moved["award"] > before["award"] and "deadline" not in moved and change.note == "国办发明电〔2026〕9号"
    said = page(client, office.handler, row)
    assert "放假安排更新" in said and "暂定" not in said


def test_a_year_without_a_list_says_so_wherever_the_date_stands(office, client):
    travel(at(2026, 12, 15, 9))
    provider = make_provider(office=office, place=office.street)
    row = tender.publish(draft(office, "open_tender"), actor=office.handler)
    note = "暂定，2027 年度放假安排未录入"
    client.force_login(provider.user)
    client.post(reverse("bid_start", args=[row.lots.get().pk]))
    bid = row.lots.get().bids.get()
    for address in (row.get_absolute_url(), reverse("market"), reverse("bid_list"), reverse("bid_edit", args=[bid.public_id])):
        assert note in html.unescape(client.get(address).content.decode()), address
    assert "（暂定）" in _ics(client, row)
    client.force_login(office.handler)
    for address in (row.get_absolute_url(), reverse("tender_list")):
        assert note in html.unescape(client.get(address).content.decode()), address
    assert "*暂定" in page(client, office.handler, row)
    assert "2027 年度放假安排未录入" in "".join(one.extract_text() for one in PdfReader(io.BytesIO(client.get(reverse("tender_timetable", args=[row.pk]), {"pdf": 1}).content)).pages)
    listed = spreadsheet.read_table(_upload(client.get(reverse("tender_timetable", args=[row.pk]), {"export": "xlsx"}).content))
    assert any("暂定" in str(line[-1]) for line in listed.rows) and len(listed.rows) == len(schedule_facts.of_page(row))
    exported = client.get(reverse("tender_list"), {"export": "xlsx"})
    assert any(note in str(cell) for line in spreadsheet.read_table(_upload(exported.content)).rows for cell in line)
    publish_2027()
    assert note not in client.get(row.get_absolute_url()).content.decode()


def _upload(content):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("表.xlsx", content)


def _ics(client, tender_, key=""):
    answer = client.get(reverse("tender_dates", args=[tender_.pk]), {"row": key} if key else {})
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/calendar")
    return answer.content.decode().replace("\r\n ", "")


def test_one_date_as_a_file_for_everybody(office, client):
    row = draft(office)
    assert client.get(reverse("tender_dates", args=[row.pk])).status_code == 404
    row = tender.publish(row, actor=office.handler)
    said = _ics(client, row)
    assert "DTSTART:20260312T020000Z" in said and f"UID:tender-{row.pk}-deadline@" in said and "SEQUENCE:0" in said and said.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20260316" in _ics(client, row, "documents_challenge")
    for key in ("rehearsal", "filing", "nothing"):
        assert client.get(reverse("tender_dates", args=[row.pk]), {"row": key}).status_code == 404
    travel(at(2026, 3, 10, 9))
    row = tender.clarify(row, actor=office.handler, text="增加一场活动。")
    said = _ics(client, row)
    assert "DTSTART:20260316T020000Z" in said and f"UID:tender-{row.pk}-deadline@" in said and "SEQUENCE:1" in said


def test_planned_and_done_stand_side_by_side(office, client):
    walk = make_tender(office, "announced", start=MONDAY)
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=walk.tender.pk)))
    assert rows["opening"].happened == rows["evaluation"].happened == rows["report"].happened == rows["award"].happened == rows["result"].happened == D(2026, 3, 12)
    assert rows["award"].planned == D(2026, 3, 23) and rows["result"].planned == D(2026, 3, 25) and rows["signing_limit"].moved
    assert rows["challenge_until"].date.date == walk.tender.lots.get().award.challenge_until and rows["signing_limit"].date.date == walk.tender.lots.get().award.sign_due_on
    assert "rehearsal" not in rows
    travel(at(2026, 4, 20, 9))
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=walk.tender.pk)))
    assert rows["signing_limit"].phase(clock.today()) == "overdue" and rows["signing"].phase(clock.today()) == "over" and "bond_losers" not in rows
    assert rows["contract_notice"].date.date == naive.workday(D(2026, 4, 20), 2)  # not signed yet: counted from today at the earliest
    assert "已逾期" in page(client, office.handler, walk.tender)


def test_a_stopped_purchase_shows_only_what_happened(office, client):
    row = tender.publish(draft(office), actor=office.handler)
    row = tender.fail(row, actor=office.handler, reason="预算调整")
    assert [one.key for one in schedule_facts.of_page(row)] == ["intention", "publication"]
    assert "签订合同" not in page(client, office.handler, row)


def test_an_outside_purchase_counts_from_its_outside_date(office):
    fields = {"venue": "external", "external_platform": "省平台", "external_url": "https://example.org/gg"}
    row = tender.publish(draft(office, **fields), actor=office.handler, happened_on=D(2026, 2, 26), deadline=at(2026, 3, 14, 9), reason="平台公告")
    rows = schedule.by_key(schedule_facts.of_page(row))
    assert rows["publication"].date.date == D(2026, 2, 26) and rows["notice_until"].date.date == naive.workday(D(2026, 2, 26), 3)
    assert rows["deadline"].date.date == D(2026, 3, 14) and "rehearsal" not in rows  # what an outside platform set is recorded, a Saturday too


def test_reminders_follow_a_moved_opening(office):
    row = tender.publish(draft(office), actor=office.handler)
    travel(at(2026, 3, 9, 9))
    due = lambda: {reminder.due.astimezone(clock.ZONE).date() for reminder in registry.open_reminders(clock.now()) if reminder.kind == "second_proof"}  # noqa: E731
    assert due() == {D(2026, 3, 10)}
    notices.remind()
    notices.remind()
    opener = row.openers.first().user
    assert Notice.objects.filter(user=opener, key__startswith="second_proof").count() == 1
    tender.clarify(row, actor=office.handler, text="增加一场活动。", deadline=at(2026, 3, 20, 10))
    assert due() == set()  # more than two days ahead again
    travel(at(2026, 3, 17, 9))
    notices.remind()
    assert due() == {D(2026, 3, 18)} and Notice.objects.filter(user=opener, key__startswith="second_proof").count() == 2


def test_a_duty_of_a_refused_signature_starts_again(office):
    walk = make_tender(office, "announced", start=MONDAY)
    from procurement.lifecycle import lot as lots

    award.decline(lots.Lot.objects.get(pk=walk.lot.pk), actor=office.handler, reason="放弃成交")
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=walk.tender.pk)))
    assert rows["award"].happened is None and rows["award"].phase(clock.today()) == "ahead"


def test_without_any_list_everything_is_provisional(office, client):
    HolidayCalendar.objects.all().update(status="discarded")
    workdays.forget_years()
    row = tender.publish(draft(office), actor=office.handler)
    assert all(one.date.provisional for one in schedule_facts.rows_of(row) if one.key not in ("signing_limit",))
    assert "2026 年度放假安排未录入" in page(client, office.handler, row)


@pytest.mark.rule("B20")
def test_a_single_source_counts_from_its_publicity(office, client):
    walk = make_single("publicized", start=MONDAY)
    row = Tender.objects.get(pk=walk.tender.pk)
    rows = schedule.by_key(schedule_facts.of_page(row))
    assert rows["publication"].date.date == D(2026, 3, 2) and rows["publicity_until"].date.date == walk.single.publicity_until == naive.workday(D(2026, 3, 2), 5)
    assert rows["deadline"].date.date == naive.workday(walk.single.publicity_until, 1) and rows["reexamination"].phase(D(2026, 6, 1)) == "over"
    assert "公示期满" in page(client, walk.office.handler, row)
    quiet = make_single("draft", large=False, start=MONDAY)
    assert "publicity_until" not in schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=quiet.tender.pk)))
    done = make_single("negotiated", start=MONDAY)
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=done.tender.pk)))
    assert rows["opening"].happened == rows["report"].happened == done.single.negotiated_on


@pytest.mark.rule("B24")
def test_a_framework_shows_its_agreements_signature_copy_and_notice(office):
    walk = make_framework("announced", start=MONDAY)
    agreement = walk.agreements[0]
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=walk.tender.pk)))
    assert rows["signing_limit"].date.date == agreement.sign_due_on and rows["result"].happened == agreement.letter_on and "框架协议" in rows["signing_limit"].label
    walk = make_framework("signed", start=MONDAY)
    agreement = walk.agreements[0]
    agreement.refresh_from_db()
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=walk.tender.pk)))
    assert rows["signing"].happened == agreement.signed_on
    assert rows["filing"].date.date == agreement.filing_due_on and rows["tell_users"].date.date == agreement.telling_due_on


@pytest.mark.rule("D09")
def test_bonds_go_back_on_their_days_where_one_is_asked(office):
    row = draft(office)
    assert "bond_losers" not in schedule.by_key(schedule_facts.of_page(row))
    bond.set_terms(row.lots.get(), actor=office.handler, amount=3000, forms=["transfer"], account="清源农商行 6222")
    rows = schedule.by_key(schedule_facts.of_page(Tender.objects.get(pk=row.pk)))
    assert rows["bond_losers"].date.date == naive.workday(rows["result"].date.date, 5) and rows["bond_winner"].date.date == naive.workday(rows["signing"].date.date, 5)
