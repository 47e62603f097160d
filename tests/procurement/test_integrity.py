"""H01 declarations, G01 inquiries, I02 recordings, I03 activity record and the purchase file, an outside lawyer's review (A08)."""

import datetime
import io
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, registry, workdays
from kernel.models import AccessLog, StandIn, User
from procurement import archive
from procurement.lifecycle import award, declaration, inquiry, opening, review, selfrun, tender
from procurement.models import Award, Bid, Declaration, Inquiry, Recording, SelfRunProfile
from providers.models import OrganizationMember
from tests.factories import projects
from tests.factories.challenges import answered, make_challenge
from tests.factories.providers import make_provider
from tests.factories.tenders import SCAN, make_draft, make_tender, passphrase_of, travel
from tests.procurement.pdfs import words_of
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
FREE = {"no_post": True, "no_kin": True, "no_other": True}


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def forget(walk, user):
    """As if this person had never declared."""
    Declaration.objects.filter(tender=walk.tender, user=user).delete()
    walk.tender.__dict__.pop("_declarations", None)


# declarations


@pytest.mark.rule("H01")
def test_who_has_not_declared_neither_publishes_opens_nor_decides(client):
    walk = make_tender(state="draft")
    office = walk.office
    forget(walk, office.handler)
    found = refused("undeclared", tender.publish, walk.tender, actor=office.handler)
    assert office.handler.name in str(found) and "第9" in str(found)
    assert any(task.url == reverse("declare", args=[walk.tender.pk]) for task in registry.tasks_for(office.handler))
    client.force_login(office.handler)
    assert client.post(reverse("declare", args=[walk.tender.pk]), {name: "on" for name in FREE}).status_code == 302
    assert tender.publish(walk.tender, actor=office.handler).status == "published"


