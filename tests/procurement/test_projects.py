"""The project's life: who applies, what is missing, what a change after a gate costs."""

import pytest

from tests.factories.projects import make_office, make_project

pytestmark = pytest.mark.django_db


def test_from_draft_to_approved_through_all_gates():
    office = make_office()
    project = make_project(office, "approved", amount=80000)
    assert project.status == "approved"
    assert str(project.ceiling) == "80000.00"
    assert [run.result for run in project.gate_runs.all()] == ["passed"] * 3
