"""What backfill announces: navigation, the second person's desk."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, purchaser_ids
from kernel import files, registry
from kernel.registry import Brief, NavItem, Task, Waiting
from procurement.lifecycle import backfill  # noqa: F401
from procurement.models import Backfill

CONFIRMERS = ("leader", "accountant", "handler", "supervisor")
files.register_access(Backfill, lambda user, attachment: Backfill.objects.visible_to(user).filter(pk=attachment.subject_id).exists())
registry.nav(NavItem("money", _("Entered afterwards"), "backfill_list", may=lambda user: has_role(user, *CONFIRMERS, "observer"), order=75))


@registry.desk
def desk(user):
    """Batches that wait for a second person, and own drafts."""
    units = purchaser_ids(user, *CONFIRMERS)
    if not units:
        return
    yield Waiting(Backfill.objects.filter(purchaser__in=units, status="submitted").exclude(created_by=user), lambda batch: Task("backfill", batch.name, _("Confirm the contracts entered afterwards"), batch.get_absolute_url(), batch.created_at))
    own = Backfill.objects.filter(created_by=user, status="draft").order_by("created_at", "pk")
    yield Brief.of(own, ("pk", "name", "created_at"), lambda row: Task("backfill", row["name"], _("Complete the contracts entered afterwards"), reverse("backfill_detail", args=[row["pk"]]), row["created_at"], detail=row["more"]))
