"""Framework agreements: stage 1 with enough suppliers out, agreements with their duties, stage 2 within price and total, refilling, yearly summary (B21–B25)."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from kernel import clock, holidays, rules
from kernel.lifecycle import Refusal
from kernel.models import Notice
from procurement.lifecycle import award, bid, call_off, contract_draft, framework, framework_agreement, framework_selection, tender
from procurement.models import Announcement, Award, CallOff, Contract, FrameworkAgreement, FrameworkItem, Project, ProjectFund, Tender
from procurement.outcome import words_of
from providers.models import OrganizationMember
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.special import FRAMEWORK_ITEMS, begin_framework, call, make_framework, rank, ready, scan
from tests.factories.tenders import ITEMS, hours, make_bid, open_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture
def year(db):
    clock.set_to(MONDAY)
    holidays.seed()


def test_a_programme_commits_no_money_and_is_bought_by_no_other_method(year):
    office = projects.make_office()
    row = begin_framework(office)
    programme = row.project
    assert programme.status == "programme" and programme.budget_total == 0 and not ProjectFund.objects.filter(project=programme).exists()
    refused("not_approved", tender.create_tender, [programme], actor=office.handler, method="consultation")
    refused("not_approved", call_off.call_off, programme, make_framework(office=office).agreements[0], actor=office.handler, way="direct", quantity=Decimal(1), reason="x", declared=True)


@pytest.mark.rule("B21", mutate="suppliers")
def test_a_framework_is_for_services_that_need_two_suppliers(year):
    office = projects.make_office()
    for wanted, lawful in ((1, False), (2, True)):
        made = begin_framework(office, items=[{**FRAMEWORK_ITEMS[0], "wanted": wanted}])
        row = ready(office, Tender.objects.get(lots__framework_item__framework=made))
        if lawful:
            assert tender.publish(row, actor=office.handler).status == "published"
        else:
            assert refused("one_supplier", tender.publish, row, actor=office.handler).article == rules.get("B21").article


def test_a_case_of_the_law_and_the_filed_plan_are_asked(year):
    office = projects.make_office()
    made = begin_framework(office, plan_number="")
    assert refused("plan_number", tender.publish, ready(office, Tender.objects.get(lots__framework_item__framework=made)), actor=office.handler)
    with pytest.raises(Refusal):
        begin_framework(office, method_case="no_such_case")


@pytest.mark.rule("B22", mutate="service_term=-1")
def test_more_than_two_years_are_published_with_a_reason_only(year):
    office = projects.make_office()
    two = Tender.objects.get(lots__framework_item__framework=begin_framework(office, term_months=24))
    assert tender.publish(ready(office, two), actor=office.handler).status == "published"
    longer = ready(office, Tender.objects.get(lots__framework_item__framework=begin_framework(office, term_months=25)))
    refused("caution", tender.publish, longer, actor=office.handler)
    row = tender.publish(longer, actor=office.handler, cautions={"framework_term": {"reason": "服务对象更换机构影响照护连续性"}})
    assert row.status == "published"


@pytest.mark.rule("B23")
def test_quality_comes_first_only_with_its_basis(year):
    office = projects.make_office()
    row = Tender.objects.get(lots__framework_item__framework=begin_framework(office, ranking="points", score_items=ITEMS))
    refused("quality_first", tender.publish, ready(office, row), actor=office.handler)
    row = Tender.objects.get(lots__framework_item__framework=begin_framework(office, ranking="points", score_items=ITEMS, quality_basis="执行政府指导价"))
    assert tender.publish(ready(office, row), actor=office.handler).status == "published"


@pytest.mark.rule("B03")
def test_it_is_collected_as_an_open_tender(year):
    walk = make_framework("published")
    assert walk.tender.deadline.astimezone(clock.ZONE).date() == datetime.date(2026, 3, 23)
    assert Announcement.objects.filter(tender=walk.tender, kind="notice", public=True).exists()


@pytest.mark.parametrize("count, out", [(2, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
def test_how_many_are_out(count, out):
    assert framework_selection.out_of(count, rules.get("B23")) == out


@pytest.mark.rule("B23", mutate=("out_rate", "valid_responses=+4"))
def test_one_fifth_and_one_are_out(year):
    walk = make_framework("evaluated", prices=(150, 160, 170, 180, 190), items=[{**FRAMEWORK_ITEMS[0], "wanted": 5}])
    one = walk.tender.lots.get()
    found = refused("out_rate", framework_selection.select, walk.tender, actor=walk.office.leader, counts={one.pk: 5})
    assert found.article == rules.get("B23").article
    framework_selection.select(walk.tender, actor=walk.office.leader)
    rows = list(FrameworkAgreement.objects.order_by("rank"))
    assert [row.price for row in rows] == [150, 160, 170, 180]
    assert one.framework_item and Tender.objects.get(pk=walk.tender.pk).status == "awarded" and walk.tender.lots.get().status == "selected"


@pytest.mark.rule("B23", mutate="out_count")
def test_of_two_one_is_out(year):
    walk = make_framework("evaluated", prices=(150, 160))
    framework_selection.select(walk.tender, actor=walk.office.leader)
    assert FrameworkAgreement.objects.get().price == 150


def test_nobody_is_awarded_a_contract_in_stage_one(year):
    walk = make_framework("evaluated")
    refused("selects", award.decide_award, walk.tender.lots.select_related("tender").get(), actor=walk.office.leader)
    walk = make_framework("selected")
    refused("selects", award.publish_result, walk.tender, actor=walk.office.handler)
    assert not Award.objects.exists()
    refused("not_told", framework_agreement.sign, walk.agreements[0], actor=walk.office.handler, file=scan())


def test_the_selected_are_announced_and_the_others_told(year):
    walk = make_framework("announced")
    paper = Announcement.objects.get(tender=walk.tender, kind="selection")
    assert paper.public and all(row.organization.name in paper.body for row in walk.agreements)
    assert Notice.objects.filter(kind="framework_selected").count() == 3 and Notice.objects.filter(kind="award_lost").count() == 2
    refused("told", framework_selection.publish_selection, walk.tender, actor=walk.office.handler)


@pytest.mark.rule("B24", mutate=("sign", "filed", "tell_users"))
def test_the_duties_after_selection(year):
    walk = make_framework("announced")
    row, day = walk.agreements[0], clock.today()
    assert day == datetime.date(2026, 3, 23) and row.sign_due_on == datetime.date(2026, 4, 22)
    travel(clock.midnight(row.sign_due_on) + datetime.timedelta(days=1, hours=9))
    refused("late", framework_agreement.sign, row, actor=walk.office.handler, file=scan())
    row = framework_agreement.sign(row, actor=walk.office.handler, file=scan(), happened_on=datetime.date(2026, 4, 20))
    assert (row.filing_due_on, row.telling_due_on) == (datetime.date(2026, 4, 29), datetime.date(2026, 4, 23))
    assert (row.starts_on, row.ends_on) == (datetime.date(2026, 4, 20), datetime.date(2028, 4, 19))
    row = framework_agreement.file_copy(row, actor=walk.office.handler)
    refused("filed", framework_agreement.file_copy, row, actor=walk.office.handler)
    row = framework_agreement.tell_users(row, actor=walk.office.handler)
    assert Notice.objects.filter(kind="framework_open").count() >= 3
    other = framework_agreement.sign(walk.agreements[1], actor=walk.office.handler, file=scan(), reason="补签")
    assert other.ends_on == row.ends_on  # all end with the framework


def test_a_call_off_goes_straight_to_award_and_contract(year):
    walk = make_framework()
    found = call(walk, walk.agreements[1], 200)
    made = CallOff.objects.get()
    assert (found.organization, found.amount, made.price, made.quantity) == (walk.agreements[1].organization, Decimal(32000), Decimal(160), 200)
    assert (words_of(walk.tender).letter, words_of(found.lot.tender).letter, words_of(found.lot.tender).notice) == ("入围通知书", "成交通知书", "成交结果公告")
    assert found.lot.tender.status == "awarded" and found.lot.project.status == "sourcing"
    award.publish_result(found.lot.tender, actor=walk.office.handler)
    signed = contract_draft.draft_contract(found.lot, actor=walk.office.handler)
    assert signed.organization == found.organization and signed.amount == 32000
    assert framework.bought(walk.framework) == 32000


@pytest.mark.rule("B24", mutate="stage_two_result")
def test_the_result_of_stage_two_is_announced_within_two_working_days(year):
    walk = make_framework()
    assert clock.today() == datetime.date(2026, 3, 23)
    assert call(walk, walk.agreements[0]).notice_due_on == datetime.date(2026, 3, 25)


@pytest.mark.rule("H01")
def test_whoever_calls_declares_and_has_no_tie(year):
    walk = make_framework()
    refused("undeclared", call, walk, walk.agreements[0], declared=False)
    OrganizationMember.objects.create(organization=walk.agreements[0].organization, user=walk.office.handler, role="staff", starts_on=datetime.date(2020, 1, 1))
    refused("tie", call, walk, walk.agreements[0])
    assert call(walk, walk.agreements[1]).amount == 16000


def test_the_price_is_never_above_the_framework(year):
    walk = make_framework()
    refused("over_framework", call, walk, walk.agreements[0], 10, price=Decimal("150.01"))
    assert call(walk, walk.agreements[0], 10, price=Decimal(149)).amount == 1490


def test_all_call_offs_stay_within_the_total(year):
    walk = make_framework(ceiling=50000)
    call(walk, walk.agreements[0], 200)  # 30,000
    found = refused("over_total", call, walk, walk.agreements[1], 126)  # 20,160
    assert "30,000.00" in str(found)
    assert call(walk, walk.agreements[1], 125).amount == 20000


def test_an_order_that_its_supplier_refuses_does_not_count(year):
    walk = make_framework(ceiling=30000)
    made = call(walk, walk.agreements[0], 200)
    refused("over_total", call, walk, walk.agreements[1], 1)
    award.decline(made.lot, actor=walk.office.leader, reason="人手不足")
    assert call(walk, walk.agreements[1], 1).amount == 160


def test_only_agreements_in_force_are_chosen(year):
    walk = make_framework()
    framework_agreement.suspend(walk.agreements[0], actor=walk.office.handler, reason="整改")
    refused("not_active", call, walk, walk.agreements[0])
    framework_agreement.resume(FrameworkAgreement.objects.get(pk=walk.agreements[0].pk), actor=walk.office.handler, reason="整改完成")
    call(walk, walk.agreements[0])
    travel(clock.midnight(walk.agreements[0].ends_on) + datetime.timedelta(days=1, hours=9))
    refused("no_framework", call, walk, walk.agreements[0])


def test_each_way_of_choosing_has_its_rule(year):
    walk = make_framework(ways=("rotation", "second"), ceiling=1000000)
    one, two, three = walk.agreements
    refused("way", call, walk, one)
    for turn in (one, two, three, one):
        refused("not_in_turn", call, walk, two if turn is not two else three, way="rotation")
        call(walk, turn, 10, way="rotation")
    quotes = [{"agreement": one, "price": Decimal(149)}, {"agreement": two, "price": Decimal(140)}]
    refused("too_few", call, walk, one, way="second", quotes=quotes[:1])
    refused("not_lowest", call, walk, one, way="second", quotes=quotes)
    refused("over_framework", call, walk, two, way="second", quotes=[quotes[0], {"agreement": two, "price": Decimal(161)}])
    assert call(walk, two, 10, way="second", quotes=quotes).amount == 1400
    assert CallOff.objects.last().quotes == [{"name": one.organization.name, "price": "149.00"}, {"name": two.organization.name, "price": "140.00"}]


def test_a_streets_project_buys_under_its_districts_framework_and_not_its_neighbours(year):
    walk = make_framework()
    stranger = projects.make_office("他街街道")
    project = projects.make_project(stranger, "approved", 40000)
    refused("no_framework", call_off.call_off, project, walk.agreements[0], actor=stranger.handler, way="direct", quantity=Decimal(1), reason="x", declared=True)
    walk.framework.purchaser.place = stranger.district
    walk.framework.purchaser.save()
    assert call_off.call_off(project, walk.agreements[0], actor=stranger.handler, way="direct", quantity=Decimal(1), reason="就近", declared=True).amount == 150


@pytest.mark.rule("B25", mutate="remaining_below=-40")
def test_suppliers_are_collected_again_below_seventy_per_cent(year):
    walk = make_framework(prices=(150, 160, 170, 180, 190, 195))
    item = FrameworkItem.objects.get()
    found = refused("enough", framework.refill, item, actor=walk.office.handler, wanted=1, reason="服务对象排队")
    assert found.article == rules.get("B25").article
    gone = framework_agreement.remove(walk.agreements[0], actor=walk.office.leader, cause="breach", reason="多次未按约上门")  # two of three: 67 %
    refused("reason_missing", framework.refill, item, actor=walk.office.handler, wanted=1, reason=" ")
    row = framework.refill(item, actor=walk.office.handler, wanted=1, reason="服务对象排队超过两周")
    refused("refilling", framework.refill, item, actor=walk.office.handler, wanted=1, reason="服务对象排队超过两周")
    tender.publish(ready(walk.office, row), actor=walk.office.handler)
    row.refresh_from_db()
    one = row.lots.select_related("tender", "project").get()
    removed, member = walk.providers[0], walk.providers[1]
    assert gone.organization == removed.organization
    refused("removed", bid.start_bid, removed.organization, one, actor=removed.user)
    refused("member", bid.start_bid, member.organization, one, actor=member.user)
    for price in (155, 165):
        hours()
        make_bid(one, make_provider(office=walk.office, place=walk.office.street), price)
    travel(row.deadline)
    open_tender(row, walk.office)
    rank(row, walk.office)
    framework_selection.select(Tender.objects.get(pk=row.pk), actor=walk.office.leader)
    assert sorted(item.agreements.values_list("price", flat=True)) == [150, 155, 160, 170]


def test_removal_has_a_cause_a_reason_and_the_leader(year):
    walk = make_framework()
    refused("cause", framework_agreement.remove, walk.agreements[0], actor=walk.office.leader, cause="dislike", reason="x")
    with pytest.raises(PermissionDenied):
        framework_agreement.remove(walk.agreements[0], actor=walk.office.handler, cause="breach", reason="x")
    row = framework_agreement.remove(walk.agreements[0], actor=walk.office.leader, cause="breach", reason="多次未按约上门", file=scan("决定.png"))
    assert row.status == "removed" and Notice.objects.filter(kind="framework_removed").exists()


@pytest.mark.rule("B24", mutate="yearly_summary")
def test_each_year_is_summarised(year):
    walk = make_framework(start=datetime.datetime(2025, 3, 3, 9, tzinfo=clock.ZONE))
    call(walk, walk.agreements[0], 100)
    found = dict(framework.summaries_due(walk.framework))
    assert sorted(found) == [2025, 2026, 2027] and str(found[2025]) == "2026-01-15"  # 4 January is worked for the holiday
    refused("early", framework.summarize, walk.framework, actor=walk.office.handler, year=2025)
    travel(datetime.datetime(2026, 1, 5, 9, tzinfo=clock.ZONE))
    made = framework.summarize(walk.framework, actor=walk.office.handler, year=2025)
    assert walk.agreements[0].organization.name in made.announcement.body and "15,000.00" in made.announcement.body
    refused("not_due", framework.summarize, walk.framework, actor=walk.office.handler, year=2025)


def test_a_framework_ends_with_its_term(year):
    walk = make_framework()
    refused("running", framework.end, walk.framework, actor=walk.office.handler, reason="到期")
    travel(clock.midnight(walk.framework.ends_on) + datetime.timedelta(days=1, hours=9))
    assert framework.end(walk.framework, actor=walk.office.handler, reason="到期").status == "ended"
    assert set(FrameworkAgreement.objects.values_list("status", flat=True)) == {"ended"}


def test_a_supplier_sees_itself_alone(year, client):
    walk = make_framework("announced")
    own, other = walk.agreements[:2]
    person = next(one.user for one in walk.providers if one.organization == own.organization)
    client.force_login(person)
    shown = client.get(walk.framework.get_absolute_url()).content.decode()
    assert own.organization.name in shown and other.organization.name not in shown and "100,000.00" not in shown
    assert client.get(own.get_absolute_url()).status_code == 200 and client.get(other.get_absolute_url()).status_code == 404
    loser = walk.providers[-1].user
    client.force_login(loser)
    assert client.get(walk.framework.get_absolute_url()).status_code == 404


def test_the_whole_way_in_the_browsers_forms(year, client):
    office = projects.make_office()
    client.force_login(office.handler)
    assert client.get(reverse("framework_create")).status_code == 200
    data = {
        "title": "助浴服务框架协议", "item": projects.make_item().pk, "users": "高龄独居老人", "headcount": 400, "goal": "上门助浴。", "method_case": "recipients_choose", "method_reason": "老人自主选择",
        "plan_number": "采计〔2026〕30号", "term_months": 24, "ceiling": "100000", "ways": ["direct", "second"], "ranking": "lowest", "qualification": "依法登记。",
        "items-TOTAL_FORMS": 2, "items-INITIAL_FORMS": 0, "items-0-name": "居家助浴", "items-0-unit": "人次", "items-0-ceiling": "200", "items-0-quality": "两人上门", "items-0-wanted": 3, "items-1-wanted": 3,
    }  # fmt: skip
    answer = client.post(reverse("framework_create"), data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert client.get(answer.url).status_code == 200
    assert FrameworkItem.objects.get().lot.ceiling == 200 and Tender.objects.get().plan_number == "采计〔2026〕30号"
    walk = make_framework("evaluated", ways=("direct", "second"))
    client.force_login(walk.office.leader)
    select = reverse("act", args=["tender", walk.tender.pk, "select"])
    assert client.get(select).status_code == 200
    assert client.post(select, {f"count_{walk.tender.lots.get().pk}": 9}).status_code == 422
    assert client.post(select, {f"count_{walk.tender.lots.get().pk}": 3}).status_code == 302
    client.force_login(walk.office.handler)
    assert client.post(reverse("act", args=["tender", walk.tender.pk, "publish_selection"])).status_code == 302
    for row in FrameworkAgreement.objects.all():
        upload = SimpleUploadedFile("协议.png", scan()[1], "image/png")
        assert client.post(reverse("act", args=["frameworkagreement", row.pk, "sign"]), {"file": upload}).status_code == 302
    project = projects.make_project(walk.office, "approved", 40000)
    page = reverse("framework_call", args=[project.pk])
    assert page in client.get(project.get_absolute_url()).content.decode()
    first = FrameworkAgreement.objects.order_by("rank").first()
    data = {"agreement": first.pk, "way": "direct", "chosen_by": "recipients", "quantity": "20", "reason": "老人选择", "declared": "on", "happened_on": clock.today().isoformat(), "quotes-TOTAL_FORMS": 0, "quotes-INITIAL_FORMS": 0}
    assert client.get(page).status_code == 200
    assert client.post(page, data).status_code == 302
    assert Award.objects.get().amount == 3000 and not Contract.objects.exists() and Project.objects.get(pk=project.pk).status == "sourcing"
    assert first.organization.name in client.get(walk.framework.get_absolute_url()).content.decode()
