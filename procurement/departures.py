"""Where a contract says other than the winning response (政府采购法 第46条；财政部令第87号 第71条): shown beside each other, never passed over.

barred   a price line departs though the contract is at the sum the response's lines come to: nothing was left to settle
reason   settled otherwise for a cause (a key person fell ill, the award is a final quote): the cause is recorded before the contract is signed
follows  a unit price brought in line with the award, as it must be
Below the limit they are only shown; the law on substance holds for purchases under it.
"""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules
from kernel.lifecycle import Refusal
from kernel.money import FEN, yuan
from procurement.bid_content import total_of
from procurement.pricing import key_of

ROUNDING = "最后报价尾差"  # a document's word: what unit prices brought in line with the award leave over
TENDERS = ("open_tender", "invited_tender")
WHAT = {"amount": _("price"), "line": _("price line"), "person": _("key person"), "stages": _("payment stages")}


@dataclass(frozen=True)
class Departure:
    """`offered` and `agreed` in words, "" where there is nothing; `level`: barred | reason | follows."""

    what: str
    level: str
    name: str
    offered: str
    agreed: str

    @property
    def label(self):
        return f"{WHAT[self.what]} {self.name}".strip()


def offered(lot):
    """The structured parts of a lot's winning response {key: rows or dict}; empty where nothing was sealed here."""
    from procurement import responses

    award = getattr(lot, "award", None) if lot else None
    if award is None or award.bid_id is None:
        return {}
    if "_offered" not in award.__dict__:  # opened content never changes
        award._offered = responses.content_of(award.bid)
    return award._offered


def article_of(contract):
    article = rules.get("D06", on=clock.today()).article
    return f"{article}；财政部令第87号 第71条" if contract.lot_id and contract.lot.tender.method in TENDERS else article


def rows_of(contract):
    """The saved price lines as the rows they were made from."""
    return [
        {"line": row.line_id, "kind": row.kind, "activity": row.activity, "name": row.name, "unit": row.unit, "quantity": row.quantity, "price": row.price, "note": row.note}
        for row in contract.lines.all()
    ]  # fmt: skip


def pairs(offers, rows):
    """[(offered line or None, contract line or None)]: by the project's line, else by name and unit; every line stands in exactly one pair."""
    by_line, by_key = defaultdict(list), defaultdict(list)
    for place, row in enumerate(rows):
        if row["line"]:
            by_line[row["line"]].append(place)
        by_key[key_of(row["name"], row["unit"])].append(place)
    taken, found = set(), []
    for offer in offers:
        places = [*by_line.get(offer["line"], ()), *by_key.get(key_of(offer["name"], offer["unit"]), ())]
        place = next((place for place in places if place not in taken), None)
        taken.add(place)
        found.append((offer, None if place is None else rows[place]))
    return [*found, *((None, row) for place, row in enumerate(rows) if place not in taken)]


def _words(row):
    quantity, price = yuan(row["quantity"]), yuan(row["price"])
    return f"{quantity.normalize():f} {row['unit']} × {price:,.2f} = {yuan(quantity * price):,.2f}"


def compared(contract, offers, rows):
    """[(offered line or None, contract line or None, level)] of every line; the level is "" where they are the same."""
    settled, spare = total_of(offers) == contract.amount, sum(row["quantity"] for row in rows) * FEN
    return [(offer, row, _level(offer, row, settled, spare)) for offer, row in pairs(offers, rows)]


def _level(offer, row, settled, spare):
    if not (offer and row):
        rounding = offer is None and row["name"] == ROUNDING and row["price"] <= spare
        return "barred" if settled else "follows" if rounding else "reason"
    same = (row["unit"], row["quantity"]) == (offer["unit"], yuan(offer["quantity"]))
    if not same or row["price"] != yuan(offer["price"]):
        return "barred" if settled else "follows" if same else "reason"
    return "reason" if row["name"] != offer["name"] else ""


def _lines(contract, offers, rows):
    for offer, row, level in compared(contract, offers, rows):
        if level:
            renamed = offer and row and _words(offer) == _words(row)
            yield Departure("line", level, (offer or row)["name"], *((one["name"] if renamed else _words(one)) if one else "" for one in (offer, row)))


def _people(contract, team):
    named = {person.name for person in contract.key_people.all()}
    for row in team:
        if row.get("key") and row["name"] not in named:
            yield Departure("person", "reason", row["name"], row["role"], "")


def _stages(contract, proposed):
    agreed = [(row.name, row.percent, row.condition, row.condition_date) for row in contract.stages.all()]
    found = [(row["name"], yuan(row["percent"]), row["condition"], row["date"]) for row in proposed]
    if proposed and [row[1:3] + (f"{row[3] or ''}",) for row in agreed] != [row[1:] for row in found]:
        yield Departure("stages", "reason", "", *("、".join(f"{row[0]} {row[1].normalize():f} %" for row in rows) for rows in (found, agreed)))


def departures(contract, rows=None):
    """Every Departure of a contract from the response it was awarded for; none where nothing was sealed here. `rows`: its lines before they are saved."""
    given = offered(contract.lot)
    if not given:
        return []
    found = []
    if contract.amount != contract.lot.award.amount:
        found.append(Departure("amount", "reason", "", f"{contract.lot.award.amount:,.2f}", f"{contract.amount:,.2f}"))
    if given.get("lines"):
        found += _lines(contract, given["lines"], rows_of(contract) if rows is None else rows)
    return [*found, *_people(contract, given.get("team", [])), *_stages(contract, given.get("stages", []))]


def to_explain(contract):
    """The departures somebody has to answer for: all but those that only follow the award."""
    return [row for row in departures(contract) if row.level != "follows"]


def objection_to_lines(contract, rows):
    """Why lines may not say other than the response where nothing was left to settle, or None."""
    offers = offered(contract.lot).get("lines", [])
    row = next((row for row in _lines(contract, offers, rows) if row.level == "barred"), None) if offers and contract.statutory else None
    if row is None:
        return None
    return Refusal(
        "departs", _("“{name}” is not as the response offered it: {offered} there, {agreed} here.").format(name=row.name, offered=row.offered or "—", agreed=row.agreed or "—"),
        article=article_of(contract), todo=_("A contract departs in nothing of substance from the response: take its lines."),
    )  # fmt: skip


def objection(contract):
    """Why the contract may not be signed while it departs from the response without a recorded cause, or None."""
    if not contract.lot_id or not contract.statutory or contract.departure_reason.strip():
        return None
    found = to_explain(contract)
    if not found:
        return None
    return Refusal(
        "departs_silently", _("The contract says other than the response: {what}.").format(what="、".join(row.label for row in found[:3])),
        article=article_of(contract), todo=_("Bring it in line, or say in the draft why it changes nothing of substance."), field="departure_reason",
    )  # fmt: skip
