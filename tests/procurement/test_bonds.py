"""D09 and D10: what may be asked, the secret before the opening, refunds with their days and surcharge, what is kept, performance bonds."""

import datetime
import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from evaluation.lifecycle import conclusion
from kernel import clock, holidays, registry, workdays
from kernel.detail import progress_of
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement import rates, sealing
from procurement.lifecycle import award, bid, bond, contract, contract_draft, lot, tender
from procurement.models import Award, Bid, Bond, BondTerms
from tests.factories import projects
from tests.factories.contracts import make_contract
from tests.factories.providers import make_provider
from tests.factories.tenders import check_credit, hours, make_draft, make_panel, open_tender, save_structured, score_all, travel
from tests.memory import remembered
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
SAID = {"form": "transfer", "number": "电子回单0088", "amount": "6000.00", "paid_on": "2026-03-05"}


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


STATES = ("draft", "published", "opened", "held", "awarded", "announced")


@remembered
def make_walk(state="opened"):
    """A purchase of 300,000 yuan with a bid bond of 6,000, three bidders; each state is one step from the one before."""
    if state == "draft":
        office = projects.make_office()
        walk = SimpleNamespace(office=office, tender=make_draft(office), providers=[])
        walk.lot = walk.tender.lots.get()
        walk.terms = bond.set_terms(walk.lot, actor=office.handler, amount=Decimal(6000), forms=["transfer", "guarantee"], account="玉河街道 农商行 6228")
        return walk
    walk = make_walk(STATES[STATES.index(state) - 1])
    if state != "opened":
        hours()
    STEPS[state](walk)
    walk.tender.refresh_from_db()
    walk.lot.refresh_from_db()
    return walk


def _publish(walk):
    tender.publish(walk.tender, actor=walk.office.handler)
    for price in (250000, 240000, 260000):
        hours()
        who = make_provider(office=walk.office, place=walk.office.street)
        walk.providers.append(who)
        row = bid.start_bid(who.organization, walk.lot, actor=who.user)
        for key, content in (("qualification", "证书"), ("technical", "方案"), ("price", str(price)), (bid.BOND, json.dumps(SAID))):
            bid.save_part(row, key, content.encode(), actor=who.user)
        save_structured(row, price, actor=who.user)
        bid.submit(row, actor=who.user)


def _open(walk):
    travel(walk.tender.deadline + datetime.timedelta(minutes=5))
    walk.tender = open_tender(walk.tender, walk.office)
    check_credit(walk.tender, walk.office)


def _receive(walk):
    for row in Bid.objects.filter(lot=walk.lot):
        bond.receive_for(row, actor=walk.office.accountant, amount=Decimal(6000), form="transfer", number=f"回单{row.pk}", received_on=clock.today())


def _award(walk):
    panel = make_panel(walk.tender, walk.office)
    score_all(panel)
    hours()
    conclusion.conclude(panel, actor=panel.sitting().first().user, report="推荐。")
    hours()
    walk.lot.refresh_from_db()
    award.decide_award(walk.lot, actor=walk.office.leader)


STEPS = {"published": _publish, "opened": _open, "held": _receive, "awarded": _award, "announced": lambda walk: award.publish_result(walk.tender, actor=walk.office.handler)}


def won(walk):
    return Award.objects.get(lot=walk.lot).organization


def bond_of(walk, organization):
    return Bond.objects.get(lot=walk.lot, organization=organization)


def losers(walk):
    return [row for row in Bond.objects.filter(lot=walk.lot) if row.organization_id != won(walk).pk]


@pytest.mark.rule("D09", mutate="bond_max")
def test_a_bid_bond_is_at_most_the_rules_share_of_the_budget():
    walk = make_walk("draft")
    found = refused("bond_too_high", bond.set_terms, walk.lot, actor=walk.office.handler, amount=Decimal("6000.01"), forms=["transfer"], account="x")
    assert "33" in str(found) and "6,000.00" in str(found)
    assert BondTerms.objects.get().amount == 6000
    with pytest.raises(IntegrityError), transaction.atomic():
        BondTerms.objects.update(amount=Decimal("6000.01"))


def test_only_the_handler_sets_it_and_cash_is_no_form():
    walk = make_walk("draft")
    with pytest.raises(PermissionDenied):
        bond.set_terms(walk.lot, actor=walk.office.accountant, amount=Decimal(100), forms=["transfer"], account="x")
    refused("forms", bond.set_terms, walk.lot, actor=walk.office.handler, amount=Decimal(100), forms=["cash"], account="x")
    refused("account", bond.set_terms, walk.lot, actor=walk.office.handler, amount=Decimal(100), forms=["transfer"], account=" ")
    assert bond.set_terms(walk.lot, actor=walk.office.handler, amount=Decimal(0)) is None and not BondTerms.objects.exists()


