"""The life of a purchase 采购活动.

草稿 draft: the handler writes requirements, qualification and scoring for one or several approved projects (lots).
已发布 published: rules and profile are frozen, the notice is out, responses come in sealed until the deadline
(at least as long as its method's rule says, rules/methods.toml; a self-run purchase obeys its street's profile). 已开启 opened: two openers
opened what was sealed. 已评审 evaluated: candidates are ranked. 已成交 awarded: every lot has its provider or failed.
已终止 failed: stopped, with a termination notice. 已取消 cancelled: given up before publication.
A purchase run on the provincial platform is published with its outside date and takes the outside facts in one step.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO
from procurement import criteria, drafting, interested, methods, movements, schedule, schedule_facts, sealing, timetable
from procurement.announcements import announce
from procurement.lifecycle import cautions as warned
from procurement.lifecycle import documents, intention, invitation
from procurement.models import Lot, ScoreItem, SelfRunProfile, Tender
from procurement.permissions_tender import may_attend, may_decide, may_handle_tender


def _deadline_passed(tender, actor):
    if tender.deadline and clock.now() < tender.deadline:
        return Refusal("early", _("Responses stay sealed until {moment}.").format(moment=clock_text(tender.deadline)), article="财政部令第74号 第25条")
    return None


def clock_text(moment):
    """A moment as people read it, with the zone named once on the page."""
    return moment.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M")


def _for_all(tender):
    """Whether suppliers were sought: the one supplier of a single source is asked, and told, on that purchase's own page."""
    return methods.of(tender).entry != "single"


def _stoppable(tender, actor):
    single = None if _for_all(tender) else getattr(tender, "single_source", None)
    if single is not None and single.status != "dropped":
        return Refusal("single", _("A single source is stopped on its own page."), todo=_("Go on on the page “Single source”."))
    return None


def _clarifiable(tender, actor):
    if not _for_all(tender):
        return Refusal("single", _("One supplier alone was asked; what changes is told in the talks."), article=methods.of(tender).article)
    if tender.venue == "internal" and tender.deadline and clock.now() >= tender.deadline:
        return Refusal("late", _("The deadline has passed; documents can no longer be clarified."), todo=_("Stop the purchase if the documents are wrong."))
    return None


def _keyed(tender):
    """Only a purchase with openers waits for them."""
    return tender.seal == "openers" and tender.venue == "internal" and _for_all(tender)


def _outside(tender):
    return tender.venue == "external"


def _by_price(tender):
    """Ranking by price belongs to a self-run purchase whose rule says so; all others have a panel."""
    return bool(tender.profile_id) and tender.profile.scoring == "lowest"


def _postponable(tender, actor):
    if not _keyed(tender):
        return Refusal("no_openers", _("This purchase has no openers to wait for."))
    return _deadline_passed(tender, actor)


def _external_only(tender, actor):
    if not _outside(tender):
        return Refusal("internal", _("This purchase runs here; nothing is recorded from outside."))
    return None


def _lowest_only(tender, actor):
    if not _by_price(tender):
        return Refusal("panel", _("This purchase is scored by a panel."), todo=_("Form the panel."))
    return None


def _result_once(tender, actor):
    if tender.collects:
        return Refusal("selects", _("The selected suppliers are announced, not an award."), todo=_("Announce the selected suppliers."))
    if tender.opening_record.get("result_told"):
        return Refusal("told", _("The result has already been announced."), todo=_("Ask for a correction instead."))
    if tender.opening_record.get("results_fallen") and not tender.lots.filter(status__in=("awarded", "contracted")).exists():
        return Refusal("nothing_left", _("No lot has a provider any more; its end was announced."))
    return None


def any_hand(user, tender):
    """Follows from a panel's conclusion; who may conclude was asked there."""
    return user.is_authenticated


