"""The life of a closed framework agreement 封闭式框架协议 (财政部令第110号; B21–B25; docs/decisions/0014).

征集准备 preparing: a programme with its service items, highest unit prices and the number of suppliers wanted; stage 1 is a tender of method
framework, collected as an open tender is held (第22条), the plan filed with the finance bureau before (第8条). 执行中 running: the first agreement
is signed; projects choose among the suppliers of an item (stage 2, call_off.py). 已结束 ended: its term is over; what was bought is summarised.
Who was selected, signed, suspended or removed is the life of each agreement (framework_agreement.py).
"""

import datetime

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.money import ZERO, yuan
from kernel.rules import carries
from procurement import methods
from procurement.announcements import announce
from procurement.lifecycle import project as projects
from procurement.lifecycle import tender as tenders
from procurement.lifecycle.cautions import Caution
from procurement.models import CallOff, Framework, FrameworkAgreement, FrameworkItem, FrameworkSummary, Tender
from procurement.permissions_framework import at_collector

MONTHS = 12


def _term_over(framework, actor):
    if framework.ends_on and clock.today() <= framework.ends_on and FrameworkAgreement.objects.filter(item__framework=framework, status__in=("active", "suspended")).exists():
        return Refusal("running", _("It runs until {day} and has suppliers under agreement.").format(day=framework.ends_on), article="财政部令第110号 第19条", todo=_("End or remove the agreements first."))
    return None


START = Step("start", _("The first agreement is signed"), ("preparing",), "running", at_collector("handler", "leader"), by_code=True, waits_for=_("handler"))
END = Step("end", _("End the framework"), ("preparing", "running"), "ended", at_collector("handler", "leader"), _term_over, tone="secondary", needs_reason=True)
LIFE = Life(
    "framework", Framework,
    states={"preparing": pgettext_lazy("framework", "suppliers being collected"), "running": pgettext_lazy("framework", "in force"), "ended": pgettext_lazy("framework", "ended")},
    steps=(START, END), initial="preparing",
)  # fmt: skip
LIFE.verb_labels = {"refill": _("collected again for missing suppliers"), "summarize": _("yearly summary announced")}


@carries("B21")
@transaction.atomic
def begin(*, actor, purchaser, title, item, users, headcount, goal, term_months, ceiling, ways, items, method_case, method_reason, term_reason="", quality_basis="", ranking="lowest", **fields):
    """A framework with its programme, its stage-1 draft and its service items. `items`: rows {name, unit, ceiling (yuan a unit), quality, wanted};
    `ceiling`: the most that may be bought (yuan); `ways` of Framework.WAYS; `fields` as of create_tender. Raises Refusal. Returns the Framework."""
    if not ways or set(ways) - {key for key, _label in Framework.WAYS}:
        raise Refusal("ways", _("Say how stage 2 chooses: direct choice, in turn, second competition."), article="财政部令第110号 第32条", field="ways")
    if not items:
        raise Refusal("items", _("Name at least one service item."))
    today = clock.today()
    programme = projects.draft_project(
        actor, title=title, purchaser=purchaser, place=purchaser.place, fiscal_year=today.year, item=item, goal=goal, target_group=users[:80], headcount=headcount,
        results=goal, starts_on=today, ends_on=workdays.add_months(today, term_months), handler=actor, declared=True,
    )  # fmt: skip
    programme = advance(programme, projects.FRAME, actor=actor)
    framework = Framework.objects.create(
        title=title, purchaser=purchaser, project=programme, users=users, term_months=term_months, term_reason=term_reason, ways=list(ways), ceiling=yuan(ceiling),
        quality_basis=quality_basis, status="preparing", created_by=actor,
    )  # fmt: skip
    trail.record(framework, "create", actor=actor, to_status="preparing", params={"ceiling": str(framework.ceiling), "items": len(items)})
    collect(framework, items, actor=actor, method_case=method_case, method_reason=method_reason, ranking=ranking, requirements=fields.pop("requirements", goal), **fields)
    return framework


def collect(framework, items, *, actor, follows=None, **fields):
    """A stage-1 draft for items {name, unit, ceiling, quality, wanted, refills}. Returns the Tender."""
    lots = [{"project": framework.project, "title": row["name"], "ceiling": yuan(row["ceiling"])} for row in items]
    tender = tenders.create_tender([framework.project], actor=actor, method="framework", title=framework.title, lots=lots, follows=follows, **fields)
    for lot, row in zip(tender.lots.order_by("order"), items, strict=True):
        FrameworkItem.objects.create(framework=framework, lot=lot, unit=row["unit"], quality=row["quality"], wanted=row["wanted"], refills=row.get("refills"))
    return tender


