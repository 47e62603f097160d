"""The calendar feed: iCalendar by the book, a secret address that answers its owner's programs only, ids and sequences that last."""

import datetime
import logging
import re
import types

import pytest
from django.db import connection
from django.urls import reverse
from gunicorn.config import Config
from gunicorn.glogging import Logger
from hypothesis import given
from hypothesis import strategies as st

from kernel import clock, feeds, ical, registry, throttle
from kernel.models import StandIn, TrailRow, User
from kernel.models.feed import CalendarFeed
from kernel.registry import Dated, Task
from tests.kernel import ics
from tests.processes import ROOT

DAY = datetime.date(2026, 3, 12)
MOMENT = datetime.datetime(2026, 3, 12, 10, tzinfo=clock.ZONE)
words = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from("\n,;\\"), max_size=200)


@given(words)
def test_any_text_survives_folding_and_escaping(said):
    raw = ical.calendar([ical.Event("a", said, DAY, description=said, stamp=MOMENT)], name=said)
    event = ics.read(raw).parts[0]
    assert event["SUMMARY"] == said and (event["DESCRIPTION"] == said if said else "DESCRIPTION" not in event.values)


def test_signs_no_calendar_may_hold_are_left_out():
    event = ics.read(ical.calendar([ical.Event("a", "甲\x00乙\r丙\x07", DAY, stamp=MOMENT)], name="名")).parts[0]
    assert event["SUMMARY"] == "甲乙丙"


def test_a_moment_is_utc_and_a_day_is_whole():
    moment, day = ics.read(ical.calendar([ical.Event("a", "截止", MOMENT, stamp=MOMENT), ical.Event("b", "签约", DAY, sequence=3, stamp=MOMENT)], name="名")).parts
    assert moment["DTSTART"] == "20260312T020000Z" and moment["DTSTAMP"] == "20260312T020000Z"
    assert (day["DTSTART"], day["DTEND"], day["SEQUENCE"]) == ("20260312", "20260313", "3")


@pytest.fixture
def clerk(db):
    return User.objects.create_user("clerk", "correct horse 12", name="经办人")


@pytest.fixture
def dates(monkeypatch, clerk):
    """What two providers announce, by user; the desk shows one task."""
    found = {clerk.pk: [Dated("tender-1-deadline", "读书服务：截止", MOMENT, "/tenders/1/", "财库〔2014〕214号 第10条"), Dated("tender-1-award", "读书服务：确定成交供应商", DAY, "/tenders/1/")]}
    desk = {clerk.pk: [Task("payment", "读书服务 · 首付款", "审批", "/payments/7/", due=DAY), Task("wish", "无期限", "答复", "/wishes/1/")]}
    monkeypatch.setattr(registry, "_agenda", [lambda user, since: found.get(user.pk, ())])
    monkeypatch.setattr(registry, "_desk", [lambda user: desk.get(user.pk, ())])
    clock.set_to(datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE))
    return found, desk


def read(client, token):
    answer = client.get(reverse("feed"), {"k": token})
    assert answer.status_code == 200 and answer["Content-Type"] == ical.TYPE and "no-store" in answer["Cache-Control"]
    return ics.read(answer.content)


def test_my_dates_and_what_waits_for_me_each_once(client, clerk, dates):
    _feed, token = feeds.make(clerk)
    calendar = read(client, token)
    assert {event["SUMMARY"] for event in calendar.parts} == {"读书服务 · 首付款：审批", "读书服务：确定成交供应商", "读书服务：截止"}
    assert calendar["X-WR-CALNAME"] == "点单：我的日程"
    dates[1][clerk.pk].append(Task("tender", "读书服务", "确定成交供应商", "/tenders/1/", due=DAY))
    assert len(read(client, token).parts) == 3  # the desk says the same date of the same page
    old = Dated("old", "去年", datetime.date(2025, 1, 1), "/x/")
    dates[0][clerk.pk].append(old)
    assert len(read(client, token).parts) == 3


def test_a_moved_date_keeps_its_id_and_counts_up_and_a_cancelled_one_goes(client, clerk, dates):
    _feed, token = feeds.make(clerk)
    first = {event["UID"]: event for event in read(client, token).parts}
    again = {event["UID"]: event for event in read(client, token).parts}
    assert {key: event.values for key, event in first.items()} == {key: event.values for key, event in again.items()}  # unchanged: stamp too
    clock.set_to(clock.now() + datetime.timedelta(hours=1))
    dates[0][clerk.pk][0] = Dated("tender-1-deadline", "读书服务：截止", MOMENT + datetime.timedelta(days=4), "/tenders/1/", "财库〔2014〕214号 第10条")
    moved = {event["UID"]: event for event in read(client, token).parts}
    assert moved.keys() == first.keys()
    key = next(key for key in moved if key.startswith("tender-1-deadline@"))
    assert moved[key]["SEQUENCE"] == "1" and moved[key]["DTSTART"] == "20260316T020000Z" and moved[key]["LAST-MODIFIED"] > first[key]["LAST-MODIFIED"]
    assert all(moved[other]["SEQUENCE"] == "0" for other in moved if other != key)
    del dates[0][clerk.pk][0]
    assert key not in {event["UID"] for event in read(client, token).parts}


