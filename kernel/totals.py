"""Every night the running totals that parents carry are compared with their rows. A difference is never repaired silently."""

import logging

from django.utils.translation import gettext_lazy as _

from kernel import clock, notices, registry
from kernel.jobs import recurring
from kernel.models import User

log = logging.getLogger("diandan.totals")
notices.register("totals.differ", _("{count} running totals differ from their rows: {labels}. Let nobody pay before this is explained."))


@recurring("compare")
def compare():
    """Tell the platform administrators once a day which totals differ. Returns the differences as (label, stored, counted)."""
    found = registry.differing_totals()
    for label, stored, counted in found:
        log.error("total differs: %s stored %s, counted %s", label, stored, counted)
    if found:
        administrators = User.objects.filter(is_platform_admin=True, is_active=True)
        labels = "、".join(str(label) for label, _stored, _counted in found[:10])
        notices.notify_all(administrators, f"totals-{clock.today().isoformat()}", "totals.differ", params={"count": len(found), "labels": labels})
    return found
