"""The public site: no login, no script, nothing sealed, nothing personal, nothing unpublished."""

import pytest

from procurement.announcements import announce
from procurement.lifecycle import contract as contracts
from tests.factories.communities import make_need
from tests.factories.communities import make_office as make_small_office
from tests.factories.contracts import make_contract
from tests.factories.tenders import make_tender

pytestmark = pytest.mark.django_db
PAGES = ["/", "/public/needs/", "/public/notices/", "/public/results/", "/public/contracts/"]


@pytest.mark.parametrize("address", PAGES)
def test_pages_need_no_login_and_no_script(client, address):
    page = client.get(address)
    text = page.content.decode()
    assert page.status_code == 200 and "<script" not in text and text.count("<h1") == 1


def test_only_published_needs_are_shown(client):
    office = make_small_office()
    make_need(office, status="draft", title="还在起草的需求")
    make_need(office, status="confirmed", title="已确认未公布的需求")
    make_need(office, status="published", title="公布了的需求")
    page = client.get(f"/public/communities/{office.communities[0].pk}/").content.decode()
    assert "公布了的需求" in page and "起草" not in page and "未公布" not in page
    assert client.get(f"/public/communities/{office.street.pk}/").status_code == 404


def test_a_contract_appears_with_its_notice_and_the_money_with_it(client):
    scene = make_contract(state="performing")
    address = f"/public/communities/{scene.project.place_id}/"
    assert scene.contract.number not in client.get(address).content.decode()
    contracts.publish_notice(scene.contract, actor=scene.office.handler)
    page = client.get(address).content.decode()
    assert scene.contract.number in page and f"{scene.contract.amount:,.2f}" in page
    assert "13900000001" not in page
    assert scene.contract.title in client.get("/public/contracts/").content.decode()


def test_a_community_shows_its_own_announcements_alone(client):
    walk = make_tender(state="published")
    title, own = walk.tender.announcements.get().title, walk.lot.project.place
    other = make_small_office().communities[0]
    assert own.pk != other.pk
    assert title in client.get(f"/public/communities/{own.pk}/").content.decode()
    assert title not in client.get(f"/public/communities/{other.pk}/").content.decode()


def test_a_running_purchase_shows_its_notice_but_no_bidder(client):
    walk = make_tender(state="submitted")
    notices = client.get("/public/notices/").content.decode()
    page = client.get(walk.tender.announcements.get().get_absolute_url()).content.decode()
    assert walk.tender.title in notices and walk.tender.title in page
    for provider in walk.providers:
        assert provider.organization.name not in notices + page
    assert "250,000" not in page and "3 家" not in page


def test_what_people_typed_is_escaped_in_announcements(client):
    scene = make_contract(state="performing", title="<script>alert(1)</script>食堂")
    row = announce("contract", None, actor=scene.office.handler, contract=scene.contract, title=scene.contract.title, number="HT/2026-1")
    page = client.get(row.get_absolute_url()).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "<script>alert" not in client.get("/public/results/").content.decode()


def test_search_for_a_community_keeps_what_was_typed(client):
    office = make_small_office()
    name = office.communities[0].name
    page = client.get("/", {"q": name}).content.decode()
    assert name in page and f'value="{name}"' in page and office.communities[1].name not in page
    assert client.get("/", {"q": "\x00" * 3}).status_code == 200


def test_a_page_beyond_the_last_is_the_last(client):
    assert client.get("/public/needs/", {"page": "99999"}).status_code == 200
    assert client.get("/public/needs/", {"page": "x"}).status_code == 200