PUBLISH = Step(
    "publish", _("Publish"), ("draft",), "published", may_handle_tender, objection=drafting.objection_to_publish, fits=_for_all,
    rules=("A05", "A06", "A08", "A10", "A12", "B03", "B09", "B13", "B14", "C01", "C02", "E06"), hint=_("The rules in force are frozen and the notice becomes public."), waits_for=_("handler"),
)
CLARIFY = Step(
    "clarify", _("Clarify or correct the documents"), ("published",), None, may_handle_tender, objection=_clarifiable, fits=_for_all, tone="secondary", rules=("B04", "B09", "B14"),
    hint=_("A correction notice is published; the deadline moves where the law wants it."),
)
POSTPONE = Step(
    "postpone", _("Postpone the opening"), ("published",), None, may_handle_tender, objection=_postponable, fits=_keyed, tone="secondary", needs_reason=True,
    hint=_("Too few openers are here: a notice names the new time and the responses stay sealed."),
)
OPEN = Step("open", _("Open the responses"), ("published",), "opened", may_attend, objection=_deadline_passed, rules=("B10", "B27"), waits_for=_("two openers"))
RECORD_EXTERNAL = Step(
    "record_external", _("Record opening and ranking of the other platform"), ("published",), "evaluated", may_handle_tender, objection=_external_only, fits=_outside,
    hint=_("Candidates, prices and scores as the report says; clocks run from its date."), waits_for=_("handler"), rules=("D01",),
)
RANK = Step("rank", _("Rank by price"), ("opened",), "evaluated", may_handle_tender, objection=_lowest_only, fits=_by_price, rules=("B26",), waits_for=_("handler"))
EVALUATE = Step("evaluate", _("Receive the evaluation report"), ("opened",), "evaluated", any_hand, rules=("D01",), waits_for=_("panel"), unnamed=True, by_code=True)
AWARD = Step("award", _("Finish the award"), ("evaluated",), "awarded", may_decide, rules=("D02",), waits_for=_("leader in charge"), by_code=True)
COLLECT = Step("collect", _("Ask the one supplier"), ("draft",), "published", may_handle_tender, rules=("B27",), tone="secondary", by_code=True)
SETTLE = Step("settle", _("Choose the provider"), ("draft", "opened"), "awarded", may_decide, rules=("B26",), tone="secondary", by_code=True)
RESULT = Step(
    "publish_result", _("Announce the result"), ("awarded",), None, may_handle_tender, objection=_result_once, rules=("D03", "D04", "D05"), fits=lambda tender: not tender.collects,
    hint=_("Award letters are issued, the notice is published, and each bidder is told its own score."), waits_for=_("handler"),
)
REOPEN = Step("reopen_evaluation", _("Evaluate anew with another panel"), ("evaluated", "awarded"), "opened", any_hand, rules=("C12", "G04"), needs_reason=True, by_code=True)
FAIL = Step(
    "fail", _("Stop the purchase"), ("published", "opened", "evaluated"), "failed", may_handle_tender, objection=_stoppable, fits=_for_all, needs_reason=True, tone="danger", rules=("B10",),
    hint=_("A termination notice with the reason is published; the projects may be bought anew."),
)
CANCEL = Step("cancel", _("Give up the draft"), ("draft",), "cancelled", may_handle_tender, needs_reason=True, tone="danger")

LIFE = Life(
    "tender",
    Tender,
    states={
        "draft": pgettext_lazy("tender", "draft"),
        "published": pgettext_lazy("tender", "published"),
        "opened": pgettext_lazy("tender", "opened"),
        "evaluated": _("evaluated"),
        "awarded": _("awarded"),
        "failed": pgettext_lazy("tender", "stopped"),
        "cancelled": pgettext_lazy("tender", "given up"),
    },
    steps=(PUBLISH, CLARIFY, OPEN, POSTPONE, RANK, EVALUATE, RECORD_EXTERNAL, AWARD, RESULT, COLLECT, SETTLE, REOPEN, FAIL, CANCEL),
)
LIFE.verb_labels = {
    "edit": _("draft changed"), "appoint": _("openers appointed"), "rehearse": _("opener proved the passphrase"), "attend": _("opener present"), "replace_opener": _("opener replaced"), "observe": _("attends the opening"),
    "remark": _("record confirmed or questioned"), "remark_answered": _("question on the record answered"), "judging": _("rules of judging written"), "rerank": _("ranked anew"),
    "quotes": _("final quotes asked for"), "read_quotes": _("final quotes read"), "recount": _("dates moved"),
}
EDITABLE = (
    "title", "method_case", "method_reason", "ranking", "plan_number", "venue", "external_platform", "external_url", "agency", "requirements", "qualification", "contract_terms",
    "contact", "price_weight", "max_lots_won", "intention_on", "approval_document",
    "allows_consortium", "allows_subcontract", "validity_days",
)


