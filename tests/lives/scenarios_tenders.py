"""Purchases, their lots, sealed responses and panels."""

import datetime
from functools import cache
from types import SimpleNamespace

from evaluation.lifecycle import panel
from kernel import clock
from procurement.lifecycle import award, bid, configuration, opening, tender
from procurement.lifecycle import fall as falls
from procurement.lifecycle import lot as lots
from procurement.models import Award, AwardFall, Bid, SelfRunProfile
from tests.factories import projects
from tests.factories.bids import save_structured
from tests.factories.providers import make_provider
from tests.factories.tenders import (
    check_all,
    draw_panel,
    form_panel,
    hours,
    make_bid,
    make_draft,
    make_panel,
    make_tender,
    open_tender,
    passphrase_of,
    score_all,
    travel,
)
from tests.lives.harness import Case, View, by_engine, noun


@cache
def purchase(state):
    """A purchase walked to a factory state, once for all nouns."""
    return lambda: make_tender(state=state)


PICKS = {"tender": lambda made: made.tender, "lot": lambda made: made.lot, "bid": lambda made: made.bids[0]}


def walk(state, of="tender"):
    """That purchase, or its lot or first bid, as the subject."""
    return View(purchase(state), PICKS[of])


def self_run(state):
    """A self-run purchase sealed by the platform and ranked by the lowest price."""

    def build():
        office = projects.make_office(configured=False)
        configuration.defaults_for(office.purchaser, office.section, office.leader, valid_from=datetime.date(2020, 1, 1))
        profile = SelfRunProfile.objects.get(purchaser=office.purchaser, channel="open")
        SelfRunProfile.objects.filter(pk=profile.pk).update(scoring="lowest")
        made = SimpleNamespace(office=office, tender=make_draft(office, amount=80000, method="self_run"))
        tender.publish(made.tender, actor=office.handler)
        made.lot = made.tender.lots.get()
        for price in (70000, 71000, 72000):
            make_bid(made.lot, make_provider(office=office, place=office.street), price)
        made.tender.refresh_from_db()
        travel(made.tender.deadline + datetime.timedelta(minutes=5))
        if state == "opened":
            opening.open_with_witness(made.tender, actor=office.handler, witness=office.supervisor)
        made.subject = made.tender
        return made

    return build


def outside():
    made = make_tender(state="draft", venue="external", external_platform="省政府采购平台", external_url="https://example.org/1", agency="某代理公司")
    made.subject = tender.publish(made.tender, actor=made.office.handler)
    made.provider = make_provider(office=made.office, place=made.office.street)
    travel(made.subject.deadline + datetime.timedelta(days=1))
    made.lot = made.subject.lots.get()
    return made


def two_lots(state):
    """Two lots, three responses each."""

    def build():
        office = projects.make_office()
        travel(clock.now())
        rows = [projects.make_project(office, "approved", amount) for amount in (200000, 220000)]
        made = SimpleNamespace(office=office, tender=make_draft(office, rows))
        tender.publish(made.tender, actor=office.handler)
        for price in (150000, 160000, 170000):
            hours()
            provider = make_provider(office=office, place=office.street)
            for row in made.tender.lots.all():
                make_bid(row, provider, price)
        made.tender.refresh_from_db()
        travel(made.tender.deadline + datetime.timedelta(minutes=5))
        open_tender(made.tender, office)
        if state == "evaluated":
            rows = [{"bid": row, "score": 90 - rank, "rank": rank} for one in made.tender.lots.all() for rank, row in enumerate(one.bids.order_by("pk"), 1)]
            award.record_scores(made.tender, rows, actor=office.handler)
        made.tender.refresh_from_db()
        made.subject = made.lot = made.tender.lots.first()
        return made

    return build


def handler(scene):
    return scene.office.handler


def leader(scene):
    return scene.office.leader


def not_handler(scene):
    return [scene.office.leader, scene.office.staff, scene.office.finance]


def not_deciding(scene):
    return [scene.office.section, scene.office.staff, scene.office.finance]


def outsiders(scene):
    return [scene.office.staff, scene.office.finance]


