"""Purchases by invitation, single sources and framework agreements in each state, through the real verbs."""

import datetime
from decimal import Decimal
from types import SimpleNamespace

from communities.models import Place
from kernel import clock
from procurement.lifecycle import (
    award,
    call_off,
    framework,
    framework_agreement,
    framework_selection,
    invitation,
    opening,
    single_response,
    single_source,
    tender,
)
from procurement.models import FrameworkAgreement, SingleSource, Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.tenders import (
    ITEMS,
    SCAN,
    hours,
    make_bid,
    make_declarations,
    make_draft,
    make_openers,
    make_reviews,
    make_survey,
    open_tender,
    passphrase_of,
    travel,
)
from tests.memory import remembered

SHENZHEN = "440306"  # an open-tender threshold of four million yuan is entered there
LARGE = 5_000_000
SINGLE_STATES = ("draft", "argued", "publicized", "approved", "asked", "opened", "negotiated", "awarded")
FRAMEWORK_STATES = ("draft", "published", "evaluated", "selected", "announced", "signed")
EXPERTS = [{"name": f"专家{number}", "employer": f"某大学{number}", "post": "教授"} for number in (1, 2, 3)]
STAFF = [{"name": "周经办", "experience": "十年社工采购经验"}]
AGREED = {"staff": STAFF, "place": "街道二楼会议室", "matters": "服务内容、人员、价格。", "cost": "人工六成、材料三成、管理一成。", "evidence": "同类合同三份，均价相近。", "terms": "按季支付，按季考核。"}


def scan(name="扫描.png"):
    return (name, SCAN)


def suppliers(office, count):
    """Verified providers of the street: SimpleNamespaces of make_provider."""
    return [make_provider(office=office, place=office.street) for _number in range(count)]


def invited_draft(office, *, method="invited_tender", case="limited", **fields):
    """A draft whose suppliers are invited; nobody is on its list yet."""
    items = () if method == "negotiation" else ITEMS
    row = make_draft(office, method=method, method_case=case, items=items, **fields)
    return row if method == "invited_tender" else invitation.choose_entry(row, actor=office.handler, entry="invitation")


def draw(office, row, people, count=3, source="library", reason=""):
    """Freeze these suppliers and draw."""
    invitation.freeze_pool(row, actor=office.handler, source=source, organizations=[one.organization for one in people], reason=reason)
    return invitation.draw(row, actor=office.handler, count=count, watchers=[office.section, office.supervisor])


@remembered
def make_invited(state="published", *, pool=6):
    """walk(office, tender, pool, invited) of an invited tender in draft | drawn | published."""
    office = projects.make_office()
    travel(clock.now())
    walk = SimpleNamespace(office=office, tender=invited_draft(office), pool=suppliers(office, pool))
    if state != "draft":
        drawn = {row.organization_id for row in draw(office, walk.tender, walk.pool)}
        walk.invited = [one for one in walk.pool if one.organization.pk in drawn]
        walk.others = [one for one in walk.pool if one.organization.pk not in drawn]
    if state == "published":
        walk.tender = tender.publish(walk.tender, actor=office.handler)
    return walk


def single_draft(office, *, case="sole", amount=300000, **fields):
    rows = [projects.make_project(office, "approved", amount, before=lambda row: make_survey(office, [row]))]
    return make_draft(office, rows, method="single_source", method_case=case, method_reason="只有该机构具备相应资质与场地。", items=(), **fields)


def respond(walk, price):
    """The named supplier is asked, answers sealed, and two openers open it."""
    walk.single = single_response.ask_response(walk.single, actor=walk.office.handler, deadline=clock.now() + datetime.timedelta(days=2))
    hours()
    make_bid(walk.tender.lots.select_related("tender", "project").get(), walk.supplier, price)
    travel(clock.now() + datetime.timedelta(days=2))
    open_tender(walk.tender, walk.office)
    return SingleSource.objects.get(pk=walk.single.pk)


OUTSIDE = {"venue": "external", "external_platform": "省公共资源交易平台", "external_url": "https://example.org/1"}


@remembered
def make_single(state="draft", *, large=True, case="sole", amount=None, start=None, entered=True, outside=False):
    """walk(office, tender, supplier, single) in one of SINGLE_STATES; `large`: above the open-tender threshold, so that publicity and approval are asked.

    `entered`: a threshold is entered for the place; `outside`: the response is taken on another platform."""
    office = projects.make_office()
    if entered:
        Place.objects.filter(pk=office.street.pk).update(code=SHENZHEN)
        office.purchaser.refresh_from_db()
    travel(start or clock.now())
    amount = amount or (LARGE if large else 300000)
    walk = SimpleNamespace(office=office, tender=single_draft(office, case=case, amount=amount, **(OUTSIDE if outside else {})), supplier=make_provider(office=office, place=office.street))
    handler = office.handler
    walk.single = single_source.name_supplier(walk.tender, actor=handler, organization=walk.supplier.organization, amount=Decimal(amount))
    if state == "draft":
        return walk
    if case == "sole":
        walk.single = single_source.argue(walk.single, actor=handler, argument="仅此一家具备条件。", experts=EXPERTS, file=scan())
    if state == "argued":
        return walk
    if (large or not entered) and case == "sole":
        walk.single = single_source.publicize(walk.single, actor=handler)
        if state == "publicized":
            return walk
        travel(clock.midnight(walk.single.publicity_until) + datetime.timedelta(days=1, hours=9))
    if large:
        walk.single = single_source.approve(walk.single, actor=handler, number="深财采〔2026〕8号", file=scan("批复.png"))
    if state == "approved":
        return walk
    if state == "asked":
        walk.single = single_response.ask_response(walk.single, actor=handler, deadline=clock.now() + datetime.timedelta(days=2))
        return walk
    walk.single = respond(walk, Decimal(amount))
    if state == "opened":
        return walk
    walk.single = single_source.negotiate(walk.single, actor=handler, price=Decimal(amount) - 10000, **AGREED)
    if state == "negotiated":
        return walk
    walk.single = single_source.award(walk.single, actor=office.leader, file=scan("协商记录.png"))
    walk.tender = Tender.objects.get(pk=walk.tender.pk)
    return walk


