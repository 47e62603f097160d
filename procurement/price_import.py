"""Prices from a spreadsheet: the headings, every row checked, every fault named. Nothing is written here."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from communities.models import Place
from communities.models.place import under
from kernel import clock, spreadsheet
from kernel.cleaning import unclean
from kernel.money import LARGEST, yuan
from procurement.models import PriceEntry
from procurement.permissions_price import enters_in

COLUMNS = {
    "name": ("名称", "项目", "品名", "name"), "unit": ("单位", "计量单位", "unit"), "place": ("地区", "区域", "place"), "price": ("单价", "单价（元）", "price"),
    "priced_on": ("日期", "价格日期", "date"), "source": ("来源", "来源类型", "source"), "note": ("来源说明", "说明", "note"),
}  # fmt: skip
SOURCES = {"市场调查": "survey", "市场询价": "survey", "历史合同": "contract", "以往合同": "contract", "官方标准": "standard", "政府标准": "standard"} | {key: key for key, _label in PriceEntry.SOURCES}


def places_of(user):
    """Districts, streets and communities this person may enter prices for."""
    return Place.objects.filter(under({f"/{pk}/" for pk in enters_in(user)}, "path"), kind__in=("district", "street", "community"), closed_on=None).order_by("path")


def read(upload):
    """The rows of a sheet as [(row number, {column: text})]. Raises spreadsheet.TableError: damaged, or a heading missing."""
    table = spreadsheet.read_table(upload)
    place = {name: next((heading for heading in headings if heading in table.header), None) for name, headings in COLUMNS.items()}
    if missing := [COLUMNS[name][0] for name, heading in place.items() if heading is None]:
        raise spreadsheet.TableError(_("These headings are missing: %(names)s."), params={"names": "、".join(missing)})
    return [(number, {name: spreadsheet.text(cells[heading]) for name, heading in place.items()}) for number, cells in table.records()]


def check(user, rows):
    """(rows ready for price.take_over, [(row number, sentence)]): all faulty rows at once. One query, for the names of the places."""
    places = {}
    for row in places_of(user):
        places.setdefault(row.name, []).append(row)
    good, wrong = [], []
    for number, cells in rows:
        try:
            good.append(_checked(cells, places))
        except ValidationError as error:
            wrong.append((number, "；".join(error.messages)))
    return good, wrong


def _checked(cells, places):
    faults, made = [], {"name": cells["name"], "unit": cells["unit"], "note": cells["note"]}
    for name, label, most in (("name", _("item"), 80), ("unit", _("unit"), 12), ("note", _("source in words"), 200)):
        if not cells[name]:
            faults.append(_("“{column}” is missing.").format(column=label))
        elif len(cells[name]) > most or unclean(cells[name], lines=False):
            faults.append(_("“{column}” is too long or holds signs that can't be stored.").format(column=label))
    found = places.get(cells["place"], [])
    if len(found) != 1:
        faults.append(_("There is no single place “{name}” you enter prices for.").format(name=cells["place"]))
    try:
        made["price"] = yuan(spreadsheet.amount(cells["price"]) or 0)
        if not 0 < made["price"] <= LARGEST:
            raise ValueError
    except (ValueError, ArithmeticError):
        faults.append(_("“{value}” is no price.").format(value=cells["price"]))
    try:
        made["priced_on"] = spreadsheet.day(cells["priced_on"])
        if made["priced_on"] is None or made["priced_on"] > clock.today() or made["priced_on"].year < 2000:
            raise ValueError
    except ValueError:
        faults.append(_("“{value}” is no day up to today.").format(value=cells["priced_on"]))
    made["source"] = SOURCES.get(cells["source"])
    if made["source"] is None:
        faults.append(_("“{value}” is no source: 市场调查, 历史合同 or 官方标准.").format(value=cells["source"]))
    if faults:
        raise ValidationError(faults)
    return {**made, "place": found[0]}