def test_where_none_is_taken_none_may_be_asked():
    walk = make_walk("draft")
    walk.office.district.code = "510199"
    walk.office.district.save()
    walk.office.street.code = "510199001"
    walk.office.street.save()
    found = refused("none_taken", bond.set_terms, walk.lot, actor=walk.office.handler, amount=Decimal(1), forms=["transfer"], account="x")
    assert "四川" in str(found)
    assert refused("none_taken", tender.publish, walk.tender, actor=walk.office.handler)


def test_a_response_without_its_bond_is_not_complete():
    walk = make_walk("published")
    who = make_provider(office=walk.office, place=walk.office.street)
    row = bid.start_bid(who.organization, walk.lot, actor=who.user)
    for key, content in (("qualification", "证书"), ("technical", "方案"), ("price", "250000")):
        bid.save_part(row, key, content.encode(), actor=who.user)
    save_structured(row, 250000, actor=who.user)
    refused("no_bond", bid.submit, row, actor=who.user)


@pytest.mark.rule("B27")
def test_before_the_opening_nobody_learns_who_paid(client):
    walk = make_walk("published")
    for row in Bid.objects.all():
        part = row.parts.get(key=bid.BOND)
        part.bid = row
        assert sealing.read_part(part) is None and "回单".encode() not in bytes(part.sealed)
        refused("sealed", bond.receive_for, row, actor=walk.office.accountant, amount=Decimal(6000), form="transfer", number="1", received_on=clock.today())
    for user in (walk.office.accountant, walk.office.handler, walk.office.leader):
        client.force_login(user)
        html = client.get(reverse("tender_bonds", args=[walk.tender.pk])).content.decode()
        assert not any(row.organization.name in html for row in walk.providers) and "bond/received" not in html
        assert client.get(reverse("bond_list")).content.decode().count("BZJ") == 0
        assert not [task for task in registry.tasks_for(User.objects.get(pk=user.pk)) if task.kind == "bond"]
    row = Bid.objects.first()
    assert client.get(reverse("bond_receive", args=[row.public_id])).status_code == 404
    assert not Bond.objects.exists()


def test_after_the_opening_the_accountant_records_what_came_in(client):
    walk = make_walk("opened")
    one = Bid.objects.first()
    assert [task.url for task in registry.tasks_for(walk.office.accountant) if task.kind == "bond"] == [reverse("tender_bonds", args=[walk.tender.pk])]
    client.force_login(walk.office.accountant)
    html = client.get(reverse("tender_bonds", args=[walk.tender.pk])).content.decode()
    assert "电子回单0088" in html and html.count("bond/received") == 3
    form = client.get(reverse("bond_receive", args=[one.public_id])).content.decode()
    assert "电子回单0088" in form and f"BZJ-{str(one.public_id)[:8].upper()}" in form
    client.post(reverse("bond_receive", args=[one.public_id]), {"amount": "5000", "form": "transfer", "number": "R1", "received_on": "2026-03-05"})
    row = Bond.objects.get()
    assert (row.status, row.amount, row.received_by) == ("held", Decimal(5000), walk.office.accountant)
    assert "少于" in client.get(reverse("tender_bonds", args=[walk.tender.pk])).content.decode() or "less than asked" in client.get(reverse("tender_bonds", args=[walk.tender.pk])).content.decode()
    refused("twice", bond.receive_for, one, actor=walk.office.accountant, amount=Decimal(6000), form="transfer", number="R2", received_on=clock.today())
    refused("cash", bond.receive_for, Bid.objects.last(), actor=walk.office.accountant, amount=Decimal(6000), form="cash", number="R2", received_on=clock.today())
    assert Bond.objects.count() == 1


@pytest.mark.rule("D09", mutate="refund")
def test_losers_get_theirs_five_working_days_after_the_letter():
    walk = make_walk("announced")
    letter = Award.objects.get().letter_on
    assert letter == datetime.date(2026, 3, 12)
    assert {(row.cause, row.refund_due_on) for row in losers(walk)} == {("not_chosen", datetime.date(2026, 3, 19))}
    assert bond_of(walk, won(walk)).refund_due_on is None
    refused("not_due", bond.refund, bond_of(walk, won(walk)), actor=walk.office.cashier, voucher="记-1")
    found = [task for task in registry.tasks_for(walk.office.cashier) if task.kind == "bond"]
    assert len(found) == 2 and all(task.due == datetime.date(2026, 3, 19) for task in found)


