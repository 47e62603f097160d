"""The web server killed while a signed paper is being uploaded: nothing half-saved, the same upload afterwards counts once.

The kill in the middle of a verb is tests/infra/test_kill_web.py; here the body is half sent, and the file is kept but not yet committed.
"""

import re
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from kernel import files, trail
from tests.factories.projects import make_meeting, make_office, make_project, scan
from tests.infra.test_kill_web import NoRedirect, server  # noqa: F401  (fixture)
from tests.processes import Queue, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BORDER = "paper-border"


@pytest.fixture
def sitting():
    """A recorded meeting without its minutes, the page of the upload and the session of its secretary."""
    office = make_office()
    meeting = make_meeting(office, [make_project(office, "committee", 60000)], minutes=False)
    client = Client()
    client.force_login(office.committee, backend="django.contrib.auth.backends.ModelBackend")
    return meeting, f"/meeting/{meeting.pk}/do/minutes/", client.cookies["sessionid"].value


def prepared(base, session, path):
    """Headers and body of the upload as a browser would send it."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    page = opener.open(urllib.request.Request(base + path, headers={"Cookie": f"sessionid={session}"}), timeout=20)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()).group(1)
    cookie = re.search(r"csrftoken=(\w+)", str(page.headers)).group(1)
    body = (
        f'--{BORDER}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
        f'--{BORDER}\r\nContent-Disposition: form-data; name="file"; filename="minutes.png"\r\nContent-Type: image/png\r\n\r\n'
    ).encode() + scan().read() + f"\r\n--{BORDER}--\r\n".encode()  # fmt: skip
    return {"Cookie": f"sessionid={session}; csrftoken={cookie}", "Origin": base, "Content-Type": f"multipart/form-data; boundary={BORDER}"}, body


def send(base, path, headers, body):
    """The status of the upload."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        return opener.open(urllib.request.Request(base + path, data=body, headers=headers), timeout=30).status
    except urllib.error.HTTPError as answer:
        return answer.code


def stored():
    """Files in the media folder, unfinished ones included."""
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def unchanged(meeting, before):
    meeting.refresh_from_db()
    return meeting.status == "draft" and files.of(meeting, role="minutes") == [] and trail.rows_of(meeting).count() == before


def uploads_once(base, session, path, meeting, before):
    """The same upload again, and a second click of it: one file, one step each time, a whole chain."""
    headers, body = prepared(base, session, path)
    assert send(base, path, headers, body) == 302
    assert send(base, path, headers, body) in (302, 422)
    assert len(files.of(meeting, role="minutes")) == 1
    assert files.intact(files.of(meeting, role="minutes")[0])
    assert [row.verb for row in trail.rows_of(meeting)][before:].count("attach") == 1
    assert trail.broken(trail.rows_of(meeting).last().chain) is None


def test_killed_while_half_of_the_file_was_sent(server, sitting, tmp_path):  # noqa: F811
    meeting, path, session = sitting
    before, kept = trail.rows_of(meeting).count(), stored()
    process, base = server(tmp_path / "no-stall")
    headers, body = prepared(base, session, path)
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": f"{host}:{port}", "Content-Length": len(body), **headers}.items())
        line.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[: len(body) - 60])
        line.settimeout(1)
        with pytest.raises(TimeoutError):
            line.recv(1)  # the server waits for the rest
        Queue.kill(process)
    assert unchanged(meeting, before) and stored() == kept
    _process, base = server(tmp_path / "no-stall")
    uploads_once(base, session, path, meeting, before)


def test_killed_between_the_step_and_the_commit(server, sitting, tmp_path):  # noqa: F811
    meeting, path, session = sitting
    before = trail.rows_of(meeting).count()
    stall = tmp_path / "stall"
    stall.touch()
    process, base = server(stall)
    headers, body = prepared(base, session, path)
    clicked = threading.Thread(target=lambda: pytest.raises(OSError, send, base, path, headers, body), daemon=True)
    clicked.start()
    wait_for(lambda: (tmp_path / "stall.reached").exists(), what="the upload to reach its trail row")
    Queue.kill(process)
    clicked.join(20)
    assert unchanged(meeting, before)
    assert not list(Path(settings.MEDIA_ROOT).glob("incoming/*"))
    stall.unlink()
    _process, base = server(stall)
    uploads_once(base, session, path, meeting, before)

