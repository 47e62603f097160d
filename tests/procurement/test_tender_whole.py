"""All or nothing: whichever single write inside a verb fails, nothing of it remains."""

import datetime
import hashlib
from decimal import Decimal

import pytest
from django.db import connection

from evaluation.lifecycle import conclusion, drawing, panel
from kernel import clock
from procurement.lifecycle import award, bid, opening, quotes, selfrun, tender
from procurement.models import SelfRunProfile
from tests.factories import projects
from tests.factories.bids import save_structured
from tests.factories.providers import make_provider
from tests.factories.tenders import check_all, make_experts, make_tender, passphrase_of, score_all, travel

pytestmark = pytest.mark.django_db
WRITES = ("INSERT", "UPDATE", "DELETE")


class PowerCut(Exception):
    """The write that failed."""


def everything():
    """A digest of each table's rows."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608
            found[table] = hashlib.sha256(repr([tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]).encode()).hexdigest()
    return found


def cut_at(number):
    """Let the number-th write fail."""
    seen = {"writes": 0}

    def wrapper(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(WRITES):
            seen["writes"] += 1
            if seen["writes"] == number:
                raise PowerCut
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def whole(verb):
    """Cut the power at the first write, the second, … until the verb comes to its end; returns how many writes it has."""
    before, number = everything(), 1
    while True:
        try:
            with cut_at(number):
                verb()
            return number - 1
        except PowerCut:
            after = everything()
            assert {table for table in before if before[table] != after[table]} == set(), f"write {number} left something behind"
            number += 1
            assert number < 200


def test_publish():
    walk = make_tender(state="draft")
    assert whole(lambda: tender.publish(walk.tender, actor=walk.office.handler)) >= 5


def test_submit_and_withdraw():
    walk = make_tender(state="published")
    provider = make_provider(office=walk.office, place=walk.office.street)
    row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
    for key, content in (("qualification", "证书"), ("technical", "方案"), ("price", "1000")):
        bid.save_part(row, key, content.encode(), actor=provider.user)
    save_structured(row, 1000, actor=provider.user)
    assert whole(lambda: bid.submit(row, actor=provider.user)) >= 6
    assert whole(lambda: bid.withdraw_bid(row, actor=provider.user)) >= 4


def test_opening():
    walk = make_tender(state="closed", prices=(250000, 240000))
    opening.open_with(walk.tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
    assert whole(lambda: opening.open_with(walk.tender, actor=walk.office.section, passphrase=passphrase_of(walk.office.section))) >= 15


def test_panel():
    walk = make_tender(state="opened", prices=(250000, 240000))
    make_experts(5)
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    assert whole(lambda: drawing.freeze_pool(sitting, actor=walk.office.handler, count=3)) >= 3
    assert whole(lambda: drawing.draw_experts(sitting, actor=walk.office.handler)) >= 8
    panel.form(sitting, actor=walk.office.handler)
    leaver = sitting.sitting().last()
    assert whole(lambda: panel.replace(sitting, leaver, actor=walk.office.handler, why="缺席")) >= 5
    for member in sitting.sitting():
        panel.declare(sitting, actor=member.user)
    assert whole(lambda: panel.start(sitting, actor=walk.office.handler)) >= 2
    check_all(sitting, but=[])
    assert whole(lambda: panel.begin(sitting, actor=walk.office.handler)) >= 5
    until = clock.now() + datetime.timedelta(hours=1)
    assert whole(lambda: quotes.call_quotes(walk.tender, actor=walk.office.handler, until=until)) >= 4
    for bid_, provider in zip(walk.bids, walk.providers, strict=True):
        quotes.give_quote(bid_, actor=provider.user, price=bid_.price)
    travel(until)
    assert whole(lambda: quotes.read_quotes(walk.tender, actor=walk.office.handler)) >= 6
    score_all(sitting)
    assert whole(lambda: conclusion.conclude(sitting, actor=walk.office.handler, report="报告")) >= 10


def test_award_and_result():
    walk = make_tender(state="evaluated", prices=(250000, 240000))
    assert whole(lambda: award.decide_award(walk.lot, actor=walk.office.leader)) >= 5
    assert whole(lambda: award.publish_result(walk.tender, actor=walk.office.handler)) >= 5
    assert whole(lambda: award.decline(walk.lot, actor=walk.office.leader, reason="书面放弃")) >= 4


def test_stopping():
    walk = make_tender(state="opened", prices=(250000, 240000))
    assert whole(lambda: quotes.call_quotes(walk.tender, actor=walk.office.handler, until=clock.end_of_day(clock.today()))) >= 3
    assert whole(lambda: tender.fail(walk.tender, actor=walk.office.handler, reason="需求变化")) >= 6


def test_direct_choice():
    office = projects.make_office()
    SelfRunProfile.objects.filter(purchaser=office.purchaser).delete()
    SelfRunProfile.objects.create(
        purchaser=office.purchaser, name="五万以下", amount_to=50000, channel="direct", seal="none", scoring="lowest", min_days=0, min_count=1, confirmed_at=clock.now(), valid_from=clock.today()
    )
    project, provider = projects.make_project(office, "approved", 40000), make_provider(office=office, place=office.street)
    choose = {"actor": office.handler, "organization": provider.organization, "amount": Decimal(40000), "reason": "熟悉社区"}
    assert whole(lambda: selfrun.choose_provider(project, **choose)) >= 10