def test_nothing_falls_due_before_the_letter():
    make_walk("awarded")
    assert not Bond.objects.exclude(due_since=None).exists()


def test_the_winner_gets_it_back_after_the_contract():
    walk = make_walk("announced")
    hours(48)
    lot.mark_contracted(walk.lot, actor=walk.office.handler, happened_on=clock.today())
    row = bond_of(walk, won(walk))
    assert row.cause == "signed" and row.refund_due_on == workdays.deadline(clock.today(), "D09", "refund").date
    refused("second_person", bond.refund, row, actor=walk.office.accountant, voucher="记-1")
    refused("voucher", bond.refund, row, actor=walk.office.cashier, voucher=" ")
    row = bond.refund(row, actor=walk.office.cashier, voucher="记-18")
    assert (row.status, row.voucher, row.surcharge, row.refunded_on) == ("refunded", "记-18", 0, clock.today())


def test_when_the_purchase_ends_all_go_back():
    walk = make_walk("opened")
    for row in Bid.objects.all():
        bond.receive_for(row, actor=walk.office.accountant, amount=Decimal(6000), form="guarantee", number=f"G{row.pk}", received_on=clock.today())
    tender.fail(walk.tender, actor=walk.office.handler, reason="需求变化")
    assert {row.cause for row in Bond.objects.all()} == {"ended"}


def test_a_receipt_recorded_late_is_due_at_once():
    walk = make_walk("opened")
    tender.fail(walk.tender, actor=walk.office.handler, reason="需求变化")
    row = bond.receive_for(Bid.objects.first(), actor=walk.office.accountant, amount=Decimal(6000), form="transfer", number="R", received_on=clock.today())
    assert Bond.objects.get(pk=row.pk).cause == "ended"


@pytest.mark.rule("D09", mutate="late_surcharge")
def test_a_late_refund_carries_the_base_rate_and_a_fifth():
    walk = make_walk("announced")
    row = losers(walk)[0]
    travel(clock.midnight(row.refund_due_on + datetime.timedelta(days=60)) + datetime.timedelta(hours=10))
    assert bond.surcharge_of(row, row.refund_due_on)[0] == 0
    amount, sentence = bond.surcharge_of(row, clock.today())
    assert amount == Decimal("52.20")  # 6000 × 4.35 % × 1.2 × 60 ÷ 360
    assert "60" in str(sentence) and "5.22" in str(sentence)
    assert bond.refund(row, actor=walk.office.cashier, voucher="记-9").surcharge == Decimal("52.20")


def test_without_a_rate_it_is_said_not_guessed(monkeypatch):
    walk = make_walk("announced")
    row = losers(walk)[0]
    travel(clock.midnight(row.refund_due_on + datetime.timedelta(days=3)) + datetime.timedelta(hours=10))
    monkeypatch.setattr(rates, "known", lambda: ())
    amount, sentence = bond.surcharge_of(row, clock.today())
    assert amount is None and sentence
    assert bond.refund(row, actor=walk.office.cashier, voucher="记-9").surcharge is None


@pytest.mark.rule("D14")
def test_a_winner_that_refuses_loses_it_and_only_then(client):
    walk = make_walk("announced")
    own, other = bond_of(walk, won(walk)), losers(walk)[0]
    refused("no_ground", bond.forfeit, own, actor=walk.office.leader, reason="不想退")
    award.decline(walk.lot, actor=walk.office.leader, reason="书面放弃，无正当理由")
    own.refresh_from_db()
    assert own.refund_due_on is None
    refused("forfeit", bond.refund, own, actor=walk.office.cashier, voucher="记-1")
    assert not bond.REFUND.fits(own) and bond.REFUND.fits(other) and progress_of(own).next_label == ""  # nobody is told to wait for a refund
    assert [task.url for task in registry.tasks_for(walk.office.leader) if task.kind == "bond"] == [own.get_absolute_url()]
    client.force_login(walk.office.leader)
    assert "不予退还" in client.get(own.get_absolute_url()).content.decode()
    refused("no_ground", bond.forfeit, other, actor=walk.office.leader, reason="不想退")
    with pytest.raises(PermissionDenied):
        bond.forfeit(own, actor=walk.office.cashier, reason="拒签")
    assert bond.forfeit(own, actor=walk.office.leader, reason="中标后拒签，条例第七十二条").status == "forfeited"


def test_a_good_reason_brings_it_back():
    walk = make_walk("announced")
    own = bond_of(walk, won(walk))
    award.decline(walk.lot, actor=walk.office.leader, reason="服务地点被征用", justified=True)
    own.refresh_from_db()
    assert own.cause == "fallen" and own.refund_due_on


