"""Encrypted fields in rows: transparent to the object, closed to the database, destroyed with the person's key."""

from io import StringIO

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from kernel import access, crypto, rotation
from kernel.encryption import BlindIndexField, EncryptedBytesField, EncryptedField, EncryptedRow, EncryptedSubjectRow, Sealed
from kernel.lifecycle import Refusal
from kernel.models import AccessLog, Draft, SubjectKey, User

with isolate_apps("kernel"):

    class Card(EncryptedRow):
        number = EncryptedField(max_length=40, blank=True)
        scan = EncryptedBytesField(blank=True)
        index = BlindIndexField(of="number", domain="card")

        class Meta:
            app_label = "kernel"

    class Person(EncryptedSubjectRow):
        phone = EncryptedField(max_length=20, subject="subject_key", blank=True)
        phone_index = BlindIndexField(of="phone", domain="phone")
        remark = models.CharField(max_length=20, default="")

        class Meta:
            app_label = "kernel"

    class Bare(models.Model):
        number = EncryptedField()

        class Meta:
            app_label = "kernel"

        def __str__(self):
            return "bare"


@pytest.fixture(scope="module", autouse=True)
def tables(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Card)
            editor.create_model(Person)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Card)
            editor.delete_model(Person)


@pytest.fixture(autouse=True)
def key_dir(settings, tmp_path):
    settings.KEY_DIR = tmp_path / "keys"


@pytest.fixture
def known(monkeypatch):
    """Rotation sees the test's models too."""
    real = rotation.apps.get_models
    monkeypatch.setattr(rotation.apps, "get_models", lambda: [*real(), Card, Person])


def raw(model, column, pk):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{model._meta.db_table}" WHERE id = %s', [pk])
        value = cursor.fetchone()[0]
    return None if value is None else bytes(value)


@pytest.mark.django_db
def test_plain_to_the_object_closed_in_the_database():
    card = Card.objects.create(number="6222 0210 0011", scan=b"\x00scan")
    kept = Card.objects.get(pk=card.pk)
    assert (kept.number, kept.scan) == ("6222 0210 0011", b"\x00scan")
    assert b"6222" not in raw(Card, "number", card.pk)
    assert Card.objects.get(index=crypto.blind_index("card", "622202100011")) == card
    assert "6222" not in repr(Card.objects.values()[0])


@pytest.mark.django_db
def test_saving_again_without_a_change_writes_the_same_bytes():
    card = Card.objects.create(number="1234567")
    before = raw(Card, "number", card.pk)
    kept = Card.objects.get(pk=card.pk)
    kept.save()
    assert raw(Card, "number", card.pk) == before and Card.objects.get(pk=card.pk).index == card.index
    kept.number = "7654321"
    kept.save(update_fields=["number"])
    assert Card.objects.get(index=crypto.blind_index("card", "7654321")).number == "7654321"


@pytest.mark.django_db
def test_empty_deferred_refreshed_and_in_bulk():
    empty = Card.objects.create()
    assert Card.objects.get(pk=empty.pk).number == "" and raw(Card, "number", empty.pk) is None
    full = Card.objects.create(number="77")
    assert Card.objects.defer("number").get(pk=full.pk).number == "77"
    full.refresh_from_db()
    assert full.number == "77"
    full.number = ""
    full.save()
    assert raw(Card, "number", full.pk) is None and Card.objects.get(pk=full.pk).index == ""
    Card.objects.bulk_create([Card(number="88"), Card(number="99")])
    assert Card.objects.get(index=crypto.blind_index("card", "99")).number == "99"


@pytest.mark.django_db
def test_moved_to_another_row_or_column_it_does_not_open():
    one, two = Card.objects.create(number="111"), Card.objects.create(number="222")
    Card.objects.filter(pk=two.pk).update(number=Sealed(raw(Card, "number", one.pk)))
    with pytest.raises(crypto.Unreadable):
        _ = Card.objects.get(pk=two.pk).number


@pytest.mark.django_db
def test_plain_text_never_reaches_a_query():
    card = Card.objects.create(number="111")
    with pytest.raises(TypeError):
        Card.objects.filter(number="111")
    with pytest.raises(FieldError):
        Card.objects.filter(number__contains="1")
    with pytest.raises(TypeError), transaction.atomic():
        Card.objects.update(number="222")
    with pytest.raises(TypeError), transaction.atomic():
        Card.objects.bulk_update([card], ["number"])
    with pytest.raises(TypeError):
        card.number = b"111"
    assert Card.objects.get(pk=card.pk).number == "111"


def test_a_model_without_row_token_is_found_by_check():
    assert [error.id for error in Bare.check()] == ["kernel.E010"]
    assert Card.check() == []


def test_fields_can_be_migrated():
    for field in (Card._meta.get_field("index"), Person._meta.get_field("phone"), Card._meta.get_field("scan")):
        _name, _path, args, kwargs = field.deconstruct()
        copy = type(field)(*args, **kwargs)
        assert copy.deconstruct()[1:] == field.deconstruct()[1:]


