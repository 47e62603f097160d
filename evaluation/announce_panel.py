"""What panels tell earlier pages: the panel on the purchase's page, members' desks, navigation."""

from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, purchaser_ids
from evaluation.forms.panel import ConcludeForm
from evaluation.lifecycle import conclusion, panel  # noqa: F401
from evaluation.models import Panel, PanelMember
from evaluation.permissions import judging_hats
from evaluation.permissions_panel import tenders_of_panels
from kernel import registry
from kernel.registry import NavItem, Task, Waiting
from kernel.registry import Panel as Box
from procurement.models import Tender
from procurement.permissions_tender import further_readers

panel.LIFE.form(panel.CONCLUDE, ConcludeForm)
further_readers(tenders_of_panels)


def sees_panels(user):
    return has_role(user, "handler", "leader", "supervisor", "observer") or judging_hats(user)[0]


registry.nav(
    NavItem("judging", _("Panels"), "panel_list", may=sees_panels, order=40),
    NavItem("judging", _("Experts"), "expert_list", may=lambda user: has_role(user, "handler", "finance", "supervisor"), order=41),
)


@registry.desk
def desk(user):
    """Declarations and sheets for members; forming and starting for the handler."""
    def member_step(row):
        title, url = row.panel.tender.title, row.panel.get_absolute_url()
        if row.declared_at is None:
            yield Task("panel", title, _("Declare that nothing stands between"), url, row.panel.drawn_at)
        elif row.panel.status == "scoring" and row.submitted_at is None:
            yield Task("panel", title, _("Score the responses"), url, row.panel.drawn_at)
        elif row.panel.status == "scoring" and row.is_leader and not row.panel.members.filter(left_at=None, submitted_at=None).exists():
            yield Task("panel", title, _("Conclude the evaluation"), url, row.panel.drawn_at)

    yield Waiting(PanelMember.objects.filter(user=user, left_at=None, panel__status__in=("formed", "scoring")).select_related("panel__tender"), member_step)
    units = purchaser_ids(user, "handler")
    if units:
        unjudged = Tender.objects.filter(purchaser__in=units, status="opened", venue="internal", panel=None).exclude(profile__scoring="lowest")
        yield Waiting(unjudged, lambda row: Task("panel", row.title, _("Prepare the panel"), row.get_absolute_url(), row.opened_at))
        yield Waiting(Panel.objects.filter(tender__purchaser__in=units, status="draft").select_related("tender"), lambda row: Task("panel", row.tender.title, _("Draw experts and form the panel"), row.get_absolute_url(), row.created_at))
        yield Waiting(Panel.objects.filter(tender__purchaser__in=units, status="formed", tender__status="opened").select_related("tender"), lambda row: Task("panel", row.tender.title, _("Start scoring"), row.get_absolute_url(), row.tender.opened_at))


def tender_panel(tender, user):
    """On the purchase's page: its panel, for those who may know it."""
    found = Panel.objects.visible_to(user).filter(tender=tender).first()
    if found:
        found.tender = tender
    handler = any(row == tender.purchaser_id for row in purchaser_ids(user, "handler"))
    wants = tender.venue == "internal" and tender.status in ("published", "opened") and not (tender.profile_id and tender.profile.scoring == "lowest")
    if found is None and not (handler and wants):
        return None
    context = {"sitting": found, "tender": tender, "may_create": found is None and handler and wants}
    return Box(_("Evaluation"), "evaluation/tender_panel.html", context, order=20)


registry.panel("tender", tender_panel)
