"""The worker's PDF and Excel: right words and figures, kept once, shown to whom they belong, verifiable by anybody."""

import io

import openpyxl
import pypdf
import pytest
from django.core.files.storage import default_storage

from kernel import clock, files, jobs
from kernel.files import content_name
from kernel.models import Attachment
from reporting.lifecycle import report
from reporting.models import Report
from tests.factories.contracts import make_contract
from tests.factories.projects import make_office

pytestmark = pytest.mark.django_db


def made(kind, scene, **params):
    row = report.ask_for(kind, actor=scene.office.finance, **params)
    jobs.work(row.job_id)
    row.refresh_from_db()
    row.job.refresh_from_db()
    assert row.job.state == "done", row.job.detail
    return row


def content(attachment):
    with default_storage.open(content_name(attachment.sha256)) as file:
        return file.read()


def text_of(pdf):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).replace("\n", "")


@pytest.fixture
def scene():
    return make_contract(state="delivered")


@pytest.fixture
def annual(scene):
    return made("annual", scene, year=clock.today().year, place=scene.office.district)


def test_the_annual_pdf_says_the_sentence_in_chinese(scene, annual):
    [pdf] = [row for row in files.of(annual) if row.original_name.endswith(".pdf")]
    words = text_of(content(pdf))
    assert "共实施政府购买社区服务项目 1 个" in words and f"{scene.contract.amount:,.2f}" in words
    assert "无上年可比数据" in words and "二者不相加" in words and scene.contract.number in words
    assert "第 1 页" in words


def test_the_workbook_holds_the_same_figures(scene, annual):
    [sheet] = [row for row in files.of(annual) if row.original_name.endswith(".xlsx")]
    book = openpyxl.load_workbook(io.BytesIO(content(sheet)))
    rows = list(book["合同"].iter_rows(values_only=True))
    assert rows[1][0] == scene.contract.number and rows[1][7] == pytest.approx(float(scene.contract.amount))
    assert len(list(book["支付"].iter_rows())) == 2


def test_a_formula_in_a_title_is_made_harmless(scene):
    type(scene.contract).objects.filter(pk=scene.contract.pk).update(title="=cmd()")
    row = made("annual", scene, year=clock.today().year, place=scene.office.district)
    [sheet] = [file for file in files.of(row) if file.original_name.endswith(".xlsx")]
    assert openpyxl.load_workbook(io.BytesIO(content(sheet)))["合同"]["B2"].value == "'=cmd()"


def test_running_the_job_again_makes_nothing_twice(annual):
    before = Attachment.objects.count()
    from kernel.models import Job

    Job.objects.filter(pk=annual.job_id).update(state="queued")
    jobs.work(annual.job_id)
    assert Attachment.objects.count() == before and len(Report.objects.get().digests) == 2


def test_the_ledger_tells_the_project_from_need_to_payment(scene):
    row = made("ledger", scene, project=scene.project)
    words = text_of(content(files.of(row)[0]))
    for expected in (scene.project.number, scene.project.title, scene.contract.number, "办理记录", "已支付"):
        assert expected in words


def test_anybody_can_verify_a_file_by_its_number(client, annual):
    page = client.get(f"/verify/{annual.number}/")
    assert page.status_code == 200 and annual.number in page.content.decode()
    right = io.BytesIO(content(files.of(annual)[0]))
    right.name = "a.pdf"
    assert "未被改动" in client.post(f"/verify/{annual.number}/", {"file": right}).content.decode()
    wrong = io.BytesIO(content(files.of(annual)[0]) + b" ")
    wrong.name = "a.pdf"
    assert "不一致" in client.post(f"/verify/{annual.number}/", {"file": wrong}).content.decode()
    assert client.get("/verify/NB00000000-00000000/").status_code == 404


def test_who_sees_a_report_and_its_files(client, scene, annual):
    address = files.of(annual)[0].get_absolute_url()
    for person, page, file in [
        (scene.office.finance, 200, 200),
        (make_office().finance, 404, 404),
        (scene.office.staff, 404, 404),
        (scene.provider.user, 404, 404),
    ]:
        client.force_login(person)
        assert client.get(f"/reports/{annual.pk}/").status_code == page, person
        assert client.get(address).status_code == file, person
    client.logout()
    assert client.get(address).status_code in (302, 404)


def test_asking_over_http_and_refusing_the_future(client, scene):
    client.force_login(scene.office.finance)
    answer = client.post("/reports/new/", {"scope": f"place-{scene.office.district.pk}", "year": clock.today().year + 1})
    assert answer.status_code == 422 and not Report.objects.exists()
    answer = client.post("/reports/new/", {"scope": f"place-{scene.office.district.pk}", "year": clock.today().year})
    assert answer.status_code == 302 and client.get(answer.url).status_code == 200
    answer = client.post("/reports/new/", {"scope": f"place-{make_office().district.pk}", "year": clock.today().year})
    assert answer.status_code == 422
    client.force_login(scene.office.staff)
    assert client.get("/reports/new/").status_code == 403
