"""What became of a response, as its bidder is told (D05): own score, own rank, own reasons, never another's.

Words follow the method: a tender is 中标, every other way 成交.
"""

from dataclasses import dataclass, field

from kernel import rules
from procurement import methods
from procurement.models import AwardFall, FrameworkAgreement

KINDS = {"won": "成交", "selected": "入围", "lost": "未成交", "invalid": "响应无效", "fallen": "成交结果已取消", "failed": "本包未成交", "open": "尚未公布"}


@dataclass(frozen=True)
class Words:
    """中标 or 成交 and the names of the papers that follow from it."""

    won: str
    letter: str
    lost: str
    notice: str


def words_of(tender):
    """What the end is called; an order under a framework ends with 成交, only the framework's own stage 1 with 入围 (财政部令第110号)."""
    ordered = tender.method == "framework" and not tender.collects
    won = "成交" if ordered else methods.of(tender).words.get("award", "成交")
    return Words(won, f"{won}通知书", f"未{won}通知书", f"{won}结果公告")


@dataclass(frozen=True)
class Outcome:
    """`kind`: won | selected (framework) | lost | invalid | fallen | failed | open (not announced yet); reasons are Chinese sentences for page and letter."""

    kind: str
    score: object = None
    rank: int | None = None
    reasons: list = field(default_factory=list)
    winner: object = None


@rules.carries("D05")
def outcome_of(bid, award=None):
    """The outcome of one opened response; `award` (of its lot, or None) is asked when it is not given."""
    lot = bid.lot
    tender = lot.tender
    award = award or getattr(lot, "award", None)
    standing = award if award and award.declined_on is None else None
    if standing and standing.bid_id == bid.pk and standing.letter_on:
        return Outcome("won", bid.score, bid.rank, winner=standing)
    told = bool(tender.opening_record.get("result_told"))
    if bid.status in ("invalid", "broken"):
        if not told and lot.status != "failed":
            return Outcome("open")
        return Outcome("invalid", reasons=[bid.invalid_reason or "响应文件内容校验不一致。"], winner=standing)
    if fall := AwardFall.objects.filter(bid=bid).order_by("-pk").first():
        return Outcome("fallen", bid.score, None, [fall.facts], standing)
    if lot.status == "failed":
        return Outcome("failed", bid.score, bid.rank, [lot.failure])
    if told and tender.method == "framework":
        chosen = FrameworkAgreement.objects.filter(bid=bid).exists()
        return Outcome("selected" if chosen else "lost", bid.score, bid.rank, [] if chosen else [f"排名第{bid.rank}，未进入入围名单。" if bid.rank else "未进入排序。"])
    if not told or standing is None:
        return Outcome("open")
    return Outcome("lost", bid.score, bid.rank, _reasons(bid, tender), standing)


def _reasons(bid, tender):
    if bid.rank is None:
        return ["未进入成交候选人排序。"]
    if bid.score is None:
        return [f"按报价由低到高排序，你单位列第{bid.rank}名，不是确定的供应商。"]
    return [f"评审得分{bid.score}分，在合格供应商中排名第{bid.rank}，排名在前的候选人被确定为{words_of(tender).won}供应商。"]
