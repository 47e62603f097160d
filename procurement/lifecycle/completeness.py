"""What a project still lacks before it may be submitted, and what should be looked at although it may."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kernel import rules
from kernel.money import ZERO
from kernel.rules import carries
from procurement import wording
from procurement.lifecycle import fund_uses, splitting, survey
from procurement.lifecycle.budget_bounds import share_warnings
from procurement.lifecycle.cautions import Caution
from procurement.lifecycle.configuration import direct_choice_allowed, gates_for
from procurement.lifecycle.price_check import unexplained
from procurement.lifecycle.project_funds import overplanned
from procurement.models import Indicator


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
def lacks(project, counted=None):
    """Everything missing, in the order of the form. Empty: the project may be submitted. `counted`: splitting.counted, asked once for a page."""
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
    kinds = {row.kind for row in project.indicators.all()}
    if not kinds.intersection(Indicator.OUTPUT):
        found.append(Lack("output_indicator", _("No indicator measures the output: how much, how well, in what time or at what cost.")))
    if not kinds.intersection(Indicator.OUTCOME):
        found.append(Lack("outcome_indicator", _("No indicator measures benefit or satisfaction.")))
    if project.way == "open" and project.declared_at is None:
        found.append(Lack("declaration", _("It is not declared whether a provider helped to draft this."), article="实施条例 第18条"))
    for hit in wording.of_project(project):
        if hit.blocks:
            found.append(Lack(hit.key, f"“{hit.words}” {hit.says} {hit.todo}", "project_budget" if hit.kind == "lines" else "project_edit", hit.article))
    if project.way == "intended":
        if not project.intended_id:
            found.append(Lack("intended", _("The intended provider is not named.")))
        if not project.intended_reason.strip() or not project.alternatives.strip():
            found.append(Lack("intended_reason", _("An intended provider needs the reason and the alternatives considered.")))
        if not project.price_comparison.strip():
            found.append(Lack("price_comparison", _("An intended provider needs a comparison of prices.")))
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
    if refusal := survey.objection_to_approval(project):
        found.append(Lack(refusal.code, refusal.sentence, "project_survey", refusal.article))
    if refusal := splitting.objection(project, counted):
        found.append(Lack(refusal.code, f"{refusal.sentence} {refusal.todo}", "project_exception", refusal.article))
    if not gates_for(project.purchaser, project.budget_total):
        found.append(Lack("no_gates", _("The street has not set up its review gates yet."), ""))
    return found


def warnings(project, counted=None):
    """What is passed only with a recorded reason and reviewers look at: splitting, expected money, a long term, people missing, the negative list."""
    counted = splitting.counted(project) if counted is None else counted
    found = [splitting.caution_of(project, counted)] if counted else []
    for row in project.fundings.all():
        if word := fund_uses.forbidden_by(row.fund, project.item):
            found.append(Caution(f"forbidden_use_{row.fund_id}", fund_uses.sentence(row.fund, word), figures=(word,)))
        if row.fund.status == "expected":
            found.append(
                Caution(
                    f"expected_money_{row.fund_id}", _("“{fund}” is expected money: nothing may be published or signed before it is approved.").format(fund=row.fund),
                    rules.get("E06").article, figures=(str(row.fund_id), f"{row.amount:.2f}"),
                )
            )  # fmt: skip
    rule = rules.get("D15")
    if project.ends_on > project.starts_on + timedelta(days=366 * rule.value("normal_term")):
        term = (project.starts_on.isoformat(), project.ends_on.isoformat())
        found.append(Caution("long_term", _("The term is longer than one year: budget, content and money must be secured."), rule.article, figures=term))
    kinds = {line.kind for line in project.lines.all()}
    if kinds and "people" not in kinds:
        found.append(Caution("no_people", _("The budget pays no people: who does the work?"), figures=(f"{project.budget_total:.2f}",)))
    found += [Caution(f"share_{warning.kind}_{warning.side}", warning.sentence, figures=(str(warning.percent), str(warning.bound))) for warning in share_warnings(project)]
    found += [
        Caution(f"words_{hit.key}", f"{wording.PLACES[hit.kind]}：“{hit.words}” {hit.says} {hit.todo}", hit.article, figures=(hit.words,))
        for hit in wording.of_project(project) if not hit.blocks
    ]  # fmt: skip
    return found
