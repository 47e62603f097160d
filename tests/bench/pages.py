"""Which pages are measured, as whom, and how: queries counted once, then page and floor called in turn so that a noisy neighbour hits both."""

import json
import logging
import re
import statistics
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, dataclass

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

LIMITS = {"list": 12, "board": 12, "detail": 20, "desk": 15, "public": 12, "open": 12}  # public: lists everybody reads; open: other pages everybody reads
LIST_RATIO = 2.5
MANAGES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")

# kind, url name, role, object of tests/access/objects.py ("" none), address parameters
PAGES = (
    ("list", "project_list", "handler", "", ""),
    ("list", "project_list", "finance", "", ""),
    ("list", "project_list", "community", "", ""),
    ("list", "project_list", "handler", "", "?status=in_review"),
    ("list", "project_list", "handler", "", "?sort=-budget_total"),
    ("list", "project_list", "handler", "", "?page=400"),
    ("list", "project_list", "handler", "", "?sort=-age"),
    ("list", "project_list", "handler", "", "?year=&status=late"),
    ("list", "project_list", "handler", "", "?q=is:in_review+owner:@me+age:>5"),
    ("board", "project_board", "handler", "", ""),
    ("board", "project_board", "finance", "", ""),
    ("board", "project_board", "handler", "", "?year="),
    ("search", "project_list", "handler", "", "?q=服务项目"),
    ("search", "project_list", "handler", "", "?q=没有的词"),
    ("list", "need_list", "community", "", ""),
    ("list", "need_list", "handler", "", ""),
    ("list", "wish_list", "community", "", ""),
    ("list", "place_list", "handler", "", ""),
    ("list", "staff_list", "leader", "", ""),
    ("list", "purchaser_list", "finance", "", ""),
    ("list", "organization_list", "handler", "", ""),
    ("list", "catalogue_list", "handler", "", ""),
    ("list", "fund_list", "fund_owner", "", ""),
    ("list", "meeting_list", "handler", "", ""),
    ("list", "tender_list", "handler", "", ""),
    ("list", "tender_list", "provider", "", ""),
    ("list", "market", "provider", "", ""),
    ("list", "bid_list", "provider", "", ""),
    ("list", "contract_list", "handler", "", ""),
    ("list", "contract_list", "finance", "", ""),
    ("list", "contract_list", "provider", "", ""),
    ("list", "activity_list", "handler", "", ""),
    ("list", "activity_list", "community", "", ""),
    ("list", "payment_list", "accountant", "", ""),
    ("list", "payment_list", "finance", "", ""),
    ("list", "check_list", "auditor", "", ""),
    ("list", "check_list", "handler", "", ""),
    ("list", "panel_list", "handler", "", ""),
    ("list", "panel_list", "expert", "", ""),
    ("list", "expert_list", "handler", "", ""),
    ("list", "backfill_list", "handler", "", ""),
    ("list", "report_list", "leader", "", ""),
    ("list", "notices", "handler", "", ""),
    ("list", "job_list", "leader", "", ""),
    ("list", "rule_list", "handler", "", ""),
    ("list", "calendar", "handler", "", ""),
    ("list", "award_list", "handler", "", ""),
    ("list", "bond_list", "accountant", "", ""),
    ("list", "inquiry_list", "handler", "", ""),
    ("list", "challenge_list", "handler", "", ""),
    ("list", "framework_list", "handler", "", ""),
    ("list", "complaint_list", "finance", "", ""),
    ("list", "price_list", "handler", "", ""),
    ("detail", "award_detail", "handler", "award", ""),
    ("detail", "bond_detail", "accountant", "bond", ""),
    ("detail", "inquiry_detail", "handler", "inquiry", ""),
    ("detail", "challenge_detail", "handler", "challenge", ""),
    ("detail", "framework_detail", "handler", "framework", ""),
    ("detail", "tender_timetable", "handler", "tender", ""),
    ("detail", "bid_comparison", "handler", "lot_opened", ""),
    ("detail", "place_detail", "handler", "place", ""),
    ("detail", "purchaser_detail", "handler", "street_office", ""),
    ("detail", "wish_detail", "community", "wish", ""),
    ("detail", "need_detail", "community", "need", ""),
    ("detail", "organization_detail", "handler", "organization", ""),
    ("detail", "catalogue_item", "handler", "item", ""),
    ("detail", "fund_detail", "fund_owner", "fund", ""),
    ("detail", "project_detail", "community", "project_draft", ""),
    ("detail", "project_detail", "community", "project_returned", ""),
    ("detail", "project_detail", "section", "project_pre", ""),
    ("detail", "project_detail", "handler", "project_approved", ""),
    ("detail", "project_detail", "handler", "project", ""),
    ("detail", "project_detail", "finance", "project", ""),
    ("list", "projectlist_list", "handler", "", ""),
    ("detail", "meeting_detail", "handler", "meeting", ""),
    ("detail", "tender_detail", "handler", "tender", ""),
    ("detail", "tender_detail", "handler", "tender_opened", ""),
    ("detail", "tender_detail", "provider", "tender", ""),
    ("detail", "bid_detail", "provider", "bid_submitted", ""),
    ("detail", "bid_detail", "handler", "bid_opened", ""),
    ("detail", "panel_detail", "handler", "panel", ""),
    ("detail", "contract_detail", "handler", "contract", ""),
    ("detail", "contract_detail", "handler", "contract_closing", ""),
    ("detail", "contract_detail", "provider", "contract", ""),
    ("detail", "contract_detail", "auditor", "contract", ""),
    ("detail", "activity_detail", "community", "activity_answered", ""),
    ("detail", "payment_detail", "accountant", "payment", ""),
    ("detail", "payment_detail", "section", "payment", ""),
    ("detail", "closing_detail", "handler", "closing", ""),
    ("detail", "check_detail", "auditor", "check", ""),
    ("detail", "finding_detail", "auditor", "finding", ""),
    ("detail", "report_detail", "leader", "report", ""),
    ("detail", "backfill_detail", "handler", "batch", ""),
    *(("desk", "desk", role, "", "") for role in (
        "handler", "section", "committee", "leader", "accountant", "cashier", "fund_owner", "supervisor", "legal", "observer", "finance", "department", "community",
        "grid_worker", "provider", "expert", "auditor", "admin",
    )),
    ("search", "search", "handler", "", "?q=服务项目"),
    ("open", "home", "", "", ""),
    ("public", "needs_public", "", "", ""),
    ("public", "public_needs", "", "", ""),
    ("public", "public_notices", "", "", ""),
    ("public", "public_results", "", "", ""),
    ("public", "public_contracts", "", "", ""),
    ("public", "public_lists", "", "", ""),
    ("open", "public_community", "", "place", ""),
    ("open", "announcement", "", "notice_number", ""),
)  # fmt: skip


