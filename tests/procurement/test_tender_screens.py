"""The whole purchase through its screens, as its people click it."""

import datetime
import html

import pytest
from django.urls import reverse

from evaluation.models import Panel
from kernel import clock, holidays
from procurement.lifecycle import lot as lots
from procurement.models import Announcement, Award, Bid, Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.tenders import check_credit, make_bid, make_draft, make_experts, make_panel, make_tender, open_tender, passphrase_of, quote_all, travel

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
ITEMS = (("price", "报价", "", "20"), ("subjective", "服务方案", "完整可行", "60"), ("objective", "同类经验", "每份合同5分", "20"))


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


@pytest.fixture
def office():
    return projects.make_office()


def items(rows=ITEMS):
    data = {"items-TOTAL_FORMS": len(rows), "items-INITIAL_FORMS": len(rows), "items-MIN_NUM_FORMS": 0, "items-MAX_NUM_FORMS": 40}
    for number, row in enumerate(rows):
        data |= {f"items-{number}-{name}": value for name, value in zip(("kind", "name", "standard", "points"), row, strict=True)}
    return data


def act(client, noun, pk, verb, **data):
    address = reverse("act", args=[noun, pk, verb])
    page = client.get(address)
    assert page.status_code == 200, [str(m) for m in page.wsgi_request._messages]
    return client.post(address, data)


def text(answer):
    return html.unescape(answer.content.decode())


def prepare(client, project, row, office):
    """Survey and reviews on their screens."""
    answers = {"answers-TOTAL_FORMS": 3, "answers-INITIAL_FORMS": 0}
    for number in range(3):
        answers |= {f"answers-{number}-name": f"市场主体{number}", f"answers-{number}-way": "talk", f"answers-{number}-supply": "能够提供", f"answers-{number}-price": "250000"}
    survey = {"title": "读书服务", "held_on": "2026-03-01", "result": "供给充足", **answers}
    assert client.post(reverse("project_survey", args=[project.pk]), {**survey, "held_on": "2026-04-01"}).status_code == 422
    assert client.post(reverse("project_survey", args=[project.pk]), survey).status_code == 302
    address = reverse("tender_review", args=[row.pk])
    assert address in text(client.get(row.get_absolute_url()))
    facts = {"reviewed_on": "2026-03-02", "agreed": "1", "opinion": "同意", "risks": "响应不足时重新采购"}
    assert client.post(address, {"kind": "legal", **facts, "part_legal": office.legal.pk}).status_code == 422  # no signed opinion
    assert client.post(address, {"kind": "legal", **facts, "part_legal": office.legal.pk, "file": projects.scan()}).status_code == 302
    sides = {"part_procurement": office.committee.pk, "part_finance": office.accountant.pk, "part_business": office.section.pk, "part_supervision": office.supervisor.pk}
    answer = client.post(address, {"kind": "key", **facts, **sides, "part_procurement": office.handler.pk, "file": projects.scan()})
    assert answer.status_code == 422 and "不得参加审查" in text(answer)  # the handler wrote the documents
    assert client.post(address, {"kind": "key", **facts, **sides, "file": projects.scan()}).status_code == 302


