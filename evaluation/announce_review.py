"""A new evaluation ordered after a challenge stands on the desk of the panel's leader, who answers it through procurement's own verb."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.permissions import purchaser_ids
from evaluation.lifecycle.set_aside import past_panels
from evaluation.models import PanelMember
from evaluation.permissions_panel import OFFICE
from kernel import registry
from kernel.registry import Panel as Box
from kernel.registry import Task, Waiting
from procurement.models import ReviewOrder
from procurement.permissions_challenge import answering


def _led_by(user):
    return PanelMember.objects.filter(user=user, is_leader=True, left_at=None)


@answering
def leads_panel(user):
    """Purchases whose panel the person leads."""
    return Q(panel__in=_led_by(user).values("panel"))


@registry.desk
def desk(user):
    """New evaluations the street or the finance bureau ordered."""
    rows = ReviewOrder.objects.filter(status="open", kind="reevaluate", lot__tender__panel__in=_led_by(user).values("panel")).select_related("lot")
    yield Waiting(rows, lambda row: Task("panel", row.lot.title, row.get_kind_display(), row.get_absolute_url(), row.created_at))


def former(tender, user):
    """On the purchase's page: panels whose result was set aside, for the purchaser's people who see panels."""
    if tender.purchaser_id not in purchaser_ids(user, *OFFICE):
        return None
    rows = past_panels(tender)
    return Box(_("Panels set aside"), "evaluation/past_panels.html", {"rows": rows}, order=21) if rows else None


registry.panel("tender", former)
