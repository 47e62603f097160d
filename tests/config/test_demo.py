"""The demo is the free end-to-end test: told through the real verbs, whole afterwards, and something on every desk today."""

import pytest
from django.core.management import call_command

from config.demo import story
from kernel import clock, proof, registry
from kernel.models import TrailRow, User
from procurement.models import Contract, Fund, Project, Tender

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """The whole demo, told once for this module and thrown away after it."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        call_command("load_catalogue", verbosity=0)
        try:
            yield story.tell("closed", now=clock.now())
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


DESKS = [
    "finance", "handler", "section", "leader", "committee", "accountant", "cashier", "supervisor", "community", "community8", "provider", "provider2", "expert1", "auditor2",
]  # fmt: skip


def test_every_plot_reached_its_end_and_every_stage_has_somebody(told):
    statuses = set(Project.objects.values_list("status", flat=True))
    assert {"draft", "in_review", "returned", "approved", "sourcing", "contracted", "closed"} <= statuses
    assert {"published", "opened", "evaluated", "awarded"} <= set(Tender.objects.values_list("status", flat=True))
    assert {"draft", "performing", "closed"} <= set(Contract.objects.values_list("status", flat=True))


def test_something_waits_on_each_roles_desk(told):
    experts = User.objects.filter(username__startswith="expert")
    waiting = {user.username: len(list(registry.tasks_for(user))) for user in User.objects.filter(username__in=DESKS)}
    waiting["expert1"] = max(len(list(registry.tasks_for(user))) for user in experts)
    assert [name for name, count in waiting.items() if not count] == []


def test_all_totals_and_chains_are_whole(told):
    assert list(registry.differing_totals()) == []
    assert proof.problems() == []


def test_no_step_lies_in_the_future_and_the_story_took_months(told):
    rows = TrailRow.objects.order_by("effective_at")
    assert rows.last().effective_at <= clock.now()
    assert (rows.last().effective_at - rows.first().effective_at).days > 150


def test_every_yuan_of_the_funds_is_in_order(told):
    for fund in Fund.objects.all():
        assert 0 <= fund.paid <= fund.committed <= fund.amount
    assert Contract.objects.filter(status="closed").exclude(paid=0).exists()


def test_staging_again_changes_nothing(told, capsys):
    before = TrailRow.objects.count(), User.objects.count()
    call_command("demo")
    assert (TrailRow.objects.count(), User.objects.count()) == before


def test_everybody_is_marked_as_demo(told):
    assert not User.objects.filter(is_demo=False).exists()
