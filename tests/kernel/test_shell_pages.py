"""Desk, notices, search, preferences, drafts, sign-in, error pages, language: the pages everybody has."""

import datetime
import json
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as real_patterns
from kernel import clock, registry
from kernel.models import Draft, Notice, StandIn, User
from kernel.registry import Hit, Task
from kernel.views.csp import reports

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 12"


def forbidden(request):
    raise PermissionDenied("因为这是别的街道的项目。")


def broken(request):
    raise RuntimeError("boom")


def boundary(request):
    from django.core.exceptions import TooManyFilesSent

    raise TooManyFilesSent


urlpatterns = [path("t/403/", forbidden), path("t/500/", broken), path("t/413/", boundary), *real_patterns]
HANDLERS = (handler400, handler403, handler404, handler500)


@pytest.fixture
def alice():
    return User.objects.create_user("alice", PASSWORD, name="王芳", email="alice@example.cn")


@pytest.fixture
def signed_in(client, alice):
    client.force_login(alice)
    return client


def html(answer):
    return answer.content.decode()


# --- desk ---


@pytest.fixture
def tasks(monkeypatch):
    made = {}
    monkeypatch.setattr(registry, "_desk", [lambda user: made.get(user.username, [])])
    return made


def test_desk_shows_overdue_first_and_red(signed_in, tasks):
    now = clock.now()
    tasks["alice"] = [
        Task("holidaycalendar", "无期限事项", "办理", "/a/", since=now),
        Task("holidaycalendar", "以后到期", "办理", "/b/", due=now + datetime.timedelta(days=3)),
        Task("合同", "已经逾期", "签订", "/c/", due=clock.today() - datetime.timedelta(days=1)),
        Task("合同", "今天到期", "签订", "/d/", due=clock.today()),
    ]
    page = html(signed_in.get("/desk/"))
    assert page.index("已经逾期") < page.index("今天到期") < page.index("以后到期") < page.index("无期限事项")
    assert page.count('class="nowrap overdue"') == 1
    assert "您有 4 项待办" in page and "其中 1 项已逾期" in page


def test_desk_includes_the_people_i_stand_in_for(signed_in, alice, tasks):
    boss = User.objects.create_user("boss", PASSWORD, name="李强")
    today = clock.today()
    tasks["boss"] = [Task("合同", "主任的事项", "办理", "/x/")]
    assert "主任的事项" not in html(signed_in.get("/desk/"))
    StandIn.objects.create(principal=boss, deputy=alice, starts_on=today, ends_on=today, reason="x", created_by=boss)
    page = html(signed_in.get("/desk/"))
    assert "主任的事项" in page and "代 李强" in page


def test_desk_of_nobody_is_friendly_and_cheap(signed_in):
    signed_in.get("/desk/")
    with CaptureQueriesContext(connection) as found:
        page = signed_in.get("/desk/")
    assert "没有待办事项" in html(page)
    assert len(found) <= 15, [query["sql"][:90] for query in found]


# --- notices, search, preferences ---


def test_notice_opens_its_subject_once_read_and_strangers_get_404(signed_in, alice):
    mine = Notice.objects.create(user=alice, key="a", kind="x", url="/preferences/")
    other = Notice.objects.create(user=User.objects.create_user("o", PASSWORD, name="o"), key="a", kind="x")
    away = Notice.objects.create(user=alice, key="b", kind="x", url="https://evil.example/")
    assert signed_in.get(f"/notices/{mine.pk}/").url == "/preferences/"
    mine.refresh_from_db()
    assert mine.read_at
    assert signed_in.get(f"/notices/{other.pk}/").status_code == 404
    assert signed_in.get(f"/notices/{away.pk}/").url == "/notices/"
    assert signed_in.get("/notices/read/").status_code == 405
    Notice.objects.create(user=alice, key="c", kind="x")
    signed_in.post("/notices/read/")
    assert not Notice.objects.filter(user=alice, read_at=None).exists()
    assert Notice.objects.filter(read_at=None).count() == 1


def test_bell_counts_unread(signed_in, alice):
    Notice.objects.bulk_create(Notice(user=alice, key=str(n), kind="x") for n in range(120))
    assert '<span class="dd-count">99+</span>' in html(signed_in.get("/desk/"))


def test_search_groups_hits_and_escapes_what_was_typed(signed_in, monkeypatch):
    monkeypatch.setattr(registry, "_search", [lambda user, text: [Hit("项目", f"找到 {text}", "/x/")]])
    page = html(signed_in.get("/search/", {"q": "<script>助老"}))
    assert "项目（1）" in page and "&lt;script&gt;助老" in page and "<script>助老" not in page
    assert signed_in.get("/search/", {"q": "\x00"}).status_code == 200


