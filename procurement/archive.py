"""采购档案: the papers of one purchase in the order of 政府采购法 第42条, what is there and what is missing, and the activity record 采购活动记录.

A later stage adds its papers: `@archive.adds` on a function (tender) → iterable of Piece, registered in AppConfig.ready().
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.urls import reverse
from django.utils import translation

from kernel import clock, rules
from kernel.models import Attachment, TrailRow
from kernel.pdf import render_pdf
from procurement import criteria, methods, responses
from procurement.models import Award, AwardFall, Bid, Bond, Challenge, Complaint, Contract, Recording
from procurement.outcome import outcome_of, words_of

OVER = ("awarded", "failed")
RECORDED = {"opening": "开启", "evaluation": "评审"}


@dataclass(frozen=True)
class Piece:
    """One paper: where it stands in the file (`order`), what it is, whether it must be there and is, where to read it.

    `files`: attachments; `make`: (file name, callable giving bytes) of what the platform prints; both go into the download.
    """

    order: int
    name: str
    article: str = ""
    there: bool = True
    wanted: bool = True
    note: str = ""
    url: str = ""
    files: list = field(default_factory=list)
    make: list[tuple[str, Callable]] = field(default_factory=list)

    @property
    def missing(self):
        return self.wanted and not self.there


_more = []


def adds(provider):
    """Register `provider(tender)` → Pieces of a later stage."""
    _more.append(provider)
    return provider


def _attachments(*subjects):
    """Files of several subjects in one query: (model name, pk) → list."""
    query = Q(pk__in=[])
    for subject in subjects:
        query |= Q(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)
    found = {}
    for row in Attachment.objects.filter(query).select_related("subject_type"):
        found.setdefault((row.subject_type.model, row.subject_id), []).append(row)
    return found


def is_over(tender):
    """The purchase has ended: its result is announced, its provider chosen without publication, or it was stopped."""
    return tender.status in OVER


@rules.carries("I01", "I03")
def pieces(tender):
    """Every Piece of the purchase in legal order, in Chinese whatever the reader's language. Bidders appear after the opening alone (B27)."""
    with translation.override("zh-hans"):
        return _pieces(tender)