@dataclass
class Measure:
    """One page at one size. `queries`, milliseconds of the page and of its floor; `problem` when the page did not answer 200."""

    kind: str
    name: str
    role: str
    rows: int
    columns: int
    queries: int
    ms: float
    floor_ms: float
    problem: str = ""

    @property
    def ratio(self):
        return self.ms / self.floor_ms if self.floor_ms else 0.0


def sized(html):
    """(rows, columns) of what a page lists: rows of its tables, and lines of its public lists."""
    rows, cells = len(re.findall(r"<tr[ >]", html)) - html.count("<thead"), len(re.findall(r"<td[ >]", html))
    lines = sum(part.partition("</ul>")[0].count("<li") for part in html.split('<ul class="dd-plain dd-lines">')[1:])
    return max(0, rows) + lines, -(-cells // rows) if rows > 0 else 0


def milliseconds(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def addressed(world, arguments, pages=PAGES):
    """The pages as plain data for another process: kind, label, role, key of the person, address."""
    for kind, url_name, role, key, params in pages:
        label = f"{url_name}{params}" + (f" ({key})" if key else "")
        address = reverse(url_name, args=arguments(world, key) if key else ()) + params
        yield {"kind": kind, "name": label, "role": role, "user": world.people.own[role].pk if role else None, "address": address}


class Reader:
    """Opens pages as the world's people."""

    def __init__(self, repeat):
        self.repeat, self.clients = repeat, {}

    def client(self, user):
        if user not in self.clients:
            self.clients[user] = Client()
            if user:
                self.clients[user].force_login(get_user_model().objects.get(pk=user), backend="django.contrib.auth.backends.ModelBackend")
        return self.clients[user]

    def measure(self, asked):
        kind, label, role, address = asked["kind"], asked["name"], asked["role"], asked["address"]
        client = self.client(asked["user"])
        answer = client.get(address)
        if answer.status_code != 200:
            return Measure(kind, label, role, 0, 0, 0, 0, 0, problem=str(answer.status_code))
        rows, columns = sized(answer.content.decode())
        rows, columns = (rows, columns) if role else (max(rows, 20), max(columns, 5))  # the public lists are cards of about five facts
        floor = f"/bench/{'floor' if role else 'public'}/{min(rows, 100)}/{min(max(columns, 1), 12)}/"
        client.get(floor)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        queries = sum(not query["sql"].startswith(MANAGES) for query in captured.captured_queries)
        pairs = [(milliseconds(lambda: client.get(floor)), milliseconds(lambda: client.get(address))) for _turn in range(self.repeat)]
        return Measure(kind, label, role, rows, columns, queries, statistics.median(p for _f, p in pairs), statistics.median(f for f, _p in pairs))


def read_apart(asked, repeat):
    """The measures of these pages by a process of its own: one that answers carries nothing of the making of a hundred thousand projects."""
    told = json.dumps({"pages": list(asked), "repeat": repeat})
    done = subprocess.run([sys.executable, "-m", "tests.bench.pages"], input=told, stdout=subprocess.PIPE, text=True, check=True)
    return [Measure(**one) for one in json.loads(done.stdout)]


def verdict(measures):
    """What a page breaks, over its sizes: text, empty when it holds."""
    kind, found = measures[0].kind, []
    for one in measures:
        if one.problem:
            found.append(f"answered {one.problem}")
    if kind in LIMITS and max(one.queries for one in measures) > LIMITS[kind]:
        found.append(f"queries > {LIMITS[kind]}")
    if len({one.queries for one in measures}) > 1 and max(one.queries for one in measures) > min(one.queries for one in measures) + 3:
        found.append("queries grow")
    if kind in ("list", "public") and max(one.ratio for one in measures) > LIST_RATIO:
        found.append(f"> {LIST_RATIO}× floor")
    return ", ".join(dict.fromkeys(found))


def main():
    """Reads {pages, repeat} and writes the measures, both as JSON."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    told = json.load(sys.stdin)
    reader = Reader(told["repeat"])
    json.dump([asdict(reader.measure(page)) for page in told["pages"]], sys.stdout)


if __name__ == "__main__":
    import django

    django.setup()
    main()