def test_preferences_change_language_and_mail(signed_in, alice):
    answer = signed_in.post("/preferences/", {"language": "en", "email": "a@b.cn"}, follow=True)
    alice.refresh_from_db()
    assert (alice.language, alice.mail_on) == ("en", False)
    assert "Your preferences are saved" in html(answer)
    assert signed_in.post("/preferences/", {"language": "xx", "email": "no"}).status_code == 422


# --- language ---


def test_language_switch_changes_words_only(signed_in, alice, tasks):
    tasks["alice"] = [Task("holidaycalendar", "同一事项", "办理", "/a/", due=clock.now())]

    def shape(page):
        return re.findall(r'<(?:a|form|input|select)[^>]*?(?:href|action|name)="([^"]*)"', page)

    for address in ("/desk/", "/notices/", "/preferences/", "/search/?q=a"):
        signed_in.post("/language/", {"language": "zh-hans", "next": address})
        chinese = html(signed_in.get(address))
        signed_in.post("/language/", {"language": "en", "next": address})
        english = html(signed_in.get(address))
        assert 'lang="zh-hans"' in chinese and 'lang="en"' in english
        assert shape(chinese) == shape(english)
    alice.refresh_from_db()
    assert alice.language == "en"


def test_browser_language_does_not_decide_and_next_stays_here(client):
    assert 'lang="zh-hans"' in html(client.get("/accounts/login/", HTTP_ACCEPT_LANGUAGE="en"))
    assert client.post("/language/", {"language": "en", "next": "https://evil.example/"}).url == "/"
    client.post("/language/", {"language": "xx", "next": "/"})
    assert 'lang="zh-hans"' in html(Client().get("/accounts/login/"))


# --- drafts ---


def test_draft_is_kept_encrypted_for_one_person_and_dropped_when_sent(signed_in, alice):
    secret = "本人手机 13800000000"
    assert signed_in.get("/drafts/new-thing/").status_code == 204
    saved = signed_in.post("/drafts/new-thing/", json.dumps({"text": [secret]}), content_type="application/json")
    assert saved.status_code == 200
    assert secret.encode() not in bytes(Draft.objects.get().content)
    assert signed_in.get("/drafts/new-thing/").json()["content"] == {"text": [secret]}
    other = Client()
    other.force_login(User.objects.create_user("other", PASSWORD, name="o"))
    assert other.get("/drafts/new-thing/").status_code == 204
    Draft.objects.update(user=User.objects.get(username="other"))
    assert other.get("/drafts/new-thing/").status_code == 204  # moved to another person's row it does not open
    Draft.objects.update(user=alice)
    signed_in.post("/preferences/", {"language": "zh-hans", "email": "wrong", "_draft": "new-thing"})
    assert Draft.objects.count() == 1  # refused: kept
    signed_in.post("/preferences/", {"language": "zh-hans", "email": "", "_draft": "new-thing"})
    assert Draft.objects.count() == 0


@pytest.mark.parametrize("body,status", [("[1]", 400), ("{", 400), ('{"a": "' + "x" * 600_000 + '"}', 413)])
def test_bad_drafts_are_refused(signed_in, body, status):
    assert signed_in.post("/drafts/k/", body, content_type="application/json").status_code == status


def test_draft_needs_sign_in(client):
    assert client.get("/drafts/k/").status_code == 401


# --- signing in ---


def test_sign_in_goes_to_the_desk_and_out_again(client, alice):
    answer = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert answer.url == "/desk/"
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/desk/").url.startswith("/accounts/login/")


def test_wrong_password_says_nothing_about_the_name_and_locks(client, alice):
    known = client.post("/accounts/login/", {"login": "alice", "password": "x"})
    unknown = client.post("/accounts/login/", {"login": "nobody", "password": "x"})
    assert known.status_code == unknown.status_code
    assert "登录名或密码不正确" in html(known) and "登录名或密码不正确" in html(unknown)
    for _number in range(6):
        last = client.post("/accounts/login/", {"login": "alice", "password": "x"})
    assert last.status_code == 429
    assert "密码错误次数过多" in html(last)
    right = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert right.status_code == 429