def open_both(subject, *, actor, second):
    return opening.open_with(subject, actor=actor, passphrase=passphrase_of(actor), second=second, second_passphrase=passphrase_of(second))


def open_by_witness(subject, *, actor, witness):
    return opening.open_with_witness(subject, actor=actor, witness=witness)


def conclude_for(subject, *, actor):
    """What the panel's conclusion calls."""
    rows = [{"bid": row, "score": 90 - rank, "rank": rank} for rank, row in enumerate(Bid.objects.filter(lot__tender=subject).order_by("pk"), 1)]
    return award.record_scores(subject, rows, actor=actor)


REASON = {"kwargs": lambda scene: {"reason": "需求发生重大变化"}}
POSTPONED = {"kwargs": lambda scene: {"opens_at": clock.now() + datetime.timedelta(days=1), "reason": "开启人不足"}}
CANDIDATE = {"kwargs": lambda scene: {"candidates": [{"lot": scene.lot, "organization": scene.provider.organization, "price": 240000, "score": 91, "rank": 1}]}}
noun(
    "tender",
    {"draft": walk("draft"), "published": walk("published"), "opened": walk("opened"), "evaluated": walk("evaluated"), "awarded": walk("awarded")},
    {
        "publish": Case(handler, weak=not_handler, race=True),
        "clarify": Case(handler, lambda scene: {"text": "第三条改为每月两次。"}, weak=not_handler),
        "postpone": Case(handler, **POSTPONED, states={"published": walk("closed")}, weak=not_handler),
        "open": Case(leader, lambda scene: {"second": scene.office.section}, run=open_both, states={"published": walk("closed")}, weak=lambda scene: [], race=True),
        "open+witness": Case(handler, lambda scene: {"witness": scene.office.supervisor}, run=open_by_witness, states={"published": self_run("closed")}, weak=not_handler),
        "record_external": Case(handler, **CANDIDATE, states={"published": outside}, weak=not_handler, race=True),
        "rank": Case(handler, states={"opened": self_run("opened")}, weak=not_handler, race=True),
        "evaluate": Case(handler, run=conclude_for),
        "award": Case(leader, **by_engine(tender.AWARD), weak=not_deciding),
        "publish_result": Case(handler, weak=not_handler, race=True),
        "collect": Case(handler, **by_engine(tender.COLLECT), weak=not_handler),
        "settle": Case(leader, **by_engine(tender.SETTLE), weak=not_deciding),
        "reopen_evaluation": Case(handler, **by_engine(tender.REOPEN)),
        "fail": Case(handler, **REASON, weak=not_handler, race=True),
        "cancel": Case(handler, **REASON, weak=not_handler),
    },
    family="purchase",
)


def winner(scene):
    won = Award.objects.get(lot=scene.lot).organization_id
    return next(row.user for row in scene.providers if row.organization.pk == won)


@cache
def signed_lot():
    """Signed before the provider acknowledged the letter."""

    def build():
        made = make_tender(state="announced")
        made.subject = lots.mark_contracted(made.lot, actor=made.office.handler)
        return made

    return build


@cache
def undecided():
    """The days to decide have passed."""

    def build():
        made = make_tender(state="evaluated")
        travel(clock.end_of_day(made.tender.award_due_on) + datetime.timedelta(days=1))
        made.subject = made.lot
        return made

    return build


@cache
def fallen():
    def build():
        made = make_tender(state="announced")
        award.decline(made.lot, actor=made.office.leader, reason="书面放弃")
        made.subject = AwardFall.objects.get(lot=made.lot)
        return made

    return build


def by_award(state):
    return walk({"evaluated": "evaluated", "awarded": "awarded"}[state], of="lot")


