"""An opener leaves or loses the passphrase: two others hand the part on, and nothing that was sealed is lost."""

import itertools

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import seal
from kernel.models import TrailRow
from procurement import sealing
from procurement.lifecycle import declaration, opener_change, opening
from procurement.models import Bid, Tender
from tests.factories.tenders import make_tender, passphrase_of, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    found = make_tender(state="submitted")
    found.new = found.office.accountant
    opening.enrol_opener(found.new, passphrase_of(found.new))
    declaration.declare(found.tender, actor=found.new, no_post=True, no_kin=True, no_other=True)  # who opens has declared (H01)
    return found


def replace(walk, actor="section", second="committee", leaving="leader", **fields):
    one, other = getattr(walk.office, actor), getattr(walk.office, second)
    given = {"passphrase": passphrase_of(one), "second_passphrase": passphrase_of(other), "replacement": walk.new, **fields}
    return opener_change.replace_opener(walk.tender, actor=one, second=other, leaving=getattr(walk.office, leaving), **given)


@pytest.mark.rule("B27")
def test_the_new_opener_opens_with_any_other_and_the_old_one_never_again(walk):
    before = dict(Bid.objects.values_list("pk", "receipt"))
    tender = replace(walk)
    people = {row.user for row in tender.openers.all()}
    assert walk.new in people and walk.office.leader not in people and len(people) == 5
    sealed = sealing.key_of(tender)
    assert sealed.public_key == sealing.key_of(walk.tender).public_key  # what was sealed before stays valid
    keys = {person.pk: sealing.private_of(person, passphrase_of(person)) for person in (*people, walk.office.leader)}
    for one, other in itertools.combinations([person.pk for person in people], 2):
        assert seal.open_tender_key(sealed, {str(one): keys[one], str(other): keys[other]})
    for other in people:
        with pytest.raises(seal.SealBroken):
            seal.open_tender_key(sealed, {str(walk.office.leader.pk): keys[walk.office.leader.pk], str(other.pk): keys[other.pk]})
    travel(walk.tender.deadline)
    with pytest.raises(PermissionDenied):
        opening.open_with(tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
    opening.open_with(tender, actor=walk.new, passphrase=passphrase_of(walk.new))
    tender = opening.open_with(tender, actor=walk.office.supervisor, passphrase=passphrase_of(walk.office.supervisor))
    assert tender.status == "opened" and {row.status for row in Bid.objects.all()} == {"opened"}
    assert dict(Bid.objects.values_list("pk", "receipt")) == before
    row = TrailRow.objects.get(verb="replace_opener")
    assert row.params == {"with": walk.office.committee.pk, "leaving": walk.office.leader.pk, "replacement": walk.new.pk}


def test_a_lost_passphrase_loses_nothing(walk):
    """The one who forgot is replaced, then makes a new key; the purchase opens."""
    refused("in_use", opening.enrol_opener, walk.office.leader, "a quite different one 9")
    tender = replace(walk)
    assert opening.enrol_opener(walk.office.leader, "a quite different one 9")
    walk.tender, walk.new = tender, walk.office.leader
    tender = replace(walk, leaving="legal", replacement=walk.office.leader)
    travel(tender.deadline)
    opening.open_with(tender, actor=walk.office.leader, passphrase="a quite different one 9")
    assert opening.open_with(tender, actor=walk.office.section, passphrase=passphrase_of(walk.office.section)).status == "opened"


def test_the_leaver_may_be_one_of_the_two(walk):
    assert replace(walk, actor="leader", second="section", leaving="leader").openers.filter(user=walk.new).exists()


def test_halves_left_before_are_forgotten(walk):
    travel(walk.tender.deadline)
    opening.open_with(walk.tender, actor=walk.office.legal, passphrase=passphrase_of(walk.office.legal))
    tender = replace(walk)
    assert not tender.openers.exclude(partial={}).exists() and not tender.openers.exclude(present_at=None).exists()
    assert opening.open_with(tender, actor=walk.new, passphrase=passphrase_of(walk.new)).status == "published"  # alone again
    assert opening.open_with(tender, actor=walk.office.legal, passphrase=passphrase_of(walk.office.legal)).status == "opened"


@pytest.mark.parametrize("fields, code", [
    ({"passphrase": "wrong words altogether"}, "passphrase"), ({"second_passphrase": "wrong words altogether"}, "passphrase"), ({"second": "section"}, "same"), ({"leaving": "cashier"}, "no_opener"),
])  # fmt: skip
def test_one_alone_or_strangers_change_nothing(walk, fields, code):
    wraps = dict(walk.tender.key_wraps)
    refused(code, replace, walk, **fields)
    assert Tender.objects.get(pk=walk.tender.pk).key_wraps == wraps


def test_who_can_take_over(walk):
    refused("no_key", replace, walk, replacement=walk.office.cashier)
    refused("unfit", replace, walk, replacement=walk.office.legal)
    refused("unfit", replace, walk, replacement=walk.providers[0].user)
    with pytest.raises(PermissionDenied):
        opener_change.replace_opener(walk.tender, actor=walk.new, passphrase=passphrase_of(walk.new), second=walk.office.section, second_passphrase="x", leaving=walk.office.leader, replacement=walk.office.cashier)


def test_only_while_it_is_published(walk):
    draft = make_tender(walk.office, "draft")
    walk.tender, old = draft.tender, walk.tender
    refused("draft", replace, walk)
    walk.tender = old
    travel(old.deadline)
    for name in ("leader", "section"):
        opening.open_with(old, actor=getattr(walk.office, name), passphrase=passphrase_of(getattr(walk.office, name)))
    refused("opened", replace, walk)


def test_the_screen(walk, client):
    address = reverse("opener_replace", args=[walk.tender.pk])
    client.force_login(walk.office.section)
    assert walk.new.name in client.get(address).content.decode()
    data = {"leaving": walk.office.leader.pk, "replacement": walk.new.pk, "passphrase": passphrase_of(walk.office.section), "second": walk.office.legal.pk, "second_passphrase": "nothing at all here"}
    answer = client.post(address, data)
    assert answer.status_code == 422 and passphrase_of(walk.office.section) not in answer.content.decode()
    assert client.post(address, {**data, "second_passphrase": passphrase_of(walk.office.legal)}).status_code == 302
    assert walk.tender.openers.filter(user=walk.new).exists()
    client.force_login(walk.office.leader)
    assert client.get(address).status_code == 403
