"""Public posts: so many, then a sentence."""

import pytest
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpResponse

from kernel.throttle import address, count, parse, throttle


@throttle("wish", posts="2/h")
def view(request):
    return HttpResponse("kept")


@pytest.fixture
def post(rf):
    def made(ip="10.0.0.1", session=None, method="post", **headers):
        request = getattr(rf, method)("/wish/", REMOTE_ADDR=ip, **headers)
        request.session = SessionStore(f"browser-{session}" if session else None)
        return request

    return made


@pytest.fixture
def rendered(monkeypatch):
    """The page around the sentence belongs to the shell."""
    monkeypatch.setattr("kernel.throttle.render", lambda request, template, context, status: HttpResponse(str(context["refusal"]), status=status))


def test_a_browser_posts_so_often_then_waits(post, rendered):
    assert [view(post(session="a")).status_code for _ in range(3)] == [200, 200, 429]
    refused = view(post(session="a"))
    assert refused["Retry-After"] == "3600" and "60" in refused.content.decode()
    assert view(post(session="b")).status_code == 200
    assert view(post(session="a", method="get")).status_code == 200


def test_an_address_has_room_for_an_office_not_for_a_flood(post, rendered):
    codes = [view(post(session=f"s{number}")).status_code for number in range(11)]
    assert codes == [200] * 10 + [429]
    assert view(post(ip="10.0.0.2")).status_code == 200


def test_settings_change_a_rate(post, settings, rendered):
    settings.THROTTLES = {"wish": "1/m"}
    assert [view(post(session="a")).status_code for _ in range(2)] == [200, 429]


def test_the_counted_address_cannot_be_made_up(post, settings):
    settings.BEHIND_PROXY = False
    assert address(post(ip="10.0.0.9", HTTP_X_FORWARDED_FOR="1.1.1.1")) == "10.0.0.9"
    settings.BEHIND_PROXY = True
    assert address(post(ip="10.0.0.9", HTTP_X_FORWARDED_FOR="1.1.1.1, 2.2.2.2")) == "2.2.2.2"


def test_scopes_count_apart(post):
    assert [count(post(session="a"), scope, "1/h") for scope in ("x", "y")] == [None, None]
    assert count(post(session="a"), "x", "1/h").code == "throttled"


@pytest.mark.parametrize("rate", ["10", "10/x", "0/h", "-1/h", "a/h"])
def test_nonsense_rates_are_loud(rate):
    with pytest.raises(ValueError):
        parse(rate)
