"""The small language of the project list's search box: `is:returned owner:@me place:柳荫 age:>10 money:50000..90000 year:2026 读书会`.

`parse(text)` -> Asked: terms (key, sign, value) and loose words; pure, no database. A word before a colon that is not known, a state that does
not exist or a figure that is none raises AskError with a sentence that names what would do. Chinese keys and full-width signs are read as well.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import get_language
from django.utils.translation import gettext as _

KEYS = {
    "is": ("is", "状态", "阶段"), "owner": ("owner", "经办人", "负责人"), "place": ("place", "社区", "地点"), "street": ("street", "街道"), "age": ("age", "天数", "停留"),
    "money": ("money", "金额", "预算"), "year": ("year", "年度", "年"), "way": ("way", "方式"), "gate": ("gate", "关口", "审议"), "fund": ("fund", "资金"),
}  # fmt: skip
STATES = {
    "draft": ("draft", "草稿"), "in_review": ("in_review", "review", "审核中", "审批中"), "returned": ("returned", "退回", "已退回"), "approved": ("approved", "已批准", "批准", "通过"),
    "sourcing": ("sourcing", "采购中"), "contracted": ("contracted", "delivering", "履约", "已签约", "履约中"), "closing": ("closing", "结项中"), "closed": ("closed", "已结项", "结项"),
    "rejected": ("rejected", "否决", "不予立项"), "cancelled": ("cancelled", "取消", "已取消"), "open": ("open", "在办", "未结"), "late": ("late", "overdue", "超期", "逾期"),
}  # fmt: skip
WAYS = {"open": ("open", "公开", "竞争"), "intended": ("intended", "定向", "意向")}
FIGURES = ("age", "money", "year")
SIGNS = ("<=", ">=", "<", ">", "=", "..")
_WIDE = str.maketrans({"：": ":", "＞": ">", "＜": "<", "＝": "=", "“": '"', "”": '"', "　": " "})
_PIECE = re.compile(r'(?:(?P<key>[^\s:"]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')
_FIGURE = re.compile(r"(?P<sign><=|>=|<|>|=)?(?P<value>[^.].*)", re.DOTALL)


class AskError(ValueError):
    """What was not understood, as a sentence for the person who typed it."""


@dataclass(frozen=True)
class Term:
    """One `key:value`. `sign` is ":" for words, a comparison for figures; `value` a word, a Decimal, or for ".." a pair of them."""

    key: str
    sign: str
    value: object

    def __str__(self):
        if self.sign == "..":
            return f"{self.key}:{self.value[0]:f}..{self.value[1]:f}"
        if self.key in FIGURES:
            return f"{self.key}:{self.sign}{self.value:f}"
        return f'{self.key}:"{self.value}"' if re.search(r"\s", self.value) else f"{self.key}:{self.value}"


@dataclass(frozen=True)
class Asked:
    """A search, understood. `str()` writes it again so that `parse(str(asked)) == asked`."""

    terms: tuple = ()
    words: tuple = ()

    def __str__(self):
        return " ".join([*map(str, self.terms), *(f'"{word}"' if re.search(r"[\s:]", word) else word for word in self.words)])

    def asks(self, key):
        return any(term.key == key for term in self.terms)


def parse(text):
    """The search as Asked. Raises AskError."""
    text = text.replace("\x00", "").translate(_WIDE)
    if text.count('"') % 2:
        raise AskError(_("A quotation mark is not closed."))
    terms, words = [], []
    for piece in _PIECE.finditer(text):
        key, value = piece["key"], piece["quoted"] if piece["quoted"] is not None else piece["plain"]
        if key is None:
            if piece["plain"] and value.strip(":") != value:
                raise AskError(_("“{word}”: write key and value together, like is:returned.").format(word=value))
            if value.strip():
                words.append(value.strip())
            continue
        known = _known(KEYS, key)
        if known is None:
            raise AskError(_("“{key}” is no word of the search. Known are: {known}.").format(key=key, known=spoken(KEYS)))
        terms.append(_term(known, value.strip()))
    return Asked(tuple(terms), tuple(words))


def _known(table, word):
    return next((key for key, names in table.items() if word.lower() in names), None)


def spoken(table):
    """The words of a table as the reader would type them."""
    chinese = (get_language() or "").startswith("zh")
    return "、".join(next((name for name in names if not name.isascii()), key) if chinese else key for key, names in table.items())


def _term(key, value):
    if not value:
        raise AskError(_("Nothing stands after “{key}:”.").format(key=key))
    if key in FIGURES:
        return _figure(key, value)
    for name, table in (("is", STATES), ("way", WAYS)):
        if key == name:
            known = _known(table, value)
            if known is None:
                raise AskError(_("“{value}” is nothing that “{key}:” knows. Known are: {known}.").format(value=value, key=key, known=spoken(table)))
            return Term(key, ":", known)
    return Term(key, ":", value)


def _figure(key, value):
    low, dots, high = value.partition("..")
    if dots:
        ends = (_number(key, low), _number(key, high))
        if ends[0] > ends[1]:
            raise AskError(_("“{value}”: the first figure is larger than the second.").format(value=value))
        return Term(key, "..", ends)
    found = _FIGURE.fullmatch(value)
    if not found:
        raise AskError(_("“{value}” is no figure for “{key}:”. Write for example {key}:>10 or {key}:5..20.").format(value=value, key=key))
    return Term(key, found["sign"] or "=", _number(key, found["value"]))


def _number(key, text):
    plain = text.replace(",", "").replace("，", "").strip()
    scale = 1
    if key == "money":
        plain = plain.removesuffix("元")
        if plain.endswith("万"):
            plain, scale = plain[:-1], 10000
    elif key == "age":
        plain = plain.removesuffix("天")
    elif key == "year":
        plain = plain.removesuffix("年")
    try:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", plain):
            raise InvalidOperation
        value = Decimal(plain) * scale
    except InvalidOperation:
        raise AskError(_("“{value}” is no figure for “{key}:”. Write for example {key}:>10 or {key}:5..20.").format(value=text, key=key)) from None
    largest = {"money": 99_999_999_999, "age": 36_500, "year": 9_999}[key]
    if value > largest or (key != "money" and value != value.to_integral_value()):
        raise AskError(_("“{value}” is no figure for “{key}:”. Write for example {key}:>10 or {key}:5..20.").format(value=text, key=key))
    return value
