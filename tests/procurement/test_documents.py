"""Purchase documents: chapters from template and facts, edited, frozen in versions nobody changes, as PDF and Word."""

import io

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from docx import Document
from pypdf import PdfReader

from kernel import clock, files, jobs, trail
from kernel.blocks import blocks_of, fields_of
from kernel.models import Job, Notice, TrailRow
from procurement import interested, tender_papers
from procurement.lifecycle import configuration, documents, review, tender
from procurement.models import DocumentReader, DocumentTemplate, DocumentVersion, SelfRunProfile, Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.tenders import hours, make_bid, make_draft, make_reviews, make_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


def fresh(row):
    return Tender.objects.get(pk=row.pk)


def source(row, key):
    return next(one["text"] for one in tender_papers.sources_of(fresh(row)) if one["key"] == key)


def text_of(content):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def words_of(content):
    paper = Document(io.BytesIO(content))
    return "\n".join([*(row.text for row in paper.paragraphs), *(cell.text for table in paper.tables for row in table.rows for cell in row.cells)])


def test_publication_freezes_what_the_chapters_say():
    made = make_tender(state="published")
    row = made.tender.document_versions.get()
    whole = "\n".join(chapter["text"] for chapter in row.chapters)
    for fact in (made.tender.number, made.tender.title, "竞争性磋商", "磋商小组", made.tender.deadline.astimezone(clock.ZONE).strftime("%Y年%m月%d日 %H:%M"), "300,000.00 元", "| 图书 |", "服务方案", "按方案开展服务。"):
        assert fact in whole
    assert "{{" not in whole and "发布时确定" not in whole
    assert row.number == 1 and row.digest == tender_papers.digest_of(row.chapters) and len(row.digest) == 64
    rows = trail.rows_of(made.tender).filter(verb="freeze_documents")
    assert [entry.params["sha256"] for entry in rows] == [row.digest]


def test_a_version_is_never_changed_or_deleted():
    row = make_tender(state="published").tender.document_versions.get()
    row.note = "另说"
    for act in (row.save, row.delete):
        with pytest.raises(PermissionDenied):
            act()
    assert DocumentVersion.objects.get(pk=row.pk).note == ""


def test_a_clarification_that_changes_a_chapter_makes_the_next_version():
    made = make_tender(state="published")
    hours()
    documents.edit_chapter(fresh(made.tender), "requirements", source(made.tender, "requirements") + "\n# 六、保险\n由承接主体投保。", actor=made.office.handler)
    first = made.tender.document_versions.get()
    assert fresh(made.tender).document_texts and "由承接主体投保" not in str(first.chapters)  # nobody reads it yet
    assert [row["key"] for row in documents.pending(fresh(made.tender))] == ["requirements"]
    row = tender.clarify(fresh(made.tender), actor=made.office.handler, text="补充保险要求", affects_bids=False)
    second = row.document_versions.get(number=2)
    assert second.changed == ["requirements"] and second.note == "补充保险要求" and fresh(made.tender).document_texts == {}
    changes = tender_papers.differences(first.chapters, second.chapters)
    assert [(one["key"], [line for sign, line in one["lines"] if sign == "+"]) for one in changes] == [("requirements", ["六、保险", "由承接主体投保。"])]
    notice = row.announcements.get(kind="correction")
    assert "第 2 版" in notice.body and "第四章 采购需求" in notice.body and notice.corrects.kind == "notice"
    assert DocumentVersion.objects.get(pk=first.pk).chapters == first.chapters


def test_a_moved_deadline_moves_in_the_text_too():
    made = make_tender(state="published")
    travel(made.tender.deadline.replace(hour=9) - (made.tender.deadline - clock.now()) / 4)
    row = tender.clarify(fresh(made.tender), actor=made.office.handler, text="更正服务要求", affects_bids=True)
    assert row.deadline > made.tender.deadline
    second = row.document_versions.get(number=2)
    assert set(second.changed) == {"invitation", "notes"}
    assert row.deadline.astimezone(clock.ZONE).strftime("%Y年%m月%d日") in str(second.chapters)


def test_a_clarification_that_changes_nothing_makes_no_version():
    made = make_tender(state="published")
    hours()
    tender.clarify(made.tender, actor=made.office.handler, text="说明", affects_bids=False)
    assert made.tender.document_versions.count() == 1


