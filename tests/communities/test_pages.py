"""Every page of the ordering side opens for whom it should, with one h1, and is closed to the others."""

import pytest
from django.urls import reverse

from communities.lifecycle.wish import leave_wish
from tests.factories.communities import make_need, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def get(client, user, name, *args):
    client.logout()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse(name, args=args))


LISTS = ("place_list", "purchaser_list", "staff_list", "standin_list", "wish_list", "need_list")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", ["handler", "community", "finance", "department", "leader", "observer"])
def test_lists_open_for_staff(client, office, name, role):
    page = get(client, office.users[role], name)
    assert page.status_code == 200
    assert page.content.decode().count("<h1") == 1


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_closed_to_outsiders(client, office, name):
    from tests.factories.communities import make_user

    assert get(client, make_user(), name).status_code == 403
    assert get(client, None, name).status_code == 302


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("place_import", {"finance", "admin"}),
        ("purchaser_create", {"finance", "admin"}),
        ("staff_invite", {"leader", "supervisor", "admin"}),
        ("invitation_list", {"leader", "supervisor", "admin"}),
        ("need_create", {"community", "community2", "handler", "section"}),
        ("place_found", {"admin"}),
    ],
)
def test_forms_open_only_for_their_roles(client, office, name, allowed):
    for role, user in office.users.items():
        assert get(client, user, name).status_code == (200 if role in allowed else 403), role


def test_details_are_404_for_another_district(client, office):
    stranger = make_office().handler
    need, wish = make_need(office), leave_wish(office.communities[0], "想要一个座椅")
    for name, subject in (("need_detail", need), ("wish_detail", wish), ("place_detail", office.street), ("purchaser_detail", office.purchaser)):
        assert get(client, office.handler, name, subject.pk).status_code == 200, name
        assert get(client, stranger, name, subject.pk).status_code == 404, name
    assert get(client, office.community2, "need_detail", need.pk).status_code == 404
    assert get(client, office.community2, "wish_detail", wish.pk).status_code == 404


def test_public_pages_need_no_account_and_no_script(client, office):
    need = make_need(office)
    for page in (
        get(client, None, "needs_public"),
        get(client, None, "need_public", need.pk),
        get(client, None, "wish_public_new"),
        get(client, None, "wish_public_find"),
    ):
        text = page.content.decode()
        assert page.status_code == 200
        assert text.count("<h1") == 1 and "<script" not in text
    assert need.title in get(client, None, "needs_public").content.decode()


def test_drafts_are_not_public(client, office):
    need = make_need(office, status="confirmed")
    assert get(client, None, "need_public", need.pk).status_code == 404
    assert need.title not in get(client, None, "needs_public").content.decode()


def test_forms_of_the_tree_open(client, office):
    for name in ("place_create", "place_edit", "place_rename", "place_close"):
        assert get(client, office.finance, name, office.street.pk).status_code == 200, name
        assert get(client, office.handler, name, office.street.pk).status_code == 403, name
    assert get(client, office.finance, "place_create", office.grid.pk).status_code == 403, "nothing lies below a grid"
    assert get(client, office.leader, "purchaser_edit", office.purchaser.pk).status_code == 200
    assert get(client, office.handler, "purchaser_edit", office.purchaser.pk).status_code == 403
