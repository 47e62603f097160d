"""The holiday calendar: seeded once, drafted by one person, published by a second, moving what was open."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from kernel import clock, holidays, trail, workdays
from kernel.lifecycle import Refusal
from kernel.models import Holiday, HolidayCalendar, User

pytestmark = pytest.mark.django_db
day = datetime.date
LINES = "2027-01-01 至 2027-01-03 休 元旦\n2027-02-06 至 2027-02-12 休 春节\n2027-02-20 班 春节\n"


@pytest.fixture
def alice():
    return User.objects.create_user("alice", name="甲", is_platform_admin=True)


@pytest.fixture
def bob():
    return User.objects.create_user("bob", name="乙", is_platform_admin=True)


@pytest.fixture
def charlie():
    return User.objects.create_user("charlie", name="丙")


@pytest.fixture
def draft(alice):
    draft = holidays.begin(actor=alice, document_number="国办发明电〔2026〕1号")
    rows, errors = holidays.parse(LINES, 2027)
    assert not errors
    holidays.set_year(draft, 2027, rows, actor=alice, document_number="国办发明电〔2026〕1号")
    return draft


def test_the_seed_knows_the_official_figures():
    calendar = HolidayCalendar.objects.get()
    assert [row.year for row in calendar.years.all()] == [2024, 2025, 2026]
    listed = Holiday.objects.filter(year__year=2026)
    assert listed.filter(kind="off").count() == 33
    assert [f"{row.date:%m-%d}" for row in listed.filter(kind="work")] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert [f"{row.date:%m-%d}" for row in Holiday.objects.filter(year__year=2025, kind="work")] == ["01-26", "02-08", "04-27", "09-28", "10-11"]
    assert Holiday.objects.get(date=day(2026, 10, 1)).name == "国庆节"


def test_loading_again_changes_nothing():
    before = list(Holiday.objects.values_list("pk", "date"))
    call_command("load_calendar")
    assert list(Holiday.objects.values_list("pk", "date")) == before
    assert HolidayCalendar.objects.count() == 1


def test_a_year_the_library_learns_becomes_a_draft_never_a_published_fact(monkeypatch):
    monkeypatch.setattr(holidays, "known_years", lambda: {2027: [(day(2027, 1, 1), "off", "元旦")]})
    call_command("load_calendar")
    assert HolidayCalendar.objects.get(version=2).status == "draft"
    assert not workdays.is_loaded(2027)
    call_command("load_calendar")
    assert HolidayCalendar.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [("2027-01-01 maybe", 1), ("# note\n\n2027-13-01 休 元旦", 3), ("2026-12-31 休 元旦", 1), ("2027-01-03 至 2027-01-01 休 元旦", 1), ("2027-01-01 休\n2027-01-01 休", 2),
     ("2027-01-04 班 元旦", 1), ("", 0)],
)
def test_bad_lines_are_named(text, line):
    _rows, errors = holidays.parse(text, 2027)
    assert [number for number, _sentence in errors] == [line]


def test_csv_and_range_lines_are_read():
    rows, errors = holidays.parse("2027-10-01..2027-10-03,休,国庆节\n2027-9-26\twork\t国庆节", 2027)
    assert not errors
    assert rows == [(day(2027, 9, 26), "work", "国庆节"), *((day(2027, 10, n), "off", "国庆节") for n in (1, 2, 3))]


def test_a_draft_changes_no_date_until_published(draft, bob):
    assert workdays.add_workdays(day(2026, 12, 31), 1).provisional
    holidays.publish(draft, actor=bob)
    found = workdays.add_workdays(day(2026, 12, 31), 1)
    assert (found.date, found.provisional, found.calendar_version) == (day(2027, 1, 4), False, 2)
    assert workdays.is_workday(day(2027, 2, 20))
    draft.refresh_from_db()
    assert (draft.status, draft.confirmed_by) == ("published", bob)
    assert trail.rows_of(draft).last().verb == "publish"


@pytest.mark.rule("G09")
def test_publishing_recomputes_open_deadlines_and_lists_what_moved(draft, bob, monkeypatch):
    monkeypatch.setattr(workdays, "_recompute", [])
    before = workdays.add_workdays(day(2027, 2, 5), 1)
    assert before.date == day(2027, 2, 8)

    @workdays.register_recompute({"answer": "质疑答复"})
    def open_one(calendar, actor):
        after = workdays.add_workdays(day(2027, 2, 5), 1, calendar)
        if after.date != before.date:
            yield workdays.Moved("answer", f"甲社 {actor}", before.date, after.date, "/x/")

    draft = holidays.publish(draft, actor=bob)
    draft.refresh_from_db()
    assert draft.moved == [{"kind": "answer", "subject": "甲社 乙", "url": "/x/", "before": "2027-02-08", "after": "2027-02-15"}]


def test_all_or_nothing_when_a_recompute_fails(draft, bob, monkeypatch):
    def broken(calendar, actor):
        raise RuntimeError("half-way")

    monkeypatch.setattr(workdays, "_recompute", [broken])
    with pytest.raises(RuntimeError):
        holidays.publish(draft, actor=bob)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not trail.rows_of(draft).exists()


def test_whoever_entered_the_days_may_not_publish_them(draft, alice):
    with pytest.raises(Refusal, match="不得") as refusal:
        holidays.publish(draft, actor=alice)
    assert refusal.value.code == "second_person"


def test_a_stranger_may_do_nothing(draft, charlie):
    for attempt in (
        lambda: holidays.publish(draft, actor=charlie),
        lambda: holidays.begin(actor=charlie, document_number="x"),
        lambda: holidays.set_year(draft, 2027, [], actor=charlie, document_number="x"),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_the_checker_does_not_edit_and_a_published_version_never_changes(draft, alice, bob):
    with pytest.raises(Refusal) as refusal:
        holidays.set_year(draft, 2027, [], actor=bob, document_number="x")
    assert refusal.value.code == "not_yours"
    holidays.publish(draft, actor=bob)
    with pytest.raises(Refusal) as refusal:
        holidays.set_year(draft, 2027, [], actor=alice, document_number="x")
    assert refusal.value.code == "published"
    for verb in (holidays.publish, holidays.discard):
        with pytest.raises(Refusal) as refusal:
            verb(draft, actor=bob)
        assert refusal.value.code == "wrong_state"


def test_one_draft_at_a_time_and_a_discarded_one_frees_the_way(draft, alice, bob):
    with pytest.raises(Refusal) as refusal:
        holidays.begin(actor=bob, document_number="x")
    assert refusal.value.code == "draft_open"
    with pytest.raises(Refusal) as refusal:
        holidays.discard(draft, actor=bob)
    assert refusal.value.code == "not_yours"
    assert holidays.discard(draft, actor=alice).status == "discarded"
    assert holidays.begin(actor=bob, document_number="x").version == 3


def test_a_version_that_begins_later_waits(draft, bob):
    HolidayCalendar.objects.filter(pk=draft.pk).update(valid_from=clock.today() + datetime.timedelta(days=5))
    holidays.publish(draft, actor=bob)
    assert workdays.current().version == 1
    assert workdays.current(clock.today() + datetime.timedelta(days=5)).version == 2


def test_a_role_of_a_later_layer_may_keep_the_calendar(charlie, monkeypatch):
    monkeypatch.setattr(holidays, "_keepers", [])
    holidays.keeper(lambda user: user.username == "charlie")
    assert holidays.begin(actor=charlie, document_number="x").status == "draft"
