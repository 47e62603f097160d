"""A budget of a thousand lines: opening its editor, saving it, printing it, each against something that cannot be quicker."""

import datetime
import gc
from decimal import Decimal
from unittest.mock import patch
from urllib.parse import urlencode

from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import pdf
from kernel.money import yuan
from procurement.documents import budget_pdf
from procurement.forms.budget import COLUMNS, LineTable
from procurement.lifecycle.project import set_budget
from procurement.models import BudgetLine, Project
from tests.bench.pages import MANAGES, milliseconds
from tests.bench.work import row

LINES = 1000
ENCODED = "application/x-www-form-urlencoded"
OPEN_LIMIT, SAVE_LIMIT, PDF_LIMIT = 1.3, 8.0, 1.3


def rows_of(project, count, price="2.15"):
    """A plan of an activity for every 25 lines, and the lines."""
    most = max(1, count // 25)
    plan = [{"order": n + 1, "title": f"第{n + 1}场活动", "planned_on": project.starts_on + datetime.timedelta(days=n), "location": "活动室", "headcount": 40, "times": 1} for n in range(most)]
    return plan, [{"kind": "activity", "activity": n * most // count + 1, "name": f"物品{n}", "unit": "支", "quantity": Decimal(n % 9 + 1) / 2, "price": Decimal(price), "note": ""} for n in range(count)]


def form_of(project, price):
    """What the browser sends of the whole editor, encoded as its form says."""
    plan, table = list(project.plan.all()), LineTable.saved(project)
    data = {"plan-TOTAL_FORMS": len(plan), "plan-INITIAL_FORMS": len(plan)}
    for number, activity in enumerate(plan):
        data |= {f"plan-{number}-{name}": getattr(activity, name) for name in ("id", "order", "title", "planned_on", "location", "headcount", "times")}
    cells = [{"id": line.pk, "kind": line.kind, "activity": line.activity or "", **line.cells, "price": price} for line in table.rows]
    return urlencode(data | {f"line_{name}": [line[name] for line in cells] for name in COLUMNS}, doseq=True)


def editor(told, pk, repeat=3):
    """[rows of the table of results] for the project with this id, a draft of the community."""
    person, client = told.people.own["community"], Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    url, times, queries = reverse("project_budget", args=[pk]), {}, {}
    for count in (LINES // 10, LINES):
        project = Project.objects.get(pk=pk)
        set_budget(project, *rows_of(project, count), person)
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        queries[count] = sum(not query["sql"].startswith(MANAGES) for query in captured.captured_queries)
        times[count] = min(milliseconds(lambda: client.get(url)) for _turn in range(repeat))
    growth = times[LINES] / times[LINES // 10] / 10
    found = [row(
        f"opening a budget of {LINES:,} lines against ten of {LINES // 10}", f"{times[LINES]:.0f} ms, {queries[LINES]} queries ({queries[LINES // 10]} for {LINES // 10}), {growth:.2f}",
        f"≤ {OPEN_LIMIT}, the same queries", growth <= OPEN_LIMIT and len(set(queries.values())) == 1,
    )]  # fmt: skip

    def bare():
        with transaction.atomic():
            BudgetLine.objects.bulk_create([BudgetLine(project_id=pk, kind="people", name=f"物品{n}", unit="支", quantity=1, price=yuan(2), amount=yuan(2)) for n in range(LINES)])
            transaction.set_rollback(True)

    pairs = []
    for turn in range(repeat):
        data = form_of(project, f"{turn + 3}.05")
        pairs.append((milliseconds(bare), milliseconds(lambda data=data: client.post(url, data, content_type=ENCODED))))
    alone, ours = min(a for a, _o in pairs), min(o for _a, o in pairs)
    found.append(row(f"saving {LINES:,} changed lines against a bare bulk_create", f"{ours:.0f} ms / {alone:.0f} ms = {ours / alone:.2f}", f"≤ {SAVE_LIMIT}", ours / alone <= SAVE_LIMIT))
    project.refresh_from_db()
    assert project.budget_total == sum(line.amount for line in project.lines.all())
    return found + paper(project, repeat=2)


def tidied(call):
    """Milliseconds of a call that pays for no garbage of the one before it."""
    gc.collect()
    return milliseconds(call)


def paper(project, repeat):
    """The budget as PDF against WeasyPrint alone with the same HTML."""
    if refusal := pdf.missing():
        return [row("PDF of the budget", str(refusal), holds=False)]
    from weasyprint import HTML

    with patch("procurement.documents.render_pdf", side_effect=render_to_string):
        html = budget_pdf(project)
    pdf.html_to_pdf("<p>点单</p>")
    css, fonts = pdf._configuration()
    pairs = [(tidied(lambda: HTML(string=html).write_pdf(stylesheets=[css], font_config=fonts)), tidied(lambda: budget_pdf(project))) for _turn in range(repeat)]
    alone, ours = min(a for a, _o in pairs), min(o for _a, o in pairs)
    return [row(f"PDF of a budget of {LINES:,} lines against WeasyPrint alone", f"{ours:.0f} ms / {alone:.0f} ms = {ours / alone:.2f}", f"≤ {PDF_LIMIT}", ours / alone <= PDF_LIMIT)]
