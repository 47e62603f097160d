"""What a budget's unit prices look like beside the library: each line's comparable prices, the far-off ones, their explanations, and what
was frozen when a revision was submitted.

Comparable: the same item and unit, in the project's street where enough prices are known, else in its district, within the street's months.
A whole budget costs a constant number of queries: the rule, the keys, the prices, the explanations.
"""

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as now_text
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.lifecycle import Refusal, Step, acting_for
from procurement.lifecycle.configuration import price_rule_for
from procurement.lifecycle.price import known_items
from procurement.models import PriceEntry, PriceExplanation, PriceFlag, PriceItem, Project
from procurement.permissions import may_draft
from procurement.permissions_price import district_of
from procurement.pricing import Statistic, far_off, key_of, statistic, times_median

DRAFTING = ("draft", "returned")
EXPLAIN = Step("explain_prices", _("Explain a price"), DRAFTING, None, may_draft)


@dataclass
class Evidence:
    """One line beside the library. `narrow`: the prices are those of the street; `side`: "high", "low" or ""; `sources`: ids of the prices."""

    line: object
    item: PriceItem | None = None
    found: Statistic | None = None
    narrow: bool = False
    side: str = ""
    times: Decimal | None = None
    sources: list = field(default_factory=list)
    explanation: PriceExplanation | None = None


def months_before(day, months):
    """The same day some months earlier, the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def evidence(project, lines=None):
    """Every line of the project (or these) beside the library, in their order, as Evidence. A page that asked already keeps it as `known_evidence`."""
    if lines is None and hasattr(project, "known_evidence"):
        return project.known_evidence
    rows = [Evidence(line) for line in (project.lines.all() if lines is None else lines)]
    if not rows:
        return rows
    rule, district = price_rule_for(project.purchaser), district_of(project.place)
    keys = {id(row): key_of(row.line.name, row.line.unit) for row in rows}
    items = known_items(district, set(keys.values()))
    prices = _comparable(items.values(), months_before(clock.today(), rule.months_back))
    street = "/".join(project.place.path.split("/")[:3]) + "/"
    for row in rows:
        row.item = items.get(keys[id(row)])
        if row.item is None:
            continue
        everywhere = prices[row.item.pk]
        near = [price for price in everywhere if price[2].startswith(street)]
        row.narrow = len(near) >= rule.minimum
        chosen = near if row.narrow else everywhere
        row.found, row.sources = statistic(price for _pk, price, _path in chosen), [pk for pk, _price, _path in chosen]
        row.side = far_off(row.line.price, row.found, minimum=rule.minimum, high=rule.high, low=rule.low)
        row.times = times_median(row.line.price, row.found.median) if row.found else None
    flagged = [row for row in rows if row.side]
    if flagged:
        said = {(one.line_id, one.price): one for one in PriceExplanation.objects.filter(project=project).select_related("written_by")}
        for row in flagged:
            row.explanation = said.get((row.line.pk, row.line.price))
    return rows


def _comparable(items, since):
    """Prices in use since a day, by item: {item id: [(id, yuan, path of the region)]}. One query."""
    found = defaultdict(list)
    rows = PriceEntry.objects.filter(item__in={item.pk for item in items}, status="in_use", priced_on__gte=since)
    for item, pk, price, path in rows.order_by().values_list("item", "pk", "price", "place__path"):
        found[item].append((pk, price, path))
    return found


def unexplained(project):
    """Far-off lines nobody has explained at their present price."""
    return [row for row in evidence(project) if row.side and row.explanation is None]


def sentence(times, median, count):
    """"2.00× the median of 14 prices (2,000.00 yuan)"."""
    return now_text("{times}× the median of {count} prices ({median} yuan)").format(times=f"{times:.2f}", count=count, median=f"{median:,.2f}")


def price_notes(project, lines):
    """{line id: what the library says about it} for the lines that have comparable prices: for the budget editor."""
    notes = {}
    for row in evidence(project, list(lines)):
        if row.side:
            notes[row.line.pk] = sentence(row.times, row.found.median, row.found.count)
        elif row.found:
            notes[row.line.pk] = now_text("median {median} yuan of {count} prices").format(median=f"{row.found.median:,.2f}", count=row.found.count)
    return notes


@transaction.atomic
def explain(project, texts, *, actor):
    """Say why far-off prices are right: {line id: text}. Each covers the line's present price only; an empty text is left out.
    Raises PermissionDenied (role) or Refusal (state, or a line that is not far off). Returns how many were written."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    principal = acting_for(actor, project, EXPLAIN)
    if project.status not in DRAFTING:
        raise Refusal("submitted_already", _("The project was submitted; its explanations stand as they are."), todo=_("Take it back, or wait until it is sent back."))
    flagged = {row.line.pk: row for row in evidence(project) if row.side}
    made = []
    for pk, text in texts.items():
        if not text.strip():
            continue
        if pk not in flagged:
            raise Refusal("not_far_off", _("This line needs no explanation any more."), todo=_("Reload the page."))
        row = flagged[pk]
        if row.explanation is None or row.explanation.text != text.strip():
            made.append(PriceExplanation(project=project, line=row.line, revision=project.revision + 1, price=row.line.price, text=text.strip()[:500], written_by=actor))
    if made:
        PriceExplanation.objects.bulk_create(made)
        trail.record(project, "explain_prices", actor=actor, on_behalf_of=principal, params={"lines": [row.line_id for row in made], "prices": [str(row.price) for row in made]})
    return len(made)


def freeze(project):
    """Keep the far-off lines of the revision just submitted with the figures and words of this moment."""
    PriceFlag.objects.bulk_create(_flag(project, row) for row in evidence(project) if row.side)


def _flag(project, row):
    found, said = row.found, row.explanation
    return PriceFlag(
        project=project, revision=project.revision, line_number=row.line.pk, item=row.item, name=row.line.name, unit=row.line.unit, price=row.line.price, side=row.side,
        times=row.times, count=found.count, first=found.first, median=found.median, third=found.third, narrow=row.narrow, sources=row.sources,
        explanation=said.text if said else "", explained_by=said.written_by if said else None,
    )  # fmt: skip


def flags_of(project):
    """The far-off lines people should look at: while it is drafted as they stand now, afterwards as they were submitted. PriceFlag rows, unsaved in the first case."""
    if project.status in DRAFTING:
        return [_flag(project, row) for row in evidence(project) if row.side]
    return list(PriceFlag.objects.filter(project=project, revision=project.revision).select_related("item", "explained_by")) if project.revision else []
