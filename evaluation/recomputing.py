"""Every stored result of a panel made again from what is stored, and whether it is the same. Reads only; nothing is repaired here.

Price scores, totals, ranks and ties of each version come from `results.recompute`, as on the page of the results; besides, the result shown is the last
version, the purchase carries its scores and ranks, the first version is the members' own sheets, and the low prices are the ones C08 finds.
"""

from dataclasses import dataclass
from decimal import Decimal

from evaluation import scoring
from evaluation.lifecycle import results
from evaluation.models import Score
from procurement import methods
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import AwardFall, Bid, Lot

COMPARED = {"base": "low price", "judged": "judged points", "price": "price scores", "total": "totals", "rank": "ranks", "drawn": "ties", "review": "review prices", "members": "sums per member"}


@dataclass(frozen=True)
class Compared:
    """One comparison: `where` (version and lot), `what` was made again, `differs` ([(what, stored, again)]), empty when it is the same."""

    where: str
    what: str
    differs: tuple = ()


def compared(panel):
    """Every Compared of a concluded panel."""
    versions = list(panel.versions.order_by("number"))
    if not versions:
        return []
    found = [row for version in versions for row in _version(version)]
    return [*found, _shown(panel, versions[-1]), _sheets(versions[0]), *([] if panel.former_tender_id else [_purchase(versions[-1])]), *_low_prices(panel, versions[0])]


def _version(version):
    again, same = results.recompute(version)
    stored = version.result["lots"]
    if same:
        yield from (Compared(f"version {version.number}, lot {lot['lot']}", ", ".join(COMPARED.values())) for lot in stored)
        return
    for one, two in zip(stored, again, strict=False):
        yield Compared(f"version {version.number}, lot {one['lot']}", ", ".join(COMPARED.values()), tuple(_differences(one, two)))
    if len(stored) != len(again):
        yield Compared(f"version {version.number}", "lots", (("lots", len(stored), len(again)),))


def _differences(stored, again):
    if stored["base"] != again["base"]:
        yield "low price", stored["base"], again["base"]
    lines = {line["bid"]: line for line in again["lines"]}
    for line in stored["lines"]:
        other = lines.pop(line["bid"], None)
        if other is None:
            yield f"bid {line['bid']}", "stored", "not found again"
            continue
        yield from ((f"bid {line['bid']} {COMPARED.get(key, key)}", value, other.get(key)) for key, value in line.items() if value != other.get(key))
    yield from ((f"bid {pk}", "not stored", "found again") for pk in lines)
    if [line["bid"] for line in stored["lines"]] != [line["bid"] for line in again["lines"]]:
        yield "order", [line["bid"] for line in stored["lines"]], [line["bid"] for line in again["lines"]]


def _shown(panel, last):
    differs = () if (panel.inputs, panel.result) == (last.inputs, last.result) else (("result shown", "stored on the panel", f"version {last.number}"),)
    return Compared(f"version {last.number}", "the result shown", differs)


def _purchase(last):
    """Scores and ranks the purchase carries; whose award fell has none any more."""
    bids = Bid.objects.in_bulk([line["bid"] for lot in last.result["lots"] for line in lot["lines"]])
    fallen = set(AwardFall.objects.filter(bid__in=bids).values_list("bid", flat=True))
    differs = []
    for row in (line for lot in last.result["lots"] for line in lot["lines"] if line["bid"] not in fallen):
        bid, score = bids.get(row["bid"]), Decimal(row["total"]) if row["total"] else None
        if bid is None or (bid.score, bid.rank) != (score, row["rank"]):
            differs.append((f"bid {row['bid']} on the purchase", bid and (str(bid.score), bid.rank), (row["total"], row["rank"])))
    return Compared(f"version {last.number}", "scores and ranks of the purchase", tuple(differs))


def _sheets(first):
    """The members' sheets behind the first version, cell by cell."""
    cells = {
        (int(member), row["bid"], int(item)): Decimal(points)
        for lot in first.inputs["lots"] for row in lot["bids"] for member, given in row["scores"].items() for item, points in given.items()
    }  # fmt: skip
    sheets = {(row.member_id, row.bid_id, row.item_id): row.points for row in Score.objects.filter(member__in={key[0] for key in cells}, bid__in={key[1] for key in cells})}
    differs = tuple((f"member {key[0]}, bid {key[1]}, item {key[2]}", str(points), str(sheets.get(key))) for key, points in sorted(cells.items()) if sheets.get(key) != points)
    return Compared("version 1", "the members' sheets", differs)


def _low_prices(panel, first):
    """C08 again over all quotes that passed the check: those of the first version and those judged invalid for their price."""
    tender = panel.purchase
    rule = methods.law(tender).find("C08")
    if rule is None:
        return
    out = {key: Decimal(row["quote"]) for key, row in panel.low_prices.items() if row.get("accepted") is False}
    lots_out = dict(Bid.objects.filter(pk__in=out).values_list("pk", "lot"))
    raised, ceilings = terms_of(tender).raised, dict(Lot.objects.filter(pk__in=[lot["lot"] for lot in first.inputs["lots"]]).values_list("pk", "ceiling"))
    for lot in first.inputs["lots"]:
        quotes = {str(row["bid"]): Decimal(row["quote"]) for row in lot["bids"]} | {key: quote for key, quote in out.items() if lots_out.get(int(key)) == lot["lot"]}
        again = scoring.low_prices(quotes, ceilings[lot["lot"]], rule, raised)
        stored = {key: [reason for reason in panel.low_prices.get(key, {}).get("reasons", []) if reason != "expert"] for key in quotes}
        differs = tuple((f"bid {key} low price", stored.get(key), reasons) for key, reasons in again.items() if stored.get(key) != reasons)
        yield Compared(f"version 1, lot {lot['lot']}", "bands of low prices", differs)
