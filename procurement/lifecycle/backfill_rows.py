"""Reading one row of a backfill: which columns there are, what each cell must be, whom and what it names."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from communities.models import Place
from kernel import clock
from kernel.money import LARGEST, ZERO, yuan
from kernel.spreadsheet import amount as read_amount
from kernel.spreadsheet import day as read_day
from kernel.spreadsheet import text as read_text
from procurement.models import CatalogueItem, Contract, Fund
from providers.models import Organization

STAGES = {"已审议": "approved", "履约中": "performing", "已结项": "closed"}
COLUMNS = {
    "项目名称": "title", "阶段": "stage", "社区": "place", "财政年度": "year", "目录事项编码": "item", "服务对象": "target", "服务人数": "headcount",
    "资金名称": "fund", "承接主体信用代码": "code", "合同编号": "number", "合同金额": "amount", "签订日期": "signed_on", "开始日期": "starts_on",
    "结束日期": "ends_on", "已支付金额": "paid", "最近付款日期": "paid_on", "付款凭证号": "voucher", "备注": "note",
}  # fmt: skip
NEEDED = ("title", "stage", "place", "year", "item", "fund", "amount", "starts_on", "ends_on")
CONTRACTED = ("code", "number", "signed_on")


@dataclass
class Row:
    """One readable row; amounts in yuan."""

    title: str
    stage: str
    place: Place
    year: int
    item: CatalogueItem
    target: str
    headcount: int
    fund: Fund
    organization: Organization | None
    number: str
    amount: Decimal
    signed_on: date | None
    starts_on: date
    ends_on: date
    paid: Decimal
    paid_on: date | None
    voucher: str
    note: str


def missing_columns(header):
    """Headings a backfill needs that the file lacks."""
    return [heading for heading, key in COLUMNS.items() if key in NEEDED and heading not in header]


def plain(record):
    """A record of the file as JSON-able cells, known columns only."""
    return {key: read_text(record.get(heading, "")) for heading, key in COLUMNS.items()}


def whole(cell, problems, heading, least, most):
    try:
        value = int(Decimal(cell or "0"))
    except ArithmeticError:
        value = None
    if value is None or not least <= value <= most:
        problems.append(_("{column}: a whole number from {least} to {most} is needed.").format(column=heading, least=least, most=most))
        return 0
    return value


def money(cell, problems, heading, needed):
    try:
        value = read_amount(cell)
    except ValueError:
        value = Decimal(-1)
    if value is None and not needed:
        return ZERO
    if value is None or value < 0 or value > LARGEST or (needed and value == 0) or value != yuan(value):
        problems.append(_("{column}: an amount in yuan with at most two decimals is needed.").format(column=heading))
        return ZERO
    return yuan(value)


def a_day(cell, problems, heading, past=False):
    try:
        value = read_day(cell)
    except ValueError:
        problems.append(_("{column}: a date like 2026-03-01 is needed.").format(column=heading))
        return None
    if value and past and value > clock.today():
        problems.append(_("{column}: this day lies in the future.").format(column=heading))
    return value


def one(queryset, problems, sentence):
    """The single row a name or code stands for, or a problem."""
    found = list(queryset[:2])
    if len(found) != 1:
        problems.append(sentence)
        return None
    return found[0]


def read(cells, purchaser):
    """(Row, []) or (None, problems) of one row's cells."""
    problems = [_("{column} is missing.").format(column=heading) for heading, key in COLUMNS.items() if key in NEEDED and not cells.get(key)]
    stage = STAGES.get(cells.get("stage", ""), "")
    if cells.get("stage") and not stage:
        problems.append(_("阶段: one of {names} is needed.").format(names="、".join(STAGES)))
    if stage in ("performing", "closed"):
        problems += [_("{column} is missing.").format(column=heading) for heading, key in COLUMNS.items() if key in CONTRACTED and not cells.get(key)]
    if problems:
        return None, problems
    too_long = [heading for heading, key in COLUMNS.items() if len(cells.get(key, "")) > (200 if key == "note" else 80)]
    problems += [_("{column}: too long.").format(column=heading) for heading in too_long]
    place = one(
        Place.objects.filter(name=cells["place"], path__startswith=purchaser.place.path), problems, _("No community “{name}” lies in this area.").format(name=cells["place"])
    )
    item = one(
        CatalogueItem.objects.filter(code=cells["item"], nature="service", catalogue__kind="guidance"), problems, _("The catalogue has no item “{code}”.").format(code=cells["item"])
    )
    year = whole(cells["year"], problems, "财政年度", 2010, clock.today().year + 1)
    fund = one(
        Fund.objects.filter(purchaser=purchaser, name=cells["fund"], fiscal_year=year), problems, _("There is no fund “{name}” of {year}.").format(name=cells["fund"], year=year)
    )
    organization = None
    if cells.get("code"):
        organization = one(
            Organization.objects.filter(credit_code=cells["code"], status="verified"), problems, _("No verified organization has the code {code}.").format(code=cells["code"])
        )
    if cells.get("number") and Contract.objects.filter(number=cells["number"]).exists():
        problems.append(_("There is a contract with the number {number} already.").format(number=cells["number"]))
    amount, paid = money(cells["amount"], problems, "合同金额", True), money(cells.get("paid", ""), problems, "已支付金额", False)
    if paid > amount:
        problems.append(_("已支付金额 exceeds 合同金额."))
    signed_on, paid_on = a_day(cells.get("signed_on", ""), problems, "签订日期", past=True), a_day(cells.get("paid_on", ""), problems, "最近付款日期", past=True)
    if paid and not (paid_on and cells.get("voucher")):
        problems.append(_("Money already paid needs 最近付款日期 and 付款凭证号."))
    starts_on, ends_on = a_day(cells["starts_on"], problems, "开始日期"), a_day(cells["ends_on"], problems, "结束日期")
    if starts_on and ends_on and ends_on < starts_on:
        problems.append(_("结束日期 lies before 开始日期."))
    if stage == "closed" and paid != amount:
        problems.append(_("A closed contract is paid in full; enter 履约中 while money is open."))
    headcount = whole(cells.get("headcount") or "0", problems, "服务人数", 0, 10_000_000)
    if problems:
        return None, problems
    return Row(
        cells["title"], stage, place, year, item, cells.get("target") or "社区居民", headcount, fund, organization, cells.get("number", ""), amount,
        signed_on, starts_on, ends_on, paid, paid_on, cells.get("voucher", ""), cells.get("note", ""),
    ), []  # fmt: skip
