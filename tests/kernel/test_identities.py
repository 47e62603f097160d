"""What a person states to be recognised: encrypted, found by index, seen masked by its own person alone, destroyed on request."""

import pytest
from django.db import connection
from django.urls import reverse

from kernel import identities, trail
from kernel.models import PersonIdentity, SubjectKey
from tests.factories.communities import make_user
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
CARD = "11010519491231002X"


def test_it_lies_encrypted_and_equal_ones_find_each_other():
    one, two = make_user("甲"), make_user("乙")
    identities.state(one, id_number=CARD.lower(), phone="139 0000 0001")
    identities.state(two, phone="13900000001")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, phone FROM kernel_personidentity")
        assert not any(CARD.encode() in bytes(cell) or b"139" in bytes(cell) for row in cursor.fetchall() for cell in row if cell)
    marks = identities.marks_of([one.pk, two.pk])
    assert set(marks[two.pk].values()) == {"phone"} and set(marks[one.pk].values()) == {"id", "phone"} and marks[two.pk].keys() < marks[one.pk].keys()
    assert not any(CARD in str(row.params) or "139" in str(row.params) for row in trail.rows_of(one))


def test_nonsense_is_refused_beside_its_field():
    user = make_user("甲")
    assert refused("id_wrong", identities.state, user, id_number="110105194912310021").field == "id_number"
    assert refused("phone_wrong", identities.state, user, phone="abc").field == "phone"
    refused("nothing", identities.state, user)
    assert not PersonIdentity.objects.exists()


def test_one_may_be_added_later_and_all_is_destroyed_on_request():
    user = make_user("甲")
    identities.state(user, phone="13900000001")
    row = identities.state(user, id_number=CARD)
    assert (row.id_number, row.phone) == (CARD, "13900000001")
    identities.forget(user)
    assert not PersonIdentity.objects.exists() and SubjectKey.objects.filter(destroyed_at__isnull=False).count() == 1
    identities.forget(user)


def test_the_page_shows_it_masked(client):
    user = make_user("甲")
    client.force_login(user)
    url = reverse("identity_page")
    assert client.post(url, {"id_number": "1", "phone": ""}).status_code == 422
    assert client.post(url, {"id_number": CARD, "phone": "13900000001"}).status_code == 302
    page = client.get(url).content.decode()
    assert "139****0001" in page and CARD not in page and "13900000001" not in page
    assert url in client.get(reverse("preferences")).content.decode()
    assert client.post(url, {"forget": "1"}).status_code == 302 and not PersonIdentity.objects.exists()
