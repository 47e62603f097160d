"""The project's life: who applies, what is missing, what a change after a gate costs."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, files, lifecycle, registry, trail
from kernel.lifecycle import Refusal
from kernel.models import StandIn
from kernel.money import yuan
from procurement.lifecycle import completeness, gates, project
from procurement.models import Project, ProjectFund
from providers.models import Organization, OrganizationMember
from tests.factories.projects import budget_of, join, make_fund, make_item, make_need, make_office, make_project, make_user, scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def make_provider(name="暖阳社工服务中心", **fields):
    return Organization.objects.create(kind="service_agency", name=name, sort_key=name, contact_name="王", contact_phone="13800000000", status="verified", **fields)


def member_of(organization):
    user = make_user("机构人员")
    OrganizationMember.objects.create(organization=organization, user=user, role="manager", starts_on=datetime.date(2020, 1, 1))
    return user


def put_in(row, state):
    """The state a refusal test starts from, without the road to it."""
    Project.objects.filter(pk=row.pk).update(**{"status": state})
    row.refresh_from_db()
    return row


def test_from_draft_to_approved_through_all_gates(office):
    row = make_project(office, "approved", amount=80000)
    assert row.status == "approved"
    assert row.ceiling == yuan(80000)
    assert [run.result for run in row.gate_runs.all()] == ["passed"] * 3
    assert [entry.to_status for entry in trail.rows_of(row) if entry.to_status != entry.from_status] == ["draft", "in_review", "approved"]


def test_below_fifty_thousand_two_gates_are_enough(office):
    assert [run.key for run in make_project(office, "submitted", amount=49999).gate_runs.all()] == ["pre_review", "joint_review"]
    assert make_project(office, "submitted", amount=50000).gate_runs.count() == 3


@pytest.mark.parametrize(("step", "source", "target"), [("mark_sourcing", "approved", "sourcing"), ("mark_unsourced", "sourcing", "approved"), ("mark_contracted", "sourcing", "contracted"), ("mark_contracted", "approved", "contracted"), ("mark_closed", "contracted", "closed")])
def test_later_stages_move_the_project_on(office, step, source, target):
    row = put_in(make_project(office), source)
    assert getattr(project, step)(row, office.handler).status == target
    with pytest.raises(PermissionDenied):
        getattr(project, step)(put_in(make_project(office), source), office.staff)


def test_submitting_writes_all_or_nothing(office, monkeypatch):
    row = make_project(office, "ready")
    before = trail.rows_of(row).count()
    monkeypatch.setattr(project, "_open_runs", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        project.submit(row, actor=office.staff)
    row.refresh_from_db()
    assert (row.status, row.revision, row.revisions.count(), trail.rows_of(row).count()) == ("draft", 0, 0, before)


@pytest.mark.rule("A07")
def test_what_is_missing_is_listed_and_refuses_submission(office):
    row = make_project(office, "draft", needs=[], goal="", results="")
    keys = [lack.key for lack in completeness.lacks(row)]
    assert keys == ["needs", "goal", "plan", "budget"]
    with pytest.raises(Refusal) as refusal:
        project.submit(row, actor=office.staff)
    assert refusal.value.code == "incomplete"
    assert "第15条" in str(refusal.value)
    draft_need = make_need(office, state="draft")
    row = project.edit_project(row, actor=office.staff, needs=[draft_need], goal="目标", results="成果")
    assert [lack.key for lack in completeness.lacks(row)] == ["need_open", "plan", "budget"]


def test_goods_and_works_are_never_bought_as_a_service(office):
    row = make_project(office, "ready", item=make_item("路灯安装", nature="works"))
    assert [lack.key for lack in completeness.lacks(row)] == ["not_a_service"]


def test_an_intended_provider_only_inside_the_direct_choice_band(office):
    provider = make_provider()
    facts = {"way": "intended", "intended": provider, "intended_reason": "唯一熟悉本社区", "alternatives": "询问过两家"}
    assert completeness.lacks(make_project(office, "ready", amount=19999, **facts)) == []
    assert [lack.key for lack in completeness.lacks(make_project(office, "ready", amount=20000, **facts))] == ["intended_band"]
    bare = make_project(office, "ready", amount=10000, way="intended", intended=provider)
    assert [lack.key for lack in completeness.lacks(bare)] == ["intended_reason"]


def test_the_intended_provider_drafts_the_budget_and_no_provider_sees_an_open_draft(client, office):
    provider = make_provider()
    person = member_of(provider)
    intended = make_project(office, "draft", way="intended", intended=provider, intended_reason="熟悉", alternatives="两家")
    project.set_budget(intended, *budget_of(10000, intended.starts_on), person)
    with pytest.raises(PermissionDenied):
        project.edit_project(intended, actor=person, title="改名")
    with pytest.raises(PermissionDenied):
        project.submit(intended, actor=person)
    opened = make_project(office, "draft")
    client.force_login(person)
    assert client.get(intended.get_absolute_url()).status_code == 200
    assert client.get(reverse("project_budget", args=[intended.pk])).status_code == 200
    assert client.get(opened.get_absolute_url()).status_code == 404
    with pytest.raises(PermissionDenied):
        project.set_budget(opened, *budget_of(10000, opened.starts_on), person)


def test_a_providers_person_who_wrote_an_open_project_is_matched_as_helper(office):
    """条例18条: declared or not, who drafted may not bid."""
    provider = make_provider()
    OrganizationMember.objects.create(organization=provider, user=office.staff, role="staff", starts_on=datetime.date(2020, 1, 1))
    row = make_project(office, "submitted")
    assert list(row.drafting_help.all()) == [provider]


def test_nobody_else_applies(office):
    stranger = join(make_user(), "community", place=office.second_community)
    for actor in (stranger, office.leader, make_user()):
        with pytest.raises(Refusal) as refusal:
            make_project(office, actor=actor)
        assert refusal.value.code == "role"
    assert make_project(office, actor=office.handler).handler == office.handler


def test_a_place_outside_the_purchasers_area_is_refused(office):
    elsewhere = make_office("另一街道")
    with pytest.raises(Refusal) as refusal:
        make_project(office, purchaser=elsewhere.purchaser)
    assert refusal.value.code == "not_in_area"


def test_submission_can_be_taken_back_until_a_gate_decides(office):
    row = lifecycle.withdraw(make_project(office, "submitted"), actor=office.staff)
    assert row.status == "draft"
    assert not row.gate_runs.exclude(result="void").exists()
    row = project.submit(row, actor=office.staff)
    assert row.revision == 2
    gates.pass_gate(row, actor=office.section)
    with pytest.raises(Refusal) as refusal:
        lifecycle.withdraw(row, actor=office.staff)
    assert refusal.value.code == "not_withdrawable"


def test_an_edit_after_a_gate_voids_it_and_an_unchanged_text_keeps_it(office):
    row = gates.pass_gate(make_project(office, "submitted", amount=80000), actor=office.section)
    row = gates.send_back(row, actor=office.leader, reason="单价偏高")
    with pytest.raises(Refusal) as refusal:
        project.resubmit(row, actor=office.staff)
    assert refusal.value.code == "unchanged"
    row = project.resubmit(row, actor=office.staff, reason="附三家报价，单价合理")
    assert [(run.key, run.result) for run in row.gate_runs.filter(revision=2)] == [("joint_review", "waiting"), ("work_committee", "waiting")]
    row = gates.send_back(row, actor=office.leader, reason="仍偏高")
    row = project.set_budget(row, *budget_of(70000, row.starts_on), office.staff)
    row = project.resubmit(row, actor=office.staff)
    assert row.open_run().key == "pre_review"
    assert row.gate_runs.filter(result="passed").count() == 0


def test_a_stand_in_may_apply_and_the_trail_says_for_whom(office):
    deputy = make_user("代办人")
    day = clock.today()
    StandIn.objects.create(principal=office.staff, deputy=deputy, starts_on=day, ends_on=day, reason="休假", created_by=office.leader)
    row = project.submit(make_project(office, "ready"), actor=deputy)
    last = trail.rows_of(row).last()
    assert (last.actor, last.on_behalf_of) == (deputy, office.staff)


def test_owner_member_and_stranger(client, office):
    row = make_project(office, "submitted")
    elsewhere = make_office("另一街道")
    for name in ("project_detail", "project_budget_xlsx"):
        for user, status in ((office.staff, 200), (office.section, 200), (office.finance, 200), (elsewhere.section, 404), (make_user(), 404)):
            client.force_login(user)
            assert client.get(reverse(name, args=[row.pk])).status_code == status, (name, user)
    client.force_login(office.cashier)
    for name in ("project_edit", "project_budget", "project_funding"):
        assert client.get(reverse(name, args=[row.pk])).status_code == 403
    client.force_login(elsewhere.section)
    assert client.post(reverse("act", args=["project", row.pk, "pass_gate"])).status_code == 404
    client.force_login(office.cashier)
    assert client.post(reverse("act", args=["project", row.pk, "pass_gate"])).status_code == 403


def test_the_application_form_walks_on_to_the_budget_and_keeps_bad_input(client, office):
    client.force_login(office.staff)
    need = make_need(office)
    day = clock.today() + datetime.timedelta(days=20)
    fields = {
        "title": "新项目", "place": office.community.pk, "purchaser": office.purchaser.pk, "fiscal_year": clock.today().year, "item": make_item().pk, "needs": [need.pk],
        "target_group": "老人", "headcount": 30, "starts_on": day, "ends_on": day - datetime.timedelta(days=1), "way": "open", "declared": "on",
        "indicators-TOTAL_FORMS": 3, "indicators-INITIAL_FORMS": 0, "indicators-0-kind": "quantity", "indicators-0-name": "助餐", "indicators-0-target": "6000", "indicators-0-unit": "人次",
        "indicators-0-how": "签到", "indicators-1-kind": "satisfaction",
    }  # fmt: skip
    answer = client.post(reverse("project_create"), fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["ends_on"]
    assert "新项目" in answer.content.decode()
    answer = client.post(reverse("project_create"), {**fields, "ends_on": day})
    row = Project.objects.get()
    assert answer.url == reverse("project_budget", args=[row.pk])
    assert row.number == f"XM{clock.today().year}{row.pk:05d}"
    assert list(row.needs.all()) == [need]
    assert [(one.kind, one.name, one.target_text) for one in row.indicators.all()] == [("quantity", "助餐", "6000")]
    assert (row.declared_by, row.declared_at is not None) == (office.staff, True)


def test_funding_by_form_must_name_each_fund_once(client, office):
    row = make_project(office, "ready", amount=40000)
    money = row.fundings.get().fund
    client.force_login(office.staff)
    address = reverse("project_funding", args=[row.pk])
    data = {"funding-TOTAL_FORMS": 2, "funding-INITIAL_FORMS": 0, "funding-0-fund": money.pk, "funding-0-amount": "20000", "funding-1-fund": money.pk, "funding-1-amount": "20000"}
    assert client.post(address, data).status_code == 422
    other = make_fund(office)
    assert client.post(address, {**data, "funding-1-fund": other.pk}).status_code == 302
    assert sorted(ProjectFund.objects.filter(project=row).values_list("fund", flat=True)) == sorted([money.pk, other.pk])


def test_the_list_filters_exports_and_costs_the_same_for_many_rows(client, office, django_assert_max_num_queries):
    money = make_fund(office, amount=10000000)
    make_project(office, "submitted", funds=[money])
    client.force_login(office.section)
    client.get(reverse("project_list"))
    with django_assert_max_num_queries(12):
        client.get(reverse("project_list"))
    for _n in range(4):
        make_project(office, "ready", funds=[money])
    with django_assert_max_num_queries(12):
        page = client.get(reverse("project_list"), {"status": "draft"})
    assert page.content.decode().count("社区读书项目") == 4
    assert client.get(reverse("project_list"), {"export": "xlsx"}).content[:2] == b"PK"


def test_the_detail_page_stays_within_its_queries(client, office, django_assert_max_num_queries):
    row = make_project(office, "committee", amount=80000)
    client.force_login(office.section)
    client.get(row.get_absolute_url())
    with django_assert_max_num_queries(26):
        assert client.get(row.get_absolute_url()).status_code == 200


def test_each_persons_desk_says_what_waits(office):
    def desk(user):
        return {(task.title.split("（")[0], str(task.action)) for task in registry.tasks_for(user)}

    row = make_project(office, "submitted", amount=80000)
    assert any(title == row.title for title, _action in desk(office.section))
    assert not any(title == row.title for title, _action in desk(office.leader))
    row = gates.pass_gate(row, actor=office.section)
    assert any(title == row.title for title, _action in desk(office.leader))
    row = gates.send_back(row, actor=office.leader, reason="补充")
    assert any(title == row.title for title, _action in desk(office.staff))
    assert row.waiting_on() == str(office.community)


def test_an_approved_project_waits_for_the_handler_since_its_last_gate(office):
    row = make_project(office, "approved", amount=80000)
    task = next(task for task in registry.tasks_for(office.handler) if task.title == str(row))
    assert task.since == row.gate_runs.order_by("-decided_at").first().decided_at


def test_a_file_joins_the_application_and_is_read_by_its_people_only(client, office):
    row = make_project(office, "ready")
    address = reverse("project_attach", args=[row.pk])
    client.force_login(office.staff)
    assert client.post(address, {"file": scan("报价.png"), "role": "proof"}).status_code == 302
    (kept,) = files.of(row)
    for user, status in ((office.staff, 200), (office.section, 200), (make_office("另一街道").section, 404), (make_user(), 404)):
        client.force_login(user)
        assert client.get(kept.get_absolute_url()).status_code == status, user
    client.force_login(office.finance)
    assert client.post(address, {"file": scan(), "role": "proof"}).status_code == 403


def test_a_needs_page_shows_its_projects_and_starts_a_new_one(client, office):
    need = make_need(office)
    row = make_project(office, "draft", needs=[need])
    client.force_login(office.staff)
    page = client.get(reverse("need_detail", args=[need.pk])).content.decode()
    assert row.title in page
    assert f"?need={need.pk}" in page
    assert f'value="{need.pk}"' in client.get(f"{reverse('project_create')}?need={need.pk}").content.decode()


def test_the_intended_providers_desk_asks_for_plan_and_budget(office):
    provider = make_provider()
    row = make_project(office, "draft", way="intended", intended=provider, intended_reason="熟悉", alternatives="两家")
    assert row.title in [task.title for task in registry.tasks_for(member_of(provider))]
