"""What panels tell earlier pages: the panel on the purchase's page, questions on the bidder's page, desks, navigation, who reads their files."""

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, purchaser_ids
from evaluation.forms.panel import ConcludeForm
from evaluation.forms.talk import ConfirmChangeForm
from evaluation.lifecycle import change, conclusion, panel, sheets, talks  # noqa: F401
from evaluation.models import BidQuestion, Panel, PanelMember, ResultVersion, TermsChange
from evaluation.permissions import judging_hats
from evaluation.permissions_panel import tenders_of_panels
from kernel import clock, files, registry
from kernel.registry import Brief, NavItem, Task, Waiting
from kernel.registry import Panel as Box
from procurement import methods
from procurement.lifecycle import quotes
from procurement.models import QuoteRound, Tender
from procurement.permissions import organization_ids
from procurement.permissions_tender import further_readers

panel.LIFE.form(panel.CONCLUDE, ConcludeForm)
change.LIFE.form(change.CONFIRM, ConfirmChangeForm)
further_readers(tenders_of_panels)
quotes.objecting(talks.objection_to_quotes)
quotes.objecting(change.objection_to_quotes)


def sees_panels(user):
    return has_role(user, "handler", "leader", "supervisor", "observer") or judging_hats(user)[0]


registry.nav(
    NavItem("judging", _("Panels"), "panel_list", may=sees_panels, order=40),
    NavItem("judging", _("Experts"), "expert_list", may=lambda user: has_role(user, "handler", "finance", "supervisor"), order=41),
)


@registry.desk
def desk(user):
    """What each member does next; forming, starting and reporting for the handler; questions for the bidder."""
    def member_step(row):
        title, url, panel_ = row.panel.tender.title, row.panel.get_absolute_url(), row.panel
        talking = panel_.status == "scoring" and row.untalked and talks.kind_of(panel_.tender) and not sheets.is_blind_to(panel_, row)
        scores = panel_.status == "scoring" and row.submitted_at is None and methods.ranking_of(panel_.tender) == "points"
        if row.declared_at is None:
            yield Task("panel", title, _("Declare that nothing stands between"), url, panel_.drawn_at)
        elif panel_.status == "checking" and row.checked_at is None:
            yield Task("panel", title, _("Check the responses"), url, panel_.stage_began)
        elif panel_.status == "checking" and row.is_leader and not panel_.members.filter(left_at=None, checked_at=None).exists():
            yield Task("panel", title, _("Close the check and begin scoring"), url, panel_.stage_began)
        elif talking and row.is_leader:
            yield Task("panel", title, _("Record the talks with the suppliers"), reverse("panel_talks", args=[panel_.pk]), panel_.stage_began)
        elif scores and not talking and not row.changing:
            yield Task("panel", title, _("Score the responses"), url, panel_.stage_began)
        elif panel_.status == "scoring" and row.is_leader and not panel_.members.filter(left_at=None, submitted_at=None).exists():
            yield Task("panel", title, _("Conclude the evaluation"), url, panel_.stage_began)
        elif panel_.status == "concluded" and row.signed_at is None and panel_.signing_ended_at is None:
            yield Task("panel", title, _("Sign the report"), url, panel_.concluded_at)

    mine = PanelMember.objects.filter(user=user, left_at=None).filter(Q(panel__status__in=("formed", "checking", "scoring")) | Q(panel__status="concluded", panel__signing_ended_at=None, signed_at=None))
    yield Waiting(mine.select_related("panel__tender__profile", "panel__tender__evaluation_terms").annotate(untalked=Exists(talks.untalked(OuterRef("panel__tender"))), changing=change.pending(OuterRef("panel"))), member_step)
    units = purchaser_ids(user, "handler")
    if units:
        unjudged = Tender.objects.filter(purchaser__in=units, status="opened", venue="internal", panel=None).exclude(profile__scoring="lowest").exclude(method="single_source")
        yield Waiting(unjudged, lambda row: Task("panel", row.title, _("Prepare the panel"), row.get_absolute_url(), row.opened_at))
        own = Q(tender__purchaser__in=units)
        begun = Panel.objects.filter(own, Q(status="draft") | Q(status="formed", tender__status="opened")).select_related("tender")
        yield Waiting(begun, lambda row: Task("panel", row.tender.title, _("Start the evaluation") if row.status == "formed" else _("Draw experts and form the panel"), row.get_absolute_url(), row.tender.opened_at or row.created_at))
        closed = QuoteRound.objects.filter(tender=OuterRef("tender"), last=True)
        quoting = Panel.objects.filter(own, ~Exists(closed), ~change.pending(OuterRef("pk")), status="scoring", tender__status="opened", tender__quotes_until=None).exclude(tender__method="self_run").select_related("tender").annotate(untalked=Exists(talks.untalked(OuterRef("tender"))))
        yield Waiting(quoting, ask_for_quotes)
        yield Waiting(TermsChange.objects.filter(panel__tender__purchaser__in=units, status="proposed").select_related("panel__tender"), lambda row: Task("panel", row.panel.tender.title, _("Confirm or refuse the change of the terms"), row.get_absolute_url(), row.created_at))
        changes = ResultVersion.objects.filter(panel__tender__purchaser__in=units, needs_report=True, reported_on=None).order_by("made_at")
        yield Brief(changes, ("panel_id", "panel__tender__title", "made_at"), report_change)
    if ids := organization_ids(user):
        asked = BidQuestion.objects.filter(bid__organization__in=ids, answered_at=None, closed_at=None, until__gt=clock.now()).select_related("panel__tender")
        yield Waiting(asked, lambda row: Task("bid", row.panel.tender.title, row.get_kind_display(), row.get_absolute_url(), row.asked_at, row.until))


