"""What a purchase must have before it is published; each lack is a sentence with its article."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, rules, trail, workdays
from kernel.lifecycle import Refusal, acting_for
from kernel.money import ZERO
from procurement import methods, tender_papers, timetable, wording
from procurement.lifecycle import bond as bonds
from procurement.lifecycle import cautions, declaration, intention, review, splitting, survey
from procurement.lifecycle.cautions import Caution
from procurement.models import Contract, Lot

OPENERS, ALTERNATES = 3, 2  # practice 7: three plus two alternates, any two of five
HUNDRED = 100


def check_handler(actor, tender):
    """Raises PermissionDenied unless the actor (or somebody they stand in for) handles purchases of this purchaser."""
    from procurement.lifecycle.tender import PUBLISH

    try:
        acting_for(actor, tender, PUBLISH)
    except PermissionDenied as error:
        raise PermissionDenied(str(_("Only the purchaser's handler prepares a purchase."))) from error


def check_projects(projects, method=""):
    """Raises Refusal unless all are approved, of one purchaser, in no other running purchase and without a contract (a small project may go straight to one).

    A framework's programme is collected for by method framework alone, again once its earlier collection has ended.
    """
    if not projects:
        raise Refusal("no_project", _("Choose at least one approved project."), field="projects")
    if len({project.purchaser_id for project in projects}) > 1:
        raise Refusal("purchasers", _("The projects belong to different purchasers."), todo=_("Make one purchase for each purchaser."), field="projects")
    for project in projects:
        if not startable(project, method):
            raise Refusal("not_approved", _("“{project}” is not approved.").format(project=project), article=rules.get("E06").article, todo=_("Wait for its last gate."), field="projects")
    running = Lot.objects.filter(project__in=projects).exclude(status__in=("failed", "selected")).exclude(tender__status="cancelled").select_related("tender").first()
    if running:
        raise Refusal("bought_already", _("“{project}” is already being bought in {number}.").format(project=running.project, number=running.tender.number), field="projects")
    drafted = Contract.objects.filter(project__in=projects).exclude(status__in=("cancelled", "terminated")).select_related("project").first()
    if drafted:
        raise Refusal("bought_already", _("“{project}” is already being bought in {number}.").format(project=drafted.project, number=drafted.number), field="projects")


def startable(project, method):
    """Whether a purchase by this method may begin from the project as it stands."""
    return project.status in ("approved", "sourcing") or (project.status == "programme" and method == "framework")


def check_case(tender):
    """Raises Refusal when the lawful case named is none of the method's own."""
    method = methods.of(tender)
    if tender.method_case and method.case(tender.method_case) is None:
        sentence = _("This is no lawful case of “{method}”.").format(method=tender.get_method_display())
        raise Refusal("case", sentence, article=method.article, todo=_("Choose one of the cases of this method."), field="method_case")


def requirements_of(projects):
    """A first text of the service requirements from the projects' goals, people served and results (Chinese, goes into the notice)."""
    return "\n\n".join(
        f"{project.title}\n服务目标：{project.goal}\n服务对象：{project.target_group}，{project.headcount} 人\n"
        f"服务期限：{project.starts_on:%Y年%m月%d日}至{project.ends_on:%Y年%m月%d日}\n预期成果：{project.results}"
        for project in projects
    )[:6000]


def profile_snapshot(profile):
    """A self-run profile as it is frozen on the purchase."""
    names = ("name", "channel", "seal", "names_visible", "scoring", "paper_allowed", "min_days", "min_count", "approver_role", "publish")
    return {"id": profile.pk, **{name: getattr(profile, name) for name in names}, "amount_from": str(profile.amount_from), "amount_to": str(profile.amount_to)}


def unfunded(tender):
    """The first funding of the lots' projects whose money is not approved (E06), or None."""
    from procurement.models import ProjectFund

    projects = projects_of(tender)
    if all("fundings" in getattr(project, "_prefetched_objects_cache", {}) for project in projects):
        return next((row for project in projects for row in project.fundings.all() if row.fund.status != "approved"), None)
    return ProjectFund.objects.filter(project__in=projects).exclude(fund__status="approved").select_related("fund", "project").first()


