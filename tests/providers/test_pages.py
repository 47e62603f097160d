"""Every page of the doing side opens for whom it should and is closed to the others."""

import pytest
from django.urls import reverse

from providers.lifecycle.account import ask_account
from providers.lifecycle.organization import submit
from tests.factories.communities import make_office, make_user
from tests.factories.providers import make_draft, make_provider, picture

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def provider():
    return make_provider()


def get(client, user, name, *args):
    client.logout()
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client.get(reverse(name, args=args))


def test_registry_is_for_government_and_members(client, provider):
    office = provider.office
    for role in ("handler", "finance", "community", "observer"):
        page = get(client, office.users[role], "organization_list")
        assert page.status_code == 200 and provider.organization.name in page.content.decode(), role
    assert get(client, provider.user, "organization_list").status_code == 200
    assert get(client, make_user(), "organization_list").status_code == 403
    assert get(client, None, "organization_list").status_code == 302


def test_detail_own_other_and_stranger(client, provider):
    other = make_provider(office=provider.office)
    pk = provider.organization.pk
    page = get(client, provider.user, "organization_detail", pk)
    assert page.status_code == 200 and page.content.decode().count("<h1") == 1
    assert get(client, provider.office.accountant, "organization_detail", pk).status_code == 200
    assert get(client, other.user, "organization_detail", pk).status_code == 404
    assert get(client, make_user(), "organization_detail", pk).status_code == 404


def test_drafts_stay_with_their_organization(client, provider):
    draft = make_draft(place=provider.office.district)
    assert get(client, draft.user, "organization_detail", draft.organization.pk).status_code == 200
    assert get(client, provider.office.handler, "organization_detail", draft.organization.pk).status_code == 404


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("organization_edit", {"member"}),
        ("account_create", {"member"}),
        ("organization_rename", {"handler", "section", "supervisor"}),
        ("organization_grade", {"department", "supervisor"}),
        ("exclusion_create", {"finance", "department", "supervisor", "observer"}),
    ],
)
def test_forms_open_only_for_their_roles(client, provider, name, allowed):
    users = {**provider.office.users, "member": provider.user}
    users.pop("admin")
    for role, user in users.items():
        assert get(client, user, name, provider.organization.pk).status_code == (200 if role in allowed else 403), role


def test_people_page_is_the_organizations_own(client, provider):
    assert get(client, provider.user, "members", provider.organization.pk).status_code == 200
    assert get(client, provider.office.handler, "members", provider.organization.pk).status_code == 403


def test_account_page_shows_the_number_to_the_accountant_only_and_logs_the_look(client):
    from kernel.models import AccessLog

    made = make_provider(account=False)
    account = ask_account(made.organization, actor=made.user, bank="清源农村商业银行", number="6222000011112222", proof=picture())
    page = get(client, made.office.accountant, "account_confirm", account.pk)
    assert "6222000011112222" in page.content.decode()
    assert AccessLog.objects.filter(who=made.office.accountant, field="number").count() == 1
    assert get(client, made.office.handler, "account_confirm", account.pk).status_code == 403
    assert get(client, made.user, "account_confirm", account.pk).status_code == 403
    detail = get(client, made.office.handler, "organization_detail", made.organization.pk).content.decode()
    assert "6222000011112222" not in detail and "2222" in detail


def test_licence_is_served_to_staff_not_to_strangers(client):
    from kernel import files

    office = make_office()
    draft = make_draft(place=office.district)
    submit(draft.organization, actor=draft.user)
    licence = files.of(draft.organization, role="licence")[0]
    for user, status in ((draft.user, 200), (office.handler, 200), (make_user(), 404)):
        client.force_login(user, backend=BACKEND)
        assert client.get(licence.get_absolute_url()).status_code == status


def test_desk_says_what_waits(client):
    office = make_office()
    draft = make_draft(place=office.district)
    assert "提交" in get(client, draft.user, "desk").content.decode() or draft.organization.name in get(client, draft.user, "desk").content.decode()
    submit(draft.organization, actor=draft.user)
    assert draft.organization.name in get(client, office.handler, "desk").content.decode()
    assert draft.organization.name not in get(client, office.cashier, "desk").content.decode()
