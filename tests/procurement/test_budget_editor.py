"""The editor on the server's side: groups, the block pasted without script, few statements for many lines; bounds of shares; copies of earlier budgets."""

import datetime
import io
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import TrailRow
from kernel.money import yuan
from kernel.spreadsheet import read_table
from procurement.documents import budget_pdf, budget_xlsx
from procurement.lifecycle import configuration, project
from procurement.lifecycle.budget import snapshot
from procurement.lifecycle.completeness import warnings
from procurement.models import BudgetBounds, BudgetLine
from tests.factories.projects import make_office, make_project
from tests.procurement.test_budget import editor_rows, post


@pytest.fixture
def office(db):
    return make_office()


def many(row, count, price="2.15"):
    """A plan of four activities and `count` lines, of every kind."""
    plan = [{"order": n, "title": f"活动{n}", "planned_on": row.starts_on, "location": "活动室", "headcount": 20, "times": 1} for n in range(1, 5)]
    kinds = ["activity"] * 6 + ["people", "running"]
    lines = [
        {"kind": kinds[n % 8], "activity": n * 4 // count + 1 if n % 8 < 6 else None, "name": f"=物品{n}", "unit": "支", "quantity": Decimal(n % 9 + 1) / 2, "price": Decimal(price), "note": "'+备注" if n % 5 == 0 else ""}
        for n in range(count)
    ]
    return plan, lines


def bounds(office, **values):
    row = configuration.propose(BudgetBounds, office.section, purchaser=office.purchaser, **values)
    return configuration.confirm(row, office.leader)


def test_lines_stand_under_their_activities(client, office):
    row = make_project(office, "ready", amount=40000)
    client.force_login(office.staff)
    groups = client.get(reverse("project_budget", args=[row.pk])).context["groups"]
    assert [(group.key, [line.cells["name"] for line in group.rows], group.total) for group in groups] == [
        ("activity:1", ["图书"], yuan(8000)), ("activity:2", ["手工材料"], yuan(18000)), ("people", ["社工人工"], yuan(10000)), ("running", ["管理费"], yuan(4000)),
    ]  # fmt: skip
    assert sum(group.share for group in groups) == 100


def test_a_block_pasted_without_script_stands_in_the_table_and_is_not_saved_yet(client, office):
    row = make_project(office, "ready", amount=40000)
    client.force_login(office.staff)
    url = reverse("project_budget", args=[row.pk])
    block = "签字笔\t支\t3\t2\t黑\r\n桌布\t块\t一\t20\t\t多余"
    answer = client.post(url, post(row, *editor_rows(row), paste=block, paste_into="activity:2", do="paste"))
    assert answer.status_code == 422
    group = answer.context["groups"][1]
    assert [line.cells["name"] for line in group.rows] == ["手工材料", "签字笔", "桌布"]
    assert "quantity" in group.rows[2].errors
    assert "多余" in answer.content.decode()
    assert row.lines.count() == 4
    plan, lines = editor_rows(row)
    lines.insert(2, {"kind": "activity", "activity": 2, "name": "签字笔", "unit": "支", "quantity": "3", "price": "2"})
    assert client.post(url, post(row, plan, lines, do="stay")).url == url
    assert row.lines.get(name="签字笔").activity.order == 2


@pytest.mark.parametrize("broken", [{"line_price": ["1"]}, {"line_name": []}])
def test_a_table_that_came_in_part_changes_nothing(client, office, broken):
    row = make_project(office, "ready", amount=40000)
    client.force_login(office.staff)
    answer = client.post(reverse("project_budget", args=[row.pk]), post(row, *editor_rows(row)) | broken)
    assert answer.status_code == 422
    assert row.lines.count() == 4


def test_the_same_id_twice_makes_two_lines(office):
    row = make_project(office, "ready", amount=40000)
    plan, lines = editor_rows(row)
    row = project.set_budget(row, plan, [*lines, lines[0]], office.staff)
    assert row.lines.filter(name="图书").count() == 2
    assert row.budget_total == yuan(48000)


def test_a_thousand_lines_open_and_save_in_few_queries(client, office):
    row = make_project(office, "ready", amount=40000)
    client.force_login(office.staff)
    url = reverse("project_budget", args=[row.pk])

    def queries(call):
        with CaptureQueriesContext(connection) as captured:
            answer = call()
        return answer, [query["sql"] for query in captured if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]

    few_open, few = queries(lambda: client.get(url))
    row = project.set_budget(row, *many(row, 1000), office.staff)
    many_open, opened = queries(lambda: client.get(url))
    assert (few_open.status_code, many_open.status_code) == (200, 200)
    assert len(opened) == len(few)
    assert many_open.content.decode().count('name="line_name"') >= 1000
    plan, lines = editor_rows(row)
    answer, unchanged = queries(lambda: client.post(url, post(row, plan, lines)))
    assert answer.status_code == 302
    assert not [sql for sql in unchanged if "budgetline" in sql and sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    for line in lines:
        line["price"] = "3.05"
    answer, changed = queries(lambda: client.post(url, post(row, plan, lines)))
    assert answer.status_code == 302
    writes = [sql for sql in changed if "budgetline" in sql and sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(writes) <= (1 if connection.vendor == "postgresql" else 16)
    assert len(changed) - len(writes) <= len(unchanged) + 2
    row.refresh_from_db()
    assert row.budget_total == sum(line.amount for line in row.lines.all()) == sum(yuan(Decimal(line["quantity"]) * Decimal("3.05")) for line in lines)


def test_more_than_a_thousand_lines_are_refused_kindly(office):
    row = make_project(office, "draft")
    with pytest.raises(Refusal) as refused:
        project.set_budget(row, *many(row, 1001), office.staff)
    assert refused.value.code == "too_many_lines"


def test_a_thousand_lines_go_out_and_come_back_unchanged(client, office):
    row = project.set_budget(make_project(office, "ready"), *many(office_row := make_project(office, "draft"), 1000), office.staff)
    BudgetLine.objects.filter(pk__in=list(row.lines.values_list("pk", flat=True)[:3])).update(name="同名", kind="people", activity=None)
    before = snapshot(row)
    client.force_login(office.staff)
    answer = client.post(reverse("project_budget_import", args=[row.pk]), {"file": SimpleUploadedFile("b.xlsx", budget_xlsx(row))})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert snapshot(row) == before
    assert office_row.lines.count() == 0


def test_database_editor_excel_and_paper_name_the_same_sums(client, office):
    row = make_project(office, "ready")
    row = project.set_budget(row, *many(row, 300, price="17.35"), office.staff)
    exact = sum(line.amount for line in row.lines.all())
    shown = f"{exact:,.2f}"
    client.force_login(office.staff)
    groups = client.get(reverse("project_budget", args=[row.pk])).context["groups"]
    assert sum(group.total for group in groups) == exact == row.budget_total
    table = read_table(SimpleUploadedFile("b.xlsx", budget_xlsx(row)))
    assert sum(yuan(str(record["金额"])) for _number, record in table.records()) == exact
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(budget_pdf(row))).pages]
    plain = re.sub(r"\s", "", "".join(pages))
    assert plain.count(shown) >= 3
    for group in groups:
        assert f"小计（占预算{group.share}%）{group.total:,.2f}" in plain
    for number, page in enumerate(pages, 1):
        lines = [line for line in page.split("\n") if line.strip()]
        assert f"第{number}页/共{len(pages)}页" in re.sub(r"\s", "", lines[-1])
        if 1 < number and "=物品" in page:
            assert lines[0].split()[:2] == ["序号", "明细"], "the head of the table stands on every page"
            assert not lines[1].startswith("小计"), "a subtotal never stands alone"
            assert not lines[-2].startswith("活动费用"), "nor the name of a group"


def test_without_bounds_nothing_is_said_and_with_them_reviewers_and_paper_are_warned(client, office):
    row = make_project(office, "submitted", amount=40000)
    assert not [caution for caution in warnings(row) if caution.key.startswith("share_")]
    client.force_login(office.staff)
    bounds(office, people_min=30, people_max=50, running_max=10)
    assert [caution.key for caution in warnings(row)] == ["share_people_low"]
    client.force_login(office.section)
    assert "人员费用仅占预算 25.0%，低于街道设定的 30%" in client.get(row.get_absolute_url()).content.decode()
    plain = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(budget_pdf(row))).pages))
    assert "人员费用仅占预算25.0%" in plain
    assert "30%–50%" in plain


