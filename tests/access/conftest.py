"""The world of the access tests: built and committed once for the package; every test stands at the same moment."""

import functools
from types import SimpleNamespace

import pytest
from django.urls import get_resolver

from kernel import clock, seal
from tests.access import world as stage
from tests.access.objects import OWNERS, add_rest, people_of
from tests.memory import committed

RESOLVE = functools.cache(get_resolver().resolve)


@pytest.fixture(scope="package")
def built(django_db_setup, django_db_blocker):
    """The world at its moment. What a test writes is undone with its own transaction."""
    patch = pytest.MonkeyPatch()
    patch.setattr(seal.enrol, "__defaults__", (2**4,))
    with committed(django_db_blocker):
        world = add_rest(stage.build())
        for user in {user for name in ("-", *OWNERS) for _role, _side, user in people_of(world, name)}:
            stage.client_of(user)  # logged in here, not inside a test that takes its session back
        yield world
    stage.forget_clients()
    clock.set_to(None)
    patch.undo()


@pytest.fixture
def world(built, db):
    clock.set_to(stage.NOW)
    return built


@pytest.fixture
def unprinted(monkeypatch):
    """Papers are laid out as HTML but neither printed nor written as Word: each one is once, in test_pages.py."""
    import weasyprint

    from kernel import word

    monkeypatch.setattr(word, "to_word", lambda *args, **kwargs: b"PK")
    monkeypatch.setattr(weasyprint.HTML, "write_pdf", lambda self, *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def quick(world, unprinted, monkeypatch):
    """For thousands of requests: people are known without a session, an address is looked up once, papers are not printed and refusals not laid out.
    Who may do what is asked all the same."""
    from django.contrib.auth.models import AnonymousUser

    from kernel.views import errors

    monkeypatch.setattr(get_resolver(), "resolve", RESOLVE)
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)  # copies every context
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", lambda request: request.META.get("tested.user") or AnonymousUser())
    monkeypatch.setattr(errors, "loader", SimpleNamespace(render_to_string=lambda *args, **kwargs: ""))
    return world
