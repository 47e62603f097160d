"""The demo is the free end-to-end test: told through the real verbs, whole afterwards, and something on every desk today."""

import pytest
from django.core.management import call_command

from config.demo import story
from kernel import clock, lifecycle, proof, registry
from kernel.models import TrailRow, User
from procurement.lifecycle import gates
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


def test_every_plot_reached_its_end_and_every_stage_has_somebody(told):
    statuses = set(Project.objects.values_list("status", flat=True))
    assert {"draft", "in_review", "returned", "approved", "sourcing", "contracted", "closed"} <= statuses
    assert {"published", "opened", "evaluated", "awarded"} <= set(Tender.objects.values_list("status", flat=True))
    assert {"draft", "performing", "closed"} <= set(Contract.objects.values_list("status", flat=True))


def test_no_demo_account_finds_an_empty_desk(told):
    """Everybody the list of accounts names, every community and every organization that may bid."""
    named = {username for _what, username in story.accounts()}
    named |= {user.username for user in User.objects.filter(username__regex=r"^(community|provider)\d*$")}
    waiting = {user.username: sum(len(registry.tasks_for(person)) for person in lifecycle.principals_of(user)) for user in User.objects.filter(username__in=named)}
    assert set(waiting) == named and len(named) > 30
    assert [name for name, count in sorted(waiting.items()) if not count] == []


def test_the_bureau_buys_itself_and_its_section_reviews_it(told):
    """The department's task is a gate of a project it pays for, and it can be decided."""
    user = User.objects.get(username="department")
    project = Project.objects.get(purchaser__kind="department")
    assert [task.url for task in registry.tasks_for(user)] == [project.get_absolute_url()]
    assert project.status == "in_review" and lifecycle.refusal_of(project, gates.PASS_GATE, user) is None


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


def test_money_that_was_promised_waits_for_each_streets_owner_of_funds(told):
    owners = User.objects.filter(memberships__role="fund_owner", memberships__purchaser__kind="street")
    assert len(owners) == 2
    for owner in owners:
        promised = Fund.objects.get(status="expected", purchaser__memberships__user=owner)
        assert promised.get_absolute_url() in {task.url for task in registry.tasks_for(owner)}


def test_staging_again_changes_nothing(told, capsys):
    before = TrailRow.objects.count(), User.objects.count()
    call_command("demo")
    assert (TrailRow.objects.count(), User.objects.count()) == before


def test_everybody_is_marked_as_demo(told):
    assert not User.objects.filter(is_demo=False).exists()