def test_from_project_to_notice(office, client):
    project = projects.make_project(office, "approved", 300000)
    client.force_login(office.handler)
    assert reverse("tender_create") in text(client.get(project.get_absolute_url()))
    address = reverse("tender_create")
    assert project.title in text(client.get(f"{address}?project={project.pk}"))
    data = {"projects": [project.pk], "method": "consultation", "qualification": "独立承担民事责任", "method_reason": "政府购买服务", **items()}
    answer = client.post(address, {**data, "projects": []})
    assert answer.status_code == 422 and "独立承担民事责任" in text(answer)
    answer = client.post(address, data)
    row = Tender.objects.get()
    assert answer.url == row.get_absolute_url() and project.goal in row.requirements and row.score_items.count() == 3
    page = text(client.get(answer.url))
    assert "计划" in page and reverse("tender_edit", args=[row.pk]) in page
    edit = reverse("tender_edit", args=[row.pk])
    assert client.get(edit).status_code == 200
    kept = {"title": row.title, "venue": "internal", "requirements": row.requirements, "contact": "王经办 028-1", "price_weight": 20, "method_case": "services", "validity_days": 90, "method_reason": "政府购买服务", "qualification": "独立承担民事责任"}
    assert client.post(edit, {**kept, "plan_number": "采计〔2026〕9号", **items()}).status_code == 302
    people = [office.section, office.leader, office.committee, office.legal, office.supervisor]
    for person in people:
        client.force_login(person)
        words = passphrase_of(person)
        assert client.post(reverse("opener_enrol"), {"passphrase": words, "again": "something else"}).status_code == 422
        assert client.post(reverse("opener_enrol"), {"passphrase": words, "again": words}).status_code == 302
    client.force_login(office.handler)
    openers = reverse("tender_openers", args=[row.pk])
    assert client.get(openers).status_code == 200
    assert client.post(openers, {"openers": [p.pk for p in people[:3]], "alternates": [people[0].pk]}).status_code == 422
    assert client.post(openers, {"openers": [p.pk for p in people[:3]], "alternates": [p.pk for p in people[3:]]}).status_code == 302
    assert client.get(reverse("act", args=["tender", row.pk, "publish"])).status_code == 302  # refused: rehearsal
    for person in people:
        client.force_login(person)
        assert reverse("opener_rehearse", args=[row.pk]) in text(client.get(reverse("desk")))
        assert client.post(reverse("opener_rehearse", args=[row.pk]), {"passphrase": passphrase_of(person)}).status_code == 302
    for person in (*people, office.handler):
        client.force_login(person)
        assert client.post(reverse("declare", args=[row.pk]), {"no_post": "on", "no_kin": "on", "no_other": "on"}).status_code == 302
    client.force_login(office.handler)
    prepare(client, project, row, office)
    answer = act(client, "tender", row.pk, "publish", deadline="2026-03-12T15:00", documents_until="2026-03-09")
    assert answer.status_code == 422 and "采购意向尚未公开" in text(answer)  # the warning asks its reason beside the field
    why = {"caution_intention": "应急项目，未公开意向"}
    answer = act(client, "tender", row.pk, "publish", deadline="2026-03-11T10:00", documents_until="2026-03-09", **why)
    assert answer.status_code == 422 and "2026-03-12" in text(answer) and not row.caution_reasons.exists()
    answer = act(client, "tender", row.pk, "publish", deadline="2026-03-12T15:00", documents_until="2026-03-09", **why)
    assert row.caution_reasons.get().reason == "应急项目，未公开意向" and "应急项目，未公开意向" in text(client.get(row.get_absolute_url()))
    row.refresh_from_db()
    assert answer.status_code == 302 and row.status == "published" and row.deadline.astimezone(clock.ZONE).hour == 15
    client.logout()
    page = client.get(reverse("announcement", args=[Announcement.objects.get().number]))
    assert page.status_code == 200 and "2026-03-12 15:00" in text(page)


def test_clarify_postpone_and_stop(office, client):
    walk = make_tender(office, "published")
    client.force_login(office.handler)
    travel(MONDAY + datetime.timedelta(days=9))
    answer = act(client, "tender", walk.tender.pk, "clarify", text="地点更正", affects_bids="on")
    assert answer.status_code == 302 and Announcement.objects.filter(kind="correction").exists()
    walk.tender.refresh_from_db()
    travel(walk.tender.deadline)
    later = (walk.tender.deadline + datetime.timedelta(days=1)).astimezone(clock.ZONE)
    answer = act(client, "tender", walk.tender.pk, "postpone", opens_at=later.strftime("%Y-%m-%dT%H:%M"), reason="人数不足", happened_on="")
    assert answer.status_code == 302
    answer = act(client, "tender", walk.tender.pk, "fail", reason="")
    assert answer.status_code == 422
    assert act(client, "tender", walk.tender.pk, "fail", reason="供应商不足").status_code == 302
    walk.tender.refresh_from_db()
    assert walk.tender.status == "failed"


