"""Project lists: prepared by one, published by a second person."""

from types import SimpleNamespace

from kernel import clock
from procurement.lifecycle import project_lists
from tests.factories.projects import make_office, make_project
from tests.lives.harness import Case, noun


def prepared():
    office = make_office()
    make_project(office, "approved")
    return SimpleNamespace(office=office, subject=project_lists.prepare_list(office.section, purchaser=office.purchaser, fiscal_year=clock.today().year))


def weak(scene):
    return [scene.office.accountant, scene.office.staff]


noun(
    "projectlist",
    {"draft": prepared},
    {"publish": Case(lambda scene: scene.office.leader, weak=weak, race=True), "discard": Case(lambda scene: scene.office.section, weak=weak)},
)
