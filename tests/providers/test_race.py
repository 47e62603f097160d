"""Two people at once on the ordering and the doing side, in separate processes: one wins, the other gets a sentence."""


import pytest

from communities.lifecycle.staff import invite
from communities.lifecycle.wish import leave_wish
from communities.models import Membership
from kernel.models import User
from providers.lifecycle.account import ask_account
from providers.models import BankAccount
from tests.factories.communities import join, make_office
from tests.factories.providers import make_provider, picture
from tests.processes import together

CHILD = """
import sys, time
from pathlib import Path
import django
from kernel.lifecycle import Refusal
from kernel.models import User
from communities.lifecycle import staff, wish
from communities.models import Wish
from providers.lifecycle import account
from providers.models import BankAccount, Organization
kind, subject, person, ready, go = sys.argv[1:]
actor = User.objects.get(pk=person)
Path(ready).touch()
while not Path(go).exists():
    time.sleep(0.002)
try:
    if kind == "answer":
        wish.answer(Wish.objects.get(pk=subject), actor=actor, answer=f"答复{person}")
    elif kind == "invitation":
        staff.accept_invitation(subject, username=f"new-{person}", password="order-the-dishes-7")
    elif kind == "confirm":
        account.confirm_account(BankAccount.objects.get(pk=subject), actor=actor)
    elif kind == "ask":
        account.ask_account(Organization.objects.get(pk=subject), actor=actor, bank="农商行", number="6222000011112222", proof=("p.pdf", b"%PDF-1.4\\n%%EOF\\n"))
    print("done")
except Refusal as refusal:
    print("refused", refusal.code)
"""


@pytest.fixture
def race(transactional_db):
    """One verb in two processes from one starting shot; what each printed, sorted."""

    def run(kind, subject, people):
        return sorted(together(CHILD, *((kind, subject, person.pk) for person in people)))

    return run


def test_two_answers_to_one_wish(race, transactional_db):
    office = make_office()
    wish = leave_wish(office.communities[0], "想要一个助餐点")
    assert race("answer", wish.pk, [office.community, office.handler]) == ["done", "refused wrong_state"]
    wish.refresh_from_db()
    assert wish.status == "answered"


def test_one_invitation_followed_twice(race, transactional_db):
    office = make_office()
    _row, token = invite("张新", "handler", actor=office.leader, purchaser=office.purchaser)
    assert race("invitation", token, [office.leader, office.section]) == ["done", "refused used"]
    assert User.objects.filter(name="张新").count() == 1
    assert Membership.objects.filter(user__name="张新").count() == 1


def test_one_account_confirmed_twice(race, transactional_db):
    made = make_provider(account=False)
    account = ask_account(made.organization, actor=made.user, bank="农商行", number="6222 0000 1111 2222", proof=picture())
    other = join("accountant", purchaser=made.office.purchaser)
    assert race("confirm", account.pk, [made.office.accountant, other]) == ["done", "refused decided"]
    assert BankAccount.objects.current().count() == 1


def test_two_accounts_asked_at_once(race, transactional_db):
    made = make_provider(account=False)
    assert race("ask", made.organization.pk, [made.user, made.user]) == ["done", "refused waiting"]
    assert BankAccount.objects.waiting().count() == 1
