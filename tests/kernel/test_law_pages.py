"""The pages of the law: holiday calendar and rules."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.urls import reverse

from kernel import holidays
from kernel.models import HolidayCalendar, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client):
    user = User.objects.create_user("keeper", "pw", name="日历员", is_platform_admin=True)
    client.force_login(user)
    return user


@pytest.fixture
def clerk(client):
    user = User.objects.create_user("clerk", "pw", name="经办人")
    client.force_login(user)
    return user


@pytest.mark.parametrize("path", ["/calendar/", "/calendar/1/", "/rules/", "/rules/B09/"])
def test_a_visitor_is_sent_to_log_in(client, path):
    response = client.get(path)
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_everybody_logged_in_reads_the_calendar_and_only_keepers_begin(client, clerk):
    page = client.get(reverse("calendar"))
    assert page.status_code == 200
    assert reverse("calendar_begin") not in page.content.decode()
    assert "2024 · 2025 · 2026" in page.content.decode()
    version = HolidayCalendar.objects.get()
    assert "国庆节" in client.get(version.get_absolute_url()).content.decode()
    assert client.get(reverse("calendar_begin")).status_code == 403
    assert client.post(reverse("calendar_year", args=[version.pk]), {}).status_code == 403
    assert client.post(reverse("act", args=["holidaycalendar", version.pk, "publish"])).status_code == 403
    assert client.get(reverse("calendar_version", args=[999])).status_code == 404


def test_from_paste_to_publication_by_a_second_person(client, keeper):
    assert client.post(reverse("calendar_begin"), {"document_number": "国办发明电〔2026〕1号"}).status_code == 302
    draft = HolidayCalendar.objects.get(status="draft")
    address = reverse("calendar_year", args=[draft.pk])
    bad = client.post(address, {"year": "2027", "document_number": "x", "days": "2027-01-01 休 元旦\n2027-01-05 班"})
    assert bad.status_code == 422
    assert "2027-01-05" in bad.content.decode()
    assert "2027-01-01 休 元旦" in bad.content.decode()
    assert client.post(address, {"year": "2027", "document_number": "x", "days": "2027-01-01 休 元旦"}).status_code == 302
    assert draft.years.get(year=2027).days.count() == 1
    assert "2027-01-01 休 元旦" in client.get(address + "?year=2027").content.decode()

    refused = client.post(reverse("act", args=["holidaycalendar", draft.pk, "publish"]), {}, follow=True)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert "不得" in refused.content.decode()
    client.force_login(User.objects.create_user("second", name="复核人", is_platform_admin=True))
    client.post(reverse("act", args=["holidaycalendar", draft.pk, "publish"]), {})
    draft.refresh_from_db()
    assert draft.status == "published"


def test_a_file_is_read_and_a_wrong_one_refused_beside_its_field(client, keeper):
    draft = holidays.begin(actor=keeper, document_number="x")
    address = reverse("calendar_year", args=[draft.pk])
    data = {"year": "2027", "document_number": "x"}
    good = SimpleUploadedFile("2027.csv", "\ufeff2027-01-01,休,元旦\n".encode())
    assert client.post(address, {**data, "file": good}).status_code == 302
    assert draft.years.get(year=2027).days.get().name == "元旦"
    for content in ("2027-01-01,休,元旦".encode("gbk"), b"x" * 70000):
        response = client.post(address, {**data, "file": SimpleUploadedFile("2027.csv", content)})
        assert response.status_code == 422
        assert response.context["form"].errors["file"]


def test_the_rule_pages_show_article_figures_and_source(client, clerk):
    page = client.get(reverse("rule_list")).content.decode()
    assert page.count("/rules/") >= 98
    found = client.get(reverse("rule_list"), {"q": "磋商响应"}).content.decode()
    assert "/rules/B09/" in found
    assert "/rules/B03/" not in found
    detail = client.get(reverse("rule_detail", args=["B09"])).content.decode()
    assert "财库〔2014〕214号 第10条" in detail
    assert "10 日" in detail
    assert "政府采购竞争性磋商采购方式管理暂行办法" in detail
    assert client.get(reverse("rule_detail", args=["Z99"])).status_code == 404
    assert "next_january" not in page
    assert "自公告次年1月1日起" in page


def test_the_pages_speak_english_too(client, clerk):
    client.cookies["django_language"] = "en"
    assert "Competitive consultation time" in client.get(reverse("rule_detail", args=["B09"]), headers={"accept-language": "en"}).content.decode()


def test_the_desk_asks_the_keepers_only(client, keeper):
    from kernel import clock, registry

    with clock.travelled(clock.today().replace(year=2026, month=11, day=3)):
        waiting = [task for task in registry.tasks_for(keeper) if task.kind == "holidaycalendar"]
        assert [task.title for task in waiting] == ["2027 年节假日历尚未录入"]
    draft = holidays.begin(actor=keeper, document_number="x")
    second = User.objects.create_user("second", name="复核人", is_platform_admin=True)
    stranger = User.objects.create_user("third", name="旁人")
    actions = {user.username: [str(task.action) for task in registry.tasks_for(user) if task.kind == "holidaycalendar"] for user in (keeper, second, stranger)}
    assert actions == {"keeper": ["补全日期"], "second": ["核对并发布"], "third": []}
    holidays.discard(draft, actor=keeper)
    with clock.travelled(clock.today().replace(year=2026, month=6, day=3)):
        assert not [task for task in registry.tasks_for(keeper) if task.kind == "holidaycalendar"]


def test_the_chip_leads_to_its_rule():
    chip = Template('{% load rules %}{% rule "B09" %}{% rule "Z99" %}').render(Context())
    assert chip == '<a class="dd-chip" href="/rules/B09/" title="财库〔2014〕214号 第10条">B09 磋商响应期限</a>'