def profile_for(purchaser, amount, on=None):
    """The street's confirmed self-run profile for an amount in yuan: amount_from ≤ amount < amount_to; or None."""
    return SelfRunProfile.in_force(on).filter(purchaser=purchaser, amount_from__lte=amount, amount_to__gt=amount).order_by("-valid_from", "-id").first()


@transaction.atomic
def create_tender(projects, *, actor, method="consultation", title="", lots=None, score_items=None, profile=None, follows=None, **fields):
    """A draft purchase of approved projects of one purchaser, one lot each; `follows`: the failed purchase it replaces.

    `lots`: optional rows {project, title, ceiling}; `score_items`: rows {kind, name, standard, points, legal_basis};
    `fields`: any of EDITABLE. Raises Refusal (project not approved or already being bought, no profile for the amount, 询价 of a service).
    """
    if method == "inquiry":
        raise Refusal(
            "goods_only", _("Price inquiry is for goods only; services can't be bought this way."), article=rules.get("B18").article,
            todo=_("Below the limit compare quotes under your street's own rule; above it choose another method."), field="method",
        )
    projects = list(projects)
    rows = lots or [{"project": project, "title": project.title, "ceiling": project.ceiling or project.budget_total} for project in projects]
    drafting.check_projects([row["project"] for row in rows], method)
    first = rows[0]["project"]
    tender = Tender(
        title=title or first.title, purchaser=first.purchaser, method=method, handler=actor, created_by=actor, follows=follows, number=f"new-{clock.wall().timestamp()}"[:24]
    )
    drafting.check_handler(actor, tender)
    tender.profile = profile or (profile_for(first.purchaser, sum((row["ceiling"] for row in rows), ZERO)) if method == "self_run" else None)
    if method == "self_run" and tender.profile is None:
        raise Refusal(
            "no_profile", _("Your street has no rule for self-run purchases of this amount."), todo=_("Use one of the law's methods, or have a rule confirmed."), field="method"
        )
    tender.seal = tender.profile.seal if tender.profile else "openers"
    for name, value in fields.items():
        if name not in EDITABLE:
            raise TypeError(f"create_tender takes no {name}")
        setattr(tender, name, value)
    drafting.check_case(tender)
    if method == "consultation":
        tender.method_case = tender.method_case or "services"  # 财库〔2014〕214号 第3条第1项 names government purchase of services
    tender.intention_on = tender.intention_on or intention.day_of([row["project"] for row in rows])
    tender.contact = tender.contact or f"{actor.name} {first.purchaser.phone}".strip()
    tender.requirements = tender.requirements or drafting.requirements_of([row["project"] for row in rows])
    tender.save()
    tender.number = f"CG-{clock.today():%Y}-{tender.pk:05d}"
    tender.save(update_fields=["number"])
    for order, row in enumerate(rows, 1):
        Lot.objects.create(
            tender=tender, project=row["project"], order=order, title=row.get("title") or row["project"].title, ceiling=row["ceiling"], status="open", created_by=actor
        )
    if score_items is not None and methods.ranking_of(tender) == "points":
        _write_items(tender, score_items)
    trail.record(tender, "create", actor=actor, to_status="draft", params={"method": method, "projects": [row["project"].pk for row in rows]})
    return tender


def _write_items(tender, rows):
    """Replace the scoring items; "2.1" stands under "2". Raises Refusal on a scale or a tree nobody can read."""
    above = criteria.parents_by_number(rows)
    tender.score_items.all().delete()
    made = []
    for order, row in enumerate(rows, 1):
        points = ZERO if row["kind"] == "group" else row["points"]
        item = ScoreItem(
            tender=tender, order=order, kind=row["kind"], name=row["name"], standard=row.get("standard", ""), points=points, legal_basis=row.get("legal_basis", "") or "",
            number=row.get("number", "") or "", scale=row.get("scale", "") or "",
        )  # fmt: skip
        if refusal := criteria.objection_to_item(item):
            raise refusal
        made.append(item)
    ScoreItem.objects.bulk_create(made)
    for item, parent in zip(made, above, strict=True):
        if parent is not None:
            ScoreItem.objects.filter(pk=item.pk).update(parent=made[parent])


