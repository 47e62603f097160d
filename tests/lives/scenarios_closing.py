"""Bonds and inquiries."""

from decimal import Decimal
from functools import cache

from procurement.lifecycle import award, bond, inquiry, lot
from procurement.models import Award, Bid, Bond
from tests.factories.contracts import make_contract
from tests.factories.tenders import make_tender
from tests.lives.harness import Case, noun


@cache
def performance(state):
    """A performance bond of a draft contract: asked | held."""

    def build():
        made = make_contract(state="draft", amount=18000)
        made.subject = bond.ask_performance(made.contract, actor=made.office.handler, amount=Decimal(1000))
        if state == "held":
            made.subject = bond.receive(made.subject, actor=made.office.accountant, amount=Decimal(1000), form="guarantee", number="保函77")
            bond.after_acceptance(made.contract, actor=made.office.supervisor)
            made.subject.refresh_from_db()
        return made

    return build


@cache
def bid_bond(lost):
    """The bid bond of a winner that refused to sign (lost), or of a signed one."""

    def build():
        made = make_tender(state="announced")
        bond.BondTerms.objects.create(lot=made.lot, amount=Decimal(6000), most=Decimal(6000), forms=["transfer"], account="账户", set_by=made.office.handler)
        for row in Bid.objects.filter(lot=made.lot):
            bond.receive_for(row, actor=made.office.accountant, amount=Decimal(6000), form="transfer", number=f"R{row.pk}", received_on=made.tender.deadline.date())
        won = Award.objects.get(lot=made.lot).organization
        if lost:
            award.decline(made.lot, actor=made.office.leader, reason="书面放弃")
        else:
            lot.mark_contracted(made.lot, actor=made.office.handler)
        made.subject = Bond.objects.get(lot=made.lot, organization=won)
        return made

    return build


def handler(scene):
    return scene.office.handler


def accountant(scene):
    return scene.office.accountant


def cashier(scene):
    return scene.office.cashier


def leader(scene):
    return scene.office.leader


noun(
    "bond",
    {"asked": performance("asked"), "held": performance("held")},
    {
        "receive": Case(accountant, lambda scene: {"amount": Decimal(1000), "form": "guarantee", "number": "保函77"}, weak=lambda scene: [scene.office.leader, scene.provider.user], race=True),
        "refund": Case(cashier, lambda scene: {"voucher": "记-9"}, weak=lambda scene: [scene.office.handler, scene.office.leader, scene.provider.user], race=True),
        "refund+bid": Case(cashier, lambda scene: {"voucher": "记-9"}, states={"held": bid_bond(False)}, weak=lambda scene: [scene.office.handler], race=True),
        "forfeit": Case(leader, lambda scene: {"reason": "无正当理由拒签合同"}, states={"held": bid_bond(True)}, weak=lambda scene: [scene.office.cashier, scene.office.handler]),
        "drop": Case(handler, lambda scene: {"reason": "不再收取"}, weak=lambda scene: [scene.office.accountant, scene.provider.user]),
    },
    family="bond",
)


def asked():
    made = make_tender(state="published")
    made.subject = inquiry.ask(made.tender, asker="某社工中心", question="服务地点在哪里？")
    return made


noun(
    "inquiry",
    {"received": asked},
    {"answer": Case(handler, lambda scene: {"answer": "在社区活动室。"}, weak=lambda scene: [scene.office.accountant, scene.office.finance], race=True)},
    family="bond",
)