def _pieces(tender):
    statutory, opened = tender.is_statutory, tender.opened_at is not None or tender.status in ("evaluated", "awarded")
    lots = list(tender.lots.select_related("project"))
    awards = list(Award.objects.filter(lot__in=lots).select_related("organization", "lot"))
    falls = list(AwardFall.objects.filter(lot__in=lots).select_related("organization"))
    contracts = list(Contract.objects.filter(lot__in=lots).exclude(status="cancelled").select_related("organization"))
    challenges = list(Challenge.objects.filter(tender=tender))
    complaints = list(Complaint.objects.filter(challenge__tender=tender))
    kept = _attachments(tender, *falls, *contracts, *challenges, *complaints)
    own = kept.get(("tender", tender.pk), [])

    def role(name):
        return [row for row in own if row.role == name]

    found = [
        Piece(1, "采购活动记录", "政府采购法 第42条", is_over(tender), note="" if is_over(tender) else "采购活动结束后自动生成", url=reverse("activity_record", args=[tender.pk]) if is_over(tender) else "", make=[("采购活动记录.pdf", lambda: activity_record(tender))] if is_over(tender) else []),
        *(Piece(10 + number, f"采购预算与项目申报：{lot.project.title}", "政府采购法 第42条", url=lot.project.get_absolute_url()) for number, lot in enumerate(lots)),
        Piece(20, f"采购实施计划备案：{tender.plan_number or '未填'}", rules.get("A04").article, bool(tender.plan_number), statutory),
        Piece(21, "改变采购方式的批准文件", rules.get("A03").article, bool(role("approval")), bool(tender.approval_document), tender.approval_document, files=role("approval")),
        Piece(22, "法律审查意见", rules.get("A08").article, bool(role("review_legal")), False, files=role("review_legal")),
        Piece(23, "重点审查意见", rules.get("A08").article, bool(role("review_key")), False, files=role("review_key")),
        Piece(24, "采购人员回避声明", rules.get("H01").article, tender.declarations.exists(), statutory, url=reverse("declaration_list", args=[tender.pk]), make=[("回避声明.pdf", lambda: declarations_paper(tender))] if tender.declarations.exists() else []),
        *_announced(tender),
        Piece(50, "开启记录", "财政部令第87号 第42条", bool(tender.opening_record.get("rows")), statutory and tender.venue == "internal" and opened, url=reverse("opening_record", args=[tender.pk]) if tender.opening_record.get("rows") else "", make=_opening_make(tender)),
        *_responses(tender, opened),
        *_recordings(tender, opened),
        *_bonds(tender, opened),
        *(Piece(80 + award.lot.order, f"{words_of(tender).letter} {award.letter_number}", rules.get("D03").article, bool(award.letter_on), not award.declined_on and is_over(tender) and statutory, str(award.organization), award.get_absolute_url(), make=_letter(award, tender) if award.letter_on else []) for award in awards),
        *(Piece(90, f"情况报告：{row.organization}", rules.get("D14").article, row.status != "open", True, str(row.get_kind_display()), row.get_absolute_url(), kept.get(("awardfall", row.pk), [])) for row in falls),
        *(Piece(100, f"合同文本：{row.number}", "政府采购法 第42、46条", any(one.role == "contract" for one in kept.get(("contract", row.pk), [])), row.status != "draft", "签署的合同扫描件", row.get_absolute_url(), kept.get(("contract", row.pk), [])) for row in contracts),
        *(Piece(110, f"验收证明：{row.number}", "政府采购法 第42条", getattr(getattr(row, "closing", None), "status", "") == "accepted", row.status == "closed", url=row.closing.get_absolute_url() if getattr(row, "closing", None) else "") for row in contracts),
        *(Piece(120, f"质疑及答复：{row.number}", "政府采购法 第42、53条", row.status in ("answered", "withdrawn"), True, str(row.status_label), row.get_absolute_url(), kept.get(("challenge", row.pk), [])) for row in challenges),
        *(Piece(130, f"投诉处理：{row.number}", "政府采购法 第42、56条", row.status in ("decided", "refused", "withdrawn"), True, str(row.status_label), row.get_absolute_url(), kept.get(("complaint", row.pk), [])) for row in complaints),
        Piece(140, "其他附件", there=bool(rest := [row for row in own if row.role not in ("approval", "review_legal", "review_key")]), wanted=False, files=rest),
    ]  # fmt: skip
    for provider in _more:
        found += provider(tender)
    return sorted((piece for piece in found if piece.there or piece.wanted), key=lambda piece: piece.order)


def _announced(tender):
    names = {"notice": 30, "correction": 31, "result": 85, "termination": 86}
    rows = [row for row in tender.announcements.order_by("pk") if row.kind in names]
    found = [Piece(names[row.kind], row.title, "政府采购法 第42条", note=row.published_at.astimezone(clock.ZONE).strftime("%Y-%m-%d"), url=row.get_absolute_url(), make=[(f"{row.number}.html", lambda row=row: f"<meta charset='utf-8'><h1>{row.title}</h1>{row.body}".encode())]) for row in rows]
    told = bool(tender.profile_id) and not tender.profile.publish
    if tender.status not in ("draft", "cancelled") and not told and not any(row.kind == "notice" for row in rows):
        found.append(Piece(30, "采购公告", "政府采购法 第42条", False, tender.is_statutory))
    return found


def _opening_make(tender):
    if not tender.opening_record.get("rows"):
        return []

    def paper():
        from procurement.views.opening import record_context

        return render_pdf("documents/opening_record.html", {**record_context(tender), "inside": True})

    return [("开启记录.pdf", paper)]


def _responses(tender, opened):
    if not opened:
        return []
    found = []
    for number, bid in enumerate(Bid.objects.filter(lot__tender=tender, organization__isnull=False).select_related("organization", "lot").order_by("lot__order", "pk"), 1):
        found.append(Piece(60, f"{methods.of(tender).words.get('response', '响应文件')}：{bid.organization}", "政府采购法 第42条", note=str(bid.status_label), url=bid.get_absolute_url(), make=[(f"响应文件-{number}", lambda bid=bid: _response_files(bid))]))
    return found


def _response_files(bid):
    """[(name, bytes)] of an opened response: its texts and its files."""
    texts = "\n\n".join(f"【{label}】\n{text}" for label, text in responses.readable_parts(bid))
    return [("文字部分.txt", texts.encode()), *((row.name, row.content) for row in responses.files_of(bid))]


