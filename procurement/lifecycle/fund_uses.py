"""What a fund may be used for, held against what a project buys (practice 4)."""

import re

from django.utils.translation import gettext_lazy as _

BETWEEN = re.compile(r"[、，,；;。\n]+")
EMPTY = ("不得用于", "禁止用于", "不可用于", "用于", "不得", "禁止")


def words_of(uses):
    """The single uses of a text: separated by 、，；or a new line, without the usual opening words."""
    found = []
    for part in BETWEEN.split(uses):
        part = part.strip()
        for opening in EMPTY:
            part = part.removeprefix(opening)
        if len(part.strip()) > 1:
            found.append(part.strip())
    return found


def forbidden_by(fund, item):
    """The forbidden use of the fund that the catalogue item (or what it belongs to, or its class) matches, or None."""
    if not fund.forbidden_uses:
        return None
    names = [item.name, item.category, *([item.parent.name, item.parent.category] if item.parent_id else [])]
    names = [name for name in names if len(name) > 1]
    return next((word for word in words_of(fund.forbidden_uses) for name in names if word in name or name in word), None)


def sentence(fund, word):
    return _("“{fund}” must not be used for “{word}”, and this is what the project buys: plan it on another fund.").format(fund=fund, word=word)
