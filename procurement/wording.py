"""Wording of applications and purchase documents that the law looks at: A09 like contracts, A10 bias (条例 第20条), A11 floor price,
A12 qualification as a score item (87号令 第55条), and the negative list of 财政部令第102号 第10条. The words are data: rules/lint.toml.

What warns is passed only with a recorded reason (lifecycle/cautions.py); what blocks is refused.
"""

import re

from django.utils.translation import gettext_lazy as _

from kernel import rules
from kernel.lint import lint
from kernel.rules import carries

PLACES = {
    "title": _("title"), "goal": _("goal"), "lines": _("budget lines"), "qualification": _("qualification of suppliers"),
    "requirements": _("service requirements"), "scoring": _("scoring items"), "terms": _("main contract terms"),
}  # fmt: skip


def of_project(project):
    """Hits in title, goal, results and budget lines of an application (negative list)."""
    lines = "；".join(line.name for line in project.lines.all())
    goal = f"{project.goal}。{project.results}"
    return [hit for kind, text in (("title", project.title), ("goal", goal), ("lines", lines)) for hit in lint(text, kind, statutory=False)]


@carries("A09", "A10", "A11")
def of_documents(*, qualification="", requirements="", terms="", items=(), statutory=True):
    """Hits in the documents of a purchase. `items`: rows with name, standard, legal_basis; one that names its basis is not warned of."""
    scoring = "；".join(f"{item.name} {item.standard} {item.scale}" for item in items if not item.legal_basis)
    texts = (("qualification", qualification), ("requirements", requirements), ("scoring", scoring), ("terms", terms))
    return [hit for kind, text in texts for hit in lint(text, kind, statutory=statutory)]


def of_tender(tender, items):
    return of_documents(
        qualification=tender.qualification, requirements=tender.requirements, terms=tender.contract_terms, items=items, statutory=tender.is_statutory
    )


def _plain(text):
    return re.sub(r"\s+", "", text or "")


@carries("A12")
def scored_qualification(qualification, items):
    """Scoring items that repeat a qualification (A12): their name stands in it, or one of its clauses stands in their standard.
    Empty as long as no more than the rule's number repeat."""
    plain = _plain(qualification)
    clauses = [clause for clause in re.split(r"[。；;，,、]|\d+[.．]", plain) if len(clause) >= 6]
    found = []
    for item in items:
        name, standard = _plain(item.name), _plain(item.standard)
        if item.kind != "price" and ((len(name) >= 2 and name in plain) or any(clause in standard for clause in clauses)):
            found.append(item)
    return found if len(found) > rules.get("A12").value("overlap") else []