def test_judging_awarding_telling(office, client):
    walk = make_tender(office, "closed")
    open_tender(walk.tender, office)
    make_experts()
    client.force_login(office.handler)
    assert reverse("panel_create", args=[walk.tender.pk]) in text(client.get(walk.tender.get_absolute_url()))
    address = client.post(reverse("panel_create", args=[walk.tender.pk])).url
    row = Panel.objects.get()
    assert client.post(reverse("panel_pool", args=[row.pk]), {"count": 3, "reserves": 2}).status_code == 302
    assert client.post(reverse("panel_draw", args=[row.pk]), {"word": "四十二"}).status_code == 302
    assert "四十二" in text(client.get(reverse("panel_draw_again", args=[row.pk])))
    client.post(reverse("act", args=["panel", row.pk, "form"]))
    members = list(row.sitting())
    for member in members:
        client.force_login(member.user)
        assert address in text(client.get(reverse("desk")))
        assert client.post(reverse("panel_declare", args=[row.pk]), {"conflict": ""}).status_code == 422
        assert client.post(reverse("panel_declare", args=[row.pk]), {"conflict": "", "sure": "on"}).status_code == 302
    check_credit(walk.tender, office)
    client.force_login(office.handler)
    client.post(reverse("act", args=["panel", row.pk, "start"]))
    row.refresh_from_db()
    assert row.status == "checking"
    for member in members:
        client.force_login(member.user)
        for bid in Bid.objects.all():
            answer = client.post(reverse("panel_check_bid", args=[row.pk, bid.pk]), {"r0": "yes", "r1": "no", "why1": ""})
            assert answer.status_code == 422  # a no needs its reason
            assert client.post(reverse("panel_check_bid", args=[row.pk, bid.pk]), {"r0": "yes", "r1": "yes"}).status_code == 302
        client.post(reverse("panel_check", args=[row.pk]))
    client.force_login(members[0].user)
    client.post(reverse("act", args=["panel", row.pk, "begin"]))
    row.refresh_from_db()
    assert row.status == "scoring"
    quote_all(walk.tender, office)
    judged = [item.pk for item in walk.tender.score_items.exclude(kind="price")]
    for member in members:
        client.force_login(member.user)
        for bid in Bid.objects.all():
            assert client.post(reverse("score_bid", args=[row.pk, bid.pk]), {f"i{item}": 10 for item in judged}).status_code == 302
        assert client.post(reverse("score_sheet", args=[row.pk])).url == address
    client.force_login(members[0].user)
    answer = act(client, "panel", row.pk, "conclude", report="评审顺利", happened_on=clock.today().isoformat(), reason="")
    assert answer.status_code == 302, text(answer)
    assert "评审顺利" in text(client.get(address))
    client.force_login(office.leader)
    page = text(client.get(walk.tender.get_absolute_url()))
    assert reverse("act", args=["lot", walk.lot.pk, "award"]) in page
    second = Bid.objects.get(rank=2)
    answer = act(client, "lot", walk.lot.pk, "award", bid=second.pk, reason="", happened_on=clock.today().isoformat())
    assert answer.status_code == 422 and not Award.objects.exists()
    first = Bid.objects.get(rank=1)
    assert act(client, "lot", walk.lot.pk, "award", bid=first.pk, reason="", happened_on=clock.today().isoformat()).status_code == 302
    client.force_login(office.handler)
    client.post(reverse("act", args=["tender", walk.tender.pk, "publish_result"]), {"happened_on": clock.today().isoformat(), "reason": ""})
    assert Announcement.objects.filter(kind="result").exists()
    hold, release = (reverse(name, args=[walk.lot.pk]) for name in ("lot_hold", "lot_release"))
    assert client.post(hold, {"note": ""}).status_code == 422
    assert client.post(hold, {"note": "对得分有异议"}).status_code == 302
    walk.lot.refresh_from_db()
    assert lots.signing_refusal(walk.lot) and "对得分有异议" in text(client.get(walk.tender.get_absolute_url()))
    assert client.post(release, {"note": "不成立"}).status_code == 302
    assert client.get(reverse("panel_list")).status_code == client.get(reverse("expert_list")).status_code == 200