@pytest.mark.django_db
def test_destroying_the_key_destroys_the_data():
    person, other = Person.objects.create(phone="13800000000", remark="kept"), Person.objects.create(phone="13900000000")
    ciphertext = raw(Person, "phone", person.pk)
    actor = User.objects.create_user("zhang", name="张三")
    person.destroy_personal_data(actor=actor)
    for row in (person, Person.objects.get(pk=person.pk)):
        assert row.phone == "" and row.destroyed and row.phone_index == ""
    assert raw(Person, "phone", person.pk) == ciphertext  # the row stays, nobody can read it
    assert Person.objects.get(pk=person.pk).subject_key.destroyed_by == actor
    row = Person.objects.get(pk=person.pk)
    row.remark = "still writable"
    row.save()
    assert Person.objects.get(pk=other.pk).phone == "13900000000"
    with pytest.raises(Refusal) as refused:
        access.reveal(row, "phone", actor, "call back")
    assert refused.value.code == "destroyed"


@pytest.mark.django_db
def test_a_list_costs_one_query(django_assert_num_queries):
    for number in range(5):
        Person.objects.create(phone=f"1380000000{number}")
    with django_assert_num_queries(1):
        assert sorted(row.phone[-1] for row in Person.objects.select_related("subject_key")) == list("01234")


@pytest.mark.django_db
def test_reveal_writes_who_whose_what_for():
    actor = User.objects.create_user("li", name="李四")
    person = Person.objects.create(phone="13800000000")
    assert access.reveal(person, "phone", actor, " call back ") == "13800000000"
    look = AccessLog.objects.get()
    assert (look.who, look.subject_id, look.field, look.purpose) == (actor, person.pk, "phone", "call back")
    assert "138" not in repr(AccessLog.objects.values()[0])
    with pytest.raises(Refusal) as refused:
        access.reveal(person, "phone", actor, "  ")
    assert refused.value.field == "purpose" and AccessLog.objects.count() == 1
    with pytest.raises(TypeError):
        look.save()
    with pytest.raises(TypeError):
        look.delete()


@pytest.mark.django_db
def test_a_closed_file_stays_closed(monkeypatch):
    monkeypatch.setattr(access, "_guards", {})
    access.register_guard(Person, lambda subject, field, actor: Refusal("closed", "closed after closing", article="政府采购法 第42条"))
    actor = User.objects.create_user("li", name="李四")
    with pytest.raises(Refusal) as refused:
        access.reveal(Person.objects.create(phone="1"), "phone", actor, "curious")
    assert refused.value.article and not AccessLog.objects.exists()


@pytest.mark.django_db
def test_rotation_renews_every_column(known):
    from kernel import drafts

    card, person = Card.objects.create(number="111", scan=b"s"), Person.objects.create(phone="138")
    user = User.objects.create_user("wang", name="王五")
    drafts.save(user, "form", {"title": "草稿"})
    old = crypto.keyring().current
    call_command("rotate_keys", "--drop-old", stdout=StringIO())
    new = crypto.keyring()
    assert old not in new.keys and len(new.keys) == 1
    kept = Card.objects.get(pk=card.pk)
    assert (kept.number, kept.scan) == ("111", b"s")
    assert Person.objects.get(pk=person.pk).phone == "138"
    assert drafts.load(user, "form")[0] == {"title": "草稿"}
    assert {crypto.key_id(raw(Card, "number", card.pk)), crypto.key_id(SubjectKey.objects.get().wrapped), crypto.key_id(Draft.objects.get().content)} == {new.current}


@pytest.mark.django_db
def test_rotation_killed_half_way_goes_on_where_it_was(known, monkeypatch):
    cards = [Card.objects.create(number=str(number)) for number in range(7)]
    real, count = crypto.renew, iter(range(100))

    def dies(token, aad):
        if next(count) == 3:
            raise KeyboardInterrupt
        return real(token, aad)

    monkeypatch.setattr(rotation.crypto, "renew", dies)
    monkeypatch.setattr(rotation.rotate_column, "__defaults__", (2,))
    with pytest.raises(KeyboardInterrupt):
        call_command("rotate_keys", stdout=StringIO())
    started = crypto.keyring().current
    monkeypatch.setattr(rotation.crypto, "renew", real)
    assert [Card.objects.get(pk=card.pk).number for card in cards] == list("0123456")  # readable in between
    assert len({crypto.key_id(raw(Card, "number", card.pk)) for card in cards}) == 2
    call_command("rotate_keys", stdout=StringIO())
    assert crypto.keyring().current == started and not crypto.keyring().rotating
    assert {crypto.key_id(raw(Card, "number", card.pk)) for card in cards} == {started}


@pytest.mark.django_db
def test_rotation_drops_no_key_while_something_is_unreadable(known):
    card = Card.objects.create(number="111")
    old = crypto.keyring().current
    Card.objects.filter(pk=card.pk).update(number=Sealed(raw(Card, "number", card.pk)[:-1] + b"\0\0"))
    with pytest.raises(CommandError, match=f"Card.number {card.pk}"):
        call_command("rotate_keys", "--drop-old", stdout=StringIO())
    assert old in crypto.keyring().keys


@pytest.mark.django_db
def test_rotation_leaves_a_row_changed_meanwhile_to_its_writer(known):
    card = Card.objects.create(number="old")
    crypto.start_rotation()

    def slow(row):
        mine = Card.objects.get(pk=card.pk)
        mine.number = "new"
        mine.save()
        return Sealed(crypto.renew(row.__dict__["number"].token, Card._meta.get_field("number").aad(row)))

    done, unreadable = rotation.rotate_column(Card, "number", slow)
    assert (done, unreadable) == (0, []) and Card.objects.get(pk=card.pk).number == "new"