def test_nobody_signs_up(client):
    page = client.get("/accounts/signup/")
    assert "不开放自行注册" in html(page)
    client.post("/accounts/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(username="eve").exists()


def test_short_password_is_refused_beside_its_field(signed_in):
    answer = signed_in.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "12345", "password2": "12345"})
    assert 'id="id_password1_error"' in html(answer) or 'id="id_password2_error"' in html(answer)


def test_expired_session_comes_back_to_the_form(client, alice):
    answer = client.post("/notices/read/", HTTP_REFERER="http://testserver/notices/?state=unread")
    assert answer.url == "/accounts/login/?next=%2Fnotices%2F%3Fstate%3Dunread"
    assert "登录已过期" in html(client.get(answer.url))
    elsewhere = client.post("/notices/read/", HTTP_REFERER="https://evil.example/x")
    assert elsewhere.url == "/accounts/login/?next=%2F"


def test_money_needs_a_second_factor_in_production_and_a_banner_in_demo(signed_in, settings, monkeypatch):
    monkeypatch.setattr(registry, "_totp", [lambda user: user.username == "alice"])
    assert "两步验证登录" in html(signed_in.get("/desk/"))
    settings.REQUIRE_TOTP = True
    assert signed_in.get("/desk/").url == "/accounts/2fa/totp/activate/"
    assert signed_in.post("/notices/read/").url == "/accounts/2fa/totp/activate/"
    assert signed_in.get("/accounts/password/change/").status_code == 200
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=User.objects.get(username="alice"), type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert signed_in.get("/desk/").status_code == 200


# --- what went wrong ---


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address,status,words", [("/t/403/", 403, "别的街道"), ("/t/500/", 500, "不会只保存一半"), ("/nothing/", 404, "核对网址"), ("/t/413/", 413, "过大")])
def test_error_pages_say_what_to_do(alice, address, status, words, monkeypatch):
    import sys

    for name, handler in zip(("handler400", "handler403", "handler404", "handler500"), HANDLERS, strict=True):
        monkeypatch.setattr(sys.modules[__name__], name, handler, raising=False)
    client = Client(raise_request_exception=False)
    answer = client.get(address)
    page = html(answer)
    assert answer.status_code == status and words in page and page.count("<h1") == 1
    with CaptureQueriesContext(connection) as found:
        client.get(address)
    assert len(found) <= 2


def test_csrf_failure_is_told_in_chinese(alice):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert answer.status_code == 403 and "表单打开时间过长" in html(answer)


def test_csp_reports_are_kept_shortened_and_nonsense_is_dropped(client):
    body = {"csp-report": {"document-uri": "http://x/wish?contact=13800000000", "violated-directive": "script-src", "blocked-uri": "inline"}}
    assert client.post("/csp-report/", json.dumps(body), content_type="application/csp-report").status_code == 204
    assert client.post("/csp-report/", "nonsense", content_type="text/plain").status_code == 204
    assert client.post("/csp-report/", "[]", content_type="application/json").status_code == 204
    (kept,) = reports()
    assert kept["document-uri"] == "http://x/wish" and kept["violated-directive"] == "script-src"


def test_every_page_has_one_h1_and_nothing_inline(signed_in):
    for address in ("/desk/", "/notices/", "/search/", "/preferences/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/"):
        page = html(signed_in.get(address))
        assert page.count("<h1") == 1, address
        assert " style=" not in page and "onclick" not in page and "<style" not in page, address
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), address


def test_desk_reads_only_what_exists_in_one_question(signed_in, alice, monkeypatch):
    from kernel.registry import Waiting

    Notice.objects.bulk_create(Notice(user=alice, key=str(n), kind="x") for n in range(3))

    def provider(user):
        for number in range(12):
            yield Waiting(Notice.objects.filter(user=user, kind=f"nothing{number}").order_by("pk")[:50], lambda row: Task("合同", "空", "办理", "/a/"))
        yield Waiting(Notice.objects.filter(user=user, kind="x"), lambda row: Task("合同", f"通知{row.key}", "办理", "/b/") if row.key != "1" else None)
        yield Waiting(Notice.objects.filter(user=user, kind="x", key="0"), lambda row: (Task("合同", f"两件{n}", "办理", "/c/") for n in range(2)))

    monkeypatch.setattr(registry, "_desk", [provider])
    signed_in.get("/desk/")
    with CaptureQueriesContext(connection) as found:
        page = html(signed_in.get("/desk/"))
    assert [word in page for word in ("通知0", "通知1", "通知2", "两件0", "两件1", "空")] == [True, False, True, True, True, False]
    assert sum("kernel_notice" in query["sql"] for query in found) <= 4
    assert len(found) <= 15
