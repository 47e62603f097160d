"""Bank accounts: asked by the organization with proof, confirmed by a second person; and the organization's people."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.models import Notice
from providers.lifecycle import account as life
from providers.lifecycle import members
from providers.lifecycle.organization import account_of
from providers.lifecycle.standing import rename
from providers.models import BankAccount, OrganizationMember
from providers.permissions import is_member, organizations_of
from tests.factories.communities import PASSWORD, join, make_office, make_user
from tests.factories.providers import make_provider, picture

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def made():
    return make_provider(account=False)


def ask(made, **fields):
    return life.ask_account(made.organization, **{"actor": made.user, "bank": "清源农商行", "number": "6222 0000 1111 2222", "proof": picture(), **fields})


def test_an_account_counts_only_once_confirmed(made):
    account = ask(made)
    assert account_of(made.organization) is None and account.state == "waiting"
    life.confirm_account(account, actor=made.office.accountant)
    assert account_of(made.organization) == account
    assert [row.verb for row in trail.rows_of(account)] == ["ask_account", "attach", "confirm_account"]


def test_the_number_is_encrypted_and_never_in_the_trail(made):
    account = ask(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, last_digits FROM providers_bankaccount WHERE id = %s", [account.pk])
        raw, last = cursor.fetchone()
    assert b"6222000011112222" not in bytes(raw) and last == "2222"
    assert BankAccount.objects.get(pk=account.pk).number == "6222000011112222"
    assert "6222000011112222" not in str(list(trail.rows_of(account).values("params", "reason")))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"holder": "别人公司"}, "holder"),
        ({"number": "123"}, "number"),
        ({"number": "6222abcd00001111"}, "number"),
        ({"number": "9" * 31}, "number"),
        ({"proof": None}, "proof"),
    ],
)
def test_what_is_refused(made, fields, code):
    with pytest.raises(Refusal) as refused:
        ask(made, **fields)
    assert refused.value.code == code and refused.value.field == code and not BankAccount.objects.exists()


def test_only_managers_ask(made):
    worker = make_user()
    members.add_member(made.organization, worker, "worker", actor=made.user)
    for actor in (worker, made.office.accountant, make_provider(office=made.office, account=False).user):
        with pytest.raises(Refusal) as refused:
            ask(made, actor=actor)
        assert refused.value.code == "role"


def test_two_people_of_two_sides(made):
    office = made.office
    members.add_member(made.organization, office.accountant, "manager", actor=made.user)
    account = ask(made, actor=office.accountant)
    with pytest.raises(Refusal) as refused:
        life.confirm_account(account, actor=office.accountant)
    assert refused.value.code == "two_people"
    for actor in (made.user, office.handler, office.cashier, make_office().accountant):
        with pytest.raises(Refusal) as refused:
            life.confirm_account(account, actor=actor)
        assert refused.value.code == "role"
    other = join("accountant", purchaser=office.purchaser)
    assert life.confirm_account(account, actor=other).confirmed_by == other
    with pytest.raises(Refusal) as refused:
        life.confirm_account(account, actor=other)
    assert refused.value.code == "decided"


def test_the_database_itself_wants_two_people(made):
    account = ask(made)
    with pytest.raises(IntegrityError), transaction.atomic():
        BankAccount.objects.filter(pk=account.pk).update(confirmed_by=made.user, confirmed_at=clock.now())


def test_a_change_freezes_tells_and_thaws(made, monkeypatch):
    seen = []
    monkeypatch.setattr(life, "_freezers", [(lambda organization, actor: seen.append("freeze"), lambda organization, actor: seen.append("thaw"))])
    first = life.confirm_account(ask(made), actor=made.office.accountant)
    assert seen == [], "a first account has nothing to freeze"
    second = ask(made, number="6222 0000 3333 4444")
    assert seen == ["freeze"] and account_of(made.organization) == first
    assert Notice.objects.filter(user=made.user, kind="account.asked").count() == 1
    with pytest.raises(Refusal) as refused:
        ask(made, number="6222 0000 5555 6666")
    assert refused.value.code == "waiting"
    life.confirm_account(second, actor=made.office.accountant)
    first.refresh_from_db()
    assert seen == ["freeze", "thaw"] and first.state == "replaced" and account_of(made.organization) == second


def test_a_refused_change_leaves_the_account_in_use(made):
    first = life.confirm_account(ask(made), actor=made.office.accountant)
    second = life.refuse_account(ask(made, number="6222 0000 3333 4444"), actor=made.office.accountant, reason="印章不清")
    assert second.state == "refused" and account_of(made.organization) == first
    with pytest.raises(Refusal):
        life.refuse_account(ask(made, number="6222 0000 3333 4444"), actor=made.office.accountant, reason=" ")


def test_after_a_new_name_the_waiting_account_no_longer_fits(made):
    made.organization.names.update(valid_from="2024-01-01")
    account = ask(made)
    rename(made.organization, "新名中心", actor=made.office.handler, since=clock.today(), document="x")
    with pytest.raises(Refusal) as refused:
        life.confirm_account(account, actor=made.office.accountant)
    assert refused.value.code == "holder"


def test_all_or_nothing_when_the_trail_fails(made, monkeypatch):
    first = life.confirm_account(ask(made), actor=made.office.accountant)
    second = ask(made, number="6222 0000 3333 4444")
    monkeypatch.setattr("kernel.trail.digest", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        life.confirm_account(second, actor=made.office.accountant)
    assert account_of(made.organization) == first and BankAccount.objects.get(pk=second.pk).state == "waiting"


def test_screens(client, made):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(made.user, backend=BACKEND)
    url = reverse("account_create", args=[made.organization.pk])
    data = {"holder": made.organization.name, "bank": "清源农商行", "number": "6222000011112222"}
    assert client.post(url, data).status_code == 422
    page = client.post(url, {**data, "holder": "别人", "proof": SimpleUploadedFile(*picture())})
    assert page.status_code == 422 and "holder" in page.context["form"].errors
    assert client.post(url, {**data, "proof": SimpleUploadedFile(*picture())}).status_code == 302
    account = BankAccount.objects.get()
    confirm = reverse("account_confirm", args=[account.pk])
    assert client.post(confirm).status_code == 403
    client.force_login(make_office().accountant, backend=BACKEND)
    assert client.post(confirm).status_code == 403
    client.force_login(made.office.accountant, backend=BACKEND)
    assert client.post(confirm).status_code == 302
    account.refresh_from_db()
    assert account.state == "current"


def test_members_join_by_a_link_once(made, client):
    _row, token = members.invite_member(made.organization, actor=made.user, name="赵一", role="staff")
    url = reverse("member_join", args=[token])
    assert client.get(url).status_code == 200
    page = client.post(url, {"username": "zhaoyi", "password1": PASSWORD, "password2": PASSWORD})
    assert page.status_code == 302 and client.get(page.url).status_code == 200
    row = OrganizationMember.objects.get(user__username="zhaoyi")
    assert is_member(row.user, made.organization) and organizations_of(row.user) == [made.organization]
    assert client.get(url).status_code == 410
    with pytest.raises(Refusal):
        members.invite_member(made.organization, actor=row.user, name="x", role="staff")


def test_the_last_manager_stays(made):
    row = OrganizationMember.objects.get(user=made.user)
    with pytest.raises(Refusal) as refused:
        members.end_member(row, actor=made.user)
    assert refused.value.code == "last_manager"
    other = make_user()
    members.add_member(made.organization, other, "manager", actor=made.user)
    members.end_member(row, actor=other)
    assert not is_member(type(made.user).objects.get(pk=made.user.pk), made.organization)


def test_a_left_member_can_no_longer_act(made):
    from providers.lifecycle.organization import SUBMIT

    other = make_user()
    members.add_member(made.organization, other, "manager", actor=made.user)
    members.end_member(OrganizationMember.objects.get(user=made.user), actor=other)
    assert not SUBMIT.may(type(made.user).objects.get(pk=made.user.pk), made.organization)
    with pytest.raises((PermissionDenied, Refusal)):
        ask(made, actor=type(made.user).objects.get(pk=made.user.pk))
