"""The thirteen official forms: titles by method, fields in their order, nothing published with a needed field empty, as page, PDF and Word."""

import datetime
import io
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import get_template
from django.urls import reverse
from docx import Document
from pypdf import PdfReader

from kernel import clock, trail
from kernel.rulebook import FOLDER, BadRule
from procurement import methods, notice_papers, notices
from procurement.announcements import announce
from procurement.lifecycle import hand_notice, intention, tender
from procurement.models import Announcement, Intention, Tender
from tests.factories import projects
from tests.factories.challenges import complained
from tests.factories.contracts import make_contract
from tests.factories.tenders import hours, make_tender
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


OFFICIAL = ["采购意向公告", "资格预审公告", "招标公告", "竞争性谈判（磋商）公告", "中标（成交）结果公告", "更正公告", "终止公告", "合同公告", "公共服务项目验收结果公告", "单一来源采购公示", "投诉处理结果公告", "监督检查处理结果公告", "集中采购机构考核结果公告"]


def test_all_thirteen_are_there_in_their_order():
    official = [form for form in notices.FORMS.values() if form.number <= len(OFFICIAL)]
    assert [form.name for form in official] == OFFICIAL and [form.number for form in notices.FORMS.values()] == list(range(1, len(notices.FORMS) + 1))
    kinds = dict(Announcement.KINDS)
    assert all(form.kind in kinds and len(form.kind) <= 12 and len(form.code) <= 24 and form.fields for form in notices.FORMS.values())


@pytest.mark.parametrize(
    "kind, method, title",
    [
        ("notice", "open_tender", "公开招标公告"), ("notice", "consultation", "竞争性磋商公告"), ("notice", "negotiation", "竞争性谈判公告"), ("notice", "framework", "框架协议征集公告"),
        ("notice", "self_run", "采购公告"), ("single", "single_source", "单一来源采购公示"), ("result", "open_tender", "中标结果公告"), ("result", "consultation", "成交结果公告"),
        ("result", "negotiation", "成交结果公告"), ("result", "framework", "第二阶段成交结果公告"), ("selection", "framework", "入围结果公告"), ("result", "self_run", "采购结果公告"), ("correction", "open_tender", "更正公告"), ("contract", "", "合同公告"),
    ],
)  # fmt: skip
def test_titles_follow_the_method(kind, method, title):
    assert notices.form_for(kind, method).title(method) == title


def test_a_method_without_a_title_of_its_own_takes_the_usual_one():
    for code, _label in Tender.METHODS:
        for kind in ("notice", "result", "correction", "termination"):
            assert notices.form_for(kind, code).title(code)
    with pytest.raises(KeyError):
        notices.form_for("gossip")


def fields_in(template):
    """data-field keys in the order they stand in a template."""
    return re.findall(r'data-field="([a-z_]+)"', get_template(f"documents/{template}.html").template.source)


@pytest.mark.parametrize("code, template", [(form.code, form.kind) for form in notices.FORMS.values() if not form.by])
def test_each_template_says_its_forms_fields_in_the_official_order(code, template):
    form = notices.FORMS[code]
    said, order = fields_in(template), [field.key for field in form.fields]
    assert [key for key in said if key not in order] == []
    assert said == sorted(said, key=order.index)
    assert [field.key for field in form.fields if field.needed and field.key not in said] == []


def notice():
    return make_tender(state="published").tender.announcements.get(kind="notice")


def test_an_announcement_keeps_its_fields_beside_the_text():
    row = notice()
    said = {entry["label"]: entry["text"] for entry in row.fields}
    assert row.form == "consultation_notice" and said["项目编号"] == row.tender.number and said["采购方式"] == methods.of(row.tender).name
    assert said["预算金额"].startswith("300,000.00 元") and [entry["rows"] for entry in row.fields if entry["key"] == "scoring"][0][1] == ["服务方案", "主观", "完整可行", "60.00"]
    assert "—" not in said.values()


