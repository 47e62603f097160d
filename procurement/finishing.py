"""From a draft response to what is sealed: what is still missing or wrong, and the clean parts.

A statutory purchase wants the budget in lines and the declarations of 政府采购法 第22条 from everybody; plan and team are judged by the
panel, so they are only pointed out. A self-run purchase wants the three texts it always wanted (practice 1), the rest may be given.
"""

import json
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.money import yuan
from procurement import bid_content as content
from procurement import sealing

TEXTS = {"qualification": _("qualification documents"), "technical": _("service plan"), "price": _("price")}
SMALL_KINDS = ("company", "individual_business")


@dataclass(frozen=True)
class Item:
    """One row of the checklist: `state` done, missing, wrong, or optional (may be left out); `sentence` says what is wrong."""

    key: str
    label: object
    state: str
    sentence: object = ""

    @property
    def blocks(self):
        return self.state in ("missing", "wrong")


def plain_parts(parts):
    """{key: bytes} of the draft parts among these rows."""
    return {part.key: sealing.read_part(part) for part in parts if part.is_draft}


def is_full(tender):
    """Whether budget lines and declarations are wanted, not only allowed."""
    return tender.is_statutory


def organization_of(plain):
    """The organization a draft belongs to, or None."""
    from providers.models import Organization

    return Organization.objects.filter(pk=json.loads(plain["meta"])["organization"]).first() if "meta" in plain else None


def numbers_of(bid, plain):
    """Activities a budget line may name: the project's and those the bidder added to the plan."""
    own = {int(row["order"]) for row in content.load("plan", plain["plan"]) if row.get("order", "").isdigit()} if "plan" in plain else set()
    return own | set(bid.lot.project.plan.values_list("order", flat=True))


def declaring(bid, organization):
    """What the declarations of this bid are checked against."""
    tender = bid.lot.tender
    return {
        "may_be_small": bool(organization and organization.kind in SMALL_KINDS), "consortium": tender.allows_consortium, "subcontract": tender.allows_subcontract,
        "least_days": tender.validity_days,
    }  # fmt: skip


def finished(bid, plain):
    """The parts as they are sealed, clean: {key: bytes}. Texts, files and price stay as they are. Raises ValueError with a sentence."""
    found = dict(plain)
    if "lines" in plain:
        rows, _total = content.finish_lines(content.load("lines", plain["lines"]), numbers_of(bid, plain))
        found["lines"] = content.dump("lines", rows)
    for key in content.ROWS:
        if key in plain:
            found[key] = content.dump(key, content.finish_rows(key, content.load(key, plain[key])))
    if "declare" in plain:
        found["declare"] = content.dump("declare", content.finish_declarations(content.load("declare", plain["declare"]), **declaring(bid, organization_of(plain))))
    return found


def checklist(bid, plain):
    """Every part with what is missing or wrong, in the order of the form: a list of Items."""
    full = is_full(bid.lot.tender)
    found = [Item(key, label, "done" if plain.get(key) else "missing") for key, label in TEXTS.items()]
    found.append(_lines_item(bid, plain, full))
    found += [_rows_item(key, plain) for key in content.ROWS]
    found.append(_declare_item(bid, plain, full))
    files = sum(key.startswith("file-") for key in plain)
    found.append(Item("files", _("files"), "done" if files else "optional", _("{count} file(s)").format(count=files) if files else _("Licence, tax and social security proofs, contracts.")))
    return found


UNSAID = {"plan": _("The panel judges it; nothing is there yet."), "team": _("The panel judges it; nothing is there yet."), "stages": _("Left out, the usual stages of the purchaser are proposed.")}


def _rows_item(key, plain):
    label = content.PARTS[key]
    rows = [row for row in content.load(key, plain[key]) if not content.blank(key, row)] if key in plain else []
    if faulty := sum(bool(content.check_row(key, row)) for row in rows):
        return Item(key, label, "wrong", _("{count} row(s) need a look.").format(count=faulty))
    if not rows:
        return Item(key, label, "optional", UNSAID[key])
    if key == "stages" and content.shares_of(rows) != content.WHOLE_SHARE:
        return Item(key, label, "wrong", _("The shares of the payment stages must add up to 100 %."))
    if key == "team" and not any(row.get("key") for row in rows):
        return Item(key, label, "optional", _("No key person is marked."))
    return Item(key, label, "done")


def _lines_item(bid, plain, full):
    label = content.PARTS["lines"]
    rows = content.line_rows(content.load("lines", plain["lines"])) if "lines" in plain else []
    priced = [row for row in rows if not row.is_blank and not content.offered_only(row)]
    if not priced:
        return Item("lines", label, "missing" if full else "optional", _("No line is priced yet."))
    if faulty := content.check_lines(priced, numbers_of(bid, plain)):
        return Item("lines", label, "wrong", _("{count} budget line(s) need a look.").format(count=faulty))
    total = sum((yuan(row.clean["quantity"] * row.clean["price"]) for row in priced), yuan("0"))
    price = yuan(plain["price"].decode()) if plain.get("price") else None
    if price is not None and total != price:
        return Item("lines", label, "wrong", _("The lines add up to {total} yuan, the price is {price} yuan.").format(total=f"{total:,.2f}", price=f"{price:,.2f}"))
    return Item("lines", label, "done", _("{total} yuan").format(total=f"{total:,.2f}"))


def _declare_item(bid, plain, full):
    label = content.PARTS["declare"]
    given = content.load("declare", plain["declare"]) if "declare" in plain else {}
    errors = content.check_declarations(given, **declaring(bid, organization_of(plain)))
    if errors:
        return Item("declare", label, "wrong", next(iter(errors.values())))
    if not (given.get("letter") and given.get("unrelated")):
        return Item("declare", label, "missing" if full else "optional", _("The letter of article 22 and the declaration on related bidders are not confirmed yet."))
    return Item("declare", label, "done")


def objection(bid, plain):
    """Why this draft can't be submitted, or None."""
    items = checklist(bid, plain)
    if missing := [str(item.label) for item in items if item.state == "missing"]:
        return Refusal("incomplete", _("Still missing: {parts}.").format(parts="、".join(missing)), todo=_("Save these parts first."))
    if wrong := next((item for item in items if item.state == "wrong"), None):
        return Refusal("wrong_part", _("{part}: {what}").format(part=wrong.label, what=wrong.sentence), article="财政部令第87号 第59条" if wrong.key == "lines" else "", todo=_("Correct it and submit again."))
    return None
