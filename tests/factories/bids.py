"""Complete responses: the structured parts a statutory purchase wants, their lines adding up to a price to the fen."""

from decimal import Decimal

from kernel.money import yuan
from procurement import bid_content
from procurement.lifecycle import bid

LETTER = {"letter": "1", "unrelated": "1", "validity": "90"}
TEAM = [{"name": "叶青", "role": "项目负责人", "qualification": "中级社会工作师", "key": "1", "years": "8", "projects": "1 个"}, {"name": "程果", "role": "社工", "qualification": "", "key": "", "years": "2", "projects": ""}]


def lines_of(lot, price):
    """Draft lines of a lot that add up to `price`: the project's own lines at a tenth of the sum, the rest as people."""
    price = yuan(price)
    rows, left = [], price
    orders = dict(lot.project.plan.values_list("pk", "order"))
    own = list(lot.project.lines.all())
    for line in own:
        each = yuan(price / 10 / max(len(own), 1))
        if each > 0:
            left -= each
            rows.append({"id": str(line.pk), "kind": line.kind, "activity": str(orders.get(line.activity_id, "")), "name": line.name, "unit": line.unit, "quantity": "1", "price": str(each), "note": ""})
    return [*rows, {"id": "", "kind": "people", "activity": "", "name": "驻点社工", "unit": "人", "quantity": "1", "price": str(left), "note": "含保险"}]


def plan_of(lot):
    return [
        {"order": str(row.order), "title": row.title, "when": "每周六上午", "sessions": str(row.times), "headcount": str(row.headcount), "by_whom": "叶青"} for row in lot.project.plan.all()
    ] or [{"order": "1", "title": "入户走访", "when": "每月", "sessions": "12", "headcount": "30", "by_whom": "叶青"}]  # fmt: skip


def structured(lot, price, **declared):
    """{key: draft bytes} of all structured parts."""
    content = {"lines": lines_of(lot, Decimal(price)), "plan": plan_of(lot), "team": TEAM, "declare": {**LETTER, **declared}}
    return {key: bid_content.dump(key, value) for key, value in content.items()}


def save_structured(row, price, *, actor, **declared):
    """Save all of them on a draft."""
    for key, raw in structured(row.lot, price, **declared).items():
        bid.save_part(row, key, raw, actor=actor)
    return row


def posted(lot, price, **fields):
    """What the browser sends of the structured parts: lists in the order of the page."""
    data = {f"line_{name}": [row[name] for row in lines_of(lot, price)] for name in ("id", "kind", "activity", "name", "unit", "quantity", "price", "note")}
    for prefix, rows in (("plan", plan_of(lot)), ("team", TEAM)):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
        data |= {f"{prefix}-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items() if name != "key" or value}
    return {**data, **LETTER, **fields}
