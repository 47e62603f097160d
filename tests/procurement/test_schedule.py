"""The timetable of a purchase against counting by hand, over Spring Festival, National Day and the year end; and its laws as properties."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import clock, holidays, rules, workdays
from kernel.lifecycle import Refusal
from kernel.rulebook import BadRule
from procurement import customs, methods, schedule, schedule_warnings
from procurement.schedule_points import KINDS, LABELS, ordered, points_of
from tests.procurement import naive

DAY = datetime.timedelta(days=1)
D = datetime.date
METHODS = ("open_tender", "invited_tender", "consultation", "negotiation", "framework", "single_source")
MONTHS = {"spring": (D(2026, 1, 1), D(2026, 3, 31)), "autumn": (D(2026, 9, 1), D(2026, 10, 31)), "year end": (D(2026, 12, 1), D(2026, 12, 31))}


def calendar():
    """The official lists of 2024 to 2026 as the product seeds them, without a database."""
    days = [day for rows in holidays.known_years().values() for day in rows]
    return workdays.Calendar(
        1, frozenset(holidays.known_years()), frozenset(day for day, kind, _name in days if kind == "off"), frozenset(day for day, kind, _name in days if kind == "work")
    )


CALENDAR = calendar()


def terms(method, *, region="5101", **more):
    """Terms of a statutory purchase of a method, by the rules of today's law."""
    found = methods.get(method, D(2026, 3, 1))
    snapshot = rules.snapshot(on=D(2026, 3, 1), scope="statutory", method=found.law, region=region)["rules"]
    if found.also:
        snapshot = {**rules.snapshot(on=D(2026, 3, 1), scope="statutory", method=found.also, region=region)["rules"], **snapshot}
    law = rules.from_snapshot({"on": "2026-03-01", "rules": snapshot})
    return schedule.Terms(found, law, {name: tuple(place.split(".")) for name, place in found.figures.items()}, more.pop("marks", frozenset({"openers", "publicity", "bonds"})), **more)


def self_run(days=3, announced=True):
    law = rules.from_snapshot({"on": "2026-03-01", "rules": rules.snapshot(["G02"], on=D(2026, 3, 1))["rules"] if announced else {}})
    return schedule.Terms(methods.get("self_run"), law, {}, frozenset(), days, "五万元以下自行采购", announced)


def days(rows):
    return {row.key: row.date.date for row in rows}


def each_day(first, last):
    return [first + DAY * n for n in range((last - first).days + 1)]


@pytest.mark.rule("A05", "B01", "B02", "B03", "B04", "B09", "B13", "B14", "B20", "B24", "D01", "D02", "D03", "D04", "D06", "D07", "D08", "D09", "G02", "G09")
@pytest.mark.parametrize("months", MONTHS)
@pytest.mark.parametrize("method", METHODS)
def test_every_date_of_every_method_as_counted_by_hand(method, months):
    known = terms(method, region="11")
    for start in each_day(*MONTHS[months]):
        rows = schedule.compute(known, start, calendar=CALENDAR)
        assert days(rows) == naive.timetable(method, start), start
        for row in rows:
            if row.key == "signing_limit":  # calendar days: no list is needed to count them
                expected = naive.timetable(method, start)["result"].year == 2027
            elif row.key in ("clarification", "rehearsal"):
                expected = days(rows)["deadline"].year == 2027
            else:
                expected = row.date.date.year == 2027
            assert row.date.provisional == expected, (start, row.key)
            assert row.article or row.kind == "chosen", row.key


@pytest.mark.rule("B03", mutate="bid_time")
def test_a_tender_over_spring_festival():
    rows = schedule.by_key(schedule.compute(terms("open_tender"), D(2026, 2, 5), calendar=CALENDAR))
    assert str(rows["deadline"].date) == "2026-02-25" and rows["deadline"].article == "政府采购法 第35条" and rows["deadline"].value == 20


@pytest.mark.rule("B09", mutate="clarification")
def test_the_last_clarification_that_leaves_the_deadline():
    rows = schedule.by_key(schedule.compute(terms("consultation"), D(2026, 2, 5), calendar=CALENDAR))
    assert str(rows["deadline"].date) == "2026-02-24" and str(rows["clarification"].date) == "2026-02-19"  # a day off, still the law's
    method, law = methods.get("consultation"), terms("consultation").law
    assert workdays.deadline(D(2026, 2, 19), law.get("B09"), "clarification", CALENDAR).date == D(2026, 2, 24)
    assert workdays.deadline(D(2026, 2, 20), law.get("B09"), "clarification", CALENDAR).date == D(2026, 2, 25), method