@carries("B21", "B23")
def objection_to_collecting(tender):
    """Why a stage-1 draft can't be published, or None: several suppliers are really needed (B21), quality comes first only where it may (B23)."""
    law, items = methods.law(tender), list(FrameworkItem.objects.filter(lot__tender=tender).select_related("lot", "framework"))
    if not items:
        return Refusal("items", _("Name at least one service item."), todo=_("Start it under “Framework agreements”."))
    rule = law.get("B21")
    for item in items:
        if item.wanted < rule.value("suppliers") and item.refills_id is None:
            return Refusal(
                "one_supplier", _("“{item}” wants {count} supplier: a framework is for services that need at least {least}.").format(item=item.lot.title, count=item.wanted, least=rule.value("suppliers")),
                article=rule.article, todo=_("Buy it by another method."),
            )  # fmt: skip
    framework = items[0].framework
    if framework.status == "ended":
        return Refusal("ended", _("This framework has ended."))
    if methods.ranking_of(tender) == "points" and not framework.quality_basis.strip():
        return Refusal("quality_first", _("Price comes first; quality only where the price is set by government, or the thing asks for it. Say on which basis."), article=law.get("B23").article, todo=_("Rank by the lowest price, or record the basis."), field="ranking")
    return None


@carries("B22")
def warnings(tender):
    """B22: a term above the usual most is published only with its reason."""
    item = FrameworkItem.objects.filter(lot__tender=tender).select_related("framework").first()
    rule = methods.law(tender).find("B22")
    if item is None or rule is None or item.framework.term_months <= rule.value("service_term") * MONTHS:
        return []
    months = item.framework.term_months
    sentence = _("A framework for services runs at most {years} years; this one runs {months} months.").format(years=rule.value("service_term"), months=months)
    return [Caution("framework_term", sentence, rule.article, figures=(str(months),))]


def items_of(framework):
    """The items of a framework that were or are being collected for the first time, each with its agreements read."""
    rows = framework.items.filter(refills=None).exclude(lot__status="failed").exclude(lot__tender__status__in=("failed", "cancelled"))
    return list(rows.select_related("lot__tender").prefetch_related("agreements__organization"))


def objection_to_joining(organization, lot):
    """Whoever was removed from an item may not answer its refilling (财政部令第110号 第20条), nor whoever is in it already."""
    item = FrameworkItem.objects.filter(lot=lot).first()
    known = item and item.refills_id and FrameworkAgreement.objects.filter(item=item.refills_id, organization=organization).first()
    if not known:
        return None
    if known.status == "removed":
        return Refusal("removed", _("{name} was removed from this framework and may not join it again.").format(name=organization), article="财政部令第110号 第20条")
    return Refusal("member", _("{name} is a supplier of this item already.").format(name=organization), article="财政部令第110号 第31条")


def remaining(item):
    """(suppliers still there, suppliers selected once) of an item."""
    rows = item.agreements.aggregate(all=Count("pk"), left=Count("pk", filter=~Q(status__in=("removed", "ended"))))
    return rows["left"], rows["all"]


@carries("B25")
def objection_to_refilling(item):
    """B25: suppliers are collected again only when fewer than the rule's share is left; or None."""
    rule = rules.get("B25")
    left, once = remaining(item)
    if item.framework.status != "running":
        return Refusal("wrong_state", _("Only a framework in force is refilled."), article=rule.article)
    if left * 100 >= rule.value("remaining_below") * once:
        return Refusal(
            "enough", _("{left} of {once} suppliers of “{item}” are left; only below {share} % others are collected.").format(left=left, once=once, item=item.lot.title, share=rule.value("remaining_below")),
            article=rule.article,
        )  # fmt: skip
    running = FrameworkItem.objects.filter(refills=item).exclude(lot__status__in=("failed", "selected")).exclude(lot__tender__status__in=("failed", "cancelled")).exists()
    return Refusal("refilling", _("Suppliers for this item are being collected already.")) if running else None


