"""Changing the platform key under running data: row by row, compare-and-set, restartable at any point."""

from django.apps import apps
from django.db import transaction

from kernel import crypto
from kernel.encryption import EncryptedField, Sealed
from kernel.models.access import SubjectKey

_others: list = []


def rotates(model, field, renewed):
    """Announce a further column under the platform key. `renewed(row)` -> new value, or None when it is current already."""
    _others.append((model, field, renewed))


def _renew_sealed(field):
    def renewed(row):
        value = row.__dict__[field.attname]
        token = value and crypto.renew(value.token, field.aad(row))
        return Sealed(token) if token else None

    return renewed


def columns():
    """(model, field name, renewed) of everything written under the platform key."""
    yield SubjectKey, "wrapped", lambda row: row.wrapped and crypto.renew(row.wrapped, row.aad)
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedField) and not field.subject:
                yield model, field.name, _renew_sealed(field)
    for model, field, renewed in _others:
        yield (apps.get_model(model) if isinstance(model, str) else model), field, renewed


def rotate_column(model, field, renewed, batch=200):
    """Bring one column to the current key. Returns (renewed, unreadable primary keys). A row changed meanwhile is left to its writer."""
    done, unreadable, last = 0, [], None
    while True:
        rows = model._base_manager.exclude(**{field: None}).order_by("pk")
        rows = list((rows.filter(pk__gt=last) if last is not None else rows)[:batch])
        if not rows:
            return done, unreadable
        last = rows[-1].pk
        with transaction.atomic():
            for row in rows:
                old = row.__dict__[field]
                try:
                    new = renewed(row)
                except crypto.Unreadable:
                    unreadable.append(row.pk)
                    continue
                if new:
                    done += model._base_manager.filter(pk=row.pk, **{field: old}).update(**{field: new})