@pytest.mark.rule("D02", mutate="decide")
def test_what_happened_replaces_its_plan_and_the_rest_is_counted_from_it():
    rows = schedule.by_key(schedule.compute(terms("consultation"), D(2026, 3, 2), happened={"opening": D(2026, 3, 12), "report": D(2026, 3, 13), "award": D(2026, 3, 24)}, calendar=CALENDAR))
    assert rows["award"].date.date == D(2026, 3, 20) and rows["award"].late and rows["award"].phase(D(2026, 3, 25)) == "done"
    assert rows["result"].date.date == D(2026, 3, 26) and rows["result"].phase(D(2026, 3, 27)) == "overdue" and rows["result"].phase(D(2026, 3, 26)) == "today"
    assert rows["notice_until"].phase(D(2026, 3, 24)) == "over"


@pytest.mark.rule("G02")
def test_a_self_run_purchase_knows_its_streets_days_only():
    rows = schedule.by_key(schedule.compute(self_run(), D(2026, 9, 22), calendar=CALENDAR))
    assert rows["deadline"].date.date == D(2026, 9, 28) and rows["deadline"].article == "五万元以下自行采购"  # 25–27 September are off
    assert not {"intention", "bond_losers", "contract_notice", "filing", "signing_limit"} & set(rows)
    assert rows["documents_challenge"].date.date == naive.workday(D(2026, 9, 28), 7) and rows["challenge_until"].date.date == naive.workday(D(2026, 9, 28), 7)
    quiet = schedule.by_key(schedule.compute(self_run(announced=False), D(2026, 9, 22), calendar=CALENDAR))
    assert not {"documents_challenge", "process_challenge", "challenge_until"} & set(quiet) and quiet["signing"].date.date == D(2026, 9, 29)


def test_where_no_bond_is_asked_none_goes_back():
    asked = terms("open_tender", marks=frozenset({"openers", "bonds"}))
    assert {"bond_losers", "bond_winner"} <= set(days(schedule.compute(asked, D(2026, 3, 2), calendar=CALENDAR)))
    assert not {"bond_losers", "bond_winner"} & set(days(schedule.compute(terms("open_tender", marks=frozenset({"openers"})), D(2026, 3, 2), calendar=CALENDAR)))


def test_every_kind_of_date_is_told_once():
    for method in (*METHODS, "self_run"):
        points = points_of(methods.get(method))
        done = set()
        for point in ordered(points):
            assert not point.base or point.base in done or point.base not in {other.key for other in points}
            done.add(point.key)
            assert point.kind in KINDS
    assert all(point.text(methods.get("open_tender").words) for point in LABELS.values())


starts = st.dates(D(2024, 1, 1), D(2026, 12, 31))
any_method = st.sampled_from((*METHODS, "self_run"))
TERMS = {method: terms(method, region="11") for method in METHODS} | {"self_run": self_run()}


@settings(deadline=None, max_examples=200)
@given(any_method, starts)
def test_the_deadline_is_a_working_day_and_never_before_its_minimum(method, start):
    rows = schedule.by_key(schedule.compute(TERMS[method], start, calendar=CALENDAR))
    row = rows["deadline"]
    assert CALENDAR.works(row.date.date) and row.date.date > start
    for key in ("notice_until", "documents_until", "publicity_until"):
        if key in rows:
            assert rows[key].date.date <= row.date.date and CALENDAR.works(rows[key].date.date)
    assert schedule.objection_to_deadline(row, CALENDAR) is None
    assert row.slack == 0


@settings(deadline=None, max_examples=150)
@given(any_method, starts, st.integers(1, 20))
def test_a_later_start_never_gives_an_earlier_date(method, start, later):
    first, second = (days(schedule.compute(TERMS[method], day, calendar=CALENDAR)) for day in (start, start + DAY * later))
    assert all(first[key] <= second[key] for key in first)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(METHODS), starts, st.integers(-10, 40))
def test_a_chosen_deadline_is_kept_and_refused_when_unlawful(method, start, shift):
    least = schedule.by_key(schedule.compute(TERMS[method], start, calendar=CALENDAR))["deadline"].date.date
    day = least + DAY * shift
    rows = schedule.compute(TERMS[method], start, {"deadline": datetime.datetime.combine(day, datetime.time(15), tzinfo=clock.ZONE)}, calendar=CALENDAR)
    row = schedule.by_key(rows)["deadline"]
    found = schedule.objection_to_deadline(row, CALENDAR)
    assert row.date.date == day and row.least.date == least and row.moment.hour == 15
    if shift < 0:
        assert isinstance(found, Refusal) and found.code == "too_short" and found.article and found.field == "deadline" and str(least) in str(found)
    elif not CALENDAR.works(day):
        assert found.code == "day_off" and found.article == rules.get("G09").article
    else:
        assert found is None
    plain = days(schedule.compute(TERMS[method], start, calendar=CALENDAR))
    assert all(days(rows)[key] >= plain[key] for key in ("evaluation", "award", "signing")) or shift < 0


