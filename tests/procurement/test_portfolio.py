"""Board and list of a year's projects: where each stands and since when, what it is worth, whom it waits for; the search; sums."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from kernel import clock, lifecycle, listing
from procurement import asking, portfolio
from procurement.lifecycle import gates, project
from procurement.models import GateRun, Project
from tests.factories.projects import join, make_office, make_project, make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def later(days):
    clock.set_to(clock.now() + datetime.timedelta(days=days))


def enter(client, user):
    client.force_login(user, backend=BACKEND)
    return client


def lanes(user):
    return {(lane.stage, lane.gate): lane for lane in portfolio.board(Project.objects.visible_to(user))}


def test_a_step_says_since_when_and_one_that_moves_nothing_does_not():
    office = make_office()
    first = clock.today()
    row = make_project(office, "ready")
    assert row.stage_since == first
    later(3)
    row = project.edit_project(row, actor=office.staff, title="改名")
    assert row.stage_since == first
    row = project.submit(row, actor=office.staff)
    row.refresh_from_db()
    assert row.stage_since == clock.today()


def test_the_paper_says_the_day():
    office = make_office()
    row = make_project(office, "ready")
    later(6)
    day = clock.today() - datetime.timedelta(days=2)
    row = project.submit(row, actor=office.staff, happened_on=day, reason="当日纸质报送")
    assert Project.objects.get(pk=row.pk).stage_since == day


def test_taking_back_gives_the_earlier_day_again():
    office = make_office()
    first = clock.today()
    row = make_project(office, "ready")
    later(4)
    row = project.submit(row, actor=office.staff)
    later(1)
    row = lifecycle.withdraw(row, actor=office.staff)
    assert (row.status, Project.objects.get(pk=row.pk).stage_since) == ("draft", first)
    row = project.submit(row, actor=office.staff)
    later(1)
    row = lifecycle.withdraw(row, actor=office.staff)
    assert Project.objects.get(pk=row.pk).stage_since == first


def test_taking_back_a_gate_keeps_the_day_of_submitting():
    office = make_office()
    row = make_project(office, "submitted")
    day = row.stage_since
    later(2)
    row = lifecycle.withdraw(gates.pass_gate(row, actor=office.section), actor=office.section)
    assert (row.status, row.stage_since) == ("in_review", day)


def test_lanes_count_and_sum_everything_and_show_the_oldest():
    office = make_office()
    for amount in (30000, 40000):
        make_project(office, "ready", amount)
        later(1)
    waiting = make_project(office, "submitted", 50000)
    done = make_project(office, "approved", 20000)
    make_project(make_office("别处街道"), "ready", 70000)
    found = lanes(office.handler)
    assert (found["draft", ""].count, found["draft", ""].total) == (2, Decimal("70000.00"))
    gate = GateRun.objects.get(project=waiting, result="waiting", opened_at__isnull=False).name
    assert (found["in_review", gate].count, found["in_review", gate].total, found["in_review", gate].cards) == (1, Decimal("50000.00"), [waiting])
    assert (found["approved", ""].total, found["approved", ""].cards) == (Decimal("20000.00"), [done])
    few = {lane.stage: lane for lane in portfolio.board(Project.objects.visible_to(office.handler), per_lane=1)}
    assert (len(few["draft"].cards), few["draft"].rest, few["draft"].cards[0].budget_total) == (1, 1, Decimal("30000.00"))


def test_signed_and_closing_money(django_assert_max_num_queries):
    from procurement.models import Closing
    from tests.factories.contracts import make_contract

    walk = make_contract(state="performing")
    contract = getattr(walk, "contract", walk)
    viewer = contract.project.purchaser.memberships.filter(role="handler").first().user
    found = lanes(viewer)
    assert (found["delivering", ""].count, found["delivering", ""].total) == (1, contract.current_amount)
    Closing.objects.create(contract=contract)
    with django_assert_max_num_queries(5):
        found = lanes(viewer)
    assert (found["delivering", ""].count, found["closing", ""].count, found["closing", ""].total) == (0, 1, contract.current_amount)
    assert found["closing", ""].cards == [contract.project]


def test_late_is_the_gates_working_days_or_the_projects_own_plan():
    office = make_office()
    waiting, approved = make_project(office, "submitted"), make_project(office, "approved")
    run = waiting.open_run()

    def late():
        rows = portfolio.with_facts(Project.objects.visible_to(office.handler).select_related("place", "purchaser", "handler"))
        by_query = set(portfolio.in_stage(rows, "late").values_list("pk", flat=True))
        lateness = portfolio.Lateness()
        assert by_query == {row.pk for row in rows if lateness.of(row)}
        return by_query

    from kernel import workdays

    due = workdays.add_workdays(run.opened_at.astimezone(clock.ZONE).date(), run.expected_days).date
    later((due - clock.today()).days)
    assert late() == set()
    later(1)
    assert late() == {waiting.pk}
    later((approved.starts_on - clock.today()).days)
    assert late() == {waiting.pk, approved.pk}


def test_the_search_answers():
    office = make_office()
    me = office.handler
    mine = make_project(office, "submitted", 60000, handler=me, title="柳荫读书会")
    other = make_project(office, "ready", 20000, place=office.second_community, actor=join(make_user("春风干事"), "community", place=office.second_community))
    old = make_project(office, "ready", 20000, fiscal_year=clock.today().year - 1)
    rows = Project.objects.visible_to(me)
    ask = lambda text: set(portfolio.answer(rows, asking.parse(text), me))  # noqa: E731
    assert ask("owner:@me") == {mine} and ask("owner:@none") == {other, old}
    assert ask("is:in_review") == {mine} and ask("is:draft year:<" + str(clock.today().year)) == {old}
    assert ask("money:>20000") == {mine} and ask("money:20000") == {other, old} and ask("money:1万..3万") == {other, old}
    assert ask("place:春风") == {other} and ask("读书会 柳荫") == {mine} and ask("way:intended") == set()
    assert ask(f"gate:{mine.open_run().name}") == {mine} and ask("fund:社区服务专项 is:open") == {mine, other, old}
    assert ask("age:>0") == set()
    later(5)
    fresh = make_project(office, "draft")
    assert ask("age:>4") == {mine, other, old} and ask("age:<5") == {fresh} and ask("age:5..9") == {mine, other, old} and ask("age:0") == {fresh}


def test_the_list_shows_this_year_sums_it_and_keeps_what_was_asked(client):
    office = make_office()
    now = make_project(office, "approved", 30000, title="今年项目")
    make_project(office, "ready", 20000, title="去年项目", fiscal_year=clock.today().year - 1)
    enter(client, office.handler)
    page = client.get(reverse("project_list"))
    body = page.content.decode()
    assert "今年项目" in body and "去年项目" not in body and f'<option value="{clock.today().year}" selected>' in body
    assert page.context["totals"] == {"count": 1, "budget": Decimal("30000.00"), "approved": Decimal("30000.00"), "contracted": 0, "paid": 0}
    everything = client.get(reverse("project_list"), {"year": ""})
    assert everything.context["totals"]["budget"] == Decimal("50000.00") and everything.context["totals"]["approved"] == Decimal("30000.00")
    assert "去年项目" in client.get(reverse("project_list"), {"q": f"year:{clock.today().year - 1}", "year": clock.today().year}).content.decode()
    banded = client.get(reverse("project_list"), {"year": "", "band": "0-50000", "owner": "@none", "source": "fiscal", "status": "draft"})
    assert [row["row"].title for row in banded.context["rows"]] == ["去年项目"]
    assert str(now.pk) in {str(row["pk"]) for row in client.get(reverse("project_list"), {"sel": str(now.pk)}).context["rows"]}


def test_a_list_too_long_to_sum_says_so(client, monkeypatch):
    office = make_office()
    make_project(office, "ready")
    address = reverse("project_list")
    text = enter(client, office.staff).get(address).content.decode()
    assert "合计（1个项目）" in text and "时显示合计" not in text
    monkeypatch.setattr(listing, "SUM_CAP", 0)
    text = client.get(address).content.decode()
    assert "项目不超过 0 个时显示合计" in text and "合计（" not in text


def test_a_search_that_is_not_understood_shows_no_rows_and_says_why(client):
    office = make_office()
    make_project(office, "ready")
    enter(client, office.handler)
    page = client.get(reverse("project_list"), {"q": "colour:red"})
    assert page.status_code == 200 and "colour" in page.context["search_error"] and page.context["rows"] == []
    assert "role=\"alert\"" in page.content.decode()


def test_the_export_keeps_the_filter(client):
    import io

    from openpyxl import load_workbook

    office = make_office()
    make_project(office, "approved", 30000, title="批准的")
    make_project(office, "ready", 20000, title="草稿的")
    enter(client, office.handler)
    book = load_workbook(io.BytesIO(client.get(reverse("project_list"), {"q": "is:approved", "export": "xlsx"}).content))
    cells = [row[1].value for row in book.active.iter_rows(min_row=2)]
    assert cells == ["批准的"]


def test_ticked_rows_stay_ticked(client):
    office = make_office()
    row, _other = make_project(office, "ready"), make_project(office, "ready")
    enter(client, office.leader)
    body = client.get(reverse("project_list"), {"sel": row.pk}).content.decode()
    assert f'value="{row.pk}" checked' in body and body.count(" checked") == 1


def test_the_board_leads_to_the_same_rows(client, django_assert_max_num_queries):
    office = make_office()
    for _number in range(3):
        make_project(office, "submitted")
    enter(client, office.handler).get(reverse("project_board"))
    with django_assert_max_num_queries(12):
        page = client.get(reverse("project_board"))
    lane = next(lane for lane in page.context["lanes"] if lane.gate)
    found = client.get(lane.address)
    assert lane.count == 3 and found.context["count"] == 3 and not found.context["search_error"]


def test_a_reader_of_several_offices_chooses_one(client, django_assert_max_num_queries):
    first = make_office("甲街道")
    second = make_office("乙街道", first.district)
    make_project(first, "ready", 20000)
    make_project(second, "ready", 30000)
    enter(client, first.finance)
    client.get(reverse("project_board"))
    with django_assert_max_num_queries(12):
        page = client.get(reverse("project_board"), {"street": second.purchaser.pk})
    assert page.context["count"] == 1 and page.context["lanes"][0].total == Decimal("30000.00")
    assert "street" not in {one["key"] for one in enter(client, first.handler).get(reverse("project_board")).context["filters"]}


def test_bystanders_see_an_empty_board(client):
    office = make_office()
    make_project(office, "ready")
    assert enter(client, join(make_user("外人"), "handler", purchaser=make_office("别处").purchaser)) and client.get(reverse("project_board")).context["count"] == 0