def test_a_needed_field_that_says_nothing_refuses_and_is_named():
    made = make_tender(state="draft")
    Tender.objects.filter(pk=made.tender.pk).update(contact="—")
    found = refused("field_missing", tender.publish, Tender.objects.get(pk=made.tender.pk), actor=made.office.handler)
    assert found.field == "contact" and "联系方式" in str(found) and "财办库〔2020〕50号" in str(found)
    assert Tender.objects.get(pk=made.tender.pk).status == "draft" and not Announcement.objects.filter(tender=made.tender).exists()


def pdf_text(content):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def word_text(content):
    paper = Document(io.BytesIO(content))
    return "\n".join([*(one.text for one in paper.paragraphs), *(cell.text for table in paper.tables for line in table.rows for cell in line.cells)])


def every_kind():
    """One announcement of each kind the platform makes itself."""
    walk = make_tender(state="announced")
    yield from walk.tender.announcements.all()
    made = make_tender(state="published")
    hours()
    tender.clarify(made.tender, actor=made.office.handler, text="更正内容", affects_bids=False)
    tender.fail(Tender.objects.get(pk=made.tender.pk), actor=made.office.handler, reason="需求发生重大变化")
    yield from made.tender.announcements.all()
    scene = make_contract(state="performing")
    yield announce("contract", None, actor=scene.office.handler, contract=scene.contract, title=scene.contract.title, number="HT-2026-1")
    yield from Announcement.objects.filter(pk__in=[row.pk for row in complained("decided").tender.announcements.all()])


def test_every_announcement_as_pdf_and_word_says_what_the_page_says():
    seen = set()
    for row in every_kind():
        if row.kind in seen:
            continue
        seen.add(row.kind)
        paper, printed = word_text(notice_papers.announcement_docx(row)), pdf_text(notice_papers.announcement_pdf(row)).replace("\n", "").replace(" ", "")
        assert row.fields and row.form
        for entry in row.fields:
            for line in [*entry["text"].split("\n"), *(cell for cells in entry["rows"] for cell in cells)]:
                assert line in paper, (row.kind, entry["key"], line)
            first = entry["text"].split("\n")[0][:20].replace(" ", "")
            assert first in printed, (row.kind, entry["key"], first)
    assert {"notice", "result", "correction", "termination", "contract", "complaint"} <= seen


def test_downloads_and_filter_of_the_public_site(client):
    row = notice()
    page = client.get(row.get_absolute_url()).content.decode()
    assert reverse("announcement_pdf", args=[row.number]) in page and reverse("public_documents", args=[row.tender.number]) in page
    assert client.get(reverse("announcement_pdf", args=[row.number])).content[:5] == b"%PDF-"
    assert row.tender.title in word_text(client.get(reverse("announcement_docx", args=[row.number])).content)
    assert row.title in client.get("/public/notices/?form=consultation_notice").content.decode()
    assert row.title not in client.get("/public/notices/?form=tender_notice").content.decode()
    assert row.title in client.get("/public/notices/?form=nonsense").content.decode()


SAID = {"title": "某街道社工服务", "party": "某咨询公司", "address": "清源区一路1号", "case": "检查发现评分错误。", "decision": "依据第七十五条，责令改正。", "authority": "清源区财政局", "day": "2026年11月27日"}


def test_the_bureau_publishes_what_it_found_and_nobody_else_does(client):
    office = projects.make_office()
    form = notices.FORMS["inspection"]
    row = hand_notice.publish(form, office.district, SAID, actor=office.finance)
    assert row.form == "inspection" and row.place == office.district and row.public and "监督检查处理结果公告" in row.title
    assert [entry["key"] for entry in row.fields] == [field.key for field in form.fields if SAID.get(field.key)]
    assert row.title in client.get("/public/results/?form=inspection").content.decode()
    assert [entry.verb for entry in trail.rows_of(row)] == ["announce"]
    for person in (office.handler, office.leader, office.staff):
        with pytest.raises(PermissionDenied):
            hand_notice.publish(form, office.district, SAID, actor=person)
    with pytest.raises(PermissionDenied):
        hand_notice.publish(form, projects.make_office().district, SAID, actor=office.finance)
    found = refused("field_missing", hand_notice.publish, form, office.district, {**SAID, "decision": " "}, actor=office.finance)
    assert found.field == "decision"
    with pytest.raises(PermissionDenied):
        hand_notice.publish(notices.FORMS["result"], office.district, SAID, actor=office.finance)