@transaction.atomic
def edit(tender, *, actor, score_items=None, **fields):
    """Change a draft. A published purchase is only clarified. Raises Refusal, PermissionDenied."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if tender.status != "draft":
        raise Refusal("published", _("This purchase is published and can no longer be edited."), todo=_("Publish a clarification instead."))
    changed = {name: value for name, value in fields.items() if name in EDITABLE and getattr(tender, name) != value}
    for name, value in changed.items():
        setattr(tender, name, value)
    drafting.check_case(tender)
    tender.save(update_fields=[*changed] or None)
    if score_items is not None:
        _write_items(tender, score_items)
    trail.record(tender, "edit", actor=actor, params={"fields": sorted(changed)})
    return tender


@LIFE.verb(PUBLISH)
@rules.carries("A02", "A03", "A04", "A05", "A06", "A08", "A09", "A10", "A11", "A12", "B01", "B02", "B03", "B08", "B09", "B13", "B14", "C01", "C02", "E06")
@transaction.atomic
def publish(tender, *, actor, deadline=None, documents_until=None, happened_on=None, reason="", cautions=None):
    """Freeze rules and profile, make the key, publish the notice, move the projects to sourcing. Each warning needs its reason
    (`cautions`: key → {"reason", "basis"}, see cautions.py).

    `deadline` (aware moment) and `documents_until` (date) default to the earliest lawful ones and may not be earlier.
    Only a purchase on another platform may have a `happened_on` before today: its clock starts there.
    """
    external = tender.venue == "external"
    if not external and happened_on and happened_on != clock.today():
        raise Refusal("server_time", _("A notice on this platform is published now, not on another day."), field="happened_on")
    open_cautions = drafting.unanswered(tender)
    tender = advance(tender, PUBLISH, actor=actor, happened_on=happened_on if external else None, reason=reason, params=warned.as_params(open_cautions, cautions))
    warned.record(open_cautions, cautions, actor=actor, tender=tender)
    start = happened_on if external and happened_on else clock.today()
    tender.frozen = {
        **methods.snapshot(tender, on=start),
        "profile": drafting.profile_snapshot(tender.profile) if tender.profile_id else {},
    }
    plan = timetable.timetable(tender, start)
    tender.deadline, tender.documents_until = deadline or plan.moment, documents_until or plan.documents_until.date
    if deadline and deadline.astimezone(clock.ZONE).date() < plan.deadline.date:
        raise Refusal(
            "too_short",
            _("The deadline is too early: the earliest lawful day is {day}.").format(day=plan.deadline),
            article=plan.deadline.article, todo=_("Choose that day or a later one."), field="deadline",
        )
    if tender.documents_until < plan.documents_until.date:
        raise Refusal(
            "documents_short", _("The documents must be available until {day} at least.").format(day=plan.documents_until),
            article=plan.documents_until.article, field="documents_until",
        )
    if deadline and not external and deadline <= clock.now():
        raise Refusal("past", _("The deadline lies in the past."), field="deadline")
    tender.documents_until = min(tender.documents_until, tender.deadline.astimezone(clock.ZONE).date())
    if deadline and not external and (refusal := schedule.objection_to_day(deadline.astimezone(clock.ZONE).date())):
        raise refusal
    tender.published_at, tender.notice_until, tender.opens_at = clock.now(), plan.notice_until.date, tender.deadline
    tender.frozen["plan"] = schedule_facts.plan_of(schedule_facts.rows_of(tender))
    if not external:
        sealing.make_key(tender)
    tender.save()
    from procurement.lifecycle.project import mark_sourcing

    for project in {lot.project_id: lot.project for lot in tender.lots.select_related("project__purchaser", "project__place")}.values():
        if project.status == "approved":
            mark_sourcing(project, actor=actor)
    documents.freeze(tender, actor=actor)
    if tender.by_invitation:
        invitation.send(tender, actor=actor)
    elif tender.is_statutory or tender.profile.publish:
        announce("notice", tender, actor=actor, until=tender.notice_until)
    return tender


@LIFE.verb(CLARIFY)
@rules.carries("B04", "B09", "B14")
@transaction.atomic
def clarify(tender, *, actor, text, affects_bids=True, deadline=None, happened_on=None, reason=""):
    """Publish a clarification or correction, with the next version of the documents where a chapter changed, and tell whom it concerns. One that can affect responses moves the deadline to what the method's rule leaves (B04, B09, B14), or to a later `deadline`."""
    tender = advance(tender, CLARIFY, actor=actor, reason=reason, params={"affects_bids": affects_bids})
    planned, new = movements.dates(tender), tender.deadline
    earliest = timetable.clarified_deadline(tender) if affects_bids else None
    if earliest and new.astimezone(clock.ZONE).date() < earliest.date:
        new = new.astimezone(clock.ZONE).replace(year=earliest.date.year, month=earliest.date.month, day=earliest.date.day)
    if deadline:
        if deadline < new:
            raise Refusal("too_short", _("The deadline can't be earlier than {moment}.").format(moment=clock_text(new)), article=earliest.article if earliest else "", field="deadline")
        if tender.venue == "internal" and (refusal := schedule.objection_to_day(deadline.astimezone(clock.ZONE).date())):
            raise refusal
        new = deadline
    before = tender.deadline
    if new != before:
        Tender.objects.filter(pk=tender.pk).update(deadline=new, opens_at=new)
        tender.deadline = tender.opens_at = new
    version = documents.freeze(tender, actor=actor, note=text)
    made = announce(
        "correction", tender, actor=actor, text=text, before=before if new != before else None, version=version if version and version.number > 1 else None,
        corrects=tender.announcements.filter(kind="notice").first(), public=tender.is_statutory or tender.profile.publish,
    )  # fmt: skip
    movements.record(tender, planned, cause="clarification", actor=actor, note=made.number)
    interested.tell_change(tender, made)
    if tender.by_invitation:
        invitation.tell_corrected(tender)
    return tender


