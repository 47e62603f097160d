"""Wishes: left without account or script, followed by number, contact encrypted and deletable."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from communities.lifecycle import wish as life
from communities.models import Wish
from kernel import trail
from kernel.lifecycle import Refusal
from kernel.models import AccessLog
from tests.factories.communities import make_need, make_office

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def office():
    return make_office()


def leave(office, **fields):
    return life.leave_wish(**{"place": office.communities[0], "text": "想要一个助餐点", "contact": "13812345678", **fields})


def at(office, status):
    """A wish of communities[0] in the given status, reached by the real verbs."""
    wish = leave(office)
    if status == "answered":
        return life.answer(wish, actor=office.community, answer="已列入计划")
    if status == "adopted":
        return life.adopt(wish, actor=office.community, need=make_need(office))
    if status == "closed":
        return life.close(wish, actor=office.community, reason="重复")
    return wish


VERBS = {
    "answer": lambda office, wish, actor: life.answer(wish, actor=actor, answer="已列入计划"),
    "adopt": lambda office, wish, actor: life.adopt(wish, actor=actor, need=make_need(office)),
    "close": lambda office, wish, actor: life.close(wish, actor=actor, reason="已办"),
}
ALLOWED = {"answer": {"new"}, "adopt": {"new", "answered"}, "close": {"new", "answered", "adopted"}}
TARGET = {"answer": "answered", "adopt": "adopted", "close": "closed"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", ["new", "answered", "adopted", "closed"])
def test_each_verb_from_each_state(office, verb, status):
    wish = at(office, status)
    if status in ALLOWED[verb]:
        assert VERBS[verb](office, wish, office.community).status == TARGET[verb]
        row = trail.rows_of(wish).last()
        assert (row.verb, row.from_status, row.to_status, row.actor) == (verb, status, TARGET[verb], office.community)
    else:
        with pytest.raises(Refusal) as refused:
            VERBS[verb](office, wish, office.community)
        assert refused.value.code == "wrong_state" and str(refused.value)
        wish.refresh_from_db()
        assert wish.status == status


@pytest.mark.parametrize("verb", VERBS)
def test_all_or_nothing_when_the_trail_fails(office, verb, monkeypatch):
    wish, need = leave(office), make_need(office)
    monkeypatch.setattr("kernel.trail.digest", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        {**VERBS, "adopt": lambda office, wish, actor: life.adopt(wish, actor=actor, need=need)}[verb](office, wish, office.community)
    wish.refresh_from_db()
    assert wish.status == "new" and wish.answer == "" and not wish.needs.exists()


@pytest.mark.parametrize(
    ("role", "may"),
    [("community", True), ("handler", True), ("section", True), ("community2", False), ("finance", False), ("cashier", False), ("grid_worker", False)],
)
def test_who_answers(office, role, may):
    wish = leave(office)
    if may:
        assert life.answer(wish, actor=office.users[role], answer="好").status == "answered"
    else:
        with pytest.raises(PermissionDenied):
            life.answer(wish, actor=office.users[role], answer="好")


def test_a_grid_worker_sees_and_answers_what_is_tied_to_the_grid(office):
    wish = leave(office, grid=office.grid)
    assert list(Wish.objects.visible_to(office.grid_worker)) == [wish]
    leave(office)
    assert list(Wish.objects.visible_to(office.grid_worker)) == [wish]
    assert life.answer(wish, actor=office.grid_worker, answer="今天上门").status == "answered"


def test_a_wish_becomes_a_need_of_its_own_community_only(office):
    wish, other = leave(office), make_office()
    with pytest.raises(Refusal) as refused:
        life.adopt(wish, actor=office.community, need=make_need(other))
    assert refused.value.code == "other_place"


def test_closing_needs_a_reason(office):
    with pytest.raises(Refusal) as refused:
        life.close(leave(office), actor=office.community, reason=" ")
    assert refused.value.code == "reason_missing"


def test_numbers_cannot_be_guessed_or_mistaken(office):
    numbers = {life.new_number() for _count in range(200)}
    assert len(numbers) == 200
    assert not set("".join(numbers)) & set("01IOL")


def test_the_contact_is_not_readable_in_the_database(office):
    wish = leave(office)
    assert Wish.objects.get(pk=wish.pk).contact == "13812345678"
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact, contact_key FROM communities_wish WHERE id = %s", [wish.pk])
        raw, index = cursor.fetchone()
    assert b"13812345678" not in bytes(raw) and "138" not in index
    assert "13812345678" not in str(list(trail.rows_of(wish).values("params", "reason")))


def test_the_contact_is_deleted_on_request_for_good(office):
    wish = leave(office)
    for wrong in ("", "13800000000"):
        with pytest.raises(Refusal) as refused:
            life.delete_contact(wish, wrong)
        assert refused.value.code == "contact"
    life.delete_contact(wish, "138 1234 5678")
    wish = Wish.objects.get(pk=wish.pk)
    assert wish.contact == "" and wish.contact_key == "" and wish.destroyed and wish.text
    assert trail.rows_of(wish).last().verb == "delete_contact"
    with pytest.raises(Refusal):
        life.delete_contact(wish, "13812345678")


def post_wish(client, office, **changes):
    data = {"place": office.communities[0].pk, "text": "希望增加一盏路灯", "group": "", "contact": "", "website": ""}
    return client.post(reverse("wish_public_new"), {**data, **changes})


def test_a_resident_leaves_and_follows_a_wish_without_account(client, office):
    page = post_wish(client, office, contact="13812345678")
    wish = Wish.objects.get()
    assert page.status_code == 302 and wish.number in page.url and wish.created_by is None
    text = client.get(page.url).content.decode()
    assert wish.number in text and "希望增加一盏路灯" in text and "13812345678" not in text
    found = client.post(reverse("wish_public_find"), {"number": wish.number.lower().replace("-", " ")})
    assert found.status_code == 302 and wish.number in found.url
    assert client.post(reverse("wish_public_find"), {"number": "XY-2222-2222-2222"}).status_code == 422
    life.answer(wish, actor=office.community, answer="下月安装")
    need = make_need(office)
    life.adopt(wish, actor=office.community, need=need)
    text = client.get(page.url).content.decode()
    assert "下月安装" in text and need.title in text


@pytest.mark.parametrize(
    "changes",
    [
        {"website": "http://spam"},
        {"text": ""},
        {"text": "短"},
        {"text": "x" * 1001},
        {"text": "a\x00bcdef"},
        {"place": "999999"},
        {"place": "abc"},
        {"contact": "9" * 61},
    ],
)
def test_bad_wishes_are_answered_beside_the_field_with_the_input_kept(client, office, changes):
    page = post_wish(client, office, group="独居老人", **changes)
    assert page.status_code == 422 and page.context["form"].errors and not Wish.objects.exists()
    assert "独居老人" in page.content.decode()


def test_wishes_are_throttled(client, office):
    client.get(reverse("wish_public_new"))
    statuses = [post_wish(client, office, text=f"第{count}个心愿").status_code for count in range(60)]
    assert statuses[0] == 302 and statuses[-1] == 429


def test_deleting_the_contact_on_the_page(client, office):
    wish = leave(office)
    url = reverse("wish_public_delete_contact", args=[wish.number])
    assert client.get(url).status_code == 405
    assert client.post(url, {"contact": "13800000000"}).status_code == 422
    assert client.post(url, {"contact": "13812345678"}).status_code == 302
    assert Wish.objects.get(pk=wish.pk).contact == ""


def test_staff_see_a_mask_and_the_full_contact_only_with_a_purpose(client, office):
    wish = leave(office)
    client.force_login(office.community, backend=BACKEND)
    detail = client.get(wish.get_absolute_url()).content.decode()
    assert "13812345678" not in detail and "5678" in detail
    url = reverse("wish_contact", args=[wish.pk])
    assert "13812345678" not in client.get(url).content.decode()
    assert client.post(url, {"purpose": ""}).status_code == 422 and not AccessLog.objects.exists()
    assert "13812345678" in client.post(url, {"purpose": "回电核实"}).content.decode()
    assert AccessLog.objects.get().who == office.community
    client.force_login(office.observer, backend=BACKEND)
    assert client.post(url, {"purpose": "看看"}).status_code == 403


def test_answering_on_the_screen(client, office):
    wish = leave(office)
    client.force_login(office.community, backend=BACKEND)
    url = reverse("act", args=["wish", wish.pk, "answer"])
    assert client.get(url).status_code == 200
    assert client.post(url, {"answer": ""}).status_code == 422
    assert client.post(url, {"answer": "下周上门了解"}).status_code == 302
    wish.refresh_from_db()
    assert wish.status == "answered"
    client.force_login(office.finance, backend=BACKEND)
    assert client.post(reverse("act", args=["wish", wish.pk, "close"]), {"reason": "x"}).status_code == 403
    client.force_login(office.community2, backend=BACKEND)
    assert client.post(reverse("act", args=["wish", wish.pk, "close"]), {"reason": "x"}).status_code == 404