def test_editing_is_the_handlers_until_the_deadline():
    made = make_tender(state="published")
    for person in (made.office.leader, made.office.staff):
        with pytest.raises(PermissionDenied):
            documents.edit_chapter(made.tender, "notes", "另写", actor=person)
    refused("no_chapter", documents.edit_chapter, made.tender, "appendix", "另写", actor=made.office.handler)
    refused("empty_chapter", documents.edit_chapter, made.tender, "notes", " \n ", actor=made.office.handler)
    refused("unknown_name", documents.edit_chapter, made.tender, "notes", "见{{不存在}}", actor=made.office.handler)
    assert fresh(made.tender).document_texts == {}
    travel(made.tender.deadline)
    refused("late", documents.edit_chapter, made.tender, "notes", "另写", actor=made.office.handler)


def test_nobody_writes_over_a_colleague():
    office = projects.make_office()
    row = make_draft(office)
    seen = tender_papers.digest_of([next(one for one in tender_papers.sources_of(row) if one["key"] == "notes")])
    documents.edit_chapter(row, "notes", "甲写的", actor=office.handler, seen=seen)
    refused("changed", documents.edit_chapter, fresh(row), "notes", "乙写的", actor=office.handler, seen=seen)
    assert source(row, "notes") == "甲写的"
    documents.drop_edit(fresh(row), "notes", actor=office.handler)
    assert "须知前附表" in source(row, "notes")


@pytest.mark.rule("A10", "A11")
def test_words_the_law_looks_at_count_in_chapters_too():
    office = projects.make_office()
    row = make_draft(office)
    refused("words", documents.edit_chapter, row, "contract", "报价不得低于预算的80%。", actor=office.handler)
    documents.edit_chapter(row, "qualification", "注册资本不少于100万元。", actor=office.handler)
    make_reviews(office, fresh(row))
    from procurement import drafting

    key = next(one.key for one in drafting.warnings_of(fresh(row)) if one.key.startswith("chapter_qualification"))
    refused("caution", tender.publish, fresh(row), actor=office.handler)
    assert tender.publish(fresh(row), actor=office.handler, cautions={key: {"reason": "项目资金量大", "basis": "区政府〔2026〕3号"}}).status == "published"


def test_a_floor_price_hidden_in_the_requirements_is_refused_when_frozen(monkeypatch):
    """The last look is at the filled text itself, whatever was looked at before."""
    office = projects.make_office()
    row = make_draft(office)
    monkeypatch.setattr(tender_papers, "objection_to_template", lambda chapters, method: None)
    documents.edit_chapter(row, "contract", "设{{项目名称}}最低限价8万元。", actor=office.handler)
    row = fresh(row)
    found = refused("words", documents.freeze, row, actor=office.handler)
    assert "第六章" in str(found.sentence) and not row.document_versions.exists()


def test_a_changed_chapter_is_reviewed_again():
    office = projects.make_office()
    row = make_draft(office)
    before = [review.digest_of(row, kind) for kind in ("legal", "key")]
    documents.edit_chapter(row, "notes", "另写须知", actor=office.handler)
    assert review.digest_of(fresh(row), "legal") == before[0] and review.digest_of(fresh(row), "key") != before[1]
    refused("review_key", tender.publish, fresh(row), actor=office.handler)
    assert office.handler.pk in review.authors(fresh(row), [])


def test_the_pdf_is_made_by_the_worker_and_kept():
    made = make_tender(state="published")
    row = made.tender.document_versions.get()
    assert row.file_id is None
    jobs.work(Job.objects.get(kind=documents.KIND).pk)
    row.refresh_from_db()
    kept = documents.pdf_of(row)
    text = text_of(kept)
    assert "第一章采购邀请" in text.replace(" ", "") and made.tender.title in text.replace("\n", "") and row.digest in text.replace("\n", "")
    assert files.intact(row.file) and row.file.role == "documents"
    again = DocumentVersion.objects.get(pk=row.pk)
    assert documents.keep_pdf(again, b"%PDF-1.4 another") == row.file and documents.pdf_of(again) == kept


