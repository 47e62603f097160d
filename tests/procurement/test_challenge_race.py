"""Two people of one organization file at the same instant: one challenge is on file, the other is told; the last second of the period counts."""


import pytest

from kernel import clock, trail
from kernel.models import Hold
from procurement.models import Challenge
from tests.factories.challenges import challenged
from tests.factories.tenders import travel
from tests.processes import together

CHILD = """
import datetime, sys, time
from pathlib import Path
import django
from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import challenge
from procurement.models import Tender
from providers.models import Organization
tender, organization, person, moment, ready, go = sys.argv[1:]
clock.set_to(datetime.datetime.fromisoformat(moment))
tender, person, organization = Tender.objects.get(pk=tender), User.objects.get(pk=person), Organization.objects.get(pk=organization)
Path(ready).touch()
while not Path(go).exists():
    time.sleep(0.002)
try:
    challenge.file(tender, organization, actor=person, kind="result", facts="评分有误", request="重新评审", legal_basis="政府采购法第五十二条")
    print("done")
except Refusal as refusal:
    print("refused", refusal.code)
"""


@pytest.mark.slow
def test_two_filings_at_once_make_one_challenge(transactional_db):
    walk = challenged("withdrawn")
    travel(clock.end_of_day(walk.challenge.window_until))
    said = together(CHILD, *[(walk.tender.pk, walk.who.organization.pk, walk.who.user.pk, clock.now().isoformat())] * 2)
    assert sorted(said) == ["done", "refused once"]
    row = Challenge.objects.exclude(status="withdrawn").get()
    assert [entry.verb for entry in trail.rows_of(row)] == ["file"]
    assert Hold.objects.filter(reason_code=f"challenge-{row.pk}", released_at=None).count() == 1