@rules.carries("A05", "A09", "A10")
def warnings_of(tender, items=None, projects=None):
    """What may be published only with a recorded reason: A05 intention, A09 and A10 wording. A list of Cautions."""
    items = list(tender.score_items.all()) if items is None else items
    found = [
        Caution(
            f"words_{hit.key}", f"{wording.PLACES[hit.kind]}：“{hit.words}” {hit.says} {hit.todo}", hit.article, figures=(hit.words,), needs_basis=hit.rule == "A10",
        )
        for hit in wording.of_tender(tender, items) if not hit.blocks
    ]  # fmt: skip
    found += [
        Caution(f"chapter_{key}_{hit.key}"[:60], f"{tender_papers.CHAPTERS[key]}：“{hit.words}” {hit.says} {hit.todo}", hit.article, figures=(hit.words,), needs_basis=hit.rule == "A10")
        for key, hit in tender_papers.written_flags(tender) if not hit.blocks
    ]  # fmt: skip
    if tender.collects:
        from procurement.lifecycle import framework

        found += framework.warnings(tender)
    rule = rules.find("A05", **timetable.scope_of(tender)) if tender.is_statutory else None
    if rule is None:
        return found
    projects = projects_of(tender) if projects is None else projects
    day, days = intention.day_of(projects) or tender.intention_on, rule.days("before_start")
    if day and (clock.today() - day).days >= days or not day and intention.urgent(projects):
        return found
    if day:
        sentence = _("The purchase intention was published on {day}, less than {days} days ago.").format(day=day, days=days)
    else:
        sentence = _("The purchase intention was not published.")
    return [*found, Caution("intention", sentence, rule.article, figures=(day.isoformat() if day else "",))]


def unanswered(tender):
    """Warnings of the purchase that no recorded reason covers yet."""
    found = tender.known_warnings if hasattr(tender, "known_warnings") else warnings_of(tender)
    return cautions.unanswered(found, tender.caution_reasons.all()) if found else []


def projects_of(tender):
    """The projects of its lots, each once."""
    prefetched = "lots" in getattr(tender, "_prefetched_objects_cache", {})
    lots = tender.lots.all() if prefetched else tender.lots.select_related("project__purchaser__place", "project__item")
    return list({lot.project_id: lot.project for lot in lots}.values())


def open_tender_from(tender):
    """The open-tender threshold of the purchaser's place in yuan, where this purchase reaches it and uses another method; else None."""
    threshold = rules.threshold(tender.purchaser.place.code or "", "county")
    bar = threshold.open_tender if threshold else None
    return bar if bar is not None and tender.is_statutory and tender.ceiling >= bar and tender.method not in splitting.OPEN_METHODS else None


@rules.carries("A03")
def approval_missing(tender):
    """A03: from the open-tender threshold on, another method needs the finance bureau's approval before it starts: its number and its scan."""
    bar = open_tender_from(tender)
    if bar is None:
        return None
    sentence = _("From {amount} yuan on, leaving the open tender needs the finance bureau's approval.").format(amount=f"{bar:,.2f}")
    article = rules.get("A03", scope="statutory").article
    if not tender.approval_document.strip():
        return Refusal("approval", sentence, article=article, todo=_("Record the approval's number and scan."))
    if not files.of(tender, role="approval"):
        return Refusal("approval_file", sentence, article=article, todo=_("Add the scan of approval {number}.").format(number=tender.approval_document))
    return None


@rules.carries("A11")
def _money(tender, items, projects):
    """A11: the ceiling may not lie above the approved budget, and no text may set a floor price. A framework's lots are unit prices and spend no budget."""
    article = rules.get("A11").article
    for project in projects if not tender.collects else ():
        ceilings = sum((lot.ceiling for lot in tender.lots.all() if lot.project_id == project.pk), ZERO)
        budget = survey.amount_of(project)
        if ceilings > budget:
            return Refusal(
                "above_budget", _("The ceiling of {ceiling} yuan lies above the approved budget of “{project}”, {budget} yuan.").format(ceiling=f"{ceilings:,.2f}", project=project, budget=f"{budget:,.2f}"),
                article=article, todo=_("Lower the ceiling."),
            )  # fmt: skip
    for hit in wording.of_tender(tender, items):
        if hit.blocks:
            return Refusal("words", f"{wording.PLACES[hit.kind]}：“{hit.words}” {hit.says}", article=hit.article, todo=hit.todo)
    for key, hit in tender_papers.written_flags(tender):
        if hit.blocks:
            return Refusal("words", f"{tender_papers.CHAPTERS[key]}：“{hit.words}” {hit.says}", article=hit.article, todo=hit.todo)
    return None


