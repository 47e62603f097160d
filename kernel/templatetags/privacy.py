"""`{% load privacy %}{{ wish.phone|masked_phone }}`: personal values as lists may show them."""

from django import template

from kernel import masks

register = template.Library()
register.filter("masked_phone", masks.mask_phone)
register.filter("masked_id", masks.mask_id)
register.filter("masked_name", masks.mask_name)