@carries("B25")
@transaction.atomic
def refill(item, *, actor, wanted, reason):
    """A new stage-1 draft for one item, with the conditions of the first; `reason`: how the missing suppliers affect its execution. Returns the Tender."""
    framework = Framework.objects.select_for_update(of=("self",)).get(pk=item.framework_id)
    acting_for(actor, framework, END)
    if refusal := objection_to_refilling(item):
        raise refusal
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), article=rules.get("B25").article, field="reason")
    first = item.lot.tender
    kept = {name: getattr(first, name) for name in ("method_case", "plan_number", "requirements", "qualification", "contract_terms", "contact", "ranking", "intention_on")}
    row = {"name": item.lot.title, "unit": item.unit, "ceiling": item.lot.ceiling, "quality": item.quality, "wanted": wanted, "refills": item}
    items = [{name: getattr(one, name) for name in ("number", "kind", "name", "standard", "points", "scale", "legal_basis")} for one in first.score_items.all()]
    tender = collect(framework, [row], actor=actor, method_reason=reason[:300], score_items=items or None, **kept)
    trail.record(framework, "refill", actor=actor, reason=reason, params={"tender": tender.pk, "item": item.pk})
    return tender


def bought(framework):
    """Yuan bought under the framework so far: its call-offs that were not given up."""
    return valid_call_offs(framework).aggregate(total=Sum("amount"))["total"] or ZERO


def valid_call_offs(framework):
    """The call-offs that count: those whose supplier did not refuse to sign."""
    rows = CallOff.objects.filter(agreement__item__framework=framework)
    return rows.exclude(tender__status__in=("failed", "cancelled")).exclude(tender__lots__status="failed").exclude(tender__lots__award__declined_on__isnull=False)


def first_tender(framework):
    """The stage-1 purchase of the framework that counts."""
    return Tender.objects.filter(lots__framework_item__framework=framework, lots__framework_item__refills=None).exclude(status__in=("failed", "cancelled")).distinct().first()


@carries("B24")
def summaries_due(framework):
    """[(year, LegalDate)] of the yearly summaries that are or will be due and are not made: for each calendar year it ran in, from its end."""
    if framework.starts_on is None:
        return []
    rule, made = rules.get("B24"), {row.year for row in framework.summaries.all()}
    last = min(framework.ends_on, framework.stage_since) if framework.status == "ended" else framework.ends_on
    found = []
    for year in range(framework.starts_on.year, last.year + 1):
        if year not in made:
            found.append((year, workdays.deadline(min(datetime.date(year, 12, 31), last), rule, "yearly_summary")))
    return found


@carries("B24")
@transaction.atomic
def summarize(framework, *, actor, year):
    """年度成交汇总: announce what was bought under the framework in a year that is over. Raises Refusal. Returns the FrameworkSummary."""
    framework = Framework.objects.select_for_update(of=("self",)).get(pk=framework.pk)
    acting_for(actor, framework, END)
    found = dict(summaries_due(framework))
    if year not in found:
        raise Refusal("not_due", _("No summary of this year is open."), article=rules.get("B24").article)
    last = min(datetime.date(year, 12, 31), framework.ends_on)
    if clock.today() <= last and framework.status != "ended":
        raise Refusal("early", _("The year is summarised when it is over, after {day}.").format(day=last), article=rules.get("B24").article)
    rows = valid_call_offs(framework).filter(decided_on__year=year)
    by_agreement = rows.values("agreement__organization__name", "agreement__item__lot__title").annotate(count=Count("pk"), total=Sum("amount")).order_by("agreement__item", "agreement__rank")
    first = first_tender(framework)
    paper = announce("summary", first, actor=actor, title=f"{framework.title}{year}年度", framework=framework, year=year, rows=list(by_agreement), total=sum((row.amount for row in rows), ZERO))
    made = FrameworkSummary.objects.create(framework=framework, year=year, announcement=paper)
    trail.record(framework, "summarize", actor=actor, params={"year": year, "announcement": paper.pk})
    return made


@LIFE.verb(END)
@transaction.atomic
def end(framework, *, actor, reason, happened_on=None):
    """The framework is over; the agreements end with it."""
    from procurement.lifecycle import framework_agreement as agreements

    framework = advance(framework, END, actor=actor, happened_on=happened_on, reason=reason)
    for row in FrameworkAgreement.objects.filter(item__framework=framework, status__in=agreements.END.sources):
        agreements.end(row, actor=actor, reason=reason)
    return framework
