"""Purchases in each state, reached through the real verbs with the clock travelling over every legal minimum.

    walk = make_tender(office, state="opened", bidders=3)      # walk.tender, .lot, .bids, .providers, .openers, .experts, .panel

States: draft | published | submitted (bids in) | closed (deadline passed) | opened | scoring | evaluated | awarded | announced.
The clock stays where the state was reached; the test's fixture lets it run again afterwards.
"""

import datetime
from decimal import Decimal
from types import SimpleNamespace

from evaluation.lifecycle import conclusion, conformity, drawing, panel, sheets, talks
from evaluation.models import Expert, Panel
from kernel import clock
from procurement import methods, sealing
from procurement.lifecycle import award, bid, declaration, opening, qualification, quotes, review, survey, tender
from procurement.models import Bid, Tender
from tests.factories import projects
from tests.factories.bids import save_structured
from tests.factories.providers import make_provider
from tests.memory import remembered

STATES = ("draft", "published", "submitted", "closed", "opened", "scoring", "evaluated", "awarded", "announced")
SCAN = projects.scan().read()
WORDS = "白日依山尽黄河入海流-{}"
ITEMS = (
    {"kind": "price", "name": "报价", "points": Decimal(20)},
    {"kind": "subjective", "name": "服务方案", "standard": "完整可行", "points": Decimal(60)},
    {"kind": "objective", "name": "同类经验", "standard": "每份合同5分", "points": Decimal(20)},
)


def passphrase_of(user):
    return WORDS.format(user.pk)


def travel(moment):
    """Stand at an aware moment."""
    clock.set_to(moment)


def hours(count=1):
    """Let some working time pass."""
    travel(clock.now() + datetime.timedelta(hours=count))


def make_experts(count=5):
    return [Expert.objects.create(user=projects.make_user(f"专家{number}"), specialities="社会工作", employer=f"某大学{number}") for number in range(1, count + 1)]


def make_openers(office):
    """Five enrolled people of the street office."""
    people = [office.section, office.leader, office.committee, office.legal, office.supervisor]
    for person in people:
        if sealing.enrolled(person) is None:
            opening.enrol_opener(person, passphrase_of(person))
    return people


@remembered
def make_draft(office, rows=None, *, amount=300000, method="consultation", items=ITEMS, **fields):
    """A complete draft: every fact the law asks for is there, openers have proved their passphrase."""
    rows = rows or [projects.make_project(office, "approved", amount)]
    values = {
        "method_reason": "政府购买服务项目", "plan_number": "采计〔2026〕12号", "intention_on": clock.today() - datetime.timedelta(days=40), "requirements": "按方案开展服务。",
        "qualification": "具有独立承担民事责任的能力。", "contact": "经办人 028-0000", **fields,
    }  # fmt: skip
    row = tender.create_tender(rows, actor=office.handler, method=method, score_items=items, **values)
    if method != "self_run":
        make_survey(office, rows)
        make_reviews(office, row)
        make_declarations(office, row)
    if row.seal == "openers" and row.venue == "internal":
        people = make_openers(office)
        opening.appoint_openers(row, people[:3], people[3:], actor=office.handler)
        for person in people:
            opening.rehearse(row, actor=person, passphrase=passphrase_of(person))
    return row


ANSWERS = [{"name": f"市场主体{number}", "way": "written", "supply": "能够提供", "price": Decimal(250000 + number)} for number in (1, 2, 3)]


def make_declarations(office, row):
    """Whoever publishes, opens or decides has declared (H01)."""
    for person in (office.handler, office.section, office.leader, office.second_leader, office.committee, office.legal, office.supervisor):
        declaration.declare(row, actor=person, no_post=True, no_kin=True, no_other=True)


def make_survey(office, rows):
    """A needs survey behind each project that has none yet (A06)."""
    for row in rows:
        if not row.surveys.exists():
            survey.record_survey(row, actor=office.handler, title="服务供给与价格", held_on=clock.today(), result="供给充足，价格平稳。", answers=ANSWERS)


def make_reviews(office, row):
    """Legal and key review of a draft, by people who wrote nothing of it (A08)."""
    sides = {"procurement": office.committee, "finance": office.accountant, "business": office.section, "supervision": office.supervisor}
    for kind, parts in (("legal", {"legal": office.legal}), ("key", sides)):
        review.record_review(row, actor=office.handler, kind=kind, parts=parts, opinion="同意。", risks="供应商不足时重新采购。", reviewed_on=clock.today(), file=("意见.png", SCAN))


def make_bid(lot, provider, price, *, plan="每周开展两次活动。"):
    """A submitted, sealed response of a provider (SimpleNamespace of make_provider)."""
    row = bid.start_bid(provider.organization, lot, actor=provider.user)
    for key, content in (("qualification", "登记证书与承诺函"), ("technical", plan), ("price", str(price))):
        bid.save_part(row, key, content.encode(), actor=provider.user)
    if lot.tender.is_statutory:
        save_structured(row, price, actor=provider.user)
    return bid.submit(row, actor=provider.user)


def open_tender(row, office):
    """Two openers, one after the other."""
    row = opening.open_with(row, actor=office.leader, passphrase=passphrase_of(office.leader))
    return opening.open_with(row, actor=office.section, passphrase=passphrase_of(office.section))


def check_credit(row, office):
    """The handler queries both required sites for every opened bidder (H06)."""
    for one in Bid.objects.filter(lot__tender=row, status="opened"):
        for channel in ("credit_china", "ccgp"):
            qualification.record_check(one, actor=office.handler, channel=channel, checked_at=clock.now(), result="clean", file=("查询截图.png", SCAN))


