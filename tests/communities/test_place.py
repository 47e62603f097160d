"""Places: the tree and its path, dated names, successors; the import with preview and row errors."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from communities import place_import
from communities.lifecycle import place as places
from communities.lifecycle.wish import leave_wish
from communities.models import Place
from kernel import clock, spreadsheet, trail
from kernel.lifecycle import Refusal
from kernel.pinyin import sort_key
from tests.factories.communities import make_need, make_office

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def office():
    return make_office()


def test_path_is_the_ids_from_the_root(office):
    assert office.grid.path == f"/{office.district.pk}/{office.street.pk}/{office.communities[0].pk}/{office.grid.pk}/"
    assert set(Place.objects.below(office.street)) == {office.street, *office.communities, office.grid}


@pytest.mark.parametrize(
    ("kind", "parent", "code"),
    [("community", "district", "wrong_parent"), ("grid", "street", "wrong_parent"), ("district", "street", "wrong_parent"), ("street", None, "wrong_parent")],
)
def test_levels_are_kept(office, kind, parent, code):
    before = Place.objects.count()
    with pytest.raises(Refusal) as refused:
        places.add_place(kind, "新址", getattr(office, parent) if parent else None, actor=office.finance)
    assert refused.value.code == code
    assert Place.objects.count() == before


def test_a_name_stands_once_below_a_parent(office):
    with pytest.raises(Refusal) as refused:
        places.add_place("community", office.communities[0].name, office.street, actor=office.finance)
    assert refused.value.code == "name_taken" and refused.value.field == "name"


@pytest.mark.parametrize(
    ("name", "key"), [("重庆路社区", "chong qing lu she qu"), ("朝阳街道", "chao yang jie dao"), ("乐山社区", "le shan she qu"), ("都江堰", "du jiang yan")]
)
def test_pinyin_of_places_with_several_readings(name, key):
    assert sort_key(name) == key


def test_rename_keeps_the_old_name_with_its_days(office):
    place = office.communities[0]
    old, today = place.name, clock.today()
    place.names.update(valid_from=today - datetime.timedelta(days=400))
    renamed = places.rename_place(place, "新柳社区", actor=office.finance, since=today, document="清府〔2026〕9号")
    assert renamed.name == "新柳社区" and renamed.sort_key == "xin liu she qu"
    assert renamed.name_on(today - datetime.timedelta(days=1)) == old
    assert renamed.name_on(today) == "新柳社区"
    assert trail.rows_of(renamed).last().verb == "rename"


def test_rename_refuses_a_day_before_the_present_name(office):
    with pytest.raises(Refusal) as refused:
        places.rename_place(office.street, "新街道", actor=office.finance, since=clock.today() - datetime.timedelta(days=3))
    assert refused.value.code == "order"
    office.street.refresh_from_db()
    assert office.street.names.count() == 1


def test_merger_moves_open_needs_and_wishes_and_keeps_the_old_place(office):
    old, new = office.communities
    need, wish = make_need(office), leave_wish(old, "想要一盏路灯")
    with pytest.raises(Refusal) as refused:
        places.close_place(old, [new], actor=office.finance)
    assert refused.value.code == "children_open"
    Place.objects.filter(parent=old).update(closed_on=clock.today())
    with pytest.raises(Refusal) as refused:
        places.close_place(old, [new], actor=office.finance)
    assert refused.value.code == "members"
    old.memberships.update(ends_on=clock.today() - datetime.timedelta(days=1))
    closed = places.close_place(old, [new], actor=office.finance, document="清府〔2026〕10号")
    need.refresh_from_db()
    wish.refresh_from_db()
    assert closed.closed_on == clock.today()
    assert need.place == new and wish.place == new and wish.grid is None
    assert [row.successor for row in closed.successors.all()] == [new]


def test_closing_needs_a_fit_successor(office):
    office.communities[1].memberships.update(ends_on=clock.today() - datetime.timedelta(days=1))
    for successors, code in (([], "no_successor"), ([office.communities[1]], "bad_successor"), ([office.street], "bad_successor")):
        with pytest.raises(Refusal) as refused:
            places.close_place(office.communities[1], successors, actor=office.finance)
        assert refused.value.code == code
    office.communities[1].refresh_from_db()
    assert office.communities[1].closed_on is None and not office.communities[1].successors.exists()


def upload(rows, headers=place_import.HEADERS):
    return SimpleUploadedFile("places.xlsx", spreadsheet.write_xlsx("区划", headers, rows))


def test_import_plans_and_writes_a_tree_with_paths(office):
    name = office.district.name
    rows = place_import.plan(
        place_import.read(
            upload(
                [
                    [name, "新桥街道", "", "", "510199009", "", ""],
                    [name, "新桥街道", "桥头社区", "", "", "3,200", ""],
                    [name, "新桥街道", "桥头社区", "第1微网格", "", "", ""],
                    [name, office.street.name, office.communities[0].name, "", "510199001001", 5300, ""],
                ]
            )
        )
    )
    assert [row.action for row in rows] == ["new", "new", "new", "update"]
    assert place_import.write(rows, actor=office.finance) == (3, 1)
    street = Place.objects.get(name="新桥街道")
    community, grid = Place.objects.get(name="桥头社区"), Place.objects.get(name="第1微网格", parent__name="桥头社区")
    assert street.path == f"{office.district.path}{street.pk}/"
    assert grid.path == f"{street.path}{community.pk}/{grid.pk}/"
    assert community.population == 3200 and community.sort_key == "qiao tou she qu"
    assert Place.objects.get(pk=office.communities[0].pk).population == 5300
    assert community.names.count() == 1
    assert trail.rows_of(office.district).last().verb == "import"


def test_import_twice_changes_nothing(office):
    table = [[office.district.name, "新桥街道", "", "", "", "", ""]]
    place_import.write(place_import.plan(place_import.read(upload(table))), actor=office.finance)
    rows = place_import.plan(place_import.read(upload(table)))
    assert [row.action for row in rows] == ["same"]


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        (["无此区", "新桥街道", "", "", "", "", ""], "既不在表格中"),
        (["{district}", "", "桥头社区", "", "", "", ""], "上级名称为空"),
        (["{district}", "新桥街道", "", "", "51x", "", ""], "行政区划代码"),
        (["{district}", "新桥街道", "", "", "", "-3", ""], "居民数"),
        (["{district}", "新" * 61, "", "", "", "", ""], "最多 60"),
    ],
)
def test_import_names_what_is_wrong_in_each_row_and_writes_nothing(office, cells, word):
    cells = [str(cell).replace("{district}", office.district.name) for cell in cells]
    good = [office.district.name, "好街道", "", "", "", "", ""]
    rows = place_import.plan(place_import.read(upload([good, cells])))
    assert rows[0].errors == [] and word in "".join(map(str, rows[1].errors)) and rows[1].number == 3
    with pytest.raises(Refusal):
        place_import.write(rows, actor=office.finance)
    assert not Place.objects.filter(name="好街道").exists()


def test_import_refuses_doubled_rows_and_missing_headings(office):
    same = [office.district.name, "新桥街道", "", "", "", "", ""]
    rows = place_import.plan(place_import.read(upload([same, same])))
    assert rows[1].errors and not rows[0].errors
    with pytest.raises(spreadsheet.TableError):
        place_import.read(upload([["a", "b"]], headers=["名称", "上级"]))


def test_import_through_the_screen_previews_then_writes(client, office):
    client.force_login(office.finance, backend=BACKEND)
    url = reverse("place_import")
    page = client.post(url, {"file": upload([[office.district.name, "新桥街道", "", "", "", "", ""]])})
    assert page.status_code == 200 and not Place.objects.filter(name="新桥街道").exists()
    packed = page.context["packed"]
    assert client.post(url, {"rows": packed}).status_code == 302
    assert Place.objects.filter(name="新桥街道", kind="street").exists()
    assert client.post(url, {"rows": packed[:-3] + "abc"}).status_code == 302, "a changed preview is thrown away"


def test_import_screen_answers_a_broken_file_beside_the_field(client, office):
    client.force_login(office.finance, backend=BACKEND)
    for content in (b"", b"PK\x03\x04 broken", b"\x00\x01\x02"):
        page = client.post(reverse("place_import"), {"file": SimpleUploadedFile("x.xlsx", content)})
        assert page.status_code == 422 and page.context["form"].errors["file"]
    page = client.post(reverse("place_import"), {"file": upload([["无此区", "街", "", "", "", "", ""]])})
    assert page.status_code == 422 and page.context["wrong"] == 1
    handler = client
    handler.force_login(office.handler, backend=BACKEND)
    assert handler.post(reverse("place_import"), {"file": io.BytesIO(b"x")}).status_code == 403
