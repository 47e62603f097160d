"""What the demo's bidders offer in detail: lines under the project's budget, a plan, a team, declarations."""

from decimal import ROUND_DOWN, Decimal

from kernel.money import yuan
from procurement import bid_content

FEN = Decimal("0.01")
TEAMS = (
    (("叶青", "项目负责人", "中级社会工作师", "1", "9", "1 个"), ("程果", "驻点社工", "助理社会工作师", "1", "4", ""), ("陈露", "活动专员", "", "", "2", "1 个")),
    (("苏敏", "项目负责人", "高级社会工作师", "1", "12", ""), ("何川", "驻点社工", "中级社会工作师", "1", "6", ""), ("白雪", "志愿者督导", "助理社会工作师", "", "3", "")),
    (("唐宁", "项目负责人", "助理社会工作师", "1", "5", "2 个"), ("罗欣", "驻点社工", "", "", "1", "")),
)  # fmt: skip
WHENS = ("每周六上午", "每月第二、第四周", "按节气与节日安排")


def lines(lot, price, place):
    """The project's lines, each a little below its budget, the rest as management: together exactly the price (yuan)."""
    project, rows, left = lot.project, [], price
    orders = dict(project.plan.values_list("pk", "order"))
    rate = price / project.budget_total if project.budget_total else Decimal(1)
    for number, line in enumerate(project.lines.all()):
        nudge = Decimal("0.90") + Decimal((number * 7 + place * 5) % 9) / 100
        each = (line.price * rate * nudge).quantize(FEN, rounding=ROUND_DOWN)
        amount = yuan(each * line.quantity)
        if each <= 0 or amount >= left:
            continue
        left -= amount
        rows.append({"id": str(line.pk), "kind": line.kind, "activity": str(orders.get(line.activity_id, "")), "name": line.name, "unit": line.unit, "quantity": line.quantity_text, "price": str(each), "note": ""})
    return [*rows, {"id": "", "kind": "running", "activity": "", "name": "项目管理与税费", "unit": "项", "quantity": "1", "price": str(left), "note": "含保险、财务管理"}]


def structured(lot, price, organization, place):
    """{key: draft bytes} of one bidder's structured parts; `place` tells the bidders apart."""
    team = [dict(zip(("name", "role", "qualification", "key", "years", "projects"), person, strict=True)) for person in TEAMS[place]]
    plan = [
        {"order": str(row.order), "title": row.title, "when": WHENS[(row.order + place) % 3], "sessions": str(row.times + (place == 1)), "headcount": str(row.headcount + 5 * place), "by_whom": team[0]["name"]}
        for row in lot.project.plan.all()
    ]  # fmt: skip
    declared = {"letter": "1", "unrelated": "1", "validity": "90"}
    if organization.kind in ("company", "individual_business"):
        declared |= {"sme": "micro", "sme_industry": "居民服务业", "sme_staff": "18", "sme_revenue": "260", "sme_assets": "80"}
    content = {"lines": lines(lot, price, place), "plan": plan, "team": team, "declare": declared}
    return {key: bid_content.dump(key, value) for key, value in content.items() if value}
