"""Challenges and complaints in each state, through the real verbs, on a purchase of `make_tender`."""

import datetime

from kernel import clock
from procurement.lifecycle import challenge, complaint
from procurement.models import Award
from tests.factories.projects import join, make_user
from tests.factories.tenders import make_tender, travel
from tests.memory import remembered

GROUNDS = {"facts": "评审未按采购文件载明的标准打分。", "request": "请求重新评审。", "legal_basis": "政府采购法第五十二条"}


def make_challenge(walk, who, kind="result", *, step="", **fields):
    """A challenge of a provider of that purchase."""
    return challenge.file(walk.tender, who.organization, actor=who.user, kind=kind, step=step, **{**GROUNDS, **fields})


def answered(walk, row, outcome="rejected", consequence="none"):
    """Prepared by the handler, signed by the leader."""
    row = challenge.prepare(row, actor=walk.office.handler, outcome=outcome, answer="经复核，逐项答复如下。", consequence=consequence)
    return challenge.approve(row, actor=walk.office.leader)


def make_complaint(row, who, **fields):
    return complaint.complain(row, actor=who.user, within_challenge=True, **{**GROUNDS, **fields})


@remembered
def challenged(state="filed", consequence="none", start=None):
    """walk with `.who` (a loser) and `.challenge` in filed | prepared | answered | withdrawn; `.order` when something is ordered."""
    walk = make_tender(state="announced", start=start)
    won = Award.objects.get(lot=walk.lot).organization
    walk.who = next(row for row in walk.providers if row.organization != won)
    walk.challenge = make_challenge(walk, walk.who)
    outcome = "rejected" if consequence == "none" else "upheld"
    if state in ("prepared", "answered"):
        walk.challenge = challenge.prepare(walk.challenge, actor=walk.office.handler, outcome=outcome, answer="经复核，逐项答复如下。", consequence=consequence)
    if state == "answered":
        walk.challenge = challenge.approve(walk.challenge, actor=walk.office.leader)
        walk.order = walk.challenge.orders.first()
    if state == "withdrawn":
        walk.challenge = challenge.withdraw(walk.challenge, actor=walk.who.user, reason="不再坚持")
    walk.subject = walk.challenge
    return walk


def decided(walk, row, **fields):
    """Written by one of the bureau, signed by the other."""
    return complaint.decide(complaint.draft_decision(row, actor=walk.office.finance, **fields), actor=walk.second)


@remembered
def complained(state="filed", start=None):
    """walk as above with `.complaint` in filed | correcting | accepted | notified | examining | drafted | decided; a second person of the bureau is `.second`."""
    if state == "filed":
        walk = challenged("answered", start=start)
        travel(clock.now() + datetime.timedelta(hours=1))
        walk.second = join(make_user("财政局副科长"), "finance", place=walk.office.district)
        row = make_complaint(walk.challenge, walk.who)
    else:  # one step from the state before
        walk = complained({"correcting": "filed", "accepted": "filed", "notified": "accepted", "examining": "notified", "drafted": "examining", "decided": "drafted"}[state], start)
        row = _step(walk, walk.complaint, state)
    walk.complaint = walk.subject = row
    return walk


def _step(walk, row, state):
    finance = walk.office.finance
    if state == "correcting":
        return complaint.ask_correction(row, actor=finance, reason="请补交营业执照复印件")
    if state == "accepted":
        return complaint.accept(row, actor=finance)
    if state == "notified":
        return complaint.notify_parties(row, actor=finance)
    if state == "examining":
        return complaint.reply(row, actor=walk.office.handler, reply="评审合法合规。")
    if state == "drafted":
        return complaint.draft_decision(row, actor=finance, outcome="unfounded", decision="评审符合采购文件。", document="青财采决〔2026〕3号")
    return complaint.decide(row, actor=walk.second)
