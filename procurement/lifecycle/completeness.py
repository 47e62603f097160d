"""What a project still lacks before it may be submitted, and what should be looked at although it may."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel import rules
from kernel.money import ZERO
from kernel.rules import carries
from procurement.lifecycle.configuration import direct_choice_allowed, gates_for, threshold_of
from procurement.lifecycle.price_check import unexplained
from procurement.lifecycle.project_funds import overplanned
from procurement.models import Project

LIVE = ("in_review", "returned", "approved", "sourcing", "contracted", "closed")


@dataclass(frozen=True)
class Lack:
    """One thing missing: a key, the sentence, the article behind it and the page that fixes it (a url name taking the project's id)."""

    key: str
    sentence: object
    url_name: str = "project_edit"
    article: str = ""


def unexplained_prices(project):
    """One lack when far-off unit prices are not explained at their present amount."""
    rows = unexplained(project)
    names = "、".join(row.line.name for row in rows[:3])
    return [Lack("price_unexplained", _("{count} unit price(s) lie far off comparable prices and are not explained: {names}.").format(count=len(rows), names=names), "project_prices")] if rows else []


@carries("A07")
def lacks(project):
    """Everything missing, in the order of the form. Empty: the project may be submitted."""
    found = []
    needs = list(project.needs.all())
    if not needs:
        found.append(Lack("needs", _("No need of the community stands behind this project."), article=rules.get("A07").article))
    for need in needs:
        if need.status not in ("confirmed", "published"):
            found.append(Lack("need_open", _("The need “{need}” is not confirmed by the community yet.").format(need=need), article=rules.get("A07").article))
        elif not need.opinion.strip() or not need.asked_count:
            found.append(Lack("opinion", _("The need “{need}” does not say what residents were asked and answered.").format(need=need), article=rules.get("A07").article))
    if project.item.nature != "service":
        found.append(Lack("not_a_service", _("“{item}” is goods or works: it may be tracked, never bought as a service.").format(item=project.item), article="财政部令第102号 第10条"))
    if not project.goal.strip() or not project.results.strip():
        found.append(Lack("goal", _("Goal and expected results are not written yet.")))
    if project.way == "intended":
        if not project.intended_id:
            found.append(Lack("intended", _("The intended provider is not named.")))
        if not project.intended_reason.strip() or not project.alternatives.strip():
            found.append(Lack("intended_reason", _("An intended provider needs the reason and the alternatives considered.")))
        if not direct_choice_allowed(project.purchaser, project.budget_total):
            found.append(
                Lack("intended_band", _("{amount} yuan lie outside the street's direct-choice band: choose the open way.").format(amount=f"{project.budget_total:,.2f}"))
            )
    if not project.plan.all():
        found.append(Lack("plan", _("The plan has no activity yet."), "project_budget"))
    if not project.lines.all() or project.budget_total <= 0:
        found.append(Lack("budget", _("The budget has no line yet."), "project_budget", rules.get("A11").article))
    found += unexplained_prices(project)
    outside = [row for row in project.plan.all() if not project.starts_on <= row.planned_on <= project.ends_on]
    if outside:
        found.append(Lack("plan_dates", _("“{activity}” is planned outside the project's term.").format(activity=outside[0]), "project_budget"))
    carried = sum((row.amount for row in project.fundings.all()), ZERO)
    if carried != project.budget_total:
        found.append(
            Lack("funding", _("The funds carry {carried} yuan, the budget is {total} yuan.").format(carried=f"{carried:,.2f}", total=f"{project.budget_total:,.2f}"), "project_funding")
        )
    elif refusal := overplanned(project):
        found.append(Lack(refusal.code, refusal.sentence, "project_funding", rules.get("E06").article))
    if not gates_for(project.purchaser, project.budget_total):
        found.append(Lack("no_gates", _("The street has not set up its review gates yet."), ""))
    return found


@dataclass(frozen=True)
class Caution:
    """Something to look at; it does not block. `projects` are the other purchases counted."""

    key: str
    sentence: object
    article: str = ""
    projects: tuple = ()


@carries("A02")
def splitting(project):
    """A02 化整为零 (政府采购法 第28条): purchaser + budget project (fund) + 品目 + fiscal year. A Caution when several purchases together pass
    the threshold that this one alone does not, or None. Without an entered open-tender threshold the limit 限额标准 is used."""
    found = threshold_of(project.purchaser)
    limit = (found.open_tender or found.limit) if found else None
    if limit is None or project.budget_total >= limit:
        return None
    same_item = Q(code=project.code_id) if project.code_id else Q(item=project.item_id)
    others = Project.objects.filter(same_item, purchaser=project.purchaser_id, fiscal_year=project.fiscal_year, status__in=LIVE).exclude(pk=project.pk)
    funds = [row.fund_id for row in project.fundings.all()]
    if funds:
        others = others.filter(fundings__fund__in=funds).distinct()
    others = list(others)
    total = sum((other.ceiling if other.ceiling is not None else other.budget_total for other in others), project.budget_total)
    rule = rules.get("A02")
    if len(others) + 1 < rule.value("purchases") or total <= limit:
        return None
    return Caution(
        "splitting",
        _("With {count} other purchase(s) of the same item from the same funds in {year} this comes to {total} yuan, above {limit} yuan: this may be splitting.").format(
            count=len(others), year=project.fiscal_year, total=f"{total:,.2f}", limit=f"{limit:,.2f}"
        ),
        rule.article,
        tuple(others),
    )


def warnings(project):
    """What reviewers should look at: splitting, expected money, a long term, people and running cost missing."""
    found = [warning] if (warning := splitting(project)) else []
    for row in project.fundings.all():
        if row.fund.status == "expected":
            found.append(
                Caution("expected_money", _("“{fund}” is expected money: nothing may be published or signed before it is approved.").format(fund=row.fund), rules.get("E06").article)
            )
    rule = rules.get("D15")
    if project.ends_on > project.starts_on + timedelta(days=366 * rule.value("normal_term")):
        found.append(Caution("long_term", _("The term is longer than one year: budget, content and money must be secured."), rule.article))
    kinds = {line.kind for line in project.lines.all()}
    if kinds and "people" not in kinds:
        found.append(Caution("no_people", _("The budget pays no people: who does the work?")))
    return found