def test_the_word_file_holds_the_same_words():
    made = make_tender(state="published")
    row = made.tender.document_versions.get()
    words = words_of(tender_papers.docx_of(made.tender, row.chapters, number=1))
    for part in ("第七章 响应文件格式", "服务方案", "图书", made.tender.number, "第 1 版"):
        assert part in words


def test_everybody_reads_every_version_of_an_announced_purchase(client):
    made = make_tender(state="published")
    hours()
    documents.edit_chapter(fresh(made.tender), "contract", "付款方式另行约定。", actor=made.office.handler)
    tender.clarify(fresh(made.tender), actor=made.office.handler, text="更正付款方式", affects_bids=False)
    page = client.get(reverse("public_documents", args=[made.tender.number]))
    text = page.content.decode()
    assert page.status_code == 200 and "更正付款方式" in text and "<del>" in text and "付款方式另行约定。" in text
    for number, has in ((1, False), (2, True)):
        content = client.get(reverse("public_document_docx", args=[made.tender.number, number])).content
        assert ("付款方式另行约定。" in words_of(content)) is has
    pdf = client.get(reverse("public_document_pdf", args=[made.tender.number, 2]))
    assert pdf["Content-Type"] == "application/pdf" and "付款方式另行约定" in text_of(pdf.content)
    assert client.get(reverse("public_document_pdf", args=[made.tender.number, 3])).status_code == 404
    assert not DocumentReader.objects.exists()  # nobody was signed in


def test_a_draft_and_an_unannounced_purchase_are_nobody_elses(client):
    office = projects.make_office(configured=False)
    configuration.defaults_for(office.purchaser, office.section, office.leader, valid_from=clock.today())
    SelfRunProfile.objects.filter(purchaser=office.purchaser, channel="open").update(publish=False)
    row = make_draft(office, amount=80000, method="self_run")
    address = reverse("public_documents", args=[row.number])
    client.force_login(office.handler)
    assert client.get(address).status_code == 404  # a draft has no version
    tender.publish(row, actor=office.handler)
    assert client.get(address).status_code == 200
    client.logout()
    assert client.get(address).status_code == 404
    client.force_login(make_provider(office=office, place=office.street).user)
    assert client.get(address).status_code == 404 and not DocumentReader.objects.exists()


def test_whoever_fetched_or_responds_is_told_and_no_row_names_them(client):
    made = make_tender(state="published")
    reader, bidder, _stranger = (make_provider(office=made.office, place=made.office.street) for _number in range(3))
    acts = TrailRow.objects.filter(actor=reader.user).count()
    client.force_login(reader.user)
    client.get(reverse("public_document_docx", args=[made.tender.number, 1]))
    client.get(reverse("public_document_docx", args=[made.tender.number, 1]))
    make_bid(made.lot, bidder, 250000)
    row = DocumentReader.objects.get()
    assert {field.name for field in row._meta.fields} == {"id", "tender", "tag"} and len(row.tag) == 64
    assert TrailRow.objects.filter(actor=reader.user).count() == acts
    assert {user.pk for user in interested.people_interested(made.tender)} == {reader.user.pk, bidder.user.pk}
    hours()
    tender.clarify(fresh(made.tender), actor=made.office.handler, text="说明", affects_bids=False)
    assert set(Notice.objects.filter(kind="documents_changed").values_list("user", flat=True)) == {reader.user.pk, bidder.user.pk}
    client.force_login(made.office.handler)
    shown = client.get(reverse("tender_documents", args=[made.tender.pk])).content.decode() + client.get(made.tender.get_absolute_url()).content.decode()
    for provider in (reader, bidder):
        assert provider.organization.name not in shown


def test_a_streets_own_text_counts_once_a_second_person_confirms_it():
    office = projects.make_office()
    chapters = [dict(row) for row in tender_papers.standard("consultation").chapters]
    chapters[1]["text"] += "\n本街道另行要求：服务人员佩戴工牌。"
    proposal = configuration.propose(DocumentTemplate, office.section, purchaser=office.purchaser, method="consultation", chapters=chapters)
    running = make_tender(office, state="published")
    assert "佩戴工牌" not in str(tender_papers.sources_of(running.tender))
    configuration.confirm(proposal, office.leader)
    assert "佩戴工牌" in str(tender_papers.template_of(office.purchaser, "consultation"))
    assert "佩戴工牌" not in str(tender_papers.sources_of(fresh(running.tender)))  # what runs keeps the text it started with
    assert "佩戴工牌" in str(make_tender(office, state="published").tender.document_versions.get().chapters)
    chapters[0]["text"] = "{{不存在}}"
    found = refused("unknown_name", configuration.propose, DocumentTemplate, office.section, purchaser=office.purchaser, method="consultation", chapters=chapters)
    assert found.field == "invitation"
    chapters[0]["text"] = "最低限价8万元"
    refused("words", configuration.propose, DocumentTemplate, office.section, purchaser=office.purchaser, method="consultation", chapters=chapters)


