"""What was frozen once is read often: a purchase's rules are some sixty thousand letters of JSON, read with every lot, response and contract of it."""

import functools
import json

from django.db import models
from django.db.models.fields.json import KeyTransform


class FrozenField(models.JSONField):
    """JSON that is written as a whole and never changed inside. Equal text is decoded once and shared, so take a copy of what you want to change."""

    def from_db_value(self, value, expression, connection):
        if isinstance(expression, KeyTransform) or not isinstance(value, str):
            return super().from_db_value(value, expression, connection)
        found = decoded(value)
        return dict(found) if isinstance(found, dict) else found

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs  # the same column


decoded = functools.lru_cache(maxsize=64)(json.loads)
