"""A single source: the case, the argument, the publicity before the approval, the record of the negotiation, and the tenth of an addition (B19, B20)."""

import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from kernel import clock, files, holidays, rules
from kernel.models import Notice
from procurement import drafting
from procurement.lifecycle import award, contract_draft, single_source, tender
from procurement.models import Announcement, Award, Contract, Project, SingleSource, Tender
from tests.factories import projects
from tests.factories.contracts import make_contract
from tests.factories.special import AGREED, EXPERTS, LARGE, make_single, respond, scan, single_draft
from tests.factories.tenders import make_draft, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture
def year(db):
    clock.set_to(MONDAY)
    holidays.seed()


def again(row):
    return SingleSource.objects.get(pk=row.pk)


def test_nothing_is_published_to_find_one_supplier(year):
    walk = make_single("draft", large=False)
    found = refused("single", tender.publish, walk.tender, actor=walk.office.handler)
    assert found.article


@pytest.mark.rule("B19")
def test_a_lawful_case_comes_first(year):
    office = projects.make_office()
    row = make_draft(office, method="single_source", method_case="", items=())
    found = refused("method_reason", single_source.name_supplier, row, actor=office.handler, organization=make_single("draft").supplier.organization, amount=Decimal(1000))
    assert found.article == rules.get("B19").article


def test_below_the_threshold_it_is_negotiated_at_once(year):
    walk = make_single("draft", large=False)
    for verb in (single_source.PUBLICIZE, single_source.APPROVE):
        assert verb.objection(walk.single, walk.office.handler) is not None
    row = single_source.negotiate(respond(walk, 260000), actor=walk.office.handler, price=Decimal(250000), **AGREED)
    row = single_source.award(row, actor=walk.office.leader, file=scan("记录.png"))
    assert row.status == "awarded" and Tender.objects.get(pk=walk.tender.pk).status == "awarded"
    found = Award.objects.get(lot__tender=walk.tender)
    assert (found.organization, found.amount) == (walk.supplier.organization, Decimal(250000))
    assert Project.objects.get(lots__tender=walk.tender).status == "sourcing"


@pytest.mark.rule("B20")
def test_without_an_entered_threshold_publicity_stays_possible(year):
    walk = make_single("publicized", large=False, entered=False)
    negotiation = dict(actor=walk.office.handler, price=Decimal(250000), **AGREED)
    refused("publicity_running", single_source.negotiate, walk.single, **negotiation)
    travel(clock.midnight(walk.single.publicity_until) + datetime.timedelta(days=1, hours=9))
    walk.single = respond(walk, 260000)
    assert single_source.negotiate(walk.single, **negotiation).status == "negotiated"


def test_three_experts_with_names_and_posts(year):
    walk = make_single("draft")
    verb = dict(actor=walk.office.handler, argument="仅此一家。", file=scan())
    refused("experts", single_source.argue, walk.single, experts=EXPERTS[:2], **verb)
    refused("experts", single_source.argue, walk.single, experts=[*EXPERTS[:2], {"name": "丙", "employer": "", "post": "教授"}], **verb)
    refused("own_expert", single_source.argue, walk.single, experts=[*EXPERTS[:2], {"name": "丙", "employer": walk.supplier.organization.name, "post": "主任"}], **verb)
    assert single_source.argue(walk.single, experts=EXPERTS, **verb).status == "argued"


@pytest.mark.rule("B20", mutate="publicity")
def test_the_publicity_lasts_five_working_days_and_comes_before_the_approval(year):
    walk = make_single("draft")
    approval = dict(actor=walk.office.handler, number="深财采〔2026〕8号", file=scan("批复.png"))
    assert refused("no_publicity", single_source.approve, walk.single, **approval).article == rules.get("B20").article
    walk.single = single_source.argue(walk.single, actor=walk.office.handler, argument="仅此一家具备条件。", experts=EXPERTS, file=scan())
    refused("wrong_state", single_source.approve, walk.single, **approval)
    row = single_source.publicize(walk.single, actor=walk.office.handler)
    assert row.publicity_until == datetime.date(2026, 3, 9)
    paper = Announcement.objects.get(tender=walk.tender, kind="single")
    assert paper.public and paper.until == row.publicity_until
    for text in (walk.supplier.organization.name, "仅此一家具备条件", "专家1", "某大学1", "教授", "5,000,000.00", walk.office.purchaser.name):
        assert text in paper.body
    travel(clock.midnight(row.publicity_until) + datetime.timedelta(hours=15))
    refused("publicity_running", single_source.approve, row, **approval)
    travel(clock.midnight(row.publicity_until) + datetime.timedelta(days=1, hours=9))
    refused("before_end", single_source.approve, row, **approval, happened_on=row.publicity_until)
    row = single_source.approve(row, **approval)
    assert row.status == "approved" and Tender.objects.get(pk=walk.tender.pk).approval_document == "深财采〔2026〕8号"
    assert files.of(Tender.objects.get(pk=walk.tender.pk), role="approval")