def _recordings(tender, opened):
    rows = list(Recording.objects.filter(tender=tender).select_related("keeper")) if opened else []
    found = [Piece(55, f"录音录像：{RECORDED[row.stage]}", rules.get("I02").article, note=f"{row.made_on}　{row.place}　保管人：{row.keeper}", url=reverse("tender_archive", args=[tender.pk])) for row in rows]
    known = {row.stage for row in rows}
    for stage in missing_recordings(tender, known):
        found.append(Piece(55, f"录音录像：{RECORDED[stage]}", rules.get("I02").article, False, note="登记存放位置", url=reverse("recording_add", args=[tender.pk])))
    return found


@rules.carries("I02")
def missing_recordings(tender, known=None):
    """Stages of a statutory purchase run here that are over and whose recording is not registered."""
    if not tender.is_statutory or tender.venue != "internal" or tender.opened_at is None:
        return []
    known = set(Recording.objects.filter(tender=tender).values_list("stage", flat=True)) if known is None else known
    wanted = ["opening", *(["evaluation"] if tender.report_received_on else [])]
    return [stage for stage in wanted if stage not in known]


def _bonds(tender, opened):
    rows = list(Bond.objects.filter(lot__tender=tender).select_related("organization")) if opened else []
    return [Piece(70, f"保证金：{row.organization}", rules.get("D09").article, row.status != "held" or row.due_since is None, True, str(row.status_label), row.get_absolute_url()) for row in rows]


def _letter(award, tender):
    def paper():
        return render_pdf("documents/award_letter.html", {"award": award, "lot": award.lot, "tender": tender, "words": words_of(tender), "statutory": tender.is_statutory})

    return [(f"{words_of(tender).letter}-{award.letter_number}.pdf", paper)]


def declarations_paper(tender):
    """回避声明 of everybody as PDF bytes."""
    return render_pdf("documents/declarations.html", {"tender": tender, "rows": tender.declarations.select_related("user"), "years": rules.get("H01").value("years_before"), "printed": clock.now()})


STEPS = (
    ("publish", "发布采购公告"), ("clarify", "澄清、更正"), ("postpone", "推迟开启"), ("open", "开启响应文件"), ("record_external", "登记外部平台评审结果"), ("rank", "按报价排序"),
    ("evaluate", "收到评审报告"), ("reopen_evaluation", "重新组建评审小组"), ("award", "确定结果"), ("settle", "确定供应商"), ("publish_result", "发出通知书并公告结果"), ("fail", "终止采购"),
)  # fmt: skip


@rules.carries("I03")
def activity_record(tender):
    """采购活动记录 (政府采购法 第42条；财政部令第74号 第26条) as PDF bytes, compiled from the rows and the trail. Raises Refusal where no PDF can be made."""
    words = dict(STEPS)
    kind = ContentType.objects.get_for_model(tender)
    steps = [{"day": row.happened_on, "what": words[row.verb], "who": row.actor, "why": row.reason} for row in TrailRow.objects.filter(subject_type=kind, subject_id=tender.pk, verb__in=words).select_related("actor").order_by("pk")]
    lots = list(tender.lots.select_related("project__item", "project__purchaser", "award__organization").prefetch_related("project__fundings__fund"))
    bids = []
    for bid in Bid.objects.filter(lot__in=lots, organization__isnull=False).select_related("organization", "lot__award__organization", "lot__tender").order_by("lot__order", "rank", "pk"):
        bid.lot.tender = tender
        bids.append({"bid": bid, "outcome": outcome_of(bid)})
    method = methods.of(tender)
    context = {
        "tender": tender, "lots": lots, "method": method, "case": method.case(tender.method_case) if tender.method_case else None, "steps": steps, "bids": bids, "items": criteria.tree(tender.score_items.all()),
        "awards": Award.objects.filter(lot__in=lots, declined_on=None).select_related("organization", "lot"), "falls": AwardFall.objects.filter(lot__in=lots).select_related("organization", "lot"),
        "panel": tender.opening_record.get("panel", []), "former": tender.opening_record.get("former_panels", []), "challenges": Challenge.objects.filter(tender=tender),
        "entry": {"notice": "以公告方式邀请不特定供应商参加", "invitation": "邀请符合条件的供应商参加", "single": "从单一供应商处采购"}[method.entry], "self_run": not tender.is_statutory,
        "profile": tender.frozen.get("profile", {}), "words": words_of(tender), "printed": clock.now(), "today": clock.today(),
    }  # fmt: skip
    return render_pdf("documents/activity_record.html", context)
