"""Pages of the ordering and the doing side cost a constant number of queries: lists at most 12, details at most 20."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communities.lifecycle.place import add_place
from communities.lifecycle.wish import leave_wish
from tests.factories.communities import join, make_need, make_office
from tests.factories.providers import make_provider

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def cost(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", ["place_list", "purchaser_list", "staff_list", "standin_list", "needs_public"])
def test_lists(client, name):
    office = make_office()
    make_need(office)
    client.force_login(office.supervisor, backend=BACKEND)
    before = cost(client, reverse(name))
    for number in range(8):
        street = add_place("street", f"第{number}街道", office.district)
        join("community", place=add_place("community", f"第{number}社区", street))
        join("handler", purchaser=office.purchaser)
        make_need(office)
    assert cost(client, reverse(name)) == before <= 12


def test_details(client):
    provider = make_provider()
    office = provider.office
    need, wish = make_need(office), leave_wish(office.communities[0], "想要一个助餐点")
    client.force_login(office.handler, backend=BACKEND)
    costs = {subject: cost(client, subject.get_absolute_url()) for subject in (need, wish, office.street, office.purchaser, provider.organization)}
    assert max(costs.values()) <= 20, costs
    assert cost(client, reverse("need_public", args=[need.pk])) <= 20
    assert cost(client, reverse("wish_public_follow", args=[wish.number])) <= 20
