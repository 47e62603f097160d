"""The nightly comparison of totals with rows."""

import pytest

from kernel import jobs, notices, registry, totals
from kernel.models import Notice, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    admin = User.objects.create_user("guan", "x", name="管理", is_platform_admin=True)
    User.objects.create_user("putong", "x", name="普通")
    return admin


def test_equal_totals_disturb_nobody(people, monkeypatch):
    monkeypatch.setattr(registry, "_totals", [lambda: []])
    assert totals.compare() == [] and not Notice.objects.exists()


def test_a_difference_reaches_the_administrators_once_a_day(people, monkeypatch, caplog):
    monkeypatch.setattr(registry, "_totals", [lambda: [("资金 1 已占用", 100, 90)], lambda: [("合同 2 已付", 5, 6)]])
    assert len(totals.compare()) == 2
    totals.compare()
    notice = Notice.objects.get()
    assert notice.user == people
    said = notices.text_of(notice)
    assert "2" in said and "资金 1 已占用" in said and "合同 2 已付" in said
    assert "stored 100, counted 90" in caplog.text


def test_beat_asks_it_every_night():
    from django.conf import settings

    assert totals.compare in jobs.RECURRING["compare"]
    asked = {tuple(entry.get("args", ())) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {(name,) for name in jobs.RECURRING} <= asked