def test_a_form_by_hand_is_shown_before_it_is_published(client):
    office = projects.make_office()
    client.force_login(office.finance)
    address = reverse("hand_new", args=["inspection"])
    data = {**SAID, "unit": office.district.pk, "case": "<script>alert(1)</script>"}
    assert client.post(address, {**data, "decision": ""}).status_code == 422
    shown = client.post(address, data)
    assert shown.status_code == 200 and "&lt;script&gt;" in shown.content.decode() and not Announcement.objects.exists()
    answer = client.post(address, {**data, "publish": "1"})
    row = Announcement.objects.get()
    assert answer.status_code == 302 and answer["Location"] == row.get_absolute_url() and "<script>alert" not in row.body
    client.force_login(office.handler)
    assert client.get(address).status_code == 403 and client.get(reverse("hand_new", args=["prequalification"])).status_code == 200
    assert client.get(reverse("hand_new", args=["result"])).status_code == 404


@pytest.mark.rule("A05")
def test_an_intention_is_announced_and_corrected(client):
    office = projects.make_office()
    row = projects.make_project(office, "approved", 300000)
    made = intention.publish_intention(row, actor=office.handler, title="社区读书", summary="每周开放")
    original = Announcement.objects.get(intention=made)
    assert original.form == "intention" and {entry["key"]: entry["text"] for entry in original.fields}["budget"] == "30"
    day = made.published_on
    clock.set_to(clock.now() + datetime.timedelta(days=3))
    values = {"title": "社区读书角", "summary": "每周开放", "budget": 280000, "month": made.month, "note": ""}
    refused("reason_missing", intention.correct_intention, made, actor=office.handler, reason=" ", **values)
    refused("role", intention.correct_intention, made, actor=office.leader, reason="笔误", **values)
    fixed = intention.correct_intention(made, actor=office.handler, reason="预算数有误", **values)
    assert fixed.corrects == original and fixed.form == "correction" and fixed.kind == "correction"
    rows = next(entry["rows"] for entry in fixed.fields if entry["key"] == "text")
    assert rows == [["采购项目名称", "社区读书", "社区读书角"], ["预算金额（万元）", "30", "28"]]
    now = Intention.objects.get(pk=made.pk)
    assert (now.title, now.budget, now.published_on) == ("社区读书角", 280000, day)  # the days until the notice run from the first publication
    assert original.body == Announcement.objects.get(pk=original.pk).body
    assert fixed.get_absolute_url() in client.get(original.get_absolute_url()).content.decode()
    assert original.get_absolute_url() in client.get(fixed.get_absolute_url()).content.decode()
    assert fixed.get_absolute_url() in client.get(reverse("public_intentions")).content.decode()
    refused("nothing", intention.correct_intention, now, actor=office.handler, reason="再更正", **values)


def test_an_urgent_intention_has_nothing_to_correct():
    office = projects.make_office()
    made = intention.publish_intention(projects.make_project(office, "approved", 300000), actor=office.handler, urgent_reason="抢险")
    assert not Announcement.objects.filter(intention=made).exists()
    refused("urgent", intention.correct_intention, made, actor=office.handler, reason="笔误", title="x", summary="y", budget=1, month=made.month)


@pytest.mark.parametrize(
    "old, new",
    [('kind = "intention"', 'kind = "intention"\nby = "mayor"'), ('titles = { "" = "采购意向公告" }', 'titles = { self_run = "x" }'), ('letters = "YX"\n', ""), ('{ key = "title", label = "采购项目名称"', '{ key = "summary", label = "采购项目名称"'), ('code = "assessment"', 'code = "inspection"'), ('as = "consultation_notice"', 'as = "nothing"')],
)
def test_a_broken_registry_is_not_loaded(tmp_path, old, new):
    text = (FOLDER / "notices.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "notices.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRule):
        notices.load(tmp_path)
