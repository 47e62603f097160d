"""Reminders: before and after, once each, to the right person and the stand-in, whatever beat did in between; mail tried again."""

import datetime

import pytest
from django.core import mail

from kernel import clock, notices, registry
from kernel.models import Notice, StandIn, User
from kernel.registry import Reminder

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return User.objects.create_user("clerk", "correct horse 12", name="经办人", email="clerk@example.org")


@pytest.fixture
def deadline(clerk, monkeypatch):
    """One deadline in five days, announced three days before and after it has passed."""
    due = clock.now() + datetime.timedelta(days=5)

    def provider(now):
        if now > due:
            yield Reminder("test", clerk, (clerk,), due, "after", "某项目", "/desk/")
        elif due - now <= datetime.timedelta(days=3):
            yield Reminder("test", clerk, (clerk,), due, "before", "某项目", "/desk/")

    monkeypatch.setattr(registry, "_reminders", [provider])
    return due


def test_told_once_before_and_once_after(deadline, clerk):
    for days, expected in [(0, 0), (3, 1), (4, 1), (6, 2), (7, 2)]:
        with clock.travelled(deadline - datetime.timedelta(days=5 - days)):
            notices.remind()
        assert Notice.objects.filter(user=clerk).count() == expected


def test_a_week_without_beat_loses_nothing_that_still_matters(deadline, clerk):
    with clock.travelled(deadline + datetime.timedelta(days=7)):
        notices.remind()
    assert Notice.objects.get(user=clerk).kind == "deadline.after"


def test_the_stand_in_is_told_too(deadline, clerk):
    deputy = User.objects.create_user("deputy", "correct horse 12", name="代办人")
    day = (deadline - datetime.timedelta(days=1)).date()
    StandIn.objects.create(principal=clerk, deputy=deputy, starts_on=day, ends_on=day, reason="休假", created_by=clerk)
    with clock.travelled(deadline - datetime.timedelta(days=1)):
        notices.remind()
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"clerk", "deputy"}


def test_mail_goes_once_and_in_the_persons_language(deadline, clerk):
    User.objects.filter(pk=clerk.pk).update(language="en")
    with clock.travelled(deadline - datetime.timedelta(days=1)):
        notices.remind()
    notices.send_waiting_mail()
    notices.send_waiting_mail()
    assert len(mail.outbox) == 1
    assert "Soon due" in mail.outbox[0].subject and "某项目" in mail.outbox[0].subject
    assert Notice.objects.get().mail_state == "sent"


def test_failing_mail_is_tried_five_times_and_then_shown_as_failed(deadline, clerk, settings):
    settings.EMAIL_BACKEND = "tests.kernel.broken_mail.Backend"
    with clock.travelled(deadline - datetime.timedelta(days=1)):
        notices.remind()
    for tries in range(1, 8):
        notices.send_waiting_mail()
        notice = Notice.objects.get()
        assert notice.mail_tries == min(tries, 5)
    assert notice.mail_state == "failed"


def test_queries_do_not_grow_with_the_deadlines(clerk, monkeypatch, django_assert_num_queries):
    def many(count):
        due = clock.now()
        return lambda now: (Reminder("test", clerk, (clerk,), due + datetime.timedelta(minutes=n), "before", "x", "/") for n in range(count))

    for count in (2, 200):
        monkeypatch.setattr(registry, "_reminders", [provider := many(count)])
        notices.remind()
        monkeypatch.setattr(registry, "_reminders", [provider])
        with django_assert_num_queries(2):
            notices.remind()


def test_no_mail_for_those_who_switched_it_off(clerk):
    User.objects.filter(pk=clerk.pk).update(mail_on=False)
    clerk.refresh_from_db()
    notices.notify(clerk, "k", "deadline.before", params={"title": "x", "due": "y"})
    notices.send_waiting_mail()
    assert mail.outbox == [] and Notice.objects.get().mail_state == "off"
