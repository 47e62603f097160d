"""Two people at once, in separate processes: one wins, the other gets a sentence, and nothing happens twice."""


import pytest

from kernel import clock
from kernel.models.trail import TrailRow
from procurement.models import Award, Bid
from tests.factories.bids import save_structured
from tests.factories.providers import make_provider
from tests.factories.tenders import make_tender, open_tender, passphrase_of
from tests.processes import together

CHILD = """
import datetime, sys, time
from pathlib import Path
import django
from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import User
from procurement.lifecycle import award, bid, opening
from procurement.models import Bid, Lot, Tender
kind, pk, person, moment, words, ready, go = sys.argv[1:]
clock.set_to(datetime.datetime.fromisoformat(moment))
person = User.objects.get(pk=person)
subject = {"award": Lot, "submit": Bid, "open": Tender}[kind].objects.get(pk=pk)
Path(ready).touch()
while not Path(go).exists():
    time.sleep(0.002)
try:
    if kind == "award":
        award.decide_award(subject, actor=person)
    elif kind == "submit":
        bid.submit(subject, actor=person)
    else:
        subject = opening.open_with(subject, actor=person, passphrase=words)
    print("done", subject.status if kind == "open" else "")
except Refusal as refusal:
    print("refused", refusal.code)
"""


@pytest.fixture
def race(transactional_db):
    """Run the same verb in as many processes as rows are given, from one starting shot; returns what each printed."""

    def run(kind, subject, people):
        return together(CHILD, *((kind, subject.pk, person.pk, clock.now().isoformat(), words) for person, words in people))

    return run


def test_two_awards(race, transactional_db):
    walk = make_tender(state="evaluated")
    results = race("award", walk.lot, [(walk.office.leader, ""), (walk.office.second_leader, "")])
    assert sorted(result.split()[0] for result in results) == ["done", "refused"]
    assert any(result in ("refused wrong_state", "refused lost_race") for result in results)
    assert Award.objects.count() == 1 and TrailRow.objects.filter(verb="award", subject_type__model="lot").count() == 1


def test_two_submissions_of_one_response(race, transactional_db):
    from procurement.lifecycle import bid

    walk = make_tender(state="published")
    provider = make_provider(office=walk.office, place=walk.office.street)
    row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
    for key, text in (("qualification", "证书"), ("technical", "方案"), ("price", "1000")):
        bid.save_part(row, key, text.encode(), actor=provider.user)
    save_structured(row, 1000, actor=provider.user)
    results = race("submit", row, [(provider.user, ""), (provider.user, "")])
    assert sorted(result.split()[0] for result in results) == ["done", "refused"], results
    assert Bid.objects.get().version == 1 and TrailRow.objects.filter(verb="submit", subject_type__model="bid").count() == 1


def test_two_openers_at_the_same_moment(race, transactional_db):
    """Each believes to be the first: one leaves a half, the other opens; never opened twice."""
    walk = make_tender(state="closed")
    people = [(person, passphrase_of(person)) for person in (walk.office.leader, walk.office.section)]
    results = race("open", walk.tender, people)
    assert sorted(results) == ["done opened", "done published"]
    assert TrailRow.objects.filter(verb="open", subject_type__model="tender").count() == 1
    assert Bid.objects.filter(status="opened").count() == 3


def test_the_third_opener_is_told(transactional_db):
    from procurement.lifecycle import opening
    from tests.procurement.refusals import refused

    walk = make_tender(state="closed")
    row = open_tender(walk.tender, walk.office)
    refused("wrong_state", opening.open_with, row, actor=walk.office.legal, passphrase=passphrase_of(walk.office.legal))
