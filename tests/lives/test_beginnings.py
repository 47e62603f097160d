"""What begins a life or stands beside one is all or nothing, too: whichever of its writes fails, nothing is left."""

import datetime
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction

from communities.lifecycle import need, wish
from evaluation.lifecycle import change, check, claims, drawing, fees, finding, low_prices, panel, questions, results, sheets, signing, talks
from kernel import clock, seal
from procurement.lifecycle import (
    amendment,
    award,
    bid,
    challenge,
    closing,
    complaint,
    contract_draft,
    convening,
    documents,
    fund,
    fund_year,
    intention,
    lot,
    meeting,
    opening,
    payment,
    price,
    price_check,
    project,
    project_funds,
    project_handing,
    project_lists,
    question,
    quotes,
    selfrun,
    tender,
    voucher,
)
from providers.lifecycle import account, organization
from tests.factories import communities, contracts, projects, providers, tenders
from tests.factories.challenges import challenged
from tests.factories.prices import make_price
from tests.lives.harness import Writes, contents, differing, undone, untouched
from tests.lives.scenarios_checks import opened

pytestmark = pytest.mark.django_db


def town():
    return SimpleNamespace(office=communities.make_office())


def street():
    return SimpleNamespace(office=projects.make_office())


def approved(amount=40000, **fields):
    office = projects.make_office()
    return SimpleNamespace(office=office, project=projects.make_project(office, "approved", amount, **fields))


def heirs():
    scene = approved()
    scene.other, scene.heir = projects.make_project(scene.office, "ready"), projects.join(projects.make_user("接任经办人"), "handler", purchaser=scene.office.purchaser)
    return scene


def waiting():
    office = projects.make_office()
    return SimpleNamespace(office=office, run=projects.make_project(office, "committee", 60000).open_run())


def published():
    walk = tenders.make_tender(state="published")
    walk.provider = providers.make_provider(office=walk.office, place=walk.office.street)
    return walk


def quoting():
    scene = approved(30000)
    scene.quotes = [{"organization": providers.make_provider(office=scene.office, place=scene.office.street).organization, "price": price} for price in (28000, 29000, 29500)]
    return scene


def priced():
    office = projects.make_office()
    return SimpleNamespace(office=office, entry=make_price(office, 2000))


def flagged():
    office = projects.make_office()
    for _number in range(3):
        make_price(office, 2000)
    return SimpleNamespace(office=office, project=projects.make_project(office, "ready", 20000))


def walked(state):
    return lambda: tenders.make_tender(state=state)


def undrawn():
    walk = tenders.make_tender(state="opened")
    tenders.make_experts()
    walk.panel = panel.create_panel(walk.tender, actor=walk.office.handler)
    return walk


def intended():
    scene = approved(300000)
    scene.row = intention.publish_intention(scene.project, actor=scene.office.handler)
    return scene


def frozen():
    walk = undrawn()
    walk.panel = drawing.freeze_pool(walk.panel, actor=walk.office.handler, count=3)
    return walk


def judged():
    walk = tenders.make_tender(state="scoring")
    walk.bid, walk.chair = walk.bids[0], walk.panel.sitting().get(is_leader=True).user
    return walk


def talking(talked=False):
    """A panel that scores and has talked with nobody yet, or with everybody."""
    walk = tenders.make_tender(state="opened")
    walk.panel = tenders.make_panel(walk.tender, walk.office, quoted=False, talked=talked)
    walk.bid, walk.chair, walk.began = walk.bids[0], walk.panel.sitting().get(is_leader=True).user, clock.now()
    tenders.hours()
    return walk


def spoken():
    walk = talking(talked=True)
    walk.talk = walk.panel.talks.first()
    walk.said = {"began_at": walk.talk.began_at, "ended_at": walk.talk.ended_at, "present": list(walk.panel.sitting())}
    return walk


def asked():
    walk = judged()
    walk.question = questions.ask(walk.panel, walk.bid, actor=walk.chair, kind="clarify", text="请说明。", until=clock.now() + datetime.timedelta(hours=1))
    return walk


def delivered():
    return contracts.make_contract(state="performing")


def over():
    return contracts.make_contract(state="delivered")


def supervised():
    scene = contracts.make_contract()
    scene.firm = providers.make_provider(office=scene.office, place=scene.office.street, is_auditor=True)
    return scene


def unchecked():
    scene = supervised()
    check.assign(scene.contract, firm=scene.firm.organization, auditor=scene.firm.user, actor=scene.office.handler)
    scene.stage = scene.contract.stages.get(order=2)
    for row in scene.stage.activities.all():
        contracts.answered(scene, row)
    return scene


def accounted():
    office = communities.make_office()
    made = providers.make_provider(office=office)
    made.second = communities.join("accountant", purchaser=office.purchaser)
    made.row = account.ask_account(made.organization, actor=made.user, bank="另一家", number="6222 1111 22223333", proof=providers.picture((1, 2, 3)))
    return made


def answered_challenge():
    return challenged("answered")


