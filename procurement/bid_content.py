"""The structured parts of a response 响应文件: budget in lines, plan, team, declarations. Each is one sealed JSON part with a schema version.

A draft keeps what was typed, cell by cell, also what is still wrong; `finish` makes the clean part that is sealed. No database and no
HTTP here. Money: Decimal yuan; a line's amount is quantity × unit price, half up to the fen, as in the project's own budget.
"""

import datetime
import json
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.cleaning import unclean
from kernel.money import ZERO, yuan
from procurement import budget_cells
from procurement.budget_cells import CELLS, LineRow

VERSION = 1
PARTS = {"lines": _("budget in lines"), "plan": _("activity plan"), "team": _("team"), "stages": _("payment stages proposed"), "declare": _("declarations")}
ROWS = ("plan", "team", "stages")
MOST = {"lines": 1000, "plan": 200, "team": 60, "stages": 12}
PLAN = {"order": 3, "title": 80, "when": 60, "sessions": 4, "headcount": 7, "by_whom": 80}
TEAM = {"name": 40, "role": 60, "qualification": 80, "key": 1, "years": 2, "projects": 120}
STAGES = {"name": 60, "percent": 6, "condition": 8, "date": 10}
CONDITIONS = ("signed", "date", "progress", "closing")  # of PaymentStage; no database here
DECLARE = {
    "letter": 1, "unrelated": 1, "sme": 8, "sme_industry": 40, "sme_staff": 8, "sme_revenue": 14, "sme_assets": 14, "consortium": 200, "consortium_share": 6,
    "subcontract": 300, "subcontract_to": 120, "subcontract_share": 6, "validity": 4,
}  # fmt: skip
COLUMNS = {"lines": {"id": 12, "kind": 10, "activity": 4, **dict.fromkeys(CELLS, 200)}, "plan": PLAN, "team": TEAM, "stages": STAGES}
NEEDED = {"plan": ("title", "when", "sessions", "headcount", "by_whom"), "team": ("name", "role"), "stages": ("name", "percent", "condition")}
WHOLE = ("order", "sessions", "headcount", "years", "sme_staff", "validity")
DECIMALS = ("sme_revenue", "sme_assets", "consortium_share", "subcontract_share")
WHOLE_SHARE = Decimal(100)
LABELS = {
    "title": _("Activity"), "when": _("When"), "sessions": _("Sessions"), "headcount": _("People"), "by_whom": _("By whom"), "name": pgettext_lazy("person", "Name"), "role": _("Role in this project"),
    "qualification": _("Qualification"), "years": _("Years of experience"), "projects": _("Other projects now"), "sme_staff": _("Employees"), "sme_revenue": _("Yearly revenue (10,000 yuan)"),
    "sme_assets": _("Total assets (10,000 yuan)"), "consortium_share": _("Share of small and micro members (%)"), "subcontract_share": _("Share given away (%)"), "validity": _("Response valid for (days)"),
    "order": _("No."), "stage": _("Stage"), "percent": _("Share (%)"), "condition": _("Condition"), "date": _("Date"),
}  # fmt: skip


class BadPart(ValueError):
    """A part that is no part: not JSON, another version, unknown cells. Never caused by typing."""


def dump(key, content):
    """The bytes of a draft part. `content`: rows (lists of dicts of text), or one dict for the declarations."""
    return json.dumps({"v": VERSION, "part": key, "content": content}, ensure_ascii=False, separators=(",", ":")).encode()


def load(key, raw):
    """The content of a part. Raises BadPart."""
    try:
        found = json.loads(raw)
        content = found["content"]
        good = found["v"] == VERSION and found["part"] == key and isinstance(content, dict if key == "declare" else list)
    except (ValueError, TypeError, KeyError) as error:
        raise BadPart(key) from error
    if not good:
        raise BadPart(key)
    return content


def kept(key, raw):
    """Draft bytes as they may be kept: only known cells, texts of bounded length, not too many rows. Raises BadPart."""
    content = load(key, raw)
    if key == "declare":
        return dump(key, _cells(content, DECLARE))
    if len(content) > MOST[key] or not all(isinstance(row, dict) for row in content):
        raise BadPart(key)
    return dump(key, [_cells(row, COLUMNS[key]) for row in content])


