"""The engine on a real life (the holiday calendar): who, when, why, on whose behalf, all or nothing, taken back."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from kernel import clock, lifecycle, trail
from kernel.lifecycle import Refusal, advance, offers, place_hold, release_hold
from kernel.models import HolidayCalendar, StandIn, TrailRow, User
from tests.factories.communities import make_need, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return User.objects.create_user("keeper", "correct horse 12", name="管理员甲", is_platform_admin=True)


@pytest.fixture
def clerk():
    return User.objects.create_user("clerk", "correct horse 12", name="经办人")


@pytest.fixture
def draft(keeper):
    return HolidayCalendar.objects.create(version=901, document_number="国办发明电〔2026〕1号", created_by=keeper)


def discard_step():
    return HolidayCalendar.LIFE.step("discard")


def test_a_step_moves_the_status_and_writes_who_when_why(draft, keeper):
    advance(draft, discard_step(), actor=keeper, reason="重复")
    draft.refresh_from_db()
    row = trail.rows_of(draft).last()
    assert draft.status == "discarded"
    assert (row.actor, row.from_status, row.to_status, row.reason, row.happened_on) == (keeper, "draft", "discarded", "重复", clock.today())


def test_a_weak_role_is_denied_not_refused(draft, clerk):
    with pytest.raises(PermissionDenied):
        advance(draft, discard_step(), actor=clerk)
    assert offers(draft, clerk) == []


def test_another_state_refuses_with_a_sentence(draft, keeper):
    advance(draft, discard_step(), actor=keeper)
    with pytest.raises(Refusal, match="作废") as refusal:
        advance(draft, discard_step(), actor=keeper)
    assert refusal.value.code == "wrong_state"


def test_a_stale_copy_cannot_act(draft, keeper):
    stale = HolidayCalendar.objects.get(pk=draft.pk)
    advance(draft, discard_step(), actor=keeper)
    assert stale.status == "draft"
    with pytest.raises(Refusal):
        advance(stale, discard_step(), actor=keeper)
    assert trail.rows_of(draft).count() == 1


def test_the_future_is_refused_beside_its_field(draft, keeper):
    with pytest.raises(Refusal) as refusal:
        advance(draft, discard_step(), actor=keeper, happened_on=clock.today() + datetime.timedelta(days=1))
    assert (refusal.value.code, refusal.value.field) == ("future", "happened_on")


def test_what_fails_after_the_move_takes_the_move_back(draft, keeper):
    with pytest.raises(RuntimeError), transaction.atomic():
        advance(draft, discard_step(), actor=keeper)
        raise RuntimeError("the disk is full")
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not TrailRow.objects.exists()


def test_a_failing_trail_takes_the_move_back(draft, keeper, monkeypatch):
    monkeypatch.setattr(trail, "digest", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        advance(draft, discard_step(), actor=keeper)
    draft.refresh_from_db()
    assert draft.status == "draft"


def stand_in(principal, deputy, days=(0, 3)):
    today = clock.today()
    return StandIn.objects.create(
        principal=principal, deputy=deputy, starts_on=today + datetime.timedelta(days=days[0]), ends_on=today + datetime.timedelta(days=days[1]), reason="休假", created_by=principal
    )


def test_a_stand_in_acts_and_the_trail_says_for_whom(clerk):
    office = make_office()
    need = make_need(office, status="draft")
    with pytest.raises(PermissionDenied):
        advance(need, need.LIFE.step("confirm"), actor=clerk)
    stand_in(office.community, clerk)
    advance(need, need.LIFE.step("confirm"), actor=clerk)
    row = trail.rows_of(need).last()
    assert (row.actor, row.on_behalf_of) == (clerk, office.community)


@pytest.mark.parametrize("days", [(1, 3), (-5, -1)])
def test_a_stand_in_outside_its_dates_is_nobody(draft, keeper, clerk, days):
    stand_in(keeper, clerk, days)
    with pytest.raises(PermissionDenied):
        advance(draft, discard_step(), actor=clerk)


def test_a_hold_blocks_its_verbs_until_released(draft, keeper):
    hold = place_hold(draft, verbs=["discard"], code="challenge", actor=keeper, note="质疑处理中", article="政府采购法实施条例 第54条")
    with pytest.raises(Refusal, match="质疑处理中") as refusal:
        advance(draft, discard_step(), actor=keeper)
    assert refusal.value.article.endswith("第54条")
    [offer] = [offer for offer in offers(draft, keeper) if offer.step.verb == "discard"]
    assert offer.refusal is not None
    release_hold(hold, actor=keeper)
    with pytest.raises(Refusal):
        release_hold(hold, actor=keeper)
    advance(draft, discard_step(), actor=keeper)


def test_offers_say_the_same_as_the_post(draft, keeper):
    publish = next(step for step in HolidayCalendar.LIFE.steps if step.target == "published")
    shown = {offer.step.verb: offer.refusal for offer in offers(draft, keeper)}
    if publish.verb in shown and shown[publish.verb] is not None:
        with pytest.raises(Refusal, match=shown[publish.verb].code and str(shown[publish.verb].sentence)[:6]):
            advance(draft, publish, actor=keeper)
    assert shown["discard"] is None


def test_every_life_names_all_states_its_steps_use():
    for noun, life in lifecycle.LIVES.items():
        for step in life.steps:
            used = {*step.sources, *([step.target] if step.target else [])}
            assert used <= set(life.states), (noun, step.verb, used - set(life.states))
