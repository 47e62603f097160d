"""The published project list: frozen when prepared, confirmed by a second person, corrected by a new version; public in three forms."""

import io

import pytest
from django.urls import reverse

from kernel import clock
from kernel.lifecycle import Refusal
from procurement.lifecycle import project_lists
from procurement.models import Project, ProjectList
from tests.factories.projects import make_office, make_project

pytestmark = pytest.mark.django_db


def prepare(office, **more):
    return project_lists.prepare_list(office.section, purchaser=office.purchaser, fiscal_year=clock.today().year, **more)


def published(office, **more):
    return project_lists.publish(prepare(office, **more), actor=office.leader)


def refusal(call):
    with pytest.raises(Refusal) as refused:
        call()
    return refused.value.code


def test_only_approved_projects_of_the_year_and_office_are_listed():
    office = make_office()
    listed = make_project(office, "approved", 30000)
    make_project(office, "submitted")
    make_project(make_office("外街道"), "approved")
    row = prepare(office)
    assert [(one["number"], one["amount"], one["way"]) for one in row.rows] == [(listed.number, "30000.00", "open")]
    assert (row.version, row.count, row.status) == (1, 1, "draft")


def test_a_second_person_confirms():
    office = make_office()
    make_project(office, "approved")
    row = prepare(office)
    assert refusal(lambda: project_lists.publish(row, actor=office.section)) == "same_person"
    row = project_lists.publish(row, actor=office.leader)
    assert (row.status, row.published_on, row.published_by) == ("published", clock.today(), office.leader)


def test_what_changed_since_is_not_confirmed():
    office = make_office()
    make_project(office, "approved")
    row = prepare(office)
    make_project(office, "approved")
    assert refusal(lambda: project_lists.publish(row, actor=office.leader)) == "stale"
    assert refusal(lambda: prepare(office)) == "prepared"
    project_lists.discard(row, actor=office.section)
    assert prepare(office).count == 2


def test_what_is_published_never_changes_and_is_corrected_by_a_version_with_a_note():
    office = make_office()
    project = make_project(office, "approved", title="旧名称项目")
    first = published(office)
    assert refusal(lambda: prepare(office)) == "unchanged"
    Project.objects.filter(pk=project.pk).update(title="新名称项目")
    assert refusal(lambda: prepare(office)) == "note_missing"
    second = published(office, note="更正名称")
    first.refresh_from_db()
    assert (second.version, second.rows[0]["title"], first.rows[0]["title"]) == (2, "新名称项目", "旧名称项目")
    assert project_lists.changes(first.rows, second.rows) == ([], [], [project.number])


def test_nothing_approved_and_the_wrong_people():
    office = make_office()
    assert refusal(lambda: prepare(office)) == "empty"
    make_project(office, "approved")
    for actor in (office.accountant, office.staff, make_office("外街道").leader):
        assert refusal(lambda actor=actor: project_lists.prepare_list(actor, purchaser=office.purchaser, fiscal_year=clock.today().year)) == "role"


def test_everybody_reads_every_version_but_no_draft(client):
    from openpyxl import load_workbook

    office = make_office()
    project = make_project(office, "approved", 30000)
    first = published(office)
    Project.objects.filter(pk=project.pk).update(title="新名称项目")
    second = prepare(office, note="更正名称")
    assert client.get(reverse("public_list", args=[second.number])).status_code == 404
    second = project_lists.publish(second, actor=office.leader)
    old = client.get(reverse("public_list", args=[first.number])).content.decode()
    assert project.title in old and "新名称项目" not in old and reverse("public_list", args=[second.number]) in old
    assert "30,000.00" in old and "<script" not in old
    sheet = load_workbook(io.BytesIO(client.get(reverse("public_list_xlsx", args=[second.number])).content)).active
    assert [cell.value for cell in sheet[2]][:3] == [1, project.number, "新名称项目"]
    paper = client.get(reverse("public_list_pdf", args=[first.number]))
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")
    assert ProjectList.objects.public().count() == 2 and second.number in client.get(reverse("public_lists")).content.decode()