def _cells(row, known):
    if set(row) - set(known) or not all(isinstance(value, str) for value in row.values()):
        raise BadPart(", ".join(sorted(set(row) - set(known))))
    return {name: value[: limit * 4 + 40] for name, limit in known.items() if (value := row.get(name, "")) or name in ("name", "title")}


# -- lines ---------------------------------------------------------------------------------------


def line_rows(content):
    """LineRows of a draft's lines, unchecked."""
    return [
        LineRow(row.get("kind", ""), _whole(row.get("activity", "")), {name: row.get(name, "") for name in CELLS}, _whole(row.get("id", "")))
        for row in content
    ]  # fmt: skip


def line_cells(rows):
    """A draft's lines from LineRows of the editor."""
    return [{"id": str(row.pk or ""), "kind": row.kind, "activity": str(row.activity or ""), **{name: row.cells.get(name, "") for name in CELLS}} for row in rows]


def _whole(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def offered_only(row):
    """A row the project offers and the bidder has not priced: neither quantity nor unit price. It is left out when sealing."""
    return not row.cells.get("quantity", "").strip() and not row.cells.get("price", "").strip()


def check_lines(rows, numbers):
    """Fill errors of all priced rows; `numbers`: the activities that may be named. Returns how many rows need a look."""
    return sum(not budget_cells.check(row, numbers) for row in rows if not offered_only(row))


def finish_lines(content, numbers):
    """Clean lines of a draft: [{line, kind, activity, name, unit, quantity, price, amount, note}] with numbers as text, and the sum in yuan.

    Raises ValueError with a sentence when a cell is wrong.
    """
    rows = [row for row in line_rows(content) if not row.is_blank and not offered_only(row)]
    if faulty := check_lines(rows, numbers):
        raise ValueError(_("{count} budget line(s) need a look.").format(count=faulty))
    found, total = [], ZERO
    for row in rows:
        clean = row.clean
        amount = yuan(clean["quantity"] * clean["price"])
        total += amount
        found.append({
            "line": row.pk, "kind": row.kind, "activity": clean["activity"], "name": clean["name"], "unit": clean["unit"], "quantity": format(clean["quantity"].normalize(), "f"),
            "price": str(yuan(clean["price"])), "amount": str(amount), "note": clean.get("note", ""),
        })  # fmt: skip
    return found, total


def total_of(lines):
    """Sum of clean lines (yuan)."""
    return sum((Decimal(row["amount"]) for row in lines), ZERO)


# -- plan, team, declarations ----------------------------------------------------------------------


def blank(key, row):
    """Whether nothing was filled in beside what the project offers (number and title of an activity)."""
    offered = {"plan": ("order", "title"), "team": ("key",), "stages": ("condition",)}[key]
    return not any(value.strip() for name, value in row.items() if name not in offered)


def check_row(key, row):
    """{cell: sentence} of a row of plan, team or payment stages."""
    errors = {}
    for name, limit in COLUMNS[key].items():
        raw = row.get(name, "").strip()
        if name == "key":
            continue
        if not raw:
            if name in NEEDED[key]:
                errors[name] = _("Missing.")
        elif error := _wrong(name, raw, limit):
            errors[name] = error
    if key == "stages" and not errors and row["condition"].strip() == "date" and not row.get("date", "").strip():
        errors["date"] = _("Enter the date.")
    return errors


def shares_of(rows):
    """What the shares of proposed payment stages add up to (per cent); rows as typed, already checked."""
    return sum((_decimal(row["percent"]) for row in rows), Decimal(0))


def _wrong(name, raw, limit):
    if unclean(raw, lines=False):
        return _("This holds signs that can't be stored. Type it again instead of pasting it.")
    if name in WHOLE:
        if not (raw.isascii() and raw.isdigit()) or len(raw) > limit:
            return _("A whole number, please.")
        if name != "years" and int(raw) == 0:
            return _("This must be above zero.")
    elif name == "percent":
        if (value := _decimal(raw)) is None or not 0 < value <= WHOLE_SHARE or value != value.quantize(Decimal("0.01")):
            return _("“{value}” is no share between 0 and 100 %.").format(value=raw[:20])
    elif name == "condition":
        if raw not in CONDITIONS:
            return _("Choose one.")
    elif name == "date":
        return _no_date(raw)
    elif name in DECIMALS:
        if (value := _decimal(raw)) is None or value < 0 or (name.endswith("share") and value > 100):
            return _("“{value}” is no number.").format(value=raw[:20])
    elif len(raw) > limit:
        return _("At most %(limit)d characters; this has %(count)d.") % {"limit": limit, "count": len(raw)}
    return None


def _no_date(raw):
    try:
        datetime.date.fromisoformat(raw)
    except ValueError:
        return _("“{value}” is no date.").format(value=raw[:20])
    return None


def _decimal(raw):
    try:
        value = Decimal(raw.replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def finish_rows(key, content):
    """Clean rows of plan, team or payment stages. Raises ValueError with a sentence."""
    rows = [row for row in content if not blank(key, row)]
    if faulty := sum(bool(check_row(key, row)) for row in rows):
        raise ValueError(_("{count} row(s) of “{part}” need a look.").format(count=faulty, part=PARTS[key]))
    found = []
    for row in rows:
        clean = {name: row.get(name, "").strip() for name in COLUMNS[key]}
        for name in WHOLE:
            if name in clean:
                clean[name] = int(clean[name]) if clean[name] else None
        if "key" in clean:
            clean["key"] = bool(clean["key"])
        if "percent" in clean:
            clean["percent"], clean["date"] = str(_decimal(clean["percent"])), clean["date"] and datetime.date.fromisoformat(clean["date"]).isoformat()
        found.append(clean)
    if key == "stages" and found and shares_of(found) != WHOLE_SHARE:
        raise ValueError(_("The shares of the payment stages must add up to 100 %."))
    return found


def check_declarations(content, *, may_be_small, consortium, subcontract, least_days):
    """{cell: sentence} of the declarations. `may_be_small`: the bidder is a company or individual business (财库〔2020〕46号 第2条)."""
    errors = {}
    for name, limit in DECLARE.items():
        raw = content.get(name, "").strip()
        if raw and name not in ("letter", "unrelated", "sme") and (error := _wrong(name, raw, limit)):
            errors[name] = error
    if content.get("sme") and not may_be_small:
        errors["sme"] = _("Only companies and individual businesses declare their size; social organizations are no enterprises.")
    elif content.get("sme") not in (None, "", "micro", "small", "medium"):
        errors["sme"] = _("Choose one.")
    elif content.get("sme"):
        for name in ("sme_industry", "sme_staff", "sme_revenue", "sme_assets"):
            if not content.get(name, "").strip():
                errors.setdefault(name, _("Missing."))
    if content.get("consortium", "").strip() and not consortium:
        errors["consortium"] = _("This purchase takes no consortium.")
    if content.get("subcontract", "").strip():
        if not subcontract:
            errors["subcontract"] = _("This purchase allows no subcontract.")
        else:
            for name in ("subcontract_to", "subcontract_share"):
                if not content.get(name, "").strip():
                    errors.setdefault(name, _("Missing."))
    days = content.get("validity", "").strip()
    if "validity" not in errors and days and int(days) < least_days:
        errors["validity"] = _("At least {days} days.").format(days=least_days)
    return errors


def finish_declarations(content, **known):
    """The clean declarations. Raises ValueError with a sentence."""
    if errors := check_declarations(content, **known):
        raise ValueError("；".join(str(sentence) for sentence in list(errors.values())[:3]))
    found = {name: content.get(name, "").strip() for name in DECLARE}
    for name in ("letter", "unrelated"):
        found[name] = bool(found[name])
    for name in ("sme_staff", "validity"):
        found[name] = int(found[name]) if found[name] else None
    for name in DECIMALS:
        found[name] = str(_decimal(found[name])) if found[name] else ""
    return found