def _statutory(tender, items, approval=True):
    """The lawful case of the method with its reason, the filed plan, the approval, and what the price counts."""
    method, known = methods.of(tender), timetable.law(tender)
    if method.cases and (method.case(tender.method_case) is None or not tender.method_reason.strip()):
        sentence = _("Say in which lawful case “{method}” is used here, and why.").format(method=tender.get_method_display())
        return Refusal("method_reason", sentence, article="；".join(dict.fromkeys(case.article for case in method.cases)) if method.case(tender.method_case) is None else method.case(tender.method_case).article, todo=_("Edit the draft."))
    if not tender.plan_number.strip():
        return Refusal("plan_number", _("The procurement plan must be filed first."), article=known.get("A04").article, todo=_("Enter its number in the draft."))
    return (approval and approval_missing(tender) or None) or _ranked_lawfully(tender, method) or _price_weight(tender, items, known)


@rules.carries("C06")
def _ranked_lawfully(tender, method):
    """A purchase may only be ranked as its method allows: points or the lowest price."""
    if methods.ranking_of(tender) in method.ranking:
        return None
    return Refusal("ranking", _("“{method}” is not ranked this way.").format(method=tender.get_method_display()), article=method.article, todo=_("Edit the draft."), field="ranking")


@rules.carries("C01", "C02")
def _price_weight(tender, items, known):
    """The points of the price lie within the bounds of the method: services by tender at least ten (C01), by consultation ten to thirty (C02)."""
    low, high = methods.figure(tender, "price_min", known), methods.figure(tender, "price_max", known)
    if low is None or methods.ranking_of(tender) != "points":
        return None
    weights = [item.points for item in items if item.kind == "price"]
    if len(weights) == 1 and low.value <= weights[0] <= (high.value if high else HUNDRED):
        return None
    if high:
        sentence = _("For services the price counts {low} to {high} points, in one row.").format(low=low.value, high=high.value)
    else:
        sentence = _("For services the price counts at least {low} points, in one row.").format(low=low.value)
    return Refusal("price_weight", sentence, article=low.article, todo=_("Change the scoring items."))


def _self_run(tender, items):
    from procurement.lifecycle.tender import profile_for

    profile = tender.profile
    if profile is None or profile_for(tender.purchaser, tender.ceiling) is None:
        return Refusal("no_profile", _("Your street has no rule for self-run purchases of this amount."), todo=_("Use one of the law's methods, or have a rule confirmed."))
    threshold = rules.threshold(tender.purchaser.place.code or "", "county")
    if threshold and threshold.limit and tender.ceiling >= threshold.limit:
        return Refusal("over_limit", _("From {amount} yuan on, the law's methods must be used.").format(amount=threshold.limit), article=rules.get("A01").article, todo=_("Use one of the law's methods."))
    if profile.channel == "direct" and tender.venue == "internal":
        return Refusal("direct", _("Your street's rule for this amount is direct choice; nothing is published."), todo=_("Choose the provider on the project's page."))
    return None


def _scoring(tender, items):
    if methods.ranking_of(tender) != "points":
        return None
    total = sum((item.points for item in items), ZERO)
    wanted = HUNDRED
    if total != wanted:
        return Refusal("points", _("The points add up to {total}, not to {wanted}.").format(total=total, wanted=wanted), article=rules.get("C04").article if tender.is_statutory else "", todo=_("Change the scoring items."))
    if overlap := wording.scored_qualification(tender.qualification, items):
        article = rules.get("A12").article
        return Refusal("qualification_scored", _("“{name}” is a qualification and may not be scored as well.").format(name=overlap[0].name), article=article, todo=_("Change the scoring items or the qualification."))
    return None


def _terms(tender, items):
    from procurement.lifecycle.evaluation_terms import objection_to_terms

    return objection_to_terms(tender)