@pytest.mark.parametrize(("values", "keys"), [({"people_max": 25, "running_min": 10}, []), ({"people_max": 24}, ["share_people_high"]), ({"running_min": 11}, ["share_running_low"]), ({"running_max": 9}, ["share_running_high"])])
def test_the_bound_itself_is_still_inside(office, values, keys):
    row = make_project(office, "ready", amount=40000)
    bounds(office, **values)
    assert [caution.key for caution in warnings(row) if caution.key.startswith("share_")] == keys


def test_bounds_are_proposed_on_the_screen_and_count_once_a_second_person_confirms(client, office):
    url = f"{reverse('setting_propose', args=['budget_bounds'])}?purchaser={office.purchaser.pk}"
    client.force_login(office.section)
    today = clock.today().isoformat()
    for wrong in ({"people_min": 60, "people_max": 50}, {"people_min": 101}, {}):
        assert client.post(url, {"valid_from": today, **wrong}).status_code == 422
    assert client.post(url, {"people_min": 30, "people_max": 50, "valid_from": today}).status_code == 302
    row, work = BudgetBounds.objects.get(), make_project(office, "ready", amount=40000)
    assert not [caution for caution in warnings(work) if caution.key.startswith("share_")]
    decide = reverse("setting_decide", args=["budget_bounds", row.pk])
    client.post(decide, {"do": "confirm"})
    row.refresh_from_db()
    assert row.confirmed_at is None
    client.force_login(office.leader)
    client.post(decide, {"do": "confirm"})
    assert "share_people_low" in [caution.key for caution in warnings(work)]
    assert "30%–50%" in client.get(reverse("configuration")).content.decode()
    assert client.post(url, {"people_min": 30, "valid_from": today}).status_code == 422


