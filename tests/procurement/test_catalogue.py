"""The catalogue: seeds, import with preview and all row errors, search, the negative list."""

import csv
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from kernel.models.job import Job
from kernel.spreadsheet import write_xlsx
from procurement.models import Catalogue, CatalogueItem
from tests.factories.projects import make_item, make_office, make_user

pytestmark = pytest.mark.django_db
SEEDS = Path(__file__).resolve().parents[2] / "procurement" / "seeds"


def sheet(*rows, headings=("编码", "名称", "上级", "性质")):
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return SimpleUploadedFile("目录.csv", out.getvalue().encode("utf-8-sig"), "text/csv")


def new_edition(file, **fields):
    return {"kind": "guidance", "name": "2027年目录", "source": "区财〔2027〕1号", "valid_from": "2027-01-01", "file": file, **fields}


@pytest.fixture
def finance(client):
    office = make_office(configured=False)
    client.force_login(office.finance)
    return office.finance


def test_seeds_are_loaded_once_and_hold_no_stray_text():
    call_command("load_catalogue", stdout=io.StringIO())
    counts = {row.name: row.items.count() for row in Catalogue.objects.all()}
    assert sorted(counts.values()) == [29, 601]
    assert CatalogueItem.objects.get(code="C05010400").name == "养老服务"
    assert CatalogueItem.objects.get(code="C05010400").parent.code == "C05010000"
    assert not [item for item in CatalogueItem.objects.filter(catalogue__kind="items") if set(item.name) & set(" 。；：—")]
    out = io.StringIO()
    call_command("load_catalogue", stdout=out)
    assert out.getvalue().count("0 new, 0 changed") == 2


def test_import_shows_a_preview_and_writes_only_after_confirming(client, finance):
    answer = client.post(reverse("catalogue_import"), new_edition(sheet(["01", "养老", "", ""], ["0101", "助餐", "01", "服务"])))
    assert answer.status_code == 200
    assert "助餐" in answer.content.decode()
    assert not Catalogue.objects.exists()
    client.post(reverse("catalogue_import"), {"take": answer.context["token"]})
    assert list(CatalogueItem.objects.values_list("code", "name", "parent__code")) == [("01", "养老", None), ("0101", "助餐", "01")]
    assert CatalogueItem.objects.get(code="0101").sort_key == "zhu can"


def test_all_faulty_rows_are_named_and_nothing_is_written(client, finance):
    rows = [["01", "养老", "", ""], ["01", "重复", "", ""], ["", "没有编码", "", ""], ["03", "", "", ""], ["04", "无上级", "99", ""], ["05", "错性质", "", "魔法"]]
    answer = client.post(reverse("catalogue_import"), new_edition(sheet(*rows)))
    assert [number for number, _sentence in answer.context["wrong"]] == [3, 4, 5, 6, 7]
    assert "token" not in answer.context
    assert not Catalogue.objects.exists()


def test_a_sheet_without_headings_or_a_damaged_file_is_a_sentence_beside_the_field(client, finance):
    for file in (sheet(["x"], headings=["无关"]), SimpleUploadedFile("a.xlsx", b"PK\x03\x04 broken"), SimpleUploadedFile("a.csv", b"")):
        answer = client.post(reverse("catalogue_import"), new_edition(file))
        assert answer.status_code == 422
        assert answer.context["form"].errors["file"]


def test_another_sheet_uploaded_in_between_is_not_taken_over(client, finance):
    first = client.post(reverse("catalogue_import"), new_edition(sheet(["01", "养老", "", ""])))
    client.post(reverse("catalogue_import"), new_edition(sheet(["02", "助残", "", ""])))
    client.post(reverse("catalogue_import"), {"take": first.context["token"]})
    assert not CatalogueItem.objects.exists()


def test_a_long_sheet_is_imported_by_a_job(client, finance):
    file = SimpleUploadedFile("big.xlsx", write_xlsx("目录", ["编码", "名称"], [[f"X{n:04d}", f"服务{n}"] for n in range(600)]))
    answer = client.post(reverse("catalogue_import"), new_edition(file))
    client.post(reverse("catalogue_import"), {"take": answer.context["token"]})
    job = Job.objects.get()
    assert job.kind == "procurement.catalogue"
    assert not CatalogueItem.objects.exists()
    from kernel import jobs

    assert jobs.work(job.pk)
    assert CatalogueItem.objects.count() == 600


def test_importing_again_changes_what_changed_only(client, finance):
    for sheet_rows in ([["01", "养老", "", ""], ["02", "助残", "", ""]], [["01", "养老", "", ""], ["02", "助残服务", "", ""]]):
        edition = Catalogue.objects.first()
        fields = new_edition(sheet(*sheet_rows), **({"catalogue": edition.pk} if edition else {}))
        answer = client.post(reverse("catalogue_import"), fields)
        client.post(reverse("catalogue_import"), {"take": answer.context["token"]})
    assert answer.context["totals"]["update"] == 1
    assert answer.context["totals"]["skip"] == 1
    assert CatalogueItem.objects.get(code="02").name == "助残服务"


def test_only_finance_imports(client):
    office = make_office(configured=False)
    for user, status in ((office.staff, 403), (office.handler, 403), (make_user(), 403), (office.finance, 200)):
        client.force_login(user)
        assert client.get(reverse("catalogue_import")).status_code == status


def test_list_filters_and_the_page_of_goods_says_so(client, finance):
    make_item("助餐")
    goods = make_item("轮椅", nature="goods")
    page = client.get(reverse("catalogue_list"), {"q": "助餐"}).content.decode()
    assert "助餐" in page
    assert "轮椅" not in page
    assert "财政部令第102号 第10条" in client.get(goods.get_absolute_url()).content.decode()