def test_final_quotes(office, client):
    walk = make_tender(office, "opened")
    make_panel(walk.tender, office, quoted=False)
    client.force_login(office.handler)
    until = clock.now() + datetime.timedelta(hours=1)
    assert client.post(reverse("quotes_call", args=[walk.tender.pk]), {"until": until.strftime("%Y-%m-%dT%H:%M")}).status_code == 302
    client.force_login(walk.providers[0].user)
    address = reverse("bid_final", args=[walk.bids[0].public_id])
    assert address in text(client.get(reverse("desk"))) and address in text(client.get(walk.bids[0].get_absolute_url()))
    assert client.post(address, {"price": "400000"}).status_code == 422
    assert client.post(address, {"price": "200000"}).status_code == 302
    client.force_login(office.handler)
    travel(until)
    client.post(reverse("quotes_read", args=[walk.tender.pk]))
    walk.bids[0].refresh_from_db()
    assert walk.bids[0].final_price == 200000


def test_outside_facts(office, client):
    row = make_draft(office, venue="external", external_platform="省平台", external_url="https://ccgp.example.gov.cn/1")
    client.force_login(office.handler)
    answer = act(client, "tender", row.pk, "publish", deadline="2026-03-12T10:00", documents_until="2026-03-09", happened_on=clock.today().isoformat())
    assert answer.status_code == 302, text(answer)
    travel(MONDAY + datetime.timedelta(days=12))
    provider = make_provider(office=office, place=office.street)
    rows = {"candidates-TOTAL_FORMS": 3, "candidates-INITIAL_FORMS": 0, "candidates-MIN_NUM_FORMS": 0, "candidates-MAX_NUM_FORMS": 20}
    data = {"opened_on": "2026-03-12", "happened_on": "2026-03-13", "reason": "平台报告", **rows}
    assert act(client, "tender", row.pk, "record_external", **data).status_code == 422
    data |= {"candidates-0-organization": provider.organization.pk, "candidates-0-price": "290000", "candidates-0-score": "90.5", "candidates-0-rank": 1}
    answer = act(client, "tender", row.pk, "record_external", **data)
    assert answer.status_code == 302, text(answer)
    row.refresh_from_db()
    assert row.status == "evaluated" and row.report_received_on == datetime.date(2026, 3, 13)
    assert "290,000.00" in text(client.get(row.get_absolute_url()))


def test_another_streets_people_are_strangers(office, client):
    walk = make_tender(office, "opened")
    bid = walk.bids[0]
    other = projects.make_office("芙蓉街道")
    pages = [
        walk.tender.get_absolute_url(), reverse("opening", args=[walk.tender.pk]), reverse("opening_record", args=[walk.tender.pk]), reverse("tender_edit", args=[walk.tender.pk]),
        reverse("tender_openers", args=[walk.tender.pk]), bid.get_absolute_url(), reverse("act", args=["tender", walk.tender.pk, "fail"]), reverse("lot_hold", args=[walk.lot.pk]),
        reverse("quotes_call", args=[walk.tender.pk]),
    ]  # fmt: skip
    for person in (other.handler, other.leader, other.staff, other.finance):
        client.force_login(person)
        assert [client.get(page).status_code for page in pages] == [404] * len(pages)
        assert {client.post(page).status_code for page in pages} <= {404, 405}
    client.force_login(office.accountant)  # own street, weak role
    assert client.get(walk.tender.get_absolute_url()).status_code == 200
    for page in (reverse("tender_edit", args=[walk.tender.pk]), reverse("tender_openers", args=[walk.tender.pk]), reverse("act", args=["tender", walk.tender.pk, "fail"])):
        assert client.get(page).status_code == 403 and client.post(page).status_code == 403
    client.logout()
    assert all(client.get(page).status_code == 302 for page in pages)


def test_switching_the_language_changes_only_words(office, client):
    walk = make_tender(office, "opened")
    client.force_login(office.handler)
    office.handler.language = "en"
    office.handler.save()
    before = Tender.objects.get(pk=walk.tender.pk).status
    page = client.get(walk.tender.get_absolute_url(), headers={"accept-language": "en"})
    assert page.status_code == 200 and Tender.objects.get(pk=walk.tender.pk).status == before
    assert make_bid and "竞争性磋商公告" in Announcement.objects.first().title