@LIFE.verb(POSTPONE)
@transaction.atomic
def postpone(tender, *, actor, opens_at, reason=""):
    """Fewer than two openers came: a notice names the new opening (aware moment); responses stay sealed, none may be added."""
    if opens_at <= clock.now():
        raise Refusal("past", _("The new time lies in the past."), field="opens_at")
    planned = movements.dates(tender)
    tender = advance(tender, POSTPONE, actor=actor, reason=reason, changes={"opens_at": opens_at})
    absent = [str(row.user) for row in tender.openers.select_related("user") if row.present_at is None]
    notice = announce("correction", tender, actor=actor, text=reason, opening=opens_at, params={"absent": absent})
    movements.record(tender, planned, cause="postponement", actor=actor, note=notice.number)
    return tender


@LIFE.verb(FAIL)
@rules.carries("B10")
@transaction.atomic
def fail(tender, *, actor, reason, happened_on=None):
    """Stop a purchase: every lot without award fails, the termination notice is published."""
    from procurement.lifecycle import lot as lots

    tender = advance(tender, FAIL, actor=actor, reason=reason, happened_on=happened_on)
    for lot in tender.lots.filter(status__in=lots.FAIL.sources):
        lots.fail(lot, actor=actor, reason=reason)
    _free_projects(tender, actor)
    if tender.is_statutory or tender.profile.publish:
        announce("termination", tender, actor=actor, reason=reason)
    return tender


def _free_projects(tender, actor):
    """Projects whose every lot failed may be bought anew."""
    from procurement.lifecycle.project import mark_unsourced

    for project in {lot.project_id: lot.project for lot in tender.lots.filter(status="failed").select_related("project__purchaser", "project__place")}.values():
        if project.status == "sourcing" and not Lot.objects.filter(project=project).exclude(status="failed").exclude(tender__status="cancelled").exists():
            mark_unsourced(project, actor, reason=tender.number)


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(tender, *, actor, reason):
    """Give up a draft; its projects are free again."""
    from procurement.lifecycle import lot as lots

    tender = advance(tender, CANCEL, actor=actor, reason=reason)
    for lot in tender.lots.filter(status="open"):
        lots.fail(lot, actor=actor, reason=reason)
    return tender


