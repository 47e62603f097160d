"""How long what is kept."""

import datetime

import pytest
from django.contrib.sessions.models import Session

from kernel import clock, drafts, files, retention
from kernel.models import Attachment, Draft, User


@pytest.fixture
def owner(settings, tmp_path, db):
    settings.KEY_DIR, settings.MEDIA_ROOT = tmp_path / "keys", tmp_path / "media"
    return User.objects.create_user("alice", name="alice")


@pytest.mark.rule("I01")
@pytest.mark.parametrize(("ended", "until"), [("2026-12-31", "2041-12-31"), ("2024-02-29", "2039-02-28")])
def test_the_archive_keeps_fifteen_years(ended, until):
    assert retention.archive_until(datetime.date.fromisoformat(ended)).isoformat() == until


@pytest.mark.rule("I01")
def test_closing_starts_the_period_and_never_shortens_it(owner):
    row = files.attach(owner, ("a.txt", b"text"), "minutes", actor=owner)
    assert retention.start_archive([owner], datetime.date(2026, 12, 31)) == 1
    assert retention.start_archive([owner], datetime.date(2020, 1, 1)) == 0
    assert Attachment.objects.get(pk=row.pk).kept_until == datetime.date(2041, 12, 31)
    with clock.travelled(datetime.date(2042, 1, 1)):
        Attachment.objects.get(pk=row.pk).delete()
    assert not Attachment.objects.exists()


def test_old_drafts_and_sessions_are_forgotten_fresh_ones_stay(owner):
    with clock.travelled(datetime.date(2026, 1, 1)):
        drafts.save(owner, "old", {})
    with clock.travelled(datetime.date(2026, 7, 30)):
        drafts.save(owner, "new", {})
        past, future = clock.wall() - datetime.timedelta(days=1), clock.wall() + datetime.timedelta(days=1)
        Session.objects.create(session_key="past", session_data="", expire_date=past)
        Session.objects.create(session_key="future", session_data="", expire_date=future)
        done = retention.forget()
        assert (done["drafts"], done["sessions"]) == (1, 1)
        assert retention.forget()["drafts"] == 0
    assert Draft.objects.get().key == "new" and Session.objects.get().session_key == "future"