@pytest.mark.rule("H01")
def test_an_opener_who_has_not_declared_does_not_open():
    walk = make_tender(state="closed")
    forget(walk, walk.office.leader)
    refused("undeclared", opening.open_with, walk.tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
    forget(walk, walk.office.section)
    found = refused("undeclared", opening.open_with, walk.tender, actor=walk.office.legal, passphrase=passphrase_of(walk.office.legal), second=walk.office.section, second_passphrase=passphrase_of(walk.office.section))
    assert walk.office.section.name in str(found) and found.field == "second_passphrase"
    walk.tender.refresh_from_db()
    assert walk.tender.status == "published"


@pytest.mark.rule("H01")
def test_the_award_is_decided_by_somebody_who_declared():
    walk = make_tender(state="evaluated")
    forget(walk, walk.office.leader)
    refused("undeclared", award.decide_award, walk.lot, actor=walk.office.leader)
    award.decide_award(walk.lot, actor=walk.office.second_leader)
    assert Award.objects.exists()


def test_a_declared_tie_keeps_the_person_out_and_another_takes_the_step():
    walk = make_tender(state="evaluated")
    office = walk.office
    refused("ties", declaration.declare, walk.tender, actor=office.leader, **{**FREE, "no_kin": False})
    declaration.declare(walk.tender, actor=office.leader, **{**FREE, "no_kin": False}, ties="妻弟是一家投标单位负责人")
    refused("tie", award.decide_award, walk.lot, actor=office.leader)
    found = declaration.of(walk.tender, office.leader)
    assert not found.free and Declaration.objects.filter(tender=walk.tender, user=office.leader).count() == 1
    refused("twice", declaration.declare, walk.tender, actor=office.leader, **FREE)
    refused("twice", declaration.declare, walk.tender, actor=office.leader, no_post=False, no_kin=True, no_other=True, ties="只有一项")
    award.decide_award(walk.lot, actor=office.second_leader)


def test_a_stand_in_may_not_act_for_somebody_with_a_tie_but_for_somebody_absent():
    walk = make_tender(state="evaluated")
    office = walk.office
    StandIn.objects.create(principal=office.leader, deputy=office.accountant, starts_on=clock.today(), ends_on=clock.today(), scope="", reason="出差", created_by=office.leader)
    forget(walk, office.leader)
    declaration.declare(walk.tender, actor=office.accountant, **FREE)
    deputy = User.objects.get(pk=office.accountant.pk)
    assert award.lots.AWARD.objection(walk.lot, deputy) is None
    declaration.declare(walk.tender, actor=office.leader, **{**FREE, "no_post": False}, ties="曾任职")
    walk.lot.tender.__dict__.pop("_declarations", None)
    refused("tie", award.decide_award, walk.lot, actor=deputy)


@pytest.mark.rule("H01", mutate="years_before=-2")
def test_registered_ties_of_three_years_are_found_after_the_opening():
    walk = make_tender(state="evaluated")
    own = Bid.objects.first().organization
    day = clock.today()
    OrganizationMember.objects.create(organization=own, user=walk.office.leader, role="staff", starts_on=day.replace(year=day.year - 6), ends_on=day.replace(year=day.year - 2))
    found = refused("tie", award.decide_award, walk.lot, actor=walk.office.leader)
    assert own.name in str(found)
    OrganizationMember.objects.filter(user=walk.office.leader).update(ends_on=day.replace(year=day.year - 4))
    walk.lot.tender.__dict__.pop("_declarations", None)
    award.decide_award(walk.lot, actor=walk.office.leader)


def test_an_equal_name_asks_for_one_more_word():
    walk = make_tender(state="evaluated")
    own = Bid.objects.first().organization
    own.legal_representative = walk.office.leader.name
    own.save()
    refused("tie", award.decide_award, walk.lot, actor=walk.office.leader)
    declaration.declare(walk.tender, actor=walk.office.leader, **FREE)
    walk.lot.refresh_from_db()
    award.decide_award(type(walk.lot).objects.get(pk=walk.lot.pk), actor=walk.office.leader)


def test_the_page_says_who_is_missing_and_prints(client):
    walk = make_tender(state="draft")
    forget(walk, walk.office.section)
    client.force_login(walk.office.supervisor)
    html = client.get(reverse("declaration_list", args=[walk.tender.pk])).content.decode()
    assert walk.office.section.name in html and html.count("dd-state wait") == 1
    text = words_of(client.get(reverse("declaration_list", args=[walk.tender.pk]), {"pdf": "1"}).content)
    assert "采购人员回避声明" in text and "实施条例" in text and walk.office.handler.name.replace(" ", "") in text
    client.force_login(walk.office.staff)
    assert client.get(reverse("declare", args=[walk.tender.pk])).status_code == 404


def quotes(office):
    SelfRunProfile.objects.filter(purchaser=office.purchaser).delete()
    row = SelfRunProfile.objects.create(
        purchaser=office.purchaser, name="直接选定", channel="direct", seal="none", scoring="points", min_days=0, min_count=1, approver_role="leader", publish=False, amount_from=0, amount_to=50000,
        valid_from=datetime.date(2020, 1, 1), proposed_by=office.section, confirmed_by=office.leader, confirmed_at=clock.now(),
    )  # fmt: skip
    return row


@pytest.mark.rule("H01")
def test_a_small_purchase_has_one_line_in_its_form(client):
    office = projects.make_office()
    quotes(office)
    row = projects.make_project(office, "approved", 20000)
    who = make_provider(office=office, place=office.street)
    client.force_login(office.handler)
    data = {"organization": who.organization.pk, "amount": "20000", "reason": "长期服务", "happened_on": clock.today().isoformat()}
    answer = client.post(reverse("provider_choose", args=[row.pk]), data)
    assert answer.status_code == 422 and "第9条" in answer.content.decode() and not Award.objects.exists()
    assert client.post(reverse("provider_choose", args=[row.pk]), {**data, "no_tie": "on"}).status_code == 302
    assert Declaration.objects.get().user == office.handler and Award.objects.exists()


def test_a_member_of_the_provider_never_chooses_it():
    office = projects.make_office()
    quotes(office)
    row = projects.make_project(office, "approved", 20000)
    who = make_provider(office=office, place=office.street)
    OrganizationMember.objects.create(organization=who.organization, user=office.handler, role="staff", starts_on=datetime.date(2024, 1, 1))
    refused("tie", selfrun.choose_provider, row, actor=office.handler, organization=who.organization, amount=20000, reason="x", declared=True)


# inquiries


@pytest.mark.rule("G01", mutate="answer")
def test_an_inquiry_is_due_after_three_working_days():
    walk = make_tender(state="published", start=MONDAY)
    row = inquiry.ask(walk.tender, asker="某社工中心", question="服务地点在哪里？", contact="13900001111")
    assert row.received_on == datetime.date(2026, 3, 2) and row.answer_due_on == datetime.date(2026, 3, 5)
    late = inquiry.record(walk.tender, actor=walk.office.handler, way="oral", received_on=datetime.date(2026, 2, 27), asker="张先生", question="能否分包？")
    assert late.answer_due_on == workdays.add_workdays(datetime.date(2026, 2, 27), 3).date
    (task,) = [task for task in registry.tasks_for(walk.office.handler) if task.kind == "inquiry"]
    assert (task.due, task.detail) == (min(row.answer_due_on, late.answer_due_on), registry.others(1))
    reminders = [found for found in registry.open_reminders(clock.end_of_day(row.answer_due_on) + datetime.timedelta(hours=1)) if found.kind == "inquiry_answer"]
    assert {found.phase for found in reminders} == {"after"} and all(walk.office.handler in found.users for found in reminders)


def test_anybody_asks_and_reads_the_answer_under_the_code(client):
    walk = make_tender(state="published")
    address = reverse("inquiry_ask", args=[walk.tender.pk])
    assert address in client.get(walk.tender.announcements.get().get_absolute_url()).content.decode()
    assert client.post(address, {"asker": "", "question": ""}).status_code == 422
    answer = client.post(address, {"asker": "居民李某", "question": "项目何时开始？", "contact": "13911112222"})
    row = Inquiry.objects.get()
    assert answer.url == reverse("inquiry_follow", args=[row.code]) and row.created_by is None
    assert "13911112222" not in client.get(answer.url).content.decode() and row.code in client.get(answer.url).content.decode()
    with pytest.raises(PermissionDenied):
        inquiry.answer(row, actor=walk.office.accountant, answer="四月。")
    inquiry.answer(row, actor=walk.office.handler, answer="四月开始。")
    client.force_login(walk.office.handler)
    assert "13911112222" not in client.get(row.get_absolute_url()).content.decode()
    assert "13911112222" in client.post(reverse("inquiry_contact", args=[row.pk]), {"purpose": "寄送书面答复"}).content.decode() and AccessLog.objects.filter(who=walk.office.handler).exists()
    client.force_login(walk.office.supervisor)
    assert client.post(reverse("inquiry_contact", args=[row.pk]), {"purpose": "看看"}).status_code == 403
    client.logout()
    assert "四月开始。" in client.get(answer.url).content.decode()
    assert client.post(reverse("inquiry_find"), {"code": row.code.lower()}).url == answer.url
    assert client.post(reverse("inquiry_find"), {"code": "XW-0000-0000-0000"}).status_code == 422
    assert client.get(reverse("inquiry_follow", args=["XW-AAAA-BBBB-CCCC"])).status_code == 404


def test_a_draft_takes_no_inquiry_and_an_organization_hears_of_its_answer(client):
    walk = make_tender(state="draft")
    assert client.get(reverse("inquiry_ask", args=[walk.tender.pk])).status_code == 404
    refused("not_public", inquiry.ask, walk.tender, asker="x", question="y")
    walk = make_tender(state="published")
    who = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(who.user)
    client.post(reverse("inquiry_ask", args=[walk.tender.pk]), {"asker": who.organization.name, "question": "可否联合体？"})
    row = Inquiry.objects.get()
    assert row.organization == who.organization and client.get(row.get_absolute_url()).status_code == 200
    inquiry.answer(row, actor=walk.office.handler, answer="不接受。")
    assert who.user.notices.filter(kind="inquiry_answered").count() == 1
    other = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(other.user)
    assert client.get(row.get_absolute_url()).status_code == 404


# the file


@pytest.mark.rule("I02")
def test_a_missing_recording_is_a_duty_and_a_gap_of_the_file(client):
    walk = make_tender(state="evaluated")
    assert archive.missing_recordings(walk.tender) == ["opening", "evaluation"]
    duty = reverse("recording_add", args=[walk.tender.pk])
    assert duty in [task.url for task in registry.tasks_for(walk.office.handler)]
    client.force_login(walk.office.handler)
    data = {"stage": "opening", "made_on": clock.today().isoformat(), "place": "三楼会议室硬盘录像机 2号盘", "sha256": "ab" * 32, "keeper": walk.office.supervisor.pk}
    assert client.post(duty, {**data, "sha256": "nonsense"}).status_code == 422
    assert client.post(duty, data).status_code == 302
    assert archive.missing_recordings(walk.tender) == ["evaluation"] and Recording.objects.get().keeper == walk.office.supervisor
    client.post(duty, {**data, "stage": "evaluation", "sha256": ""})
    assert archive.missing_recordings(walk.tender) == [] and duty not in [task.url for task in registry.tasks_for(walk.office.handler)]
    client.force_login(walk.office.leader)
    assert client.get(duty).status_code == 403


def test_before_the_opening_the_file_names_nobody(client):
    walk = make_tender(state="submitted")
    client.force_login(walk.office.handler)
    html = client.get(reverse("tender_archive", args=[walk.tender.pk])).content.decode()
    assert not any(row.organization.name in html for row in walk.providers) and "响应文件：" not in html
    assert client.get(reverse("activity_record", args=[walk.tender.pk])).status_code == 302
    assert client.post(reverse("archive_zip", args=[walk.tender.pk])).status_code == 302


@pytest.mark.rule("I03")
def test_the_activity_record_says_what_article_42_asks(client):
    walk = make_tender(state="announced", start=MONDAY)
    client.force_login(walk.office.leader)
    text = words_of(client.get(reverse("activity_record", args=[walk.tender.pk])).content)
    row = Award.objects.get()
    for wanted in ("政府采购活动记录", "竞争性磋商", "采用该方式的理由", "政府购买服务项目", "资金构成", "具有独立承担民事责任的能力", row.letter_number, f"{row.amount:,.2f}", "发布采购公告", "开启响应文件", "第四十二条"):
        assert wanted.replace(" ", "") in text, wanted
    assert all(str(bid.organization) in text and str(bid.score) in text for bid in Bid.objects.filter(lot=walk.lot))
    assert all(str(member.user) in text for member in walk.panel.sitting())
    client.force_login(walk.providers[0].user)
    assert client.get(reverse("activity_record", args=[walk.tender.pk])).status_code == 403


def test_a_stopped_purchase_gives_its_reason():
    walk = make_tender(state="opened")
    tender.fail(walk.tender, actor=walk.office.handler, reason="采购任务取消")
    walk.tender.refresh_from_db()
    text = words_of(archive.activity_record(walk.tender))
    assert "采购任务取消" in text and "未确定成交供应商" in text


def test_the_download_holds_every_paper_in_order(client):
    walk = make_tender(state="announced")
    answered(walk, make_challenge(walk, next(row for row in walk.providers if row.organization != Award.objects.get().organization), attachments=[]))
    client.force_login(walk.office.supervisor)
    assert client.get(reverse("archive_zip", args=[walk.tender.pk])).status_code == 200
    response = client.post(reverse("archive_zip", args=[walk.tender.pk]))
    made = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    names = made.namelist()
    assert any("采购活动记录" in name for name in names) and any("成交通知书" in name for name in names) and sum("响应文件" in name for name in names) == 3
    index = made.read("00-目录.txt").decode("utf-8-sig")
    assert index.index("采购活动记录") < index.index("磋商公告") < index.index("开启记录") < index.index("成交通知书") < index.index("质疑及答复")
    texts = [made.read(name).decode() for name in names if name.endswith("文字部分.txt")]
    assert len(texts) == 3 and all("每周开展两次活动" in text for text in texts)
    from kernel import trail

    assert trail.rows_of(walk.tender).filter(verb="export").exists()
    for user in (walk.office.accountant, walk.office.committee):
        client.force_login(user)
        assert client.post(reverse("archive_zip", args=[walk.tender.pk])).status_code == 403


def test_the_page_counts_what_is_missing(client):
    walk = make_tender(state="announced")
    client.force_login(walk.office.handler)
    found = archive.pieces(walk.tender)
    assert {piece.name for piece in found if piece.missing} == {"录音录像：开启", "录音录像：评审"}
    html = client.get(reverse("tender_archive", args=[walk.tender.pk])).content.decode()
    assert html.count("dd-state bad") == sum(piece.missing for piece in found) == 2


# the outside lawyer


@pytest.mark.rule("A08")
def test_a_lawyer_from_outside_reviews_with_licence_and_paper():
    office = projects.make_office()
    row = make_draft(office)
    row.reviews.filter(kind="legal").first().parts.all().delete()
    row.reviews.filter(kind="legal").delete()
    facts = {"actor": office.handler, "kind": "legal", "parts": {}, "opinion": "同意。", "reviewed_on": clock.today(), "file": ("意见.png", SCAN)}
    assert refused("review_legal", tender.publish, row, actor=office.handler)
    refused("part_missing", review.record_review, row, **facts)
    refused("licence", review.record_review, row, **facts, outside={"name": "高律师", "licence": "", "firm": "蜀正律师事务所"})
    refused("author", review.record_review, row, **facts, outside={"name": office.handler.name, "licence": "15101201010123456", "firm": "蜀正律师事务所"})
    review.record_review(row, **facts, outside={"name": "高律师", "licence": "15101201010123456", "firm": "蜀正律师事务所"})
    (told,) = [found for found in review.told(row) if found.kind == "legal"]
    assert "高律师" in told.sides[0].who and "15101201010123456" in told.sides[0].who
    assert tender.publish(row, actor=office.handler).status == "published"


def test_the_review_form_takes_one_or_the_other(client):
    office = projects.make_office()
    row = make_draft(office)
    client.force_login(office.handler)
    address = reverse("tender_review", args=[row.pk])
    data = {"kind": "legal", "reviewed_on": clock.today().isoformat(), "agreed": "1", "opinion": "同意。"}
    assert client.post(address, {**data, "file": projects.scan()}).status_code == 422
    assert client.post(address, {**data, "file": projects.scan(), "outside_name": "高律师"}).status_code == 422
    assert client.post(address, {**data, "file": projects.scan(), "outside_name": "高律师", "outside_firm": "蜀正律师事务所", "outside_licence": "15101201010123456"}).status_code == 302
    travel(MONDAY)
