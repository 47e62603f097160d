"""The district's price library: what things cost here, entered by the bureau and the streets before the first project is drafted."""

import datetime
from decimal import Decimal

from config.demo.papers import scan
from kernel import clock
from procurement.lifecycle import price, price_check

# item, unit, region, yuan, days before the story begins, source, source in words
PRICES = (
    ("展板", "块", "清源区", "180", 60, "standard", "区财政局2026年会议培训物料指导价"),
    ("展板", "块", "玉河街道", "200", 40, "survey", "三家广告店询价取中"),
    ("展板", "块", "望溪街道", "195", 35, "survey", "锦艺广告报价单"),
    ("展板", "块", "柳荫社区", "210", 20, "contract", "2025年邻里节服务合同"),
    ("大巴租赁", "车次", "清源区", "1200", 60, "standard", "区机关事务用车社会化租赁限价"),
    ("大巴租赁", "车次", "玉河街道", "1150", 30, "survey", "两家客运公司报价单"),
    ("大巴租赁", "车次", "望溪街道", "1280", 25, "contract", "2025年红色研学服务合同"),
    ("横幅", "条", "清源区", "90", 60, "standard", "区财政局2026年会议培训物料指导价"),
    ("横幅", "条", "玉河街道", "85", 40, "survey", "三家广告店询价取中"),
    ("横幅", "条", "望溪街道", "100", 35, "survey", "锦艺广告报价单"),
    ("社工服务", "人月", "清源区", "6500", 90, "standard", "区民政局社会工作服务成本指引"),
    ("社工服务", "人月", "玉河街道", "6300", 45, "contract", "2025年社工站服务合同"),
    ("社工服务", "人月", "望溪街道", "6600", 45, "contract", "2025年为老服务合同"),
    ("社工人工（1名）", "月", "清源区", "6500", 90, "standard", "区民政局社会工作服务成本指引"),
    ("社工人工（1名）", "月", "玉河街道", "6200", 45, "contract", "2025年社工站服务合同"),
    ("社工人工（1名）", "月", "望溪街道", "6000", 45, "contract", "2025年为老服务合同"),
    ("心理咨询师", "小时", "清源区", "120", 90, "standard", "区民政局社会工作服务成本指引"),
    ("心理咨询师", "小时", "玉河街道", "130", 50, "contract", "2025年青少年关爱服务合同"),
    ("心理咨询师", "小时", "望溪街道", "110", 50, "survey", "两家咨询机构报价单"),
    ("讲师课酬", "场", "清源区", "1000", 90, "standard", "区级培训费管理办法"),
    ("讲师课酬", "场", "玉河街道", "1200", 50, "contract", "2025年社区学堂服务合同"),
    ("讲师课酬", "场", "望溪街道", "1100", 40, "survey", "讲师邀请函"),
    ("讲义印制", "份", "玉河街道", "3", 40, "survey", "三家图文店询价取中"),
    ("讲义印制", "份", "望溪街道", "3.20", 40, "survey", "印象图文报价单"),
    ("讲义印制", "份", "清源区", "2.80", 60, "standard", "区财政局定点印刷价目"),
    ("餐食补贴", "人次", "清源区", "12", 60, "standard", "区民政局老年助餐补贴标准"),
    ("餐食补贴", "人次", "玉河街道", "12", 30, "contract", "2025年助餐服务合同"),
    ("餐食补贴", "人次", "望溪街道", "13", 30, "contract", "2025年助餐服务合同"),
    ("维修师傅劳务", "人天", "清源区", "300", 60, "standard", "区人社局用工市场指导价"),
    ("维修师傅劳务", "人天", "玉河街道", "320", 30, "survey", "三位师傅询价取中"),
    ("维修师傅劳务", "人天", "望溪街道", "280", 30, "survey", "家电维修铺报价单"),
)  # fmt: skip
REASONS = {"心理咨询师": "聘请具有二级资质的咨询师，含个案督导和保密室使用，已附两家机构报价。"}


def stock(cast):
    """Fill the library: the bureau enters what holds for the district, each street's handler what was found in its area."""
    streets = {cast.purchasers[key].place_id: cast.people["handler", key] for key in ("yuhe", "wangxi")}
    for number, (name, unit, region, amount, days, source, note) in enumerate(PRICES):
        place = cast.places[region]
        actor = next((person for pk, person in streets.items() if f"/{pk}/" in place.path), cast.users["finance"])
        price.enter_price(
            actor, place=place, name=name, unit=unit, price=Decimal(amount), priced_on=clock.today() - datetime.timedelta(days=days), source=source, note=note,
            proof=scan(f"{note}{number}") if source == "survey" else None,
        )  # fmt: skip


def explain(row, actor):
    """What the community says about the prices that stand out in its budget."""
    texts = {found.line.pk: REASONS.get(found.line.name, "已附两家询价，含安装与运输。") for found in price_check.unexplained(row)}
    if texts:
        price_check.explain(row, texts, actor=actor)
