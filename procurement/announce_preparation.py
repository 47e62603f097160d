"""What preparation shows on the pages of project and purchase: rule help, recorded reasons, survey, intention, reviews."""

from django.utils.translation import gettext_lazy as _

from kernel import files, registry
from kernel.detail import trail_of
from kernel.registry import NavItem, Panel
from procurement import advice, drafting
from procurement.forms.cautions import CautionForm
from procurement.lifecycle import cautions, configuration, project, review, survey, tender
from procurement.models import Intention
from procurement.permissions import may_apply, may_handle
from procurement.permissions_tender import may_attend, may_decide, may_handle_tender

for _step in (project.SUBMIT, project.RESUBMIT):
    project.LIFE.form(_step, CautionForm)
project.LIFE.verb_labels |= {"survey": _("needs survey recorded"), "intention": _("purchase intention published"), "exception": _("exception recorded"), "intention_correction": _("purchase intention corrected")}
tender.LIFE.verb_labels |= {"review": _("review recorded"), "approval": _("approval recorded")}
files.register_roles(
    {
        "survey": _("record of the needs survey"), "budget_adjustment": _("adjustment or approval document"), "review_legal": _("legal review"),
        "review_key": _("key review"), "approval": _("approval to leave the open tender"),
    }
)  # fmt: skip
registry.nav(NavItem("public", _("Purchase intentions"), "public_intentions", may=lambda user: True, order=15))

EARLY = ("draft", "returned", "in_review", "approved", "sourcing")


def rule_help(row, user):
    """Which threshold holds here and what follows from it; for the purchaser's and the community's people while the project is on its way."""
    if row.status not in ("draft", "returned", "in_review", "approved") or (row.status == "approved" and row.way == "intended") or not may_apply(user, row) and not may_handle(user, row):
        return None
    found = advice.advice_for(row.purchaser, survey.amount_of(row) or None)
    row._profile = found.profile
    return Panel(_("What the rules say of this amount"), "procurement/advice.html", {"advice": found, "purchaser": row.purchaser, "begin": row.pk if row.status == "approved" and may_handle_tender(user, row) else None}, order=20)


def _happened(row, *verbs):
    """Whether the trail, which the page reads anyway, knows one of these; "cautions": a step that passed warnings. Saves asking for nothing."""
    return any(entry.verb in verbs or ("cautions" in verbs and (entry.params or {}).get("cautions")) for entry in trail_of(row))


def reasons(row, user):
    """The warnings of the project, each with its recorded reason, for whoever reviews it; earlier ones stay."""
    if not may_handle(user, row) and not may_apply(user, row):
        return None
    recorded = list(row.caution_reasons.select_related("by", "file")) if _happened(row, "cautions", "exception") else []
    open_ones = cautions.unanswered(getattr(row, "known_warnings", ()), recorded) if row.status in ("draft", "returned") else []
    return Panel(_("Warnings and recorded reasons"), "procurement/reasons.html", {"recorded": recorded, "open": open_ones}, order=21) if recorded or open_ones else None


def _quick(row):
    """Whether the street chooses this project's provider without a purchase; the rule help has asked already."""
    profile = row._profile if hasattr(row, "_profile") else configuration.profile_for(row.purchaser, survey.amount_of(row))
    return bool(profile and profile.channel in ("direct", "quotes"))


def prepared(row, user):
    """Survey and intention of a project that will be bought by the law's methods; a self-run purchase is not asked."""
    if row.status not in EARLY or row.way == "intended" or not may_handle(user, row):
        return None
    told = Intention.objects.filter(project=row).first() if _happened(row, "intention") else None
    asked = survey.told(row) if _happened(row, "survey") else []
    by_amount = survey.statutory_by_amount(row)
    may = survey.may_record(user, row)
    if not (told or asked or by_amount or (may and row.status in ("approved", "sourcing") and not _quick(row))):
        return None
    usable = next((one for one in asked if survey.usable(one)), None)
    context = {"row": row, "intention": told, "surveys": asked, "survey": usable, "needed": survey.needed(row), "may": may, "by_amount": by_amount}
    return Panel(_("Before a statutory purchase"), "procurement/prepared.html", context, order=22)


def documents_reviewed(row, user):
    """Reviews and approval of a draft's documents; after publication the reasons its warnings were passed with, and the way to the reviews."""
    handles, draft = may_handle_tender(user, row), row.status == "draft"
    if not handles and not may_decide(user, row) and not may_attend(user, row):
        return None
    recorded = list(row.caution_reasons.select_related("by")) if _happened(row, "cautions") else []
    reviewed = _happened(row, "review")
    reviews = review.told(row) if draft and reviewed else []
    bar = drafting.open_tender_from(row) if draft else None
    wanted = draft and row.is_statutory and review.asked_of(row, drafting.projects_of(row))
    if not (recorded or (reviewed and (draft or handles)) or bar or wanted or row.approval_document):
        return None
    approvals = files.of(row, role="approval") if row.approval_document else []
    context = {
        "row": row, "recorded": recorded, "reviews": reviews, "reviewed": reviewed and not draft and handles, "bar": bar, "approvals": approvals, "may": handles and draft, "wanted": wanted,
    }  # fmt: skip
    return Panel(_("Reviews, approval and recorded reasons"), "procurement/reviewed.html", context, order=15)


registry.panel("project", rule_help)
registry.panel("project", reasons)
registry.panel("project", prepared)
registry.panel("tender", documents_reviewed)
