"""Rare duties are read inside the desk's one question: the first of them, and how many more wait."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import registry
from procurement.models import Backfill
from tests.factories import projects

pytestmark = pytest.mark.django_db


def batches(office, count):
    return [Backfill.objects.create(purchaser=office.purchaser, name=f"补录{number}", created_by=office.handler, status="draft") for number in range(count)]


def told(office):
    return [task for task in registry.tasks_for(office.handler) if task.kind == "backfill"]


def test_none_one_and_more(client):
    office = projects.make_office()
    assert told(office) == []
    first = batches(office, 1)[0]
    (task,) = told(office)
    assert (task.title, task.url, task.detail) == (first.name, first.get_absolute_url(), "")
    batches(office, 2)
    (task,) = told(office)
    assert task.title == first.name and task.detail == "另有 2 项待办。"
    client.force_login(office.handler)
    assert "另有 2 项待办。" in client.get("/desk/").content.decode()


def test_they_cost_no_query_of_their_own():
    office = projects.make_office()
    registry.tasks_for(office.handler)
    with CaptureQueriesContext(connection) as before:
        registry.tasks_for(office.handler)
    batches(office, 3)
    with CaptureQueriesContext(connection) as after:
        registry.tasks_for(office.handler)
    assert len(after) == len(before)


def test_a_long_kind_shows_its_first_and_says_that_more_wait(monkeypatch):
    monkeypatch.setattr(registry, "SHOWN", 2)
    office = projects.make_office()
    for _number in range(2):
        projects.make_project(office, "approved")
    waiting = [task for task in registry.tasks_for(office.handler) if task.kind == "project"]
    assert len(waiting) == 2 and not any("还有更多" in task.detail for task in waiting)
    projects.make_project(office, "approved")
    waiting = [task for task in registry.tasks_for(office.handler) if task.kind == "project"]
    assert len(waiting) == 2 and sum("还有更多" in task.detail for task in waiting) == 1