@pytest.mark.rule("B20", mutate="reexamination")
def test_objections_are_argued_within_five_working_days_and_answered(year):
    walk = make_single("publicized")
    handler = walk.office.handler
    row = single_source.record_objection(walk.single, actor=handler, raised_by="某某社工机构", text="我机构同样具备条件。")
    assert row.reargue_due_on == datetime.date(2026, 3, 16)
    assert Notice.objects.filter(kind="source_objection").count() >= 3
    one = row.objections.get()
    answer = dict(actor=handler, told_on=row.reargue_due_on, conclusions=[{"objection": one, "upheld": False, "conclusion": "不具备所需资质。"}])
    refused("running", single_source.reargue, row, **answer)
    travel(clock.midnight(row.publicity_until) + datetime.timedelta(days=1, hours=9))
    refused("objections_open", single_source.approve, row, actor=handler, number="1", file=scan())
    refused("outside", single_source.record_objection, row, actor=handler, raised_by="迟到", text="迟到的异议")
    refused("conclusion", single_source.reargue, row, actor=handler, told_on=clock.today(), conclusions=[])
    travel(clock.midnight(row.reargue_due_on) + datetime.timedelta(days=1, hours=9))
    refused("late", single_source.reargue, row, **answer)
    row = single_source.reargue(row, **answer, reason="专家出差")
    assert row.objections.get().told_on == datetime.date(2026, 3, 16)
    assert single_source.approve(row, actor=handler, number="深财采〔2026〕8号", file=scan()).status == "approved"


def test_an_objection_that_is_right_ends_it(year):
    walk = make_single("publicized")
    handler = walk.office.handler
    row = single_source.record_objection(walk.single, actor=handler, raised_by="某某社工机构", text="我机构同样具备条件。")
    travel(clock.midnight(row.publicity_until) + datetime.timedelta(days=1, hours=9))
    row = single_source.reargue(row, actor=handler, told_on=clock.today(), conclusions=[{"objection": row.objections.get(), "upheld": True, "conclusion": "异议成立。"}])
    refused("upheld", single_source.approve, row, actor=handler, number="1", file=scan())
    row = single_source.drop(row, actor=handler, reason="异议成立，改用竞争性磋商")
    assert row.status == "dropped" and Tender.objects.get(pk=walk.tender.pk).status == "cancelled"
    assert drafting.check_projects([walk.tender.lots.get().project]) is None  # free again


@pytest.mark.rule("A03")
def test_an_emergency_needs_no_publicity_but_the_approval(year):
    walk = make_single("draft", case="emergency")
    refused("approval", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(LARGE), **AGREED)
    refused("other_case", single_source.argue, walk.single, actor=walk.office.handler, argument="急", experts=EXPERTS, file=scan())
    row = single_source.approve(walk.single, actor=walk.office.handler, number="深财采〔2026〕9号", file=scan())
    walk.single = row
    assert single_source.negotiate(respond(walk, LARGE), actor=walk.office.handler, price=Decimal(LARGE), **AGREED).status == "negotiated"


def test_the_record_names_people_price_and_comparable_prices(year, client):
    walk = make_single("opened")
    refused("staff", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(LARGE), **{**AGREED, "staff": [{"name": "无经验", "experience": ""}]})
    refused("over_ceiling", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(LARGE + 1), **AGREED)
    row = single_source.negotiate(walk.single, actor=walk.office.handler, price=Decimal(LARGE - 1), **AGREED)
    client.force_login(walk.office.handler)
    assert client.get(reverse("single_source_record", args=[walk.tender.pk])).content[:4] == b"%PDF"
    assert "同类合同三份" in client.get(row.get_absolute_url()).content.decode()
    assert again(row).price == LARGE - 1