noun(
    "lot",
    {"open": walk("published", of="lot"), "opened": walk("opened", of="lot"), "evaluated": by_award("evaluated"), "awarded": by_award("awarded")},
    {
        "open": Case(handler, **by_engine(lots.OPEN)),
        "evaluate": Case(handler, **by_engine(lots.EVALUATE)),
        "award": Case(leader, weak=not_deciding, race=True),
        "settle": Case(leader, **by_engine(lots.SETTLE), weak=not_deciding),
        "decline": Case(leader, **REASON, weak=not_deciding, race=True),
        "revoke": Case(leader, lambda scene: {"reason": "经查提供虚假材料", "ground": "false_material", "document": "青财采决〔2026〕5号"}, weak=not_deciding, race=True),
        "acknowledge": Case(
            winner, states={"awarded": walk("announced", of="lot"), "contracted": signed_lot()}, weak=lambda scene: [scene.office.handler, scene.office.leader], race=True,
        ),
        "explain_delay": Case(leader, **REASON, states={"evaluated": undecided()}, weak=not_deciding),
        "reopen": Case(handler, **by_engine(lots.REOPEN)),
        "contract": Case(handler, **by_engine(lots.CONTRACT)),
        "stop": Case(handler, **REASON, states={"opened": two_lots("opened"), "evaluated": two_lots("evaluated")}, weak=not_handler, race=True),
        "fail": Case(handler, **by_engine(lots.FAIL)),
    },
    family="purchase",
)


noun(
    "awardfall",
    {"open": fallen()},
    {"report": Case(handler, lambda scene: {"number": "玉街〔2026〕8号"}, weak=lambda scene: [scene.office.section, scene.office.finance], race=True), "note": Case(handler, **by_engine(falls.NOTE))},
    family="purchase",
)


def response(state):
    """One provider's response before the deadline, and a competitor."""

    def build():
        made = make_tender(state="published")
        made.provider, made.other = (make_provider(office=made.office, place=made.office.street) for _count in range(2))
        made.subject = bid.start_bid(made.provider.organization, made.lot, actor=made.provider.user)
        write(made)
        if state != "draft":
            made.subject = bid.submit(made.subject, actor=made.provider.user)
        if state == "withdrawn":
            made.subject = bid.withdraw_bid(made.subject, actor=made.provider.user)
            write(made)
        return made

    return build


def write(scene):
    for key, content in (("qualification", "登记证书"), ("technical", "每周两次"), ("price", "245000")):
        bid.save_part(scene.subject, key, content.encode(), actor=scene.provider.user)
    save_structured(scene.subject, 245000, actor=scene.provider.user)


def owner(scene):
    return scene.provider.user


def others(scene):
    return [scene.other.user, scene.office.handler, scene.office.leader]


noun(
    "bid",
    {"draft": response("draft"), "submitted": response("submitted"), "withdrawn": response("withdrawn"), "opened": walk("opened", of="bid")},
    {
        "submit": Case(owner, weak=others, race=True),
        "withdraw_bid": Case(owner, weak=others, race=True),
        "register_paper": Case(handler, **by_engine(bid.PAPER), weak=lambda scene: [scene.provider.user, scene.office.leader]),
        "open": Case(handler, **by_engine(bid.OPEN)),
        "break": Case(handler, **by_engine(bid.BREAK)),
        "record": Case(handler, **by_engine(bid.RECORD)),
        "invalidate": Case(handler, **REASON, weak=lambda scene: [scene.office.leader, scene.providers[0].user], race=True),
        "reject": Case(handler, **by_engine(bid.REJECT)),
    },
    family="purchase",
)


def formed_panel(state):
    def build():
        made = make_tender(state="opened")
        hours()
        if state == "scored":
            made.panel = make_panel(made.tender, made.office)
            score_all(made.panel)
        elif state == "draft":
            made.panel = draw_panel(made.tender, made.office)
        else:
            made.panel = form_panel(made.tender, made.office)
        if state == "checking":
            made.panel = panel.start(made.panel, actor=made.office.handler)
            check_all(made.panel)
        made.subject = made.panel
        return made

    return build


def chair(scene):
    return next(member.user for member in scene.panel.sitting() if member.is_leader)


noun(
    "panel",
    {"draft": formed_panel("draft"), "formed": formed_panel("formed"), "checking": formed_panel("checking"), "scoring": formed_panel("scored")},
    {
        "form": Case(handler, weak=not_handler, race=True),
        "start": Case(handler, weak=not_handler, race=True),
        "begin": Case(chair, weak=not_handler, race=True),
        "conclude": Case(chair, lambda scene: {"report": "推荐候选人。"}, weak=not_handler, race=True),
    },
    family="purchase",
)
