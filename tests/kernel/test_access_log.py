"""The page of looks: own ones, or all for the platform administrator; never a value."""

import pytest
from django.test import Client
from django.urls import reverse

from kernel.models import AccessLog, User


@pytest.fixture
def people(db):
    people = {name: User.objects.create_user(name, name=name) for name in ("alice", "charlie")}
    people["admin"] = User.objects.create_superuser("admin", name="admin")
    AccessLog.objects.create(who=people["alice"], subject=people["charlie"], field="email", purpose="回访核实")
    return people


def page(user=None):
    client = Client()
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("access_log"))


def test_own_looks_and_all_for_the_administrator(people):
    assert "回访核实" in page(people["alice"]).content.decode()
    assert "回访核实" not in page(people["charlie"]).content.decode()
    assert "回访核实" in page(people["admin"]).content.decode()
    assert page().status_code == 302


def test_few_queries_whatever_the_number(people, django_assert_max_num_queries):
    client = Client()
    client.force_login(people["admin"], backend="django.contrib.auth.backends.ModelBackend")
    client.get(reverse("access_log"))
    for number in range(15):
        AccessLog.objects.create(who=people["alice"], subject=people["charlie"], field="email", purpose=f"n{number}")
    with django_assert_max_num_queries(12):
        assert client.get(reverse("access_log")).status_code == 200