def test_award_goes_on_to_result_and_contract(year):
    walk = make_single("awarded")
    award.publish_result(walk.tender, actor=walk.office.handler)
    paper = Announcement.objects.get(tender=walk.tender, kind="result")
    assert walk.supplier.organization.name in paper.body
    made = contract_draft.draft_contract(walk.tender.lots.get(), actor=walk.office.handler)
    assert made.organization == walk.supplier.organization and made.statutory and made.amount == LARGE - 10000


def addition(original, amount, office):
    row = single_draft(office, case="addition", amount=amount)
    return row, dict(actor=office.handler, organization=original.organization, amount=Decimal(amount), earlier=original)


@pytest.mark.rule("B19", mutate="addition_max")
def test_all_additions_together_stay_within_a_tenth(year):
    original = make_contract(amount=18000)
    office, contract = original.office, original.contract
    first, named = addition(contract, 1000, office)
    one = single_source.name_supplier(first, **named)
    row, named = addition(contract, 801, office)
    found = refused("addition_max", single_source.name_supplier, row, **named)
    assert found.article == rules.get("B19").article and "1,800.00" in str(found)
    assert single_source.name_supplier(row, **{**named, "amount": Decimal(800)}).earlier == contract
    one = respond(SimpleNamespace(office=office, tender=first, supplier=original.provider, single=one), 1000)
    one = single_source.negotiate(one, actor=office.handler, price=Decimal(1000), **AGREED)
    assert single_source.award(one, actor=office.leader, file=scan()).status == "awarded"
    Contract.objects.filter(pk=contract.pk).update(addons=Decimal(1))
    row, named = addition(contract, 500, office)
    refused("addition_max", single_source.name_supplier, row, **{**named, "amount": Decimal("0.01")})


def test_an_addition_belongs_to_a_contract_with_that_supplier(year):
    original = make_contract(amount=18000)
    other = make_contract(amount=18000)
    row, named = addition(original.contract, 1000, original.office)
    refused("no_contract", single_source.name_supplier, row, **{**named, "earlier": None})
    refused("other_contract", single_source.name_supplier, row, **{**named, "earlier": other.contract})


def test_in_the_browsers_forms(year, client):
    walk = make_single("draft")
    handler, single = walk.office.handler, walk.single
    client.force_login(handler)
    act = lambda verb: reverse("act", args=["singlesource", single.pk, verb])  # noqa: E731
    assert walk.supplier.organization.name in client.get(single.get_absolute_url()).content.decode()
    upload = lambda: SimpleUploadedFile("意见.png", scan()[1], "image/png")  # noqa: E731
    rows = {"experts-TOTAL_FORMS": 3, "experts-INITIAL_FORMS": 0}
    for number, expert in enumerate(EXPERTS):
        rows |= {f"experts-{number}-{name}": value for name, value in expert.items()}
    assert client.post(act("argue"), {"argument": "仅此一家。", "file": upload(), "happened_on": "2026-03-02", **rows}).status_code == 302
    assert client.post(act("publicize")).status_code == 302
    assert client.post(act("object"), {"raised_by": "某机构", "text": "也可承担。", "happened_on": "2026-03-02"}).status_code == 302
    single = again(single)
    assert single.objections.count() == 1
    travel(clock.midnight(single.publicity_until) + datetime.timedelta(days=1, hours=9))
    for row in single.objections.all():
        data = {"told_on": clock.today().isoformat(), f"upheld_{row.pk}": "no", f"conclusion_{row.pk}": "不具备条件。"}
        assert client.post(act("reargue"), data).status_code == 302
    assert client.post(act("approve"), {"number": "深财采〔2026〕8号", "file": upload()}).status_code == 302
    walk.single = again(single)
    respond(walk, LARGE)
    staff = {"staff-TOTAL_FORMS": 1, "staff-INITIAL_FORMS": 0, "staff-0-name": "周经办", "staff-0-experience": "十年社工采购经验"}
    data = {name: AGREED[name] for name in ("place", "matters", "cost", "evidence", "terms")}
    assert client.post(act("negotiate"), {**data, "price": "4900000", **staff}).status_code == 302
    client.force_login(walk.office.leader)
    assert client.post(act("award"), {"file": upload()}).status_code == 302
    assert Tender.objects.get(pk=walk.tender.pk).status == "awarded"