def check_all(sitting, but=()):
    """Every member who has not yet finds every response in order but those of `but` (ids), and hands the check in."""
    names = conformity.requirements(sitting)
    for member in sitting.sitting().filter(checked_at=None):
        for one in panel.valid_bids(sitting):
            findings = {index: (one.pk not in but, "" if one.pk not in but else "未按要求提供服务方案") for index in range(len(names))}
            conformity.find(sitting, one, actor=member.user, findings=findings)
        conformity.hand_in(sitting, actor=member.user)


def talk_all(sitting):
    """All members talk with each supplier who waits for it, one after the other."""
    leader, members = sitting.sitting().get(is_leader=True).user, list(sitting.sitting())
    for one in talks.untalked(sitting.tender):
        began = clock.now()
        travel(began + datetime.timedelta(minutes=5))
        talks.record_talk(sitting, one, actor=leader, began_at=began, ended_at=clock.now(), present=members, about="服务方案、人员安排和合同条款。")


def quote_all(row, office, prices=None):
    """A round of final quotes in which everybody gives one (default: the price of the response), read when its time is over."""
    if methods.of(row).talks:
        talk_all(Panel.objects.get(tender=row))
    until = clock.now() + datetime.timedelta(hours=1)
    row = quotes.call_quotes(row, actor=office.handler, until=until)
    for one in Bid.objects.filter(lot__tender=row, status="opened").select_related("organization", "lot__tender"):
        price = (prices or {}).get(one.pk, one.amount)
        if price is not None:
            quotes.give_quote(one, actor=one.organization.members.first().user, price=price)
    travel(until)
    quotes.read_quotes(row, actor=office.handler)
    return Tender.objects.get(pk=row.pk)


def score_all(sitting, points=lambda number, item: item.points / 2 + number + Decimal("0.13")):
    """Each member who has not yet gives each bid points by its place in the list (never round ones: a score is told apart from the points of an item) and hands the sheet in."""
    bids, items = list(panel.valid_bids(sitting)), panel.judged_items(sitting)
    for member in sitting.sitting().filter(submitted_at=None):
        given = {(one.pk, item.pk): Decimal(points(number, item)) for number, one in enumerate(bids) for item in items}
        sheets.score(sitting, actor=member.user, points=given)
        sheets.submit_scores(sitting, actor=member.user)


def draw_panel(row, office, count=3, experts=5):
    """A panel of drawn experts, not yet formed."""
    make_experts(experts)
    sitting = panel.create_panel(row, actor=office.handler)
    drawing.freeze_pool(sitting, actor=office.handler, count=count)
    return drawing.draw_experts(sitting, actor=office.handler, word="现场报数")


def form_panel(row, office, **kwargs):
    """Drawn, formed, everybody declared."""
    sitting = panel.form(draw_panel(row, office, **kwargs), actor=office.handler)
    for member in sitting.sitting():
        panel.declare(sitting, actor=member.user)
    return sitting


@remembered
def make_panel(row, office, *, quoted=True, talked=True, **kwargs):
    """Drawn experts who declared, checked and talked with the suppliers, scoring; final quotes are in where the method wants them and nobody asked for any."""
    sitting = panel.start(form_panel(row, office, **kwargs), actor=office.handler)
    check_all(sitting)
    sitting = panel.begin(sitting, actor=office.handler)
    if talked and methods.of(row).talks:
        talk_all(sitting)
    if talked and quoted and methods.of(row).final_quotes and row.is_statutory and not row.quote_rounds.exists():
        quote_all(row, office)
    return sitting


@remembered
def make_tender(office=None, state="draft", *, prices=(250000, 240000, 260000), start=None, checked=True, **fields):
    """A statutory purchase of one lot in a state; `prices` are the bidders' quotes in yuan; `checked`: credit records are queried after the opening."""
    if state == "draft":
        office = office or projects.make_office()
        travel(start or clock.now())
        walk = SimpleNamespace(office=office, tender=make_draft(office, **fields), providers=[], bids=[], panel=None)
    else:  # each state is one step from the one before, so that what was built on the way is remembered too
        walk = make_tender(office, STATES[STATES.index(state) - 1], prices=prices, start=start, checked=checked, **fields)
        _step(walk, state, prices, checked)
    walk.tender = Tender.objects.select_related("purchaser__place", "profile").get(pk=walk.tender.pk)
    walk.lot = walk.tender.lots.select_related("tender", "project").first()
    walk.bids = list(Bid.objects.filter(lot=walk.lot).order_by("pk"))
    return walk


def _step(walk, state, prices, checked):
    """From the state before to this one."""
    office = walk.office
    if state in ("published", "scoring", "awarded", "announced"):
        hours()
    if state == "published":
        tender.publish(walk.tender, actor=office.handler)
    elif state == "submitted":
        for price in prices:
            hours()
            provider = make_provider(office=office, place=office.street)
            walk.providers.append(provider)
            make_bid(walk.lot, provider, price)
    elif state == "closed":
        travel(walk.tender.deadline + datetime.timedelta(minutes=5))
    elif state == "opened":
        open_tender(walk.tender, office)
        if checked:
            check_credit(walk.tender, office)
    elif state == "scoring":
        walk.panel = make_panel(walk.tender, office)
    elif state == "evaluated":
        score_all(walk.panel)
        hours()
        walk.panel = conclusion.conclude(walk.panel, actor=walk.panel.sitting().first().user, report="评审结束，推荐候选人。")
    elif state == "awarded":
        award.decide_award(walk.lot, actor=office.leader)
    elif state == "announced":
        award.publish_result(walk.tender, actor=office.handler)
