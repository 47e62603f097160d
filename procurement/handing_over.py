"""What a leaving handler holds by name, and how it passes to a colleague: projects and tenders that are not over."""

from django.utils.translation import gettext_lazy as _

from communities import handover
from kernel import trail
from kernel.detail import VERB_LABELS
from procurement.models import Project, Tender

VERB_LABELS["hand_over"] = _("handed over")
OVER = {Project: ("closed", "rejected", "cancelled"), Tender: ("awarded", "failed", "cancelled")}


def in_hands(user):
    """Open projects and tenders this person handles."""
    return [row for model, over in OVER.items() for row in model.objects.filter(handler=user).exclude(status__in=over).order_by("pk")]


def held(user):
    return [handover.Held(str(row), row.get_absolute_url()) for row in in_hands(user)]


def pass_on(user, successor, actor):
    """Give all of them to the successor, each with its trail row."""
    rows = in_hands(user)
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(handler=successor)
        trail.record(row, "hand_over", actor=actor, params={"from": user.pk, "to": successor.pk})
    return len(rows)


handover.register(held, pass_on)