def test_a_task_due_until_midnight_is_a_whole_day_and_keeps_its_id_when_its_date_moves(client, clerk, dates):
    _feed, token = feeds.make(clerk)
    dates[0][clerk.pk], dates[1][clerk.pk] = [], [Task("payment", "首付款", "审批", "/payments/7/", due=clock.end_of_day(DAY))]
    event = read(client, token).parts[0]
    assert event["DTSTART"] == "20260312"
    dates[1][clerk.pk] = [Task("payment", "首付款", "审批", "/payments/7/", due=DAY + datetime.timedelta(days=1))]
    later = read(client, token).parts[0]
    assert later["UID"] == event["UID"] and (later["DTSTART"], later["SEQUENCE"]) == ("20260313", "1")


def test_a_provisional_date_says_so(client, clerk, dates):
    dates[0][clerk.pk] = [Dated("tender-1-deadline", "读书服务：截止", datetime.date(2027, 1, 4), "/tenders/1/", provisional=True)]
    event = next(event for event in read(client, feeds.make(clerk)[1]).parts if event["UID"].startswith("tender-1"))
    assert event["SUMMARY"] == "读书服务：截止（暂定）" and "2027 年度放假安排未录入" in event["DESCRIPTION"]


def test_who_stands_in_sees_the_dates_marked(client, clerk, dates):
    deputy = User.objects.create_user("deputy", "correct horse 12", name="代办人")
    _feed, token = feeds.make(deputy)
    assert read(client, token).parts == []
    StandIn.objects.create(principal=clerk, deputy=deputy, starts_on=clock.today(), ends_on=clock.today(), reason="外出", created_by=clerk)
    said = [event["SUMMARY"] for event in read(client, token).parts]
    assert len(said) == 3 and all(text.startswith("代办：") for text in said) and clerk.name not in "".join(said)


def test_only_the_right_address_answers(client, clerk, dates):
    address = reverse("feed")
    assert client.get(address).status_code == client.get(address, {"k": "wrong"}).status_code == client.get(address, {"k": "x" * 5000}).status_code == 404
    _feed, token = feeds.make(clerk)
    assert client.get(address, {"k": token}).status_code == 200 and client.post(address, {"k": token}).status_code == 405
    assert client.get(address, {"k": CalendarFeed.objects.get().token_hash}).status_code == 404  # what the database holds opens nothing
    _feed, renewed = feeds.make(clerk)
    assert client.get(address, {"k": token}).status_code == 404 and client.get(address, {"k": renewed}).status_code == 200
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    assert client.get(address, {"k": renewed}).status_code == 404
    User.objects.filter(pk=clerk.pk).update(is_active=True)
    feeds.stop(clerk)
    assert client.get(address, {"k": renewed}).status_code == 404 and CalendarFeed.objects.get().token_hash is None


def test_reading_signs_nobody_in(client, clerk, dates):
    _feed, token = feeds.make(clerk)
    answer = client.get(reverse("feed"), {"k": token})
    assert not answer.cookies and client.get(reverse("desk")).status_code == 302


def test_the_address_is_shown_once_and_kept_nowhere(client, clerk, dates, caplog):
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("feed_page")
    assert "生成我的订阅地址" in client.get(page).content.decode()
    with caplog.at_level(logging.DEBUG):
        shown = client.post(page, {"make": "1"})
        token = shown.content.decode().split("feed.ics?k=")[1].split('"')[0]
        assert "no-store" in shown["Cache-Control"] and len(token) > 40
        assert token not in client.get(page).content.decode()
        client.logout()
        read(client, token)
        client.get(reverse("feed"), {"k": token + "x"})
    assert token not in caplog.text
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            assert not any(token in str(cell) for row in cursor.fetchall() for cell in row), name
    assert list(TrailRow.objects.filter(verb="feed").values_list("params", flat=True)) == [{"made": True}]


def test_the_access_log_leaves_the_token_out():
    written = re.search(r'^access_log_format = "(.*)"$', (ROOT / "gunicorn.conf.py").read_text(), flags=re.M)
    made = Config()
    made.set("access_log_format", written[1])
    logger, token = Logger(made), "a-very-secret-token"
    response = types.SimpleNamespace(status="200 OK", sent=1, headers=[])
    request = types.SimpleNamespace(method="GET", uri=f"/feed.ics?k={token}", path="/feed.ics", query=f"k={token}", version=(1, 1), headers=[])
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": f"/feed.ics?k={token}", "PATH_INFO": "/feed.ics", "QUERY_STRING": f"k={token}", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "10.0.0.1"}
    line = made.access_log_format % logger.atoms_wrapper_class(logger.atoms(response, request, environ, datetime.timedelta(seconds=1)))
    assert "/feed.ics" in line and token not in line


def test_readers_and_guessers_are_slowed_down(client, clerk, dates, settings):
    settings.THROTTLES = {"feed": "3/h", "feed_wrong": "2/h"}
    _feed, token = feeds.make(clerk)
    assert [client.get(reverse("feed"), {"k": token}).status_code for _n in range(4)] == [200, 200, 200, 429]
    answers = [client.get(reverse("feed"), {"k": f"guess{n}"}) for n in range(12)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429] * 2 and answers[-1]["Retry-After"] == "3600"
    assert throttle.rate_of("other", "7/m") == (7, 60)


def test_stopping_on_the_page(client, clerk, dates):
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("feed_page"), {"make": "1"})
    assert "停止订阅" in client.get(reverse("feed_page")).content.decode()
    assert client.post(reverse("feed_page"), {"stop": "1"}).status_code == 302
    assert "尚未生成" in client.get(reverse("feed_page")).content.decode()
    assert [row.params for row in TrailRow.objects.filter(verb="feed").order_by("id")] == [{"made": True}, {"made": False}]
