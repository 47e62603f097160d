"""What stands behind a statutory purchase: survey, published intention, reviews; and the reasons warnings are passed with."""

from config.demo.papers import scan
from kernel import clock
from procurement.lifecycle import intention, review, survey
from procurement.lifecycle.project import unanswered

TIMELY = {"intention": {"reason": "项目已列入年度采购预算，服务不宜中断，经街道办公会同意按现有时间安排采购。"}}
ASKED = (("四川暖阳社会工作服务中心", "talk", "有专职社工12名，可在两周内进场。"), ("清源区乐邻社区发展中心", "written", "可承担，需社区提供场地。"), ("春晖助老服务中心", "visit", "现有同类站点三处，价格含督导。"))


def reasons(row):
    """An answer to each warning of an application."""
    return {caution.key: "已逐项核对，属同一资金下不同社区的独立项目，各自服务对象和内容不同。" for caution in unanswered(row)}


def prepare(row, office):
    """Survey and intention of an approved project."""
    answers = [{"name": name, "way": way, "supply": supply, "price": row.ceiling} for name, way, supply in ASKED]
    survey.record_survey(
        row, actor=office.handler, title=f"{row.item.name}供给与价格", held_on=clock.today(), answers=answers, file=scan("需求调查记录"),
        result="三家市场主体均能提供，报价与预算接近；主要风险是人员流动，拟在合同中约定关键人员。",
    )  # fmt: skip
    intention.publish_intention(row, actor=office.handler, note="面向社会组织和企业")


def review_documents(made, office):
    """Legal and key review by people who wrote none of it."""
    sides = {"procurement": office.leader, "finance": office.accountant, "business": office.section, "supervision": office.supervisor}
    for kind, parts, opinion in (("legal", {"legal": office.legal}, "合同条款完整，付款与违约条款合法。"), ("key", sides, "需求明确，评审因素与需求相符，无倾向性条款。")):
        review.record_review(
            made, actor=office.handler, kind=kind, parts=parts, opinion=opinion, reviewed_on=clock.today(), file=scan(f"{opinion[:4]}审查意见"),
            risks="响应不足时依法重新采购；人员更换须经采购人同意。",
        )  # fmt: skip
