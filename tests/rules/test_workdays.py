"""Counting days by the calendar of the State Council: 财政部令第87号 第85条."""

import datetime

import pytest

from kernel import rules, workdays
from kernel.models.calendar import HolidayCalendar

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G09")]
day = datetime.date


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (day(2025, 9, 26), 1, day(2025, 9, 28)),  # make-up Sunday
        (day(2025, 9, 30), 1, day(2025, 10, 9)),  # National Day and Mid-Autumn together
        (day(2025, 10, 9), 2, day(2025, 10, 11)),  # make-up Saturday
        (day(2026, 2, 13), 1, day(2026, 2, 14)),  # make-up Saturday before Spring Festival
        (day(2026, 2, 14), 5, day(2026, 2, 28)),
        (day(2026, 4, 3), 3, day(2026, 4, 9)),
        (day(2026, 6, 1), 5, day(2026, 6, 8)),
        (day(2026, 6, 6), 1, day(2026, 6, 8)),  # begun on a Saturday
        (day(2026, 6, 8), -2, day(2026, 6, 4)),
    ],
)
def test_working_days(start, count, end):
    found = workdays.add_workdays(start, count)
    assert found.date == end
    assert not found.provisional
    assert found.calendar_version == 1
    assert workdays.workdays_between(start, end) == count


def test_a_minimum_period_rolls_and_a_duty_does_not():
    assert workdays.add_days(day(2026, 9, 21), 10).date == day(2026, 10, 8)  # 1 October is off until the 7th
    assert workdays.add_days(day(2026, 9, 21), 10, roll=False).date == day(2026, 10, 1)
    assert workdays.add_days(day(2026, 9, 10), 10).date == day(2026, 9, 20)  # a make-up Sunday is a working day


def test_a_moment_counts_on_its_day_in_beijing():
    late = datetime.datetime(2026, 6, 1, 16, 30, tzinfo=datetime.UTC)  # 2 June, 00:30 in Beijing
    assert workdays.add_workdays(late, 1).date == day(2026, 6, 3)


def test_a_year_not_loaded_is_provisional_and_never_a_silent_answer():
    into = workdays.add_workdays(day(2026, 12, 30), 3)
    assert into.provisional
    assert not workdays.add_workdays(day(2026, 12, 28), 3).provisional
    assert workdays.add_days(day(2026, 12, 25), 10).provisional
    assert not workdays.add_days(day(2026, 12, 25), 10, roll=False).provisional
    assert workdays.workdays_between(day(2026, 12, 30), day(2027, 1, 8)).provisional
    with pytest.raises(workdays.YearNotLoaded, match="2027"):
        workdays.is_workday(day(2027, 1, 4))


def test_is_workday_knows_make_up_days():
    assert workdays.is_workday(day(2026, 10, 10))
    assert not workdays.is_workday(day(2026, 10, 6))
    assert not workdays.is_workday(day(2026, 6, 7))


def test_without_any_calendar_every_date_is_provisional():
    HolidayCalendar.objects.update(status="draft")
    found = workdays.add_workdays(day(2026, 6, 1), 3)
    assert found.provisional
    assert found.calendar_version == 0


def test_one_query_a_call_and_none_with_a_calendar(django_assert_num_queries):
    calendar = workdays.current()
    with django_assert_num_queries(0):
        workdays.add_workdays(day(2026, 6, 1), 40, calendar)
    with django_assert_num_queries(1):
        workdays.add_workdays(day(2026, 6, 1), 40)


@pytest.mark.rule("B09", mutate="bid_time")
def test_response_time_of_a_competitive_consultation():
    found = workdays.deadline(day(2026, 6, 1), "B09", "bid_time")
    assert str(found) == "2026-06-11"
    assert found.article == "财库〔2014〕214号 第10条"
    assert found.end.isoformat() == "2026-06-11T23:59:59+08:00"


@pytest.mark.rule("B03", mutate="bid_time=-1")
def test_bid_time_of_a_tender_rolls_over_the_holiday():
    assert workdays.deadline(day(2026, 5, 29), "B03", "bid_time").date == day(2026, 6, 18)
    assert workdays.deadline(day(2026, 5, 30), "B03", "bid_time").date == day(2026, 6, 22)  # 19–21 June: Dragon Boat Festival


@pytest.mark.rule("B13", mutate="notice_period")
def test_notice_period_of_non_tender_methods():
    assert workdays.deadline(day(2026, 6, 1), "B13", "notice_period").date == day(2026, 6, 4)


@pytest.mark.rule("B01", "B02", mutate=("B01.notice_period", "B02.document_supply"))
def test_notice_and_documents_of_an_open_tender():
    assert workdays.deadline(day(2026, 6, 1), "B01", "notice_period").date == day(2026, 6, 8)
    assert workdays.deadline(day(2026, 6, 1), "B02", "document_supply").date == day(2026, 6, 8)


@pytest.mark.rule("D06", mutate="sign")
def test_signing_is_a_duty_and_does_not_roll():
    assert workdays.deadline(day(2026, 9, 1), "D06", "sign").date == day(2026, 10, 1)


@pytest.mark.rule("D07", "D08", mutate=("D07.publish", "D08.filed"))
def test_contract_notice_and_filing():
    assert workdays.deadline(day(2026, 9, 24), "D07", "publish").date == day(2026, 9, 29)  # 25–27 September: Mid-Autumn
    assert workdays.deadline(day(2026, 9, 24), "D08", "filed").date == day(2026, 10, 12)  # seven, over National Day, the 10th counts


@pytest.mark.rule("G02", "G03", "G05", mutate=("G02.challenge", "G03.answer", "G05.complain"))
def test_remedies():
    assert workdays.deadline(day(2026, 6, 1), "G02", "challenge").date == day(2026, 6, 10)
    assert workdays.deadline(day(2026, 6, 1), "G03", "answer").date == day(2026, 6, 10)
    assert workdays.deadline(day(2026, 6, 1), "G05", "complain").date == day(2026, 6, 23)


@pytest.mark.rule("E01", mutate="pay")
def test_payment_after_invoice():
    assert workdays.deadline(day(2026, 6, 5), "E01", "pay").date == day(2026, 7, 5)  # a Sunday: a duty does not move


@pytest.mark.rule("I01", mutate="retention")
def test_years_are_counted_to_the_same_day():
    assert workdays.deadline(day(2024, 2, 29), "I01", "retention").date == day(2039, 2, 28)


def test_a_percent_is_no_period():
    with pytest.raises(rules.NoRule, match="not days"):
        workdays.deadline(day(2026, 6, 1), "D10", "bond_max")
