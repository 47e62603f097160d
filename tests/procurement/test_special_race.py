"""Two people at once under one limit, in separate processes behind one barrier: two orders under a framework's total, two additions to one contract."""

import datetime
import json
from decimal import Decimal

import pytest

from kernel import clock, holidays
from procurement.lifecycle import framework, single_source
from procurement.models import CallOff, SingleSource
from tests.factories import projects
from tests.factories.contracts import make_contract
from tests.factories.special import make_framework, single_draft
from tests.processes import together

RACER = """
import datetime, json, sys, time
from decimal import Decimal
from pathlib import Path
from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import call_off, single_source
from procurement.models import Contract, FrameworkAgreement, Project, Tender
kind, first, second, user, amount, moment, ready, gate = sys.argv[1:]
clock.set_to(datetime.datetime.fromisoformat(moment))
user = User.objects.get(pk=user)
Path(ready).touch()
while not Path(gate).exists():
    time.sleep(0.002)
try:
    if kind == "call":
        call_off.call_off(Project.objects.get(pk=first), FrameworkAgreement.objects.get(pk=second), actor=user, way="direct", quantity=Decimal(amount), reason="老人选择", declared=True)
    else:
        earlier = Contract.objects.get(pk=second)
        single_source.name_supplier(Tender.objects.get(pk=first), actor=user, organization=earlier.organization, amount=Decimal(amount), earlier=earlier)
    print(json.dumps({"won": True}))
except Refusal as refusal:
    print(json.dumps({"won": False, "code": refusal.code, "sentence": str(refusal)}))
"""
START = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_the_start():
    clock.set_to(START)


@pytest.fixture
def race(transactional_db):
    """Run one verb per row (kind, first pk, second pk, user, amount) at the same moment; returns the answers."""

    def run(*rows):
        said = together(RACER, *((kind, first, second, user.pk, amount, clock.now().isoformat()) for kind, first, second, user, amount in rows))
        return [json.loads(one) for one in said]

    return run


def test_two_orders_never_pass_the_total(race):
    holidays.seed()
    walk = make_framework(ceiling=20000)
    rows = [projects.make_project(walk.office, "approved", 40000) for _number in range(2)]
    answers = race(*(("call", row.pk, agreement.pk, walk.office.handler, 100) for row, agreement in zip(rows, walk.agreements, strict=False)))  # 15,000 and 16,000
    assert sorted(answer["won"] for answer in answers) == [False, True]
    assert next(answer for answer in answers if not answer["won"])["code"] == "over_total"
    assert CallOff.objects.count() == 1 and framework.bought(walk.framework) <= 20000


def test_two_additions_never_pass_the_tenth(race):
    holidays.seed()
    original = make_contract(amount=18000)
    office, contract = original.office, original.contract
    drafts = [single_draft(office, case="addition", amount=1000) for _number in range(2)]
    answers = race(*(("add", row.pk, contract.pk, office.handler, 1000) for row in drafts))  # 1,800 in all
    assert sorted(answer["won"] for answer in answers) == [False, True]
    assert next(answer for answer in answers if not answer["won"])["code"] == "addition_max"
    assert SingleSource.objects.count() == 1 and single_source.additions_to(contract) == Decimal(1000)