@pytest.mark.rule("D10", mutate="bond_max")
def test_a_performance_bond_is_at_most_the_rules_share():
    scene = make_contract(state="draft", amount=18000)
    found = refused("bond_too_high", bond.ask_performance, scene.contract, actor=scene.office.handler, amount=Decimal("1800.01"))
    assert "48" in str(found)
    row = bond.ask_performance(scene.contract, actor=scene.office.handler, amount=Decimal(1800))
    refused("twice", bond.ask_performance, scene.contract, actor=scene.office.handler, amount=Decimal(100))
    with pytest.raises(IntegrityError), transaction.atomic():
        Bond.objects.filter(pk=row.pk).update(amount=Decimal("1800.01"))
    refused("bond_missing", contract.sign, scene.contract, actor=scene.office.handler)
    refused("cash", bond.receive, row, actor=scene.office.accountant, amount=Decimal(1800), form="cash", number="1")
    refused("bond_too_high", bond.receive, row, actor=scene.office.accountant, amount=Decimal(1801), form="guarantee", number="1")
    bond.receive(row, actor=scene.office.accountant, amount=Decimal(1800), form="guarantee", number="保函77")
    assert contract.sign(scene.contract, actor=scene.office.handler).status == "performing"


def test_a_lowered_contract_lowers_its_bond():
    scene = make_contract(state="draft", amount=18000)
    row = bond.ask_performance(scene.contract, actor=scene.office.handler, amount=Decimal(1800))
    bond.receive(row, actor=scene.office.accountant, amount=Decimal(1800), form="guarantee", number="保函77")
    lower = contract_draft.edit_contract(scene.contract, actor=scene.office.handler, amount=Decimal(10000))
    refused("bond_too_high", contract.sign, lower, actor=scene.office.handler)


def test_it_goes_back_after_the_acceptance():
    scene = make_contract(state="draft", amount=18000)
    row = bond.ask_performance(scene.contract, actor=scene.office.handler, amount=Decimal(900))
    bond.receive(row, actor=scene.office.accountant, amount=Decimal(900), form="transfer", number="R")
    refused("not_due", bond.refund, row, actor=scene.office.cashier, voucher="记-1")
    bond.after_acceptance(scene.contract, actor=scene.office.supervisor)
    row.refresh_from_db()
    assert row.cause == "accepted" and row.refund_due_on is None
    assert bond.refund(row, actor=scene.office.cashier, voucher="记-2").status == "refunded"


def test_the_acceptance_of_a_closing_is_what_frees_it(monkeypatch):
    told = []
    monkeypatch.setattr(bond, "after_acceptance", lambda contract, *, actor: told.append((contract.pk, actor.pk)))
    scene = make_contract(state="accepted")
    assert told == [(scene.contract.pk, scene.office.supervisor.pk)]


def test_who_sees_bonds(client):
    walk = make_walk("announced")
    mine = losers(walk)[0]
    who = next(row for row in walk.providers if row.organization.pk == mine.organization_id)
    client.force_login(who.user)
    assert client.get(mine.get_absolute_url()).status_code == 200
    assert client.get(bond_of(walk, won(walk)).get_absolute_url()).status_code == 404
    client.force_login(walk.office.staff)
    assert client.get(mine.get_absolute_url()).status_code == 404 and client.get(reverse("tender_bonds", args=[walk.tender.pk])).status_code == 403
    client.force_login(walk.office.accountant)
    assert mine.organization.name in client.get(reverse("bond_list"), {"refund": "due"}).content.decode()
    assert client.get(reverse("bond_list"), {"export": "xlsx"}).status_code == 200


def test_a_statement_is_kept_with_its_file_or_not_at_all(client, monkeypatch):
    walk = make_walk("published")
    who = make_provider(office=walk.office, place=walk.office.street)
    row = bid.start_bid(who.organization, walk.lot, actor=who.user)
    client.force_login(who.user)
    begun = {part.key for part in row.parts.all()}
    address, keep = reverse("bid_bond", args=[row.public_id]), bid.save_part

    def refuses(one, key, content, *, actor):
        if key == bid.BOND:
            raise Refusal("late", "太晚了")
        return keep(one, key, content, actor=actor)

    with monkeypatch.context() as patch:
        patch.setattr(bid, "save_part", refuses)
        answer = client.post(address, {**SAID, "file": projects.scan("回单.png")})
    assert answer.status_code == 422 and "太晚了" in answer.content.decode()
    assert {part.key for part in row.parts.all()} == begun
    assert client.post(address, {**SAID, "file": projects.scan("回单.png")}).status_code == 302
    assert {part.key for part in row.parts.all()} == begun | {bid.BOND, bid.BOND_FILE}
