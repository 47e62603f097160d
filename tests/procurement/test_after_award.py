"""After the decision: letters and their receipt, what losers are told, refusals to sign, awards withdrawn, the report to the bureau."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, registry
from kernel.models import Notice
from procurement.lifecycle import award, fall, lot, tender
from procurement.models import Award, AwardFall, Bid, Project
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.tenders import hours, make_draft, make_tender, travel
from tests.procurement.pdfs import words_of
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def winner_of(walk):
    won = Award.objects.get(lot=walk.lot).organization_id
    return next(row for row in walk.providers if row.organization.pk == won)


def losers_of(walk):
    won = Award.objects.get(lot=walk.lot).organization_id
    return [row for row in walk.providers if row.organization.pk != won]


def bid_of(walk, provider):
    return Bid.objects.get(lot=walk.lot, organization=provider.organization)


def page(client, user, name, *args):
    client.force_login(user)
    return client.get(reverse(name, args=args))


def test_the_letter_names_number_amount_and_day(client):
    walk = make_tender(state="announced")
    row = Award.objects.get()
    text = words_of(page(client, winner_of(walk).user, "award_letter", row.pk).content)
    assert "成交通知书" in text and row.letter_number in text and f"{row.amount:,.2f}" in text and row.organization.name in text
    assert f"{row.sign_due_on:%Y}年{row.sign_due_on.month}月{row.sign_due_on.day}日" in text and "供应商（盖章）" in text
    assert page(client, losers_of(walk)[0].user, "award_letter", row.pk).status_code == 404
    assert page(client, walk.office.leader, "award_letter", row.pk).status_code == 200


def test_no_letter_before_the_result_is_announced(client):
    walk = make_tender(state="awarded")
    row = Award.objects.get()
    assert page(client, winner_of(walk).user, "award_letter", row.pk).status_code == 404
    assert page(client, walk.office.leader, "award_letter", row.pk).status_code == 302
    assert page(client, winner_of(walk).user, "bid_result", bid_of(walk, winner_of(walk)).public_id).status_code == 404


def test_the_winner_acknowledges_once_and_the_moment_stays(client):
    walk = make_tender(state="announced")
    own = winner_of(walk)
    assert [task.url for task in registry.tasks_for(own.user) if task.kind == "award"] == [Award.objects.get().get_absolute_url()]
    with pytest.raises(PermissionDenied):
        lot.LIFE.functions["acknowledge"](walk.lot, actor=losers_of(walk)[0].user)
    with pytest.raises(PermissionDenied):
        award.acknowledge(walk.lot, actor=walk.office.handler)
    hours()
    at = clock.now()
    award.acknowledge(walk.lot, actor=own.user)
    row = Award.objects.get()
    assert row.acknowledged_at == at and row.acknowledged_by == own.user
    hours()
    refused("acknowledged", award.acknowledge, walk.lot, actor=own.user)
    assert Award.objects.get().acknowledged_at == at
    assert not [task for task in registry.tasks_for(own.user) if task.kind == "award"]
    assert "在线签收" in words_of(page(client, own.user, "award_letter", row.pk).content)


@pytest.mark.rule("D05")
def test_a_loser_reads_its_own_reasons_only(client):
    walk = make_tender(state="announced")
    one, other = losers_of(walk)
    mine, theirs = bid_of(walk, one), bid_of(walk, other)
    html = page(client, one.user, "bid_result", mine.public_id).content.decode()
    assert str(mine.score) in html and str(mine.rank) in html and f">{theirs.score}<" not in html
    assert page(client, one.user, "bid_result", theirs.public_id).status_code == 404
    assert page(client, one.user, "bid_result_letter", theirs.public_id).status_code == 404
    text = words_of(page(client, one.user, "bid_result_letter", mine.public_id).content)
    assert "未成交通知书" in text and str(mine.score) in text and f"第{mine.rank}名" in text.replace(" ", "") and str(theirs.score) not in text
    assert "第87号" not in text  # a consultation is no tender
    assert Notice.objects.get(user=one.user, kind="award_lost").url == reverse("bid_result", args=[mine.public_id])


def test_an_invalid_response_is_told_why(client):
    walk = make_tender(state="opened")
    from procurement.lifecycle import bid

    bad = walk.bids[0]
    bid.invalidate(bad, actor=walk.office.handler, reason="资格证明文件不全")
    award.record_scores(walk.tender, [{"bid": row, "score": Decimal(90 - rank), "rank": rank} for rank, row in enumerate(walk.bids[1:], 1)], actor=walk.office.handler)
    award.decide_award(walk.lot, actor=walk.office.leader)
    award.publish_result(walk.tender, actor=walk.office.handler)
    bad.refresh_from_db()
    user = next(row.user for row in walk.providers if row.organization == bad.organization)
    assert "资格证明文件不全" in page(client, user, "bid_result", bad.public_id).content.decode()
    text = words_of(page(client, user, "bid_result_letter", bad.public_id).content)
    assert "未通过审查的原因" in text and "得分" not in text.replace("得分、排名和原因", "")


@pytest.mark.rule("D14")
def test_a_refusal_is_kept_reported_and_the_next_gets_its_own_letter(client):
    walk = make_tender(state="announced")
    first, old = winner_of(walk), Award.objects.get()
    letter, due = old.letter_number, old.sign_due_on
    award.decline(walk.lot, actor=walk.office.leader, reason="供应商书面表示放弃签订合同。", proof=("放弃声明.png", projects.scan().read()))
    row = AwardFall.objects.get()
    assert (row.status, row.kind, row.organization, row.letter_number, row.justified) == ("open", "refused", first.organization, letter, False)
    assert any(task.url == row.get_absolute_url() for task in registry.tasks_for(walk.office.handler))
    assert any("放弃声明" in str(attached) for attached in row_files(row))
    hours(30)
    walk.lot.refresh_from_db()
    award.decide_award(walk.lot, actor=walk.office.leader, reason="顺延第二候选人")
    award.publish_result(walk.tender, actor=walk.office.handler)
    again = Award.objects.get()
    assert again.organization != first.organization and again.letter_number == f"{letter}-2" and again.sign_due_on > due and again.acknowledged_at is None
    notices = list(walk.tender.announcements.order_by("pk").values_list("kind", flat=True))
    assert notices[-2:] == ["correction", "result"]
    correction = walk.tender.announcements.filter(kind="correction").latest("pk").body
    assert "采购结果" in correction and str(first.organization) in correction and str(again.organization) in correction and "放弃签订合同" in correction
    text = words_of(page(client, walk.office.handler, "fall_report", row.pk).content)
    assert "情况" in text and letter in text and again.organization.name in text and "第七十二条" in text
    row = fall.report(row, actor=walk.office.handler, number="玉街〔2026〕8号")
    assert row.status == "reported" and row.reported_on == clock.today()
    assert page(client, first.user, "bid_result", bid_of(walk, first).public_id).status_code == 200
    assert not Notice.objects.filter(user=first.user, kind="award_lost").exists()


def row_files(row):
    from kernel import files

    return files.of(row)


def test_a_justified_refusal_says_that_the_bond_goes_back(client):
    walk = make_tender(state="announced")
    award.decline(walk.lot, actor=walk.office.leader, reason="采购人改变服务地点。", justified=True)
    row = AwardFall.objects.get()
    text = words_of(page(client, walk.office.handler, "fall_report", row.pk).content)
    assert row.justified and "依法退还" in text and "第七十二条" not in text


def test_nothing_falls_under_a_drafted_contract():
    from procurement.lifecycle import contract_draft

    walk = make_tender(state="announced")
    contract_draft.draft_contract(walk.lot, actor=walk.office.handler)
    refused("contract_drafted", award.decline, walk.lot, actor=walk.office.leader, reason="书面放弃")
    refused("contract_drafted", award.revoke, walk.lot, actor=walk.office.leader, reason="x", ground="other", document="1号")
    assert not AwardFall.objects.exists()


def test_an_award_is_withdrawn_on_a_paper_only():
    walk = make_tender(state="announced")
    first = winner_of(walk)
    refused("document", award.revoke, walk.lot, actor=walk.office.leader, reason="材料虚假", ground="false_material", document=" ")
    award.revoke(walk.lot, actor=walk.office.leader, reason="业绩合同系伪造", ground="false_material", document="青财采决〔2026〕5号")
    walk.lot.refresh_from_db()
    assert walk.lot.status == "evaluated" and bid_of(walk, first).status == "invalid" and bid_of(walk, first).rank is None
    row = AwardFall.objects.get()
    assert (row.kind, row.ground, row.document) == ("disqualified", "false_material", "青财采决〔2026〕5号")
    award.decide_award(walk.lot, actor=walk.office.leader, reason="顺延")
    assert Award.objects.get().organization != first.organization


def test_after_the_last_candidate_the_lot_ends_and_its_project_is_free():
    walk = make_tender(state="announced")
    for _count in range(3):
        award.decline(walk.lot, actor=walk.office.leader, reason="书面放弃")
        walk.lot.refresh_from_db()
        if award.candidates(walk.lot).exists():
            award.decide_award(walk.lot, actor=walk.office.leader, reason="顺延")
    assert AwardFall.objects.count() == 3
    refused("no_candidate", award.decide_award, walk.lot, actor=walk.office.leader)
    award.stop_lot(walk.lot, actor=walk.office.handler, reason="全部候选人放弃")
    walk.tender.refresh_from_db()
    assert walk.lot.tender.announcements.filter(kind="termination").exists() and Project.objects.get(pk=walk.lot.project_id).status == "approved"
    refused("nothing_left", award.publish_result, walk.tender, actor=walk.office.handler)


def two_lots():
    """Two awarded lots of an outside purchase, announced."""
    office = projects.make_office()
    rows = [projects.make_project(office, "approved", 300000) for _number in range(2)]
    row = make_draft(office, rows, venue="external", external_platform="省平台", external_url="https://ccgp.example.gov.cn/1")
    tender.publish(row, actor=office.handler)
    travel(row.created_at + datetime.timedelta(days=15))
    people = [make_provider(office=office, place=office.street) for _number in range(2)]
    facts = [{"lot": each, "organization": who.organization, "price": Decimal(250000 + rank), "score": Decimal(90 - rank), "rank": rank} for each in row.lots.all() for rank, who in enumerate(people, 1)]
    row = award.record_external(row, actor=office.handler, candidates=facts, opened_on=clock.today(), happened_on=clock.today())
    for each in row.lots.all():
        award.decide_award(each, actor=office.leader)
    row.refresh_from_db()
    return office, award.publish_result(row, actor=office.handler), people


def test_a_lot_that_falls_leaves_the_clock_of_the_other_alone():
    office, row, people = two_lots()
    first, second = row.lots.all()
    kept = Award.objects.get(lot=second)
    award.decline(first, actor=office.leader, reason="书面放弃")
    travel(clock.now() + datetime.timedelta(days=5))
    first.refresh_from_db()
    award.decide_award(first, actor=office.leader, reason="顺延")
    row.refresh_from_db()
    award.publish_result(row, actor=office.handler)
    same = Award.objects.get(lot=second)
    assert (same.letter_number, same.letter_on, same.sign_due_on, same.challenge_until) == (kept.letter_number, kept.letter_on, kept.sign_due_on, kept.challenge_until)
    assert Award.objects.get(lot=first).letter_on == clock.today() and Notice.objects.filter(user=people[0].user, kind="award_won").count() == 2


@pytest.mark.rule("D02")
def test_an_undecided_award_is_said_not_decided(client):
    walk = make_tender(state="evaluated", start=MONDAY)
    due = walk.tender.award_due_on
    first = award.candidates(walk.lot).first()
    travel(clock.midnight(due) + datetime.timedelta(hours=9))
    refused("in_time", award.explain_delay, walk.lot, actor=walk.office.leader, reason="核实材料")
    assert str(first.organization) not in panel_of(client, walk)
    travel(clock.midnight(datetime.date(2026, 3, 30)) + datetime.timedelta(hours=9))
    assert due == datetime.date(2026, 3, 19) or clock.today() > due
    assert first.organization.name in panel_of(client, walk)
    assert any("视同" in str(task.action) or "counts as chosen" in str(task.action) for task in registry.tasks_for(walk.office.leader))
    award.explain_delay(walk.lot, actor=walk.office.leader, reason="候选人被举报，正在核实")
    assert "正在核实" in panel_of(client, walk)
    walk.lot.refresh_from_db()
    assert walk.lot.status == "evaluated" and not Award.objects.exists()


def panel_of(client, walk):
    from kernel.models import User
    from procurement.announce_award import late_decision
    from procurement.models import Tender

    del client
    found = late_decision(Tender.objects.get(pk=walk.tender.pk), User.objects.get(pk=walk.office.leader.pk))
    return " ".join(f"{row['first'] and row['first'].organization} {row['reason']}" for row in found.context["rows"]) if found else ""


def test_the_list_finds_what_is_overdue(client):
    walk = make_tender(state="announced")
    row = Award.objects.get()
    client.force_login(walk.office.handler)
    address = reverse("award_list")
    assert row.letter_number and row.lot.title in client.get(address, {"state": "unacknowledged"}).content.decode()
    assert row.lot.title not in client.get(address, {"state": "sign_late"}).content.decode()
    travel(clock.end_of_day(row.sign_due_on) + datetime.timedelta(hours=2))
    assert row.lot.title in client.get(address, {"state": "sign_late"}).content.decode()
    detail = client.get(reverse("award_detail", args=[row.pk])).content.decode()
    assert all(str(bid.organization) in detail for bid in award.candidates(walk.lot))