def objection_to_openers(tender):
    """Why the openers of a sealed purchase are not ready, or None: too few are named, or one has not proved the passphrase."""
    if tender.seal != "openers" or tender.venue != "internal":
        return None
    rows = list(tender.openers.all())
    main, spare = [row for row in rows if not row.alternate], [row for row in rows if row.alternate]
    if len(main) < OPENERS or len(spare) < ALTERNATES:
        return Refusal("openers", _("Name {main} openers and {spare} alternates first.").format(main=OPENERS, spare=ALTERNATES), todo=_("Open “Openers” on this page."))
    if waiting := [row for row in rows if row.rehearsed_at is None]:
        names = "、".join(str(row.user) for row in waiting)
        return Refusal("rehearsal", _("These openers have not yet proved their passphrase: {names}.").format(names=names), todo=_("Each proves it once on a dummy."))
    return None


def objection_to_publish(tender, actor):
    """Why a draft can't be published now, or None: the law of its method, money, scoring, openers, wording."""
    from procurement.lifecycle import framework, invitation

    if methods.of(tender).entry == "single":
        return Refusal("single", _("Nothing is published to find one named supplier."), article=methods.of(tender).article, todo=_("Go on on the page “Single source”."))
    if refusal := objection_to_start(tender):
        return refusal
    if tender.collects and (refusal := framework.objection_to_collecting(tender)):
        return refusal
    if tender.by_invitation and (refusal := invitation.objection(tender)):
        return refusal
    return objection_to_openers(tender) or bonds.objection_to_publish(tender) or declaration.objection(tender, actor)


def objection_to_start(tender, approval=True):
    """What every purchase has before it starts, whichever way its suppliers come in: texts, approved projects and money, the law of its method, what stands behind it.

    `approval=False`: before the finance bureau was asked to let another method than the open tender be used (A03).
    """
    items = list(tender.score_items.all())
    if not tender.requirements.strip() or not tender.qualification.strip():
        return Refusal("incomplete", _("Requirements and qualification are still missing."), todo=_("Edit the draft."))
    if tender.venue == "external" and not (tender.external_platform.strip() and tender.external_url.strip()):
        return Refusal("external_facts", _("Name the platform and the address of its announcement."), todo=_("Edit the draft."))
    projects = projects_of(tender)
    for project in projects:
        if not startable(project, tender.method):
            return Refusal("not_approved", _("“{project}” is not approved.").format(project=project), article=rules.get("E06").article)
    if row := unfunded(tender):
        return Refusal("unfunded", _("The money of “{fund}” is not approved yet.").format(fund=row.fund), article=rules.get("E06").article, todo=_("Wait for the fund's approval."))
    law = _statutory(tender, items, approval) if tender.is_statutory else _self_run(tender, items)
    if refusal := law or _scoring(tender, items) or _terms(tender, items):
        return refusal
    return _money(tender, items, projects) or _prepared(tender, items, projects)


def _prepared(tender, items, projects):
    """What stands behind the purchase: nothing was split (A02); of a statutory one the survey (A06) and the reviews (A08)."""
    for project in projects:
        if not tender.collects and (refusal := splitting.objection(project)):
            return refusal
        if tender.is_statutory and (refusal := survey.missing(project)):
            return refusal
    return review.objection(tender, projects, items)


@rules.carries("A03")
@transaction.atomic
def record_approval(tender, *, actor, number, file):
    """Record the finance bureau's approval to leave the open tender (A03): number and scan. Raises Refusal."""
    tender = type(tender).objects.select_for_update().get(pk=tender.pk)
    check_handler(actor, tender)
    if tender.status != "draft":
        raise Refusal("published", _("This purchase is published; the approval comes before."))
    if not number.strip():
        raise Refusal("number", _("Enter the number of the approval."), field="number")
    tender.approval_document = number.strip()
    tender.save(update_fields=["approval_document"])
    files.attach(tender, file, "approval", actor=actor)
    trail.record(tender, "approval", actor=actor, params={"number": tender.approval_document})
    return tender


def proposed_deadline(tender):
    """The earliest lawful deadline today as (moment, LegalDate)."""
    plan = timetable.timetable(tender, calendar=workdays.current())
    return plan.moment, plan.deadline


def second_rehearsal_on(tender):
    """The day by which openers prove their passphrase again: two working days before the opening (practice 7)."""
    return workdays.add_workdays(tender.opens_at, -2).date if tender.opens_at else datetime.date.max
