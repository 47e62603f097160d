"""Model fields for personal data: plain to work with, ciphertext in the database.

    class Wish(EncryptedSubjectRow):                       # brings row_token and subject_key (destroying it destroys the data)
        phone = EncryptedField(_("phone"), max_length=20, subject="subject_key", blank=True)
        phone_index = BlindIndexField(of="phone", domain="phone")

    wish.phone = "138 0000 0000"; wish.save(); wish.phone           # str, transparently; "" when empty or destroyed
    Wish.objects.filter(phone_index=blind_index("phone", typed))    # equality without reading

`EncryptedRow` alone (no `subject=`) uses the platform key. A ciphertext is bound to model, field and row; it is read
through a loaded object only: `values()` gives a `Sealed`, and `update(phone="…")` raises TypeError instead of writing plain text.
Personal values shown to staff go through `kernel.access.reveal`, in lists through `kernel.masks`.
"""

import secrets

from django import forms
from django.core import checks
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from kernel import crypto
from kernel.models.access import KeyDestroyed, SubjectKey


def new_row_token():
    return secrets.token_hex(16)


class Sealed:
    """A ciphertext as it lies in the database. Prints as dots, so that it can't slip into a page or a log."""

    __slots__ = ("token", "plain")

    def __init__(self, token, plain=None):
        self.token, self.plain = bytes(token), plain

    def __str__(self):
        return "•••"

    __repr__ = __str__

    def __eq__(self, other):
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self):
        return hash(self.token)


class EncryptedAttribute(DeferredAttribute):
    """Decrypts at the first look, not at loading: a list of a hundred rows opens only what it shows."""

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            super().__get__(instance, cls)
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            if value.plain is None:
                try:
                    value.plain = self.field.open(instance, value.token)
                except KeyDestroyed:
                    return self.field.nothing
            return value.plain
        return self.field.nothing if value is None else value

    def __set__(self, instance, value):
        if value is not None and not isinstance(value, (Sealed, self.field.kind)):
            raise TypeError(f"{self.field.name} takes {self.field.kind.__name__}, not {type(value).__name__}")
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.Field):
    """Text encrypted in the row; `subject` names the row's foreign key to SubjectKey, empty: the platform key."""

    descriptor_class = EncryptedAttribute
    kind, nothing = str, ""

    def __init__(self, *args, subject="", **kwargs):
        kwargs["null"] = True
        self.subject = subject
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"subject": self.subject} if self.subject else {})

    def check(self, **kwargs):
        errors = super().check(**kwargs)
        names = {field.name for field in self.model._meta.get_fields()}
        if "row_token" not in names or (self.subject and self.subject not in names):
            errors.append(checks.Error("An encrypted field needs kernel.encryption.EncryptedRow (or EncryptedSubjectRow).", obj=self, id="kernel.E010"))
        return errors

    def get_internal_type(self):
        return "BinaryField"

    def get_lookup(self, lookup):
        return super().get_lookup(lookup) if lookup in ("isnull", "exact") else None

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": forms.CharField, "max_length": self.max_length, **kwargs})

    # -- between object and database

    def aad(self, instance):
        return "\0".join((self.model._meta.label_lower, self.name, instance.row_token)).encode()

    def lock(self, instance, value):
        raw = value.encode() if isinstance(value, str) else value
        if self.subject:
            return crypto.encrypt_with(getattr(instance, self.subject).data_key(), raw, self.aad(instance))
        return crypto.encrypt(raw, self.aad(instance))

    def open(self, instance, token):
        if self.subject:
            raw = crypto.decrypt_with(getattr(instance, self.subject).data_key(), token, self.aad(instance))
        else:
            raw = crypto.decrypt(token, self.aad(instance))
        return raw.decode() if self.kind is str else raw

    def pre_save(self, instance, add):
        value = instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        if value == self.nothing:
            return None
        sealed = Sealed(self.lock(instance, value), value)
        instance.__dict__[self.attname] = sealed
        return sealed

    def from_db_value(self, value, expression, connection):
        return None if value is None else Sealed(value)

    def get_prep_value(self, value):
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if not isinstance(value, Sealed):
            raise TypeError(f"{self.name} is encrypted: write it through save(), find it through its blind index")
        return value.token

    def get_db_prep_value(self, value, connection, prepared=False):
        value = value if prepared else self.get_prep_value(value)
        return connection.Database.Binary(value) if isinstance(value, bytes) else value

    def get_default(self):
        return None

    def to_python(self, value):
        return value

    def value_to_string(self, obj):
        return "•••"


class EncryptedBytesField(EncryptedField):
    """The same for bytes (a draft of a bid, a scanned form kept in the row)."""

    kind, nothing = bytes, b""

    def formfield(self, **kwargs):
        return None


class BlindIndexField(models.CharField):
    """Keyed hash of another field of the row, kept current by save(); equal values of one domain find each other."""

    def __init__(self, *args, of="", domain="", **kwargs):
        kwargs.update(max_length=64, blank=True, default="", editable=False)
        kwargs.setdefault("db_index", True)
        self.of, self.domain = of, domain
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for given in ("max_length", "blank", "default", "editable"):
            kwargs.pop(given, None)
        return name, path, args, kwargs | {"of": self.of, "domain": self.domain}

    def pre_save(self, instance, add):
        value = instance.__dict__.get(self.of)
        if isinstance(value, Sealed) and value.plain is None:
            return getattr(instance, self.attname)  # not looked at, so not changed
        index = crypto.blind_index(self.domain, getattr(instance, self.of))
        setattr(instance, self.attname, index)
        return index


class EncryptedRow(models.Model):
    """A row with encrypted fields: the random token binds each ciphertext to this row."""

    row_token = models.CharField(max_length=32, default=new_row_token, editable=False)

    class Meta:
        abstract = True

    def save(self, *args, update_fields=None, **kwargs):
        if update_fields is not None:
            names = set(update_fields)
            update_fields = names | {field.name for field in self._meta.fields if isinstance(field, BlindIndexField) and field.of in names}
        super().save(*args, update_fields=update_fields, **kwargs)


class EncryptedSubjectRow(EncryptedRow):
    """A row about one person, with that person's own key. Lists: `select_related("subject_key")`."""

    subject_key = models.ForeignKey(SubjectKey, models.PROTECT, null=True, editable=False, related_name="+")

    class Meta:
        abstract = True

    def save(self, *args, update_fields=None, **kwargs):
        if self.subject_key_id is None:
            self.subject_key = SubjectKey.issue()
            update_fields = None if update_fields is None else {*update_fields, "subject_key"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def destroyed(self):
        """Whether this person's data was destroyed."""
        return bool(self.subject_key and self.subject_key.destroyed_at)

    def destroy_personal_data(self, *, actor=None, why="request"):
        """Destroy the key and clear the blind indexes: what stays is a number without a person."""
        self.subject_key.destroy(actor=actor, why=why)
        indexes = [field.name for field in self._meta.fields if isinstance(field, BlindIndexField)]
        if indexes:
            type(self)._base_manager.filter(pk=self.pk).update(**dict.fromkeys(indexes, ""))
            for name in indexes:
                setattr(self, name, "")
        for field in self._meta.fields:
            if isinstance(field, EncryptedField) and isinstance(value := self.__dict__.get(field.attname), Sealed):
                value.plain = None