def ask_for_quotes(row):
    """Points and prices wait for the last quotes where the method wants them, and these for the talks."""
    if row.tender.way.final_quotes and not (row.untalked and talks.kind_of(row.tender)):
        return Task("tender", row.tender.title, _("Ask for final quotes"), reverse("quotes_call", args=[row.tender_id]), row.stage_began)
    return None


def report_change(row):
    """The oldest changed result nobody has reported yet (C12)."""
    return Task("panel", row["panel__tender__title"], _("Report the changed result to the finance bureau"), reverse("panel_results", args=[row["panel_id"]]), row["made_at"])


def questions_panel(bid, user):
    """On the bidder's own page: what the panel asked and what became of it."""
    if bid.organization_id not in organization_ids(user):
        return None
    rows = list(bid.panel_questions.order_by("-id"))
    return Box(_("Questions of the panel"), "evaluation/bid_questions.html", {"rows": rows}, order=10) if rows else None


registry.panel("bid", questions_panel)
files.register_roles({"consent": _("consent of the superior unit"), "explanation": _("explanation to the panel")})
files.register_access(Panel, lambda user, row: Panel.objects.visible_to(user).filter(pk=row.subject_id).exists())
files.register_access(BidQuestion, files.by_sight(BidQuestion))
files.register_access(ResultVersion, lambda user, row: Panel.objects.visible_to(user).filter(versions=row.subject_id).exists())


def tender_panel(tender, user):
    """On the purchase's page: its panel, for those who may know it."""
    if tender.status == "draft":
        return None
    found = Panel.objects.visible_to(user).filter(tender=tender).first()
    if found:
        found.tender = tender
    handler = any(row == tender.purchaser_id for row in purchaser_ids(user, "handler"))
    wants = tender.venue == "internal" and tender.status in ("published", "opened") and not (tender.profile_id and tender.profile.scoring == "lowest") and tender.method != "single_source"
    if found is None and not (handler and wants):
        return None
    waits = quotes.objection_to_call(tender) if handler and found and found.status == "scoring" else None
    context = {"sitting": found, "tender": tender, "may_create": found is None and handler and wants, "waits": waits}
    return Box(_("Evaluation"), "evaluation/tender_panel.html", context, order=20)


registry.panel("tender", tender_panel)


def contract_terms_panel(contract, user):
    """On the contract's page: what its purchase's talks changed, for those who were told."""
    rows = list(TermsChange.objects.visible_to(user).filter(Q(panel__tender__lots=contract.lot_id) | Q(panel__former_tender__lots=contract.lot_id), status="told").distinct()) if contract.lot_id else []
    return Box(_("Changes of the terms"), "evaluation/contract_changes.html", {"rows": rows}, order=15) if rows else None


registry.panel("contract", contract_terms_panel)