FRAMEWORK_ITEMS = [{"name": "居家助浴", "unit": "人次", "ceiling": Decimal(200), "quality": "两人上门，全程记录。", "wanted": 3}]


def begin_framework(office, *, items=FRAMEWORK_ITEMS, ways=("direct",), ceiling=100000, **fields):
    """A framework with its stage-1 draft, everything there for publication but reviews and openers."""
    values = {
        "title": "居家养老助浴服务框架协议", "item": projects.make_item(), "users": "全街道高龄独居老人", "headcount": 400, "goal": "为高龄独居老人提供助浴。", "term_months": 24, "method_case": "recipients_choose",
        "method_reason": "需由老人自主选择服务机构。", "plan_number": "采计〔2026〕30号", "qualification": "依法登记。", "contact": "经办人 028-0000", "contract_terms": "按次结算。",
        "intention_on": clock.today() - datetime.timedelta(days=40), **fields,
    }  # fmt: skip
    return framework.begin(actor=office.handler, purchaser=office.purchaser, ceiling=Decimal(ceiling), ways=list(ways), items=list(items), **values)


def ready(office, row):
    """Survey, reviews and openers behind a stage-1 draft."""
    make_survey(office, [lot.project for lot in row.lots.select_related("project")])
    make_reviews(office, row)
    make_declarations(office, row)
    people = make_openers(office)
    opening.appoint_openers(row, people[:3], people[3:], actor=office.handler)
    for person in people:
        opening.rehearse(row, actor=person, passphrase=passphrase_of(person))
    return row


@remembered
def make_framework(state="signed", *, prices=(150, 160, 170, 180, 190), office=None, start=None, **fields):
    """walk(office, framework, tender, providers, agreements) in one of FRAMEWORK_STATES; `prices` are the unit prices offered."""
    if state == "draft":
        office = office or projects.make_office()
        travel(start or clock.now())
        walk = SimpleNamespace(office=office, framework=begin_framework(office, **fields), providers=[], agreements=[])
        walk.tender = Tender.objects.get(lots__framework_item__framework=walk.framework)
        return walk
    walk = make_framework(FRAMEWORK_STATES[FRAMEWORK_STATES.index(state) - 1], prices=prices, office=office, start=start, **fields)
    _step(walk, state, prices)
    walk.tender = Tender.objects.get(pk=walk.tender.pk)
    walk.framework.refresh_from_db()
    return walk


def _step(walk, state, prices):
    """From the state before to this one."""
    office = walk.office
    if state == "published":
        tender.publish(ready(office, walk.tender), actor=office.handler)
        return
    if state == "evaluated":
        lots = list(walk.tender.lots.select_related("tender", "project"))
        for price in prices:
            hours()
            provider = make_provider(office=office, place=office.street)
            walk.providers.append(provider)
            for lot in lots:
                make_bid(lot, provider, price)
        travel(walk.tender.deadline + datetime.timedelta(minutes=5))
        open_tender(walk.tender, office)
        rank(walk.tender, office)
        return
    if state == "selected":
        hours()
        framework_selection.select(walk.tender, actor=office.leader)
    elif state == "announced":
        framework_selection.publish_selection(walk.tender, actor=office.handler)
    walk.agreements = list(FrameworkAgreement.objects.filter(bid__lot__tender=walk.tender).order_by("item", "rank"))
    if state == "signed":
        hours()
        walk.agreements = [framework_agreement.sign(row, actor=office.handler, file=scan("协议.png")) for row in walk.agreements]


def rank(row, office):
    """What the panel's conclusion records: the lowest unit price first."""
    results = []
    for lot in row.lots.all():
        bids = sorted(lot.bids.filter(status="opened"), key=lambda bid: bid.amount)
        results += [{"bid": bid, "score": None, "rank": number} for number, bid in enumerate(bids, 1)]
    return award.record_scores(Tender.objects.get(pk=row.pk), results, actor=office.handler)


def call(walk, agreement, quantity=100, *, amount=40000, project=None, **fields):
    """A call-off of a fresh approved project; returns the Award."""
    project = project or projects.make_project(walk.office, "approved", amount)
    values = {"way": "direct", "reason": "老人代表选择该机构。", "chosen_by": "recipients", "declared": True, **fields}
    return call_off.call_off(project, agreement, actor=walk.office.handler, quantity=Decimal(quantity), **values)
