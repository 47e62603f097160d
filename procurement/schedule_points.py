"""Every date of a purchase as data: which day it is counted from, by which period of the law, and what kind of date it is.

minimum: a period that must have run before something may happen; it ends on a working day (87号令 第85条).
duty: the last day on which something must be done; it never moves by itself and warns before.
window: a time in which somebody may do something. chosen: a day the purchaser fixes, with a proposal.
`zh` is the label as the method's own words say it (rules/methods.toml); `days` are working days of our own practice, no figure of law.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

KINDS = {
    "minimum": pgettext_lazy("kind of date", "minimum period"),
    "duty": pgettext_lazy("kind of date", "duty"),
    "window": pgettext_lazy("kind of date", "period"),
    "chosen": pgettext_lazy("kind of date", "chosen"),
}


@dataclass(frozen=True)
class Point:
    """One date: counted from `base` by a figure of the method, a rule (the first of `rules` that holds), or `days` of practice.

    `back`: the latest day from which the period still ends by the base. `own`: working days after the base that an office plans where no
    rule holds (a self-run purchase); None: then there is no such date. `bidders`: shown to suppliers and the public. `optional`: asked of some purchases only
    (somebody objected) or merely a plan, so that nothing is overdue when it passes.
    """

    key: str
    label: Promise
    zh: str
    kind: str
    base: str = ""
    figure: str = ""
    rules: tuple = ()
    days: int | None = None
    back: bool = False
    own: int | None = None
    bidders: bool = False
    only: tuple = ()
    optional: bool = False

    def text(self, words):
        """The label in the reader's language; in Chinese with the words of the method."""
        return str(self.label) if (get_language() or "zh").startswith("en") else self.zh.format(**{"contract": "合同", **words})


INTENTION = Point("intention", _("Purchase intention published, at the latest"), "采购意向公开（最迟）", "duty", "publication", rules=(("A05", "before_start"),), back=True)
NOTICE = (
    Point("publication", _("Notice published, documents supplied from"), "发布公告、开始提供{documents}", "chosen", bidders=True),
    Point("notice_until", _("Notice period ends"), "公告期限届满", "minimum", "publication", figure="notice_period", bidders=True),
    Point("documents_until", _("Documents supplied until"), "{documents}提供期限届满", "minimum", "publication", figure="document_supply", bidders=True),
    Point("documents_challenge", _("Challenges to the documents until"), "对{documents}提出质疑截止", "window", "notice_until", rules=(("G02", "challenge"),), bidders=True),
    Point("clarification", _("Last day for a clarification that leaves the deadline"), "不顺延截止时间的最后澄清、修改日", "window", "deadline", figure="clarification", back=True, bidders=True),
    Point("rehearsal", _("Openers prove their passphrase again"), "开启人再次验证口令", "chosen", "opening", days=-2, only=("openers",)),
    Point("deadline", _("Deadline for responses"), "提交{response}截止", "minimum", "publication", figure="bid_time", bidders=True),
    Point("opening", _("Opening"), "{opening}", "chosen", "deadline", days=0, bidders=True),
    Point("process_challenge", _("Challenges to the opening until"), "对{opening}环节提出质疑截止", "window", "opening", rules=(("G02", "challenge"),), bidders=True),
)
SINGLE = (
    Point("publication", _("Single source publicity begins"), "单一来源采购公示开始", "chosen", bidders=True, only=("publicity",)),
    Point("publication", _("Purchase begins"), "采购活动开始", "chosen", only=("no_publicity",)),
    Point("publicity_until", _("Publicity ends"), "公示期满", "minimum", "publication", rules=(("B20", "publicity"),), bidders=True, only=("publicity",)),
    Point("reexamination", _("Objections re-examined, at the latest"), "有异议的，组织补充论证（最迟）", "duty", "publicity_until", rules=(("B20", "reexamination"),), only=("publicity",), optional=True),
    Point("deadline", _("Response and talks"), "提交{response}、{opening}", "chosen", "publicity_until", days=1, bidders=True, only=("publicity",)),
    Point("deadline", _("Response and talks"), "提交{response}、{opening}", "chosen", "publication", days=1, bidders=True, only=("no_publicity",)),
    Point("opening", _("Talks"), "{opening}", "chosen", "deadline", days=0),
)
TAIL = (
    Point("evaluation", _("Evaluation"), "评审", "chosen", "opening", days=0),
    Point("report", _("Evaluation report to the purchaser"), "评审报告送交采购人", "duty", "evaluation", rules=(("D01", "report"),), own=0),
    Point("award", _("Award decided"), "确定{award}供应商", "duty", "report", rules=(("D02", "decide"),), own=0),
    Point("result", _("Award letter and result notice"), "发出{award}通知书、公告{award}结果", "duty", "award", rules=(("D03", "notice"),), own=0, bidders=True),
    Point("bond_losers", _("Bonds of the others refunded"), "退还未{award}供应商保证金", "duty", "result", rules=(("D09", "refund"),), bidders=True, only=("bonds",)),
    Point("result_until", _("Result notice period ends"), "{award}结果公告期限届满", "window", "result", rules=(("D04", "notice_period"),), bidders=True),
    Point("challenge_until", _("Challenges to the result until"), "对{award}结果提出质疑截止", "window", "result_until", rules=(("G02", "challenge"),), bidders=True),
    Point("signing", _("Contract signed (planned)"), "签订{contract}（计划）", "chosen", "challenge_until", days=1, optional=True),
    Point("signing_limit", _("Contract signed, at the latest"), "签订{contract}（最迟）", "duty", "result", rules=(("B24", "sign"), ("D06", "sign")), bidders=True),
    Point("contract_notice", _("Contract announced"), "{contract}公告", "duty", "signing", rules=(("D07", "publish"),)),
    Point("bond_winner", _("Bond of the winner refunded"), "退还{award}供应商保证金", "duty", "signing", rules=(("D09", "refund"),), bidders=True, only=("bonds",)),
    Point("tell_users", _("Users told of the framework"), "框架协议告知适用单位", "duty", "signing", rules=(("B24", "tell_users"),)),
    Point("filing", _("Contract copy filed"), "{contract}副本备案", "duty", "signing", rules=(("B24", "filed"), ("D08", "filed"))),
)
LABELS = {point.key: point for point in (INTENTION, *NOTICE, *SINGLE, *TAIL)}


def points_of(method):
    """The points of a purchasing method in the order in which they are told."""
    return (INTENTION, *(SINGLE if method.entry == "single" else NOTICE), *TAIL)


def ordered(points):
    """The same in an order in which every base stands before what is counted from it."""
    left, done = list(points), []
    while left:
        ready = [point for point in left if point.base not in {other.key for other in left if other is not point}]
        if not ready:
            raise ValueError(f"These dates wait for each other: {[point.key for point in left]}")
        done += ready
        left = [point for point in left if point not in ready]
    return done
