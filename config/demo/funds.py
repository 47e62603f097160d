"""What the demo's funds show besides their amounts: who keeps them, what they are for, and low fees that came in."""

from config.demo.papers import scan
from kernel import clock
from procurement.lifecycle import fund, fund_receipt

FEES = (("users", 6200, "低偿0001"), ("users", 4800, "低偿0002"), ("foundation", 9000, "捐赠0003"))


def tell(cast, year):
    """The street's low-fee fund of a year with its income, and the owner section of its funds. Through the verbs."""
    accountant, owner = cast.people["accountant", "yuhe"], cast.people["fund_owner", "yuhe"]
    for (key, of_year), row in cast.funds.items():
        if key.startswith("yuhe") and of_year == year:
            cast.funds[key, of_year] = fund.assign(row, actor=accountant, owner_section="社区发展办公室", owner_person=owner)
    made = fund.create_fund(
        owner, purchaser=cast.purchasers["yuhe"], name="长者助餐低偿收费", source="low_fee", fiscal_year=year, amount=20000, allowed_uses="长者助餐、助浴", forbidden_uses="人员工资、慰问品发放"
    )
    for payer, amount, number in FEES:
        fund_receipt.receive(made, actor=owner, received_on=clock.today(), payer=payer, amount=amount, receipt_number=number, scan=scan(f"收据{number}"))
    made.refresh_from_db()
    return fund.approve(made, actor=accountant, document=f"玉街办〔{year}〕6号")
