"""The last minute before a deadline: hundreds of organizations submit to the real web server over HTTP, some of them too late.

Each organization has a login of its own and a complete draft; the server is the one `dev.py run` starts (gunicorn with its threads), on the
bench's database. No queue and no mail server run: a submission waits for neither. The server's clock decides who was in time.
"""

import datetime
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from decimal import Decimal

from django.test import Client

from kernel import clock, seal
from procurement.models import Bid, Lot, Tender
from providers.models import Organization
from tests.bench.work import row
from tests.factories.bids import save_structured

MINUTE, LATE, CLIENTS = 60, 20, 48
TOKEN = "b" * 32


def rush(world, bidders=500):
    """`bidders` submissions spread over the last minute, and LATE ones just after it. Rows of the report."""
    source = world.plots["published"].lots.get()
    lot = Lot.objects.create(tender=source.tender, project=source.project, order=98, title="rush", ceiling=source.ceiling, status=source.status)
    drafts = _drafts(world, lot, bidders + LATE)
    clock.set_to(None)
    with _Server() as port:
        Tender.objects.filter(pk=source.tender_id).update(deadline=clock.now() + datetime.timedelta(hours=1))
        first = [_submit(port, *one) for one in drafts[:5]]
        alone = [ms for _said, ms in first]
        deadline = clock.now() + datetime.timedelta(seconds=MINUTE + 2)
        Tender.objects.filter(pk=source.tender_id).update(deadline=deadline, opens_at=deadline)
        answers = _all(port, drafts[5:], deadline, bidders - 5)
    taken = Bid.objects.filter(lot=lot, status="submitted").prefetch_related("parts")
    told = Counter(said for _late, said, _ms in answers) + Counter(said for said, _ms in first)
    whole = sum(seal.receipt_of_digests({part.key: part.digest for part in bid.parts.all()}) == bid.receipt and all(seal.digest(bytes(part.sealed)) == part.digest for part in bid.parts.all()) for bid in taken)
    late = sum(bid.submitted_at >= deadline for bid in taken)
    spent = sorted(ms for was_late, _said, ms in answers if not was_late)
    ratio = statistics.median(spent) / statistics.median(alone)
    return [
        row(f"{bidders} organizations submit in the last minute over HTTP, {LATE} too late", f"{dict(told)}"),
        row("… none lost: told taken = stored with receipt", f"{told['taken']} = {len(taken)}", str(bidders), told["taken"] == len(taken) == bidders),
        row("… none late", f"{told['refused']} refused, {late} stored after the deadline", f"{LATE}, 0", told["refused"] == LATE and not late),
        row("… every receipt verifies against what is stored", f"{whole} of {len(taken)}", "all", whole == len(taken)),
        row("… waiting of one in the crowd against one alone (median)", f"{statistics.median(spent):.0f} ms / {statistics.median(alone):.0f} ms = {ratio:.2f}; slowest {spent[-1]:.0f} ms"),
    ]


def _drafts(world, lot, count):
    """[(session, bid)]: organizations with a login of their own and a complete draft."""
    from procurement.lifecycle import bid as life
    from providers.lifecycle.members import add_member

    actor, like = world.people.own["provider"], world.cast.organizations["lelin"]
    found, price = [], Decimal(lot.ceiling) - 1
    for number in range(count):
        user = type(actor).objects.create_user(f"rush{number}", None, name=f"负责人{number}")
        organization = Organization.objects.create(kind=like.kind, name=f"抢时单位{number}", contact_name="张三", contact_phone="13900000000", status="verified", place=like.place)
        add_member(organization, user, "manager", actor=user)
        made = life.start_bid(organization, lot, actor=user)
        for key, content in (("qualification", "依法登记".encode()), ("technical", "方案".encode() * 2000), ("price", str(price).encode())):
            life.save_part(made, key, content, actor=user)
        save_structured(made, price, actor=user)
        reader = Client()
        reader.force_login(user)
        found.append((reader.cookies["sessionid"].value, made))
    return found


class _Server:
    """gunicorn as `dev.py run` starts it, on the bench's database."""

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        env = {**os.environ, "PORT": str(self.port), "DJANGO_SETTINGS_MODULE": "config.settings", "DIANDAN_MODE": "demo"}
        self.process = subprocess.Popen([sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "config.wsgi:application"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _turn in range(200):
            try:
                if _ask(self.port, "GET", "/healthz", {}) == 200:
                    return self.port
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the web server did not start")

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(30)


def _ask(port, method, path, headers):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        answer.read()
        return (answer.status, answer.getheader("Location", "")) if method == "POST" else answer.status
    finally:
        line.close()


def _submit(port, session, bid):
    """(taken | refused | status, milliseconds) of one POST."""
    headers = {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN, "Content-Length": "0"}
    start = time.perf_counter()
    status, place = _ask(port, "POST", f"/bids/{bid.public_id}/submit/", headers)
    spent = (time.perf_counter() - start) * 1000
    if status != 302 or "login" in place:
        return str(status), spent
    return ("taken" if place.endswith("/receipt/") else "refused"), spent


def _all(port, drafts, deadline, in_time):
    """Every draft at its moment: the first `in_time` within the minute before the deadline, the rest within two seconds after it."""
    chance = random.Random(7)
    plan = sorted((-chance.uniform(2, MINUTE) if place < in_time else chance.uniform(0.1, 2), place) for place in range(len(drafts)))
    todo, answers, lock = list(reversed(plan)), [], threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                moment, place = todo.pop()
            wait = (deadline - clock.now()).total_seconds() + moment
            if wait > 0:
                time.sleep(wait)
            try:
                said, spent = _submit(port, *drafts[place])
            except OSError as error:
                said, spent = type(error).__name__, 0.0
            with lock:
                answers.append((moment > 0, said, spent))

    threads = [threading.Thread(target=work) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
