"""Money: Decimal yuan with two places in Python, whole fen in the database (SQLite's decimals refuse 0.10 + 0.20 <= 0.30)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

FEN = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("99999999999.99")


def yuan(value):
    """A Decimal yuan with two places, half up. Raises InvalidOperation on nonsense; refuses floats."""
    if isinstance(value, float):
        raise TypeError("money is never a float")
    return Decimal(value).quantize(FEN, rounding=ROUND_HALF_UP)


class MoneyField(models.BigIntegerField):
    """Decimal yuan outside, integer fen inside. Sums and F() arithmetic stay exact and come back as yuan."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("default", ZERO)
        super().__init__(*args, **kwargs)

    @property
    def validators(self):
        return [MinValueValidator(-LARGEST), MaxValueValidator(LARGEST)]

    def to_python(self, value):
        if value is None:
            return None
        try:
            return yuan(value)
        except (InvalidOperation, ValueError, TypeError) as error:
            raise ValidationError(_("Enter an amount in yuan."), code="invalid") from error

    def from_db_value(self, value, expression, connection):
        return None if value is None else (Decimal(int(value)) / 100).quantize(FEN)

    def get_prep_value(self, value):
        if value is None or hasattr(value, "resolve_expression"):
            return value
        amount = yuan(value)
        if abs(amount) > LARGEST:
            raise ValidationError(_("The amount is too large."), code="max_value")
        return int(amount * 100)

    def get_db_prep_value(self, value, connection, prepared=False):
        return value if prepared else self.get_prep_value(value)

    def value_to_string(self, obj):
        return str(self.value_from_object(obj))

    def formfield(self, **kwargs):
        return forms.DecimalField(
            **{
                "label": self.verbose_name,
                "help_text": self.help_text,
                "required": not self.blank,
                "max_digits": 13,
                "decimal_places": 2,
                "min_value": Decimal("0"),
                **kwargs,
            }
        )


def fen(amount):
    """A yuan amount as an expression for F() arithmetic: `F("committed") + fen(amount)`."""
    return models.Value(yuan(amount), output_field=MoneyField())


def share(amount, percent):
    """`percent` per cent of an amount in yuan, half up to the fen."""
    return yuan(Decimal(amount) * Decimal(percent) / 100)