def test_last_years_budget_is_taken_over_with_its_dates_moved_and_nothing_of_the_money(client, office):
    old = make_project(office, "approved", amount=40000)
    BudgetLine.objects.filter(project=old).update(spent=yuan(100))
    start = old.starts_on + datetime.timedelta(days=365)
    row = make_project(office, "draft", starts_on=start, ends_on=start + datetime.timedelta(days=180))
    client.force_login(office.staff)
    url = reverse("project_budget_copy", args=[row.pk])
    assert old in client.get(url, {"q": old.number}).context["found"]
    assert client.get(url, {"q": "没有这样的项目"}).context["found"] == []
    assert "图书" in client.get(url, {"from": old.pk}).content.decode()
    assert client.post(f"{url}?from={old.pk}").url == reverse("project_budget", args=[row.pk])
    row.refresh_from_db()
    assert row.budget_total == old.budget_total
    assert [(line.name, line.quantity, line.price, line.spent) for line in row.lines.all()] == [(line.name, line.quantity, line.price, yuan(0)) for line in old.lines.all()]
    assert all(row.starts_on <= activity.planned_on <= row.ends_on for activity in row.plan.all())
    assert not set(row.lines.values_list("pk", flat=True)) & set(old.lines.values_list("pk", flat=True))
    assert not row.fundings.exists()
    assert TrailRow.objects.filter(verb="budget").latest("pk").params["taken_from"] == old.number


def test_a_budget_one_may_not_see_cannot_be_taken_over(client, office):
    foreign, row = make_project(make_office("别处街道"), "ready"), make_project(office, "draft")
    client.force_login(office.staff)
    url = f"{reverse('project_budget_copy', args=[row.pk])}?from={foreign.pk}"
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404
    assert client.post(reverse("project_budget_copy", args=[row.pk])).status_code == 422
    assert row.lines.count() == 0
