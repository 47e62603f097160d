"""The web server killed in the middle of a verb: nothing half-saved, and the same click afterwards counts once."""

import re
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import pytest
from django.test import Client

from kernel import trail
from tests.factories.communities import make_need, make_office
from tests.processes import ROOT, Queue, child_environment, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(tmp_path):
    """start(stall) → (process, base address) of a real gunicorn on this test's database."""
    started = []

    def start(stall):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = child_environment(PORT=str(port), STALL=str(stall))
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "tests.infra.stalling_wsgi:application"]
        log = open(tmp_path / "web.log", "ab")  # noqa: SIM115
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        base = f"http://127.0.0.1:{port}"

        def up():
            try:
                return urllib.request.urlopen(f"{base}/healthz", timeout=5).status == 200
            except OSError:
                return False

        wait_for(up, seconds=40, what="the web server")
        return process, base

    yield start
    for process in started:
        if process.poll() is None:
            Queue.kill(process)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def click(base, session, path):
    """Open the verb's page and press its button, as a browser does. Returns the last status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        page = opener.open(urllib.request.Request(base + path, headers={"Cookie": f"sessionid={session}"}), timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()).group(1)
        cookie = re.search(r"csrftoken=(\w+)", str(page.headers)).group(1)
        request = urllib.request.Request(
            base + path,
            data=urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode(),
            headers={"Cookie": f"sessionid={session}; csrftoken={cookie}", "Origin": base},
        )
        return opener.open(request, timeout=30).status
    except urllib.error.HTTPError as answer:
        return answer.code


def test_a_verb_interrupted_by_kill_leaves_nothing_and_runs_once_afterwards(server, tmp_path):
    office = make_office()
    need = make_need(office, status="draft")
    before = len(trail.rows_of(need))
    client = Client()
    client.force_login(office.community, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    path = f"/need/{need.pk}/do/confirm/"

    stall = tmp_path / "stall"
    stall.touch()
    process, base = server(stall)
    clicked = threading.Thread(target=lambda: pytest.raises(OSError, click, base, session, path), daemon=True)
    clicked.start()
    wait_for(lambda: (tmp_path / "stall.reached").exists(), what="the verb to reach its trail row")
    Queue.kill(process)
    clicked.join(20)

    need.refresh_from_db()
    assert need.status == "draft" and len(trail.rows_of(need)) == before

    stall.unlink()
    _process, base = server(stall)
    assert click(base, session, path) == 302
    assert click(base, session, path) in (302, 422)  # the second click of an impatient person
    need.refresh_from_db()
    assert need.status == "confirmed"
    assert [row.verb for row in trail.rows_of(need)][before:] == ["confirm"]
    assert trail.broken(trail.rows_of(need).last().chain) is None
