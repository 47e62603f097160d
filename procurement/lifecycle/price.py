"""The life of a price in a district's library.

in_use      entered by staff of a street, department or the finance bureau, taken from a sheet, or left by a contract that was closed
withdrawn   it was wrong: somebody said why. Nobody edits a price, the right one is entered anew

Budget lines find their item by the key of name and unit (pricing.key_of). What a person corrects is learned as a further key of the item.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import yuan
from procurement.models import PriceAlias, PriceEntry, PriceItem
from procurement.permissions_price import district_of, enters_in, may_withdraw_price
from procurement.pricing import key_of

VOID = Step("void", _("Withdraw this price"), ("in_use",), "withdrawn", may_withdraw_price, tone="danger", needs_reason=True, hint=_("It no longer counts in any comparison; it stays readable."))
LIFE = Life(
    "price", PriceEntry, states={"in_use": pgettext_lazy("price", "in use"), "withdrawn": pgettext_lazy("price", "withdrawn")}, steps=(VOID,), initial="in_use",
)  # fmt: skip
LIFE.verb_labels = {"learn": _("name learned")}


def items_for(district, names):
    """The items of (name, unit) pairs in a district (id), made where there are none yet: {key: PriceItem}. Three queries when all are known or all are new."""
    wanted = {key_of(name, unit): (name, unit) for name, unit in names}
    found = known_items(district, wanted)
    new = {key: pair for key, pair in wanted.items() if key not in found}
    if new:
        PriceItem.objects.bulk_create([PriceItem(district_id=district, name=name, unit=unit, key=key) for key, (name, unit) in new.items()], ignore_conflicts=True)
        made = PriceItem.objects.filter(district=district, key__in=list(new))
        PriceAlias.objects.bulk_create([PriceAlias(district_id=district, key=row.key, item=row, name=row.name, unit=row.unit) for row in made], ignore_conflicts=True)
        found |= known_items(district, new)
    return found


def known_items(district, keys):
    """The items these keys lead to in a district: {key: PriceItem}. One query whatever the number of keys, answered from the index of the keys."""
    return {row.key: row.item for row in PriceAlias.objects.filter(district=district, key__in=list(keys)).select_related("item")}


@transaction.atomic
def enter_price(actor, *, place, name, unit, price, priced_on, source, note="", proof=None):
    """Enter one price (yuan for one unit) with where it comes from: a survey needs its paper (`proof`), the others the name of their document
    (`note`). Raises Refusal: role, price, future, proof_missing, note_missing. Returns the PriceEntry, trailed."""
    district = district_of(place)
    if district not in enters_in(actor):
        raise Refusal("role", _("Prices are entered by the handlers, sections, departments and the finance bureau of the district."))
    if yuan(price) <= 0:
        raise Refusal("price", _("A price is above nought."), field="price")
    if priced_on > clock.today():
        raise Refusal("future", _("The date of the price lies in the future."), field="priced_on")
    if source == "survey" and proof is None:
        raise Refusal("proof_missing", _("A market survey needs its paper."), todo=_("Attach the quotation, the price list or a picture of it."), field="proof")
    if source != "survey" and not note.strip():
        raise Refusal("note_missing", _("Name the contract or the standard this price comes from."), field="note")
    item = items_for(district, [(name, unit)])[key_of(name, unit)]
    row = PriceEntry.objects.create(
        status="in_use", created_by=actor, district_id=district, item=item, place=place, price=yuan(price), priced_on=priced_on, source=source, note=note.strip()
    )
    trail.record(row, "create", actor=actor, to_status="in_use", happened_on=priced_on)
    if proof is not None:
        files.attach(row, proof, "proof", actor=actor)
    return row


@transaction.atomic
def take_over(rows, actor):
    """Enter the checked rows of a sheet (see price_import.check), all or none; each is trailed by one row on its item's district chain.
    Raises Refusal for a district this person enters nothing for. Returns how many."""
    districts = {district_of(row["place"]) for row in rows}
    if districts - enters_in(actor):
        raise Refusal("role", _("Prices are entered by the handlers, sections, departments and the finance bureau of the district."))
    for district in sorted(districts):
        own = [row for row in rows if district_of(row["place"]) == district]
        items = items_for(district, [(row["name"], row["unit"]) for row in own])
        made = PriceEntry.objects.bulk_create(
            [
                PriceEntry(
                    status="in_use", created_by=actor, district_id=district, item=items[key_of(row["name"], row["unit"])],
                    **{name: row[name] for name in ("place", "price", "priced_on", "source", "note")},
                )
                for row in own
            ],
            batch_size=500,
        )  # fmt: skip
        trail.record(made[0], "create", actor=actor, to_status="in_use", params={"sheet": len(made), "first": made[0].pk, "last": made[-1].pk})
    return len(rows)


@LIFE.verb(VOID)
@transaction.atomic
def void(entry, *, actor, reason=""):
    """Take a wrong price out of all comparisons; `reason` is required. What gates have judged keeps the figures it was judged by."""
    return advance(entry, VOID, actor=actor, reason=reason)


@transaction.atomic
def learn(district, name, unit, item, *, actor):
    """From now on this name and unit mean `item` in the district (id). Raises Refusal: role, other_district, own_item. Returns the PriceAlias, trailed."""
    if district not in enters_in(actor):
        raise Refusal("role", _("Names are corrected by those who enter prices."))
    if item.district_id != district:
        raise Refusal("other_district", _("“{item}” belongs to another district.").format(item=item))
    key = key_of(name, unit)
    if key != item.key and PriceEntry.objects.filter(item__district=district, item__key=key, status="in_use").exists():
        raise Refusal("own_item", _("“{name}” has prices of its own.").format(name=name), todo=_("Withdraw those first if they are wrong."))
    before = PriceAlias.objects.select_for_update().filter(district=district, key=key).values_list("item", flat=True).first()
    alias, _made = PriceAlias.objects.update_or_create(
        district_id=district, key=key, defaults={"item": item, "name": name[:80], "unit": unit[:12], "learned_by": actor, "learned_at": clock.now()}
    )
    trail.record(item, "learn", actor=actor, params={"alias": alias.pk, "key": key, "before": before})
    return alias


def keep_contract_prices(contract, actor):
    """A closed contract leaves its unit prices (its own price lines', else the budget lines') in the library. Once per line of the project; again changes nothing.
    To be called inside the transaction that closes it. Returns how many were new."""
    project = contract.project
    kept = set(PriceEntry.objects.filter(contract__project=project, line__isnull=False).values_list("line", flat=True))
    rows = {row.line_id: row for row in contract.lines.exclude(line=None)} or {row.pk: row for row in project.lines.all()}
    lines = [(pk, row) for pk, row in rows.items() if row.price > 0 and pk not in kept]
    if not lines:
        return 0
    district = district_of(project.place)
    items = items_for(district, [(line.name, line.unit) for _pk, line in lines])
    PriceEntry.objects.bulk_create(
        PriceEntry(
            status="in_use", created_by=actor, district_id=district, item=items[key_of(line.name, line.unit)], place=project.place, price=line.price,
            priced_on=contract.signed_on or clock.today(), source="contract", note=contract.number, contract=contract, line_id=pk,
        )
        for pk, line in lines
    )  # fmt: skip
    trail.record(contract, "keep_prices", actor=actor, params={"count": len(lines)})
    return len(lines)