def test_the_pages_of_the_handler(client):
    office = projects.make_office()
    row = make_draft(office)
    client.force_login(office.handler)
    page = client.get(reverse("tender_documents", args=[row.pk])).content.decode()
    assert "第一章 采购邀请" in page and "发布时确定" in page
    address = reverse("chapter_edit", args=[row.pk, "qualification"])
    seen = client.get(address).context["form"].initial["seen"]
    answer = client.post(address, {"text": "注册资本不少于100万元。{{不存在}}", "seen": seen})
    assert answer.status_code == 422 and "{{不存在}}" in answer.content.decode() and answer.context["form"].errors["text"]
    assert client.post(address, {"text": "注册资本不少于100万元。", "seen": seen}).status_code == 302
    page = client.get(reverse("tender_documents", args=[row.pk])).content.decode()
    assert "注册资本" in page and "财政部令第87号 第17条" in page and "已自行修改" in page
    assert "注册资本" in text_of(client.get(reverse("documents_preview_pdf", args=[row.pk])).content)
    assert "注册资本" in words_of(client.get(reverse("documents_preview_docx", args=[row.pk])).content)
    filled = client.get(reverse("chapter_edit", args=[row.pk, "notes"]) + "?fill=1").context["form"].initial["text"]
    assert row.number in filled and "{{" not in filled
    client.post(reverse("chapter_drop", args=[row.pk, "qualification"]))
    assert fresh(row).document_texts == {}


def test_a_street_writes_its_own_text_on_a_page(client):
    office = projects.make_office()
    client.force_login(office.section)
    address = f"{reverse('document_template', args=['negotiation'])}?purchaser={office.purchaser.pk}"
    page = client.get(address)
    data = {"valid_from": clock.today().isoformat()}
    for row in page.context["form"].chapters:
        data |= {row["key"]: row["text"], f"title_{row['key']}": row["title"]}
    wrong = client.post(address, data | {"notes": "见{{没有的名称}}"})
    assert wrong.status_code == 422 and wrong.context["form"].errors["notes"]
    assert client.post(address, data | {"notes": "本街道须知"}).status_code == 302
    row = DocumentTemplate.objects.get()
    assert row.method == "negotiation" and row.confirmed_at is None and {one["key"]: one["text"] for one in row.chapters}["notes"] == "本街道须知"
    client.force_login(office.leader)
    assert "本街道须知" in client.get(address + f"&show={row.pk}").content.decode()
    client.post(reverse("setting_decide", args=["document", row.pk]), {"do": "confirm"})
    assert "本街道须知" in client.get(address).content.decode()
    client.post(reverse("setting_decide", args=["document", row.pk]), {"do": "withdraw"})
    assert DocumentTemplate.objects.get(withdraws=True).chapters == row.chapters


def test_blocks_read_our_own_html():
    html = '<section><h2>一、信息</h2><table><tbody><tr data-field="number"><th>编号</th><td>CG-1</td></tr></tbody></table><p>采购人：<span data-field="unit">街道<b>办</b></span>&amp;乙</p><div data-field="rows"><p>共两项</p><table><thead><tr><th>包</th></tr></thead><tbody><tr><td>一</td></tr></tbody></table></div></section>'
    assert [(block.kind, block.text) for block in blocks_of(html)] == [("h2", "一、信息"), ("table", ""), ("p", "采购人：街道办&乙"), ("p", "共两项"), ("table", "")]
    found = fields_of(html)
    assert found["number"].text == "CG-1" and found["unit"].text == "街道办" and found["rows"].text == "共两项" and found["rows"].rows == [["一"]]
