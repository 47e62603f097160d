"""Needs: raised, confirmed with the residents' voice (A07), published, retired."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from communities.lifecycle import need as life
from communities.lifecycle.wish import leave_wish
from communities.models import Need
from kernel import clock, trail
from kernel.lifecycle import Refusal, offers, withdraw
from tests.factories.communities import join, make_need, make_office

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def office():
    return make_office()


def at(office, status):
    need = make_need(office, status="draft" if status == "retired" else status)
    return life.retire(need, actor=office.community, reason="情况变化") if status == "retired" else need


VERBS = {
    "confirm": lambda need, actor: life.confirm(need, actor=actor),
    "publish": lambda need, actor: life.publish(need, actor=actor),
    "retire": lambda need, actor: life.retire(need, actor=actor, reason="情况变化"),
}
ALLOWED = {"confirm": {"draft"}, "publish": {"confirmed"}, "retire": {"draft", "confirmed", "published"}}
TARGET = {"confirm": "confirmed", "publish": "published", "retire": "retired"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", ["draft", "confirmed", "published", "retired"])
def test_each_verb_from_each_state(office, verb, status):
    need = at(office, status)
    if status in ALLOWED[verb]:
        assert VERBS[verb](need, office.community).status == TARGET[verb]
        row = trail.rows_of(need).last()
        assert (row.verb, row.from_status, row.to_status) == (verb, status, TARGET[verb])
    else:
        with pytest.raises(Refusal) as refused:
            VERBS[verb](need, office.community)
        assert refused.value.code == "wrong_state" and "不" in str(refused.value)
        need.refresh_from_db()
        assert need.status == status


@pytest.mark.parametrize("verb", VERBS)
def test_all_or_nothing_when_the_trail_fails(office, verb, monkeypatch):
    need = at(office, "confirmed" if verb == "publish" else "draft")
    before = need.status
    monkeypatch.setattr("kernel.trail.digest", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        VERBS[verb](need, office.community)
    need.refresh_from_db()
    assert need.status == before and need.published_at is None


@pytest.mark.rule("A07")
@pytest.mark.parametrize("missing", [{"method": ""}, {"asked_on": None}, {"asked_count": None}, {"opinion": "  "}])
def test_no_need_is_confirmed_without_the_residents_voice(office, missing):
    need = make_need(office, status="draft", **missing)
    with pytest.raises(Refusal) as refused:
        life.confirm(need, actor=office.community)
    assert refused.value.code == "A07" and "第15条" in str(refused.value)
    need.refresh_from_db()
    assert need.status == "draft"
    grey = next(offer for offer in offers(need, office.community) if offer.step.verb == "confirm")
    assert grey.refusal.code == "A07"


@pytest.mark.rule("A07")
def test_wishes_as_method_need_wishes(office):
    need = make_need(office, status="draft", method="wishes")
    with pytest.raises(Refusal):
        life.confirm(need, actor=office.community)
    need.wishes.add(leave_wish(office.communities[0], "想要助餐点"))
    assert life.confirm(need, actor=office.community).status == "confirmed"


@pytest.mark.parametrize(
    ("verb", "roles"), [("confirm", {"community"}), ("publish", {"community", "handler", "section"}), ("retire", {"community", "handler", "section"})]
)
def test_who_may(office, verb, roles):
    for role in ("community", "community2", "handler", "section", "leader", "finance", "department", "grid_worker", "observer"):
        need = at(office, "confirmed" if verb == "publish" else "draft")
        if role in roles:
            assert VERBS[verb](need, office.users[role]).status == TARGET[verb], role
        else:
            with pytest.raises(PermissionDenied):
                VERBS[verb](need, office.users[role])


def test_the_trail_says_when_one_person_did_both(office):
    alone = make_need(office, status="confirmed")
    assert trail.rows_of(alone).last().params == {"same_person": True}
    colleague = join("community", place=office.communities[0])
    both = life.confirm(make_need(office, status="draft"), actor=colleague)
    assert trail.rows_of(both).last().params == {}


def test_confirming_is_taken_back_until_somebody_acts(office):
    need = make_need(office, status="confirmed")
    assert withdraw(need, actor=office.community).status == "draft"
    need = make_need(office, status="published")
    with pytest.raises(Refusal):
        withdraw(need, actor=office.community)


def test_only_drafts_are_edited(office):
    need = life.edit_need(make_need(office, status="draft"), office.community, title="改名")
    assert need.title == "改名" and trail.rows_of(need).last().params == {"fields": ["title"]}
    with pytest.raises(Refusal) as refused:
        life.edit_need(make_need(office, status="confirmed"), office.community, title="x")
    assert refused.value.code == "not_draft"


def test_wishes_behind_a_need_are_adopted_by_it(office):
    first, second = (leave_wish(office.communities[0], text) for text in ("想要助餐点", "想要送餐上门"))
    need = make_need(office, status="draft", wishes=[first])
    first.refresh_from_db()
    assert first.status == "adopted" and trail.rows_of(first).last().params == {"need": need.pk}
    life.edit_need(need, office.community, wishes=[second])
    second.refresh_from_db()
    assert second.status == "adopted" and list(need.wishes.all()) == [second]


def test_closed_communities_and_strange_grids_are_refused(office):
    with pytest.raises(Refusal) as refused:
        life.raise_need(office.street, office.handler, title="x", description="x", target_group="x", headcount=1)
    assert refused.value.code == "place" and not Need.objects.exists()
    with pytest.raises(Refusal) as refused:
        life.raise_need(office.communities[1], office.handler, grid=office.grid, title="x", description="x", target_group="x", headcount=1)
    assert refused.value.code == "grid"


def form(office, **changes):
    data = {
        "place": office.communities[0].pk,
        "title": "高龄助餐",
        "description": "午餐难",
        "target_group": "80岁以上",
        "headcount": "60",
        "method": "meeting",
        "asked_on": clock.today(),
        "asked_count": "40",
        "opinion": "一致同意",
    }
    return {**data, **changes}


def test_raising_and_confirming_on_the_screens(client, office):
    client.force_login(office.community, backend=BACKEND)
    page = client.post(reverse("need_create"), form(office))
    need = Need.objects.get()
    assert page.status_code == 302 and page.url == need.get_absolute_url() and need.number == f"XQ{clock.today():%Y}{need.pk:06d}"
    assert client.post(reverse("need_edit", args=[need.pk]), form(office, headcount="61")).status_code == 302
    assert client.post(reverse("act", args=["need", need.pk, "confirm"])).status_code == 302
    assert client.post(reverse("act", args=["need", need.pk, "publish"])).status_code == 302
    need.refresh_from_db()
    assert (need.status, need.headcount) == ("published", 61)
    assert client.get(reverse("need_edit", args=[need.pk])).status_code == 302


TOMORROW = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("headcount", "0"),
        ("headcount", "-5"),
        ("headcount", "99999999999999"),
        ("title", ""),
        ("title", "长" * 81),
        ("asked_on", "tomorrow"),
        ("asked_on", "2026-13-40"),
        ("opinion", "a\x00b"),
        ("place", "other"),
    ],
)
def test_bad_input_is_answered_beside_the_field(client, office, field, value):
    client.force_login(office.community, backend=BACKEND)
    value = {"tomorrow": clock.today() + TOMORROW, "other": office.communities[1].pk}.get(value, value)
    page = client.post(reverse("need_create"), form(office, **{field: value}))
    assert page.status_code == 422 and field in page.context["form"].errors and not Need.objects.exists()
    assert field == "target_group" or "80岁以上" in page.content.decode()


def test_another_community_cannot_post(client, office):
    need = make_need(office, status="draft")
    client.force_login(office.community2, backend=BACKEND)
    assert client.post(reverse("need_edit", args=[need.pk]), form(office)).status_code == 404
    assert client.post(reverse("act", args=["need", need.pk, "confirm"])).status_code == 404
    client.force_login(office.observer, backend=BACKEND)
    assert client.post(reverse("need_edit", args=[need.pk]), form(office)).status_code == 403
    assert client.post(reverse("act", args=["need", need.pk, "confirm"])).status_code == 403


def test_lists_keep_their_query_count(client, office, django_assert_max_num_queries):
    client.force_login(office.handler, backend=BACKEND)
    counts = []
    for extra in (1, 12):
        for _count in range(extra):
            make_need(office)
            leave_wish(office.communities[0], "想要助餐点", contact="13812345678")
        for name in ("need_list", "wish_list"):
            client.get(reverse(name))
            with django_assert_max_num_queries(12) as captured:
                client.get(reverse(name))
            counts.append(len(captured))
    assert counts[:2] == counts[2:]