VOICE = {"title": "助餐", "description": "午餐难。", "target_group": "老人", "headcount": 60, "method": "meeting", "asked_count": 40, "opinion": "希望设点。"}
FACTS = {"title": "读书", "goal": "有处去", "target_group": "青少年", "headcount": 10, "results": "六场"}
BEGINNINGS = {
    "raise a need": (town, lambda s: need.raise_need(s.office.communities[0], s.office.community, asked_on=clock.today(), **VOICE)),
    "leave a wish": (town, lambda s: wish.leave_wish(s.office.communities[0], "希望有食堂", "老人", "13900001111")),
    "register": (town, lambda s: providers.make_draft(place=s.office.district, user=s.office.observer)),
    "ask for an account": (
        lambda: providers.make_provider(), lambda s: account.ask_account(s.organization, actor=s.user, bank="另一家", number="6222 1111 22223333", proof=providers.picture((1, 2, 3)))
    ),
    "confirm an account": (accounted, lambda s: account.confirm_account(s.row, actor=s.second)),
    "rename": (lambda: providers.make_provider(), lambda s: organization.edit(s.organization, actor=s.user, address="新址", licence=providers.picture((4, 5, 6)))),
    "enter a fund": (street, lambda s: fund.create_fund(s.office.fund_owner, purchaser=s.office.purchaser, amount=1000, name="专项", source="fiscal", fiscal_year=clock.today().year)),
    "open next year's funds": (
        lambda: SimpleNamespace(office=(office := projects.make_office()), fund=projects.make_fund(office)), lambda s: fund_year.open_next_year([s.fund], actor=s.office.accountant)
    ),
    "enter a price": (street, lambda s: make_price(s.office, 2000, source="survey")),
    "take over prices": (
        street,
        lambda s: price.take_over([{"name": "展板", "unit": "块", "place": s.office.community, "price": 90, "priced_on": clock.today(), "source": "standard", "note": "指导价"}], s.office.handler),
    ),
    "learn a name": (priced, lambda s: price.learn(s.office.district.pk, "读物", "批", s.entry.item, actor=s.office.handler)),
    "explain a price": (flagged, lambda s: price_check.explain(s.project, {s.project.lines.get(name="图书").pk: "含三年更新"}, actor=s.office.staff)),
    "commit money": (approved, lambda s: project_funds.commit(s.project, 10000, s.office.handler)),
    "draft a project": (
        lambda: SimpleNamespace(office=(office := projects.make_office()), need=projects.make_need(office), item=projects.make_item()),
        lambda s: project.draft_project(
            s.office.staff, needs=[s.need], purchaser=s.office.purchaser, place=s.office.community, fiscal_year=clock.today().year, item=s.item,
            starts_on=clock.today(), ends_on=clock.today(), **FACTS,
        ),
    ),
    "prepare a project list": (approved, lambda s: project_lists.prepare_list(s.office.section, purchaser=s.office.purchaser, fiscal_year=clock.today().year)),
    "hand projects over": (
        heirs, lambda s: project_handing.hand_over_all([s.project, s.other], actor=s.office.leader, successor=s.heir, reason="调离"),
    ),
    "hold a meeting": (
        waiting,
        lambda s: meeting.hold_meeting(
            s.office.committee, purchaser=s.office.purchaser, number="第9次", title="会议", held_on=clock.today(), attendees=[s.office.committee, s.office.leader],
            items=[{"run": s.run, "result": "passed"}], minutes=projects.scan(),
        ),
    ),
    "convene a meeting": (
        waiting,
        lambda s: convening.convene_meeting(s.office.committee, purchaser=s.office.purchaser, number="第8次", title="会议", held_on=clock.today(), runs=[s.run], location="会议室"),
    ),
    "draft a purchase": (lambda: approved(300000), lambda s: tender.create_tender([s.project], actor=s.office.handler, score_items=tenders.ITEMS)),
    "begin a response": (published, lambda s: bid.start_bid(s.provider.organization, s.lot, actor=s.provider.user)),
    "choose a provider": (quoting, lambda s: selfrun.choose_provider(s.project, actor=s.office.handler, organization=s.quotes[0]["organization"], amount=28000, reason="报价最低", quotes=s.quotes)),
    "attend as the first opener": (walked("closed"), lambda s: opening.open_with(s.tender, actor=s.office.leader, passphrase=tenders.passphrase_of(s.office.leader))),
    "freeze a pool": (undrawn, lambda s: drawing.freeze_pool(s.panel, actor=s.office.handler, count=3)),
    "draw experts": (frozen, lambda s: drawing.draw_experts(s.panel, actor=s.office.handler)),
    "ask a bidder": (judged, lambda s: questions.ask(s.panel, s.bid, actor=s.chair, kind="clarify", text="请说明。", until=clock.now() + datetime.timedelta(hours=1))),
    "answer the panel": (asked, lambda s: questions.answer_question(s.question, actor=s.providers[0].user, answer="说明如下。", attachments=[projects.scan()])),
    "decide a deduction": (judged, lambda s: claims.decide_claim(s.panel, s.bid, actor=s.chair, declared=True)),
    "find a price too low": (judged, lambda s: low_prices.raise_low(s.panel, s.bid, actor=s.chair, note="过低")),
    "let an item not apply": (judged, lambda s: sheets.waive(s.panel, panel.judged_items(s.panel)[0], actor=s.chair, reason="不适用", agreed=list(s.panel.sitting()))),
    "change a result": (walked("evaluated"), lambda s: results.revise(s.panel, actor=s.office.handler, kind="price", reason="录入错误", prices={s.bids[0].pk: 200000})),
    "sign a report": (walked("evaluated"), lambda s: signing.sign(s.panel, actor=s.panel.sitting().first().user)),
    "enter a fee": (walked("evaluated"), lambda s: fees.set_fee(s.panel, s.panel.sitting().first(), actor=s.office.handler, session="half")),
    "record a talk": (talking, lambda s: talks.record_talk(s.panel, s.bid, actor=s.chair, began_at=s.began, ended_at=clock.now(), present=list(s.panel.sitting()), about="服务方案。")),
    "correct the record of a talk": (spoken, lambda s: talks.correct_talk(s.talk, actor=s.chair, reason="漏记承诺", about="服务方案。", offers="增加一次活动。", **s.said)),
    "change the terms": (lambda: talking(talked=True), lambda s: change.propose(s.panel, actor=s.chair, requirements="现：每周活动三次。", cause="周末需求集中")),
    "ask for quotes": (lambda: talking(talked=True), lambda s: quotes.call_quotes(s.tender, actor=s.office.handler, until=clock.now() + datetime.timedelta(hours=1))),
    "file a challenge": (
        walked("announced"),
        lambda s: challenge.file(
            s.tender, s.providers[0].organization, actor=s.providers[0].user, kind="result", facts="评分有误", request="重新评审", legal_basis="第五十二条", attachments=[projects.scan()]
        ),
    ),
    "complain": (answered_challenge, lambda s: complaint.complain(s.challenge, actor=s.who.user, facts="答复回避问题", request="责令重新评审", legal_basis="第五十五条", within_challenge=True)),
    "ask about the documents": (published, lambda s: question.ask(s.tender, s.provider.organization, actor=s.provider.user, text="保险由谁投保？")),
    "clarify the documents": (published, lambda s: tender.clarify(s.tender, actor=s.office.handler, text="补充保险要求")),
    "edit a chapter": (published, lambda s: documents.edit_chapter(s.tender, "requirements", "补充保险要求", actor=s.office.handler)),
    "correct an intention": (intended, lambda s: intention.correct_intention(s.row, actor=s.office.handler, reason="金额有误", title=s.row.title, summary=s.row.summary, budget=290000, month=s.row.month)),
    "hold the signing": (walked("awarded"), lambda s: lot.hold_signing(s.lot, actor=s.office.handler, note="质疑")),
    "decide an award": (walked("evaluated"), lambda s: award.decide_award(s.lot, actor=s.office.leader)),
    "draft a contract": (lambda: contracts.make_scene(), lambda s: contract_draft.draft_contract(s.project, actor=s.office.handler)),
    "draft an amendment": (delivered, lambda s: amendment.draft_amendment(s.contract, actor=s.office.handler, subject_matter="增加", delta=100)),
    "enter a voucher": (
        delivered,
        lambda s: voucher.record_voucher(
            s.contract, actor=s.provider.user, kind="invoice", number="0012", supplier="书店", spent_on=clock.today(), amount=100, purpose="绘本",
            line=s.project.lines.filter(kind="activity").first(), scan=projects.scan(),
        ),
    ),
    "ask for a payment": (
        delivered,
        lambda s: payment.request_payment(s.contract.stages.get(order=1), actor=s.provider.user, invoice_number="26510107000000009999", invoice_on=clock.today(), scan=projects.scan()),
    ),
    "begin a closing": (over, lambda s: closing.draft_closing(s.contract, actor=s.provider.user, summary="完成", satisfaction=96)),
    "assign an auditor": (supervised, lambda s: check.assign(s.contract, firm=s.firm.organization, auditor=s.firm.user, actor=s.office.handler)),
    "open a check": (unchecked, lambda s: check.open_check(s.stage, actor=s.office.handler)),
    "state a finding": (opened(), lambda s: finding.state_finding(s.check, actor=s.auditor, kind="headcount", text="人数不符", amount="680")),
}  # fmt: skip


@pytest.mark.parametrize("name", BEGINNINGS)
def test_all_or_nothing_whichever_write_fails(name, monkeypatch):
    monkeypatch.setattr(seal.enrol, "__defaults__", (2**4,))
    build, begin = BEGINNINGS[name]
    with transaction.atomic():
        scene = build()
    counter = Writes()
    with undone(), connection.execute_wrapper(counter):
        begin(scene)
    assert counter.count >= 2
    before = contents(counter.tables)
    for number in range(1, counter.count + 1):
        failing = Writes(fail_at=number)
        with undone():
            with pytest.raises(OperationalError), connection.execute_wrapper(failing):
                begin(scene)
            assert untouched(), f"write {number} failed outside any block: {failing.failed}"
            assert differing(before, contents(counter.tables)) == {}, f"write {number} failed and left something: {failing.failed}"
