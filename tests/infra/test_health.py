"""The two health pages: alive, and able to work."""

import pytest

from kernel.views import health

pytestmark = pytest.mark.django_db


def test_alive_needs_nothing(client, monkeypatch):
    monkeypatch.setattr(health, "CHECKS", {"database": lambda: 1 / 0})
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_asks_every_part(client, monkeypatch):
    asked = []
    monkeypatch.setattr(health, "CHECKS", {name: lambda name=name: asked.append(name) for name in health.CHECKS})
    answer = client.get("/readyz")
    assert answer.status_code == 200 and asked == ["database", "migrations", "queue", "media"]


def test_not_ready_names_the_part_but_not_the_reason(client, monkeypatch, caplog):
    def broken():
        raise OSError("password=secret")

    monkeypatch.setattr(health, "CHECKS", {"database": lambda: None, "queue": broken})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "queue": "failed"}
    assert b"secret" not in answer.content and "secret" in caplog.text


def test_database_and_media_are_really_tried(settings, tmp_path):
    health._database()
    settings.MEDIA_ROOT = tmp_path / "media"
    health._media()
    assert list((tmp_path / "media").iterdir()) == []


def test_the_queue_is_really_tried(queue):
    health._queue()


def test_a_dead_queue_is_noticed(settings):
    from celery import current_app

    with current_app.connection_for_write("redis+socket:///nonexistent/queue.sock", connect_timeout=1) as broker, pytest.raises(Exception):  # noqa: B017
        broker.ensure_connection(max_retries=0, timeout=1)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_health_pages_only_read(client, method):
    assert getattr(client, method)("/healthz").status_code == 405
