"""The list kit: constant queries, capped count, filter in the address, exports that never run as formulas."""

import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from kernel import clock, listing
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.models import Notice, StandIn, TrailRow, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return User.objects.create_user("alice", "correct horse 12", name="王芳")


@pytest.fixture
def signed_in(client, alice):
    client.force_login(alice)
    return client


def tell(user, count, title="社区助老服务", start=0):
    Notice.objects.bulk_create(
        Notice(user=user, key=f"k{n}", kind="deadline.before", params={"title": f"{title}{n}", "due": "2026-12-01"}) for n in range(start, start + count)
    )


def queries(client, address):
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_same_queries_for_one_and_thirty_rows(signed_in, alice):
    tell(alice, 1)
    signed_in.get("/notices/")
    few = queries(signed_in, "/notices/")
    tell(alice, 29, start=1)
    assert queries(signed_in, "/notices/") == few <= 12


def test_a_row_found_through_one_of_many_stands_once_on_its_page(alice):
    tell(alice, 3)
    today = clock.today()
    row = StandIn.objects.create(principal=alice, deputy=User.objects.create_user("bob", "correct horse 12", name="李强"), starts_on=today, ends_on=today, reason="休假", created_by=alice)
    found = StandIn.objects.select_related("principal").filter(principal__notices__key="k1")
    assert listing.page_of(found, 0, 20) == [row]
    assert listing.page_of(StandIn.objects.select_related("principal").filter(principal__username="alice"), 0, 20) == [row]


def test_pages_hold_every_row_once(signed_in, alice):
    tell(alice, 45)
    seen = []
    for page in (1, 2, 3):
        seen += [row["pk"] for row in signed_in.get(f"/notices/?page={page}").context["rows"]]
    assert len(seen) == len(set(seen)) == 45
    assert signed_in.get("/notices/?page=99").context["number"] == 3
    assert signed_in.get("/notices/?page=x").context["number"] == 1


def test_count_is_capped(signed_in, alice, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_CAP", 30)
    tell(alice, 35)
    page = signed_in.get("/notices/")
    assert page.context["count_text"] == "30+"
    assert page.context["pages"] == 2


def test_a_list_past_the_cap_is_counted_once_and_a_shorter_one_each_time(alice, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_CAP", 30)
    bob = User.objects.create_user("bob", "correct horse 12", name="李强")
    tell(alice, 35)
    tell(bob, 30)

    def counted(rows):
        with CaptureQueriesContext(connection) as asked:
            return listing.capped_count(rows), len(asked)

    long, short = Notice.objects.filter(user=alice), Notice.objects.filter(user=bob)
    assert [counted(long), counted(long), counted(short), counted(short)] == [(31, 1), (31, 0), (30, 1), (30, 1)]
    assert counted(long.filter(key="k1")) == (1, 1)  # another filter is another question
    assert counted(Notice.objects.none()) == (0, 0)
    cache.clear()
    long.filter(key__in=["k1", "k2", "k3", "k4", "k5", "k6"]).delete()
    assert counted(long) == (29, 1)


def test_sort_follows_the_address_and_ignores_nonsense(signed_in, alice):
    tell(alice, 3)
    ids = [row["pk"] for row in signed_in.get("/notices/?sort=created_at").context["rows"]]
    assert ids == [row["pk"] for row in reversed(signed_in.get("/notices/?sort=-created_at").context["rows"])] or len(ids) == 3
    assert signed_in.get("/notices/?sort=password").status_code == 200
    assert signed_in.get("/notices/?sort=user__password").context["sort"] == "user__password"


def test_filter_stays_in_every_link(signed_in, alice):
    tell(alice, 45)
    html = signed_in.get("/notices/?state=unread").content.decode()
    assert "state=unread&amp;export=xlsx" in html
    assert "state=unread&amp;page=2" in html
    Notice.objects.update(read_at=clock.now())
    empty = signed_in.get("/notices/?state=unread").content.decode()
    assert "没有符合条件的记录" in empty


def test_fragment_for_htmx_and_whole_page_without(signed_in, alice):
    tell(alice, 2)
    fragment = signed_in.get("/notices/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="list")
    assert b"<html" not in fragment.content and b"<table" in fragment.content
    assert "HX-Request" in fragment["Vary"]


def test_export_is_neutralised_has_bom_and_is_trailed(signed_in, alice):
    Notice.objects.create(user=alice, key="x", kind='=HYPERLINK("http://x","y")', params={})
    csv = signed_in.get("/notices/?export=csv")
    assert csv.content.startswith(b"\xef\xbb\xbf")
    assert "\"'=HYPERLINK" in csv.content.decode("utf-8-sig")
    row = TrailRow.objects.get(verb="export")
    assert (row.actor, row.params) == (alice, {"list": "/notices/", "format": "csv", "rows": 1})


def test_excel_has_the_filtered_rows_and_a_chinese_name(signed_in, alice):
    import io

    import openpyxl

    tell(alice, 30)
    Notice.objects.filter(key="k3").update(read_at=clock.now())
    answer = signed_in.get("/notices/?export=xlsx&state=read")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet.max_row == 2
    assert "%E9%80%9A%E7%9F%A5" in answer["Content-Disposition"]


def test_print_view_has_all_rows_without_menu(signed_in, alice):
    tell(alice, 45)
    page = signed_in.get("/notices/?print=1")
    assert len(page.context["rows"]) == 45
    assert "dd-nav" not in page.content.decode()


def test_search_needs_every_word_and_survives_nul(alice):
    tell(alice, 1)
    request = RequestFactory().get("/x", {"q": "deadline before\x00"})
    request.user = alice
    made = render_list(request, Notice.objects.all(), title="t", columns=[Column("kind", "k")], search=("kind",))
    assert b"deadline.before" in made.content
    request = RequestFactory().get("/x", {"q": "deadline nowhere"})
    request.user = alice
    assert b"deadline.before" not in render_list(request, Notice.objects.all(), title="t", columns=[Column("kind", "k")], search=("kind",)).content


def test_date_filter_takes_whole_days_in_beijing(alice):
    tell(alice, 1)
    late = clock.midnight(datetime.date(2026, 6, 1)) + datetime.timedelta(hours=23, minutes=30)
    Notice.objects.update(created_at=late)
    for day, expected in (("2026-05-31", 0), ("2026-06-01", 1), ("nonsense", 1), ("2026-02-31", 1)):
        request = RequestFactory().get("/x", {"when_to": day})
        found = DateFilter("when", "w", field="created_at", moment=True).narrow(request, Notice.objects.all())
        assert found.count() == expected, day


def test_unknown_choice_is_ignored(alice):
    tell(alice, 1)
    request = RequestFactory().get("/x", {"kind": "' or 1=1"})
    assert ChoiceFilter("kind", "k", [("a", "A")]).narrow(request, Notice.objects.all()).count() == 1