@settings(deadline=None, max_examples=60)
@given(any_method, st.dates(D(2024, 6, 1), D(2026, 12, 31)), st.sampled_from(("signing", "deadline", "evaluation")))
def test_backwards_finds_the_last_day_that_still_reaches_the_wish(method, wished, key):
    found = schedule.latest_start(TERMS[method], wished, key, CALENDAR)
    reach = lambda day: days(schedule.compute(TERMS[method], day, calendar=CALENDAR))[key]  # noqa: E731
    assert CALENDAR.works(found) and reach(found) <= wished
    following = next(day for day in each_day(found + DAY, found + DAY * 30) if CALENDAR.works(day))
    assert reach(following) > wished


def test_backwards_from_a_wish_without_end_finds_nothing():
    assert schedule.latest_start(TERMS["open_tender"], D(2026, 6, 1), "no such row", CALENDAR) is None


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(METHODS), starts)
def test_a_duty_never_moves_by_itself_and_everything_lies_after_its_base(method, start):
    rows = schedule.compute(TERMS[method], start, calendar=CALENDAR)
    found = schedule.by_key(rows)
    for row in rows:
        base = found.get(row.point.base)
        if base and not row.point.back and (row.point.days or 0) >= 0 and not (row.key == "signing" and row.date.date < base.date.date):
            assert row.date.date >= base.date.date
        if row.kind == "duty" and row.unit == "day" and not row.point.back:
            assert row.date.date == base.date.date + DAY * row.value



@pytest.mark.parametrize(
    ("method", "start", "choices", "key", "words"),
    [
        ("consultation", D(2026, 3, 2), {}, "deadline", "法定最早日"),
        ("consultation", D(2026, 3, 2), {"deadline": (2026, 3, 20, 17)}, "deadline", "下午"),
        ("open_tender", D(2026, 1, 20), {"deadline": (2026, 2, 14, 10)}, "deadline", "9 天"),
        ("consultation", D(2026, 2, 13), {}, "deadline", "只有 5 个工作日"),
        ("consultation", D(2026, 3, 2), {"evaluation": (2026, 3, 14)}, "evaluation", "休息日"),
        ("open_tender", D(2026, 1, 20), {"deadline": (2026, 2, 13, 10)}, "report", "假期"),
        ("negotiation", D(2026, 2, 11), {}, "report", "假期"),
        ("consultation", D(2026, 3, 7), {}, "publication", "休息日"),
        ("open_tender", D(2026, 12, 14), {}, "clarification", "2027"),
    ],
)
def test_what_is_tight_is_said(method, start, choices, key, words):
    chosen = {name: datetime.datetime(*parts, tzinfo=clock.ZONE) if len(parts) > 3 else D(*parts) for name, parts in choices.items()}
    rows = schedule.compute(TERMS[method], start, chosen, calendar=CALENDAR)
    found = schedule_warnings.warnings(rows, CALENDAR)
    assert any(one.key == key and words in str(one.text) for one in found), [(one.key, str(one.text)) for one in found]


def test_money_and_service_that_come_too_early_or_late_are_said():
    rows = schedule.compute(TERMS["open_tender"], D(2026, 10, 9), calendar=CALENDAR)
    signing = schedule.by_key(rows)["signing"].date.date
    found = schedule_warnings.warnings(rows, CALENDAR, cutoffs=[("社区服务资金", D(2026, 12, 20)), ("早已安排", D(2027, 12, 20))], service_from=D(2026, 11, 1))
    said = [str(one.text) for one in found if one.key == "signing"]
    assert signing == D(2026, 11, 24) and sum("社区服务资金" in text for text in said) == 1 and not any("早已安排" in text for text in said)
    assert any("2026-11-01" in text for text in said)


def test_a_roomy_timetable_is_not_called_tight():
    rows = schedule.compute(TERMS["consultation"], D(2026, 3, 2), {"deadline": datetime.datetime(2026, 3, 18, 10, tzinfo=clock.ZONE)}, calendar=CALENDAR)
    assert [one.key for one in schedule_warnings.warnings(rows, CALENDAR)] == []


def test_how_much_is_tight_is_data(monkeypatch):
    rows = schedule.compute(TERMS["consultation"], D(2026, 3, 2), {"deadline": datetime.datetime(2026, 3, 18, 10, tzinfo=clock.ZONE)}, calendar=CALENDAR)
    for change, keys in (({"response_time": 14}, ["deadline"]), ({"long_holiday": 1}, ["award", "result"])):
        monkeypatch.setattr(customs, "known", lambda change=change: {**customs.load(), **change})
        assert [one.key for one in schedule_warnings.warnings(rows, CALENDAR)] == keys


@pytest.mark.parametrize("row", ['value = "3"\nunit = "day"', 'value = 3\nunit = "weeks"', 'value = true\nunit = "day"', 'value = 3\nunit = "time"'])
def test_a_custom_in_no_unit_is_refused(tmp_path, row):
    (tmp_path / "customs.toml").write_text(f'[[custom]]\nkey = "a"\n{row}\nnote = "x"\n', encoding="utf-8")
    with pytest.raises(BadRule, match="customs.toml: a"):
        customs.load(tmp_path)
