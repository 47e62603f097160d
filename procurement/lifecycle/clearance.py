"""What later stages state about a payment stage. The payment reads only these rows, never the judging itself.

`stage.held` (yuan) is the running sum of what is held and not cleared; it never makes a due date move
(保障中小企业款项支付条例 第12条: waiting for an audit is no excuse; only the questioned amount is withheld).
"""

from django.db import transaction
from django.db.models import Sum

from kernel import clock
from kernel.money import yuan
from procurement.models import Clearance, PaymentStage


@transaction.atomic
def state_clearance(stage, source, reference, *, held=0, note=""):
    """State (or restate) one row: `source` community|check|finding, `held` yuan questioned. Returns the Clearance."""
    PaymentStage.objects.select_for_update().get(pk=stage.pk)
    row, _created = Clearance.objects.update_or_create(
        stage_id=stage.pk,
        source=source,
        reference=reference,
        defaults={"held": yuan(held), "note": note[:300], "stated_at": clock.now(), "cleared_at": None},
    )
    recount(stage)
    return row


@transaction.atomic
def clear(stage, source, reference):
    """Release what a row held; clearing twice changes nothing."""
    PaymentStage.objects.select_for_update().get(pk=stage.pk)
    Clearance.objects.filter(stage_id=stage.pk, source=source, reference=reference, cleared_at=None).update(cleared_at=clock.now())
    recount(stage)


def recount(stage):
    """Bring `stage.held` in line with its open rows."""
    held = Clearance.objects.filter(stage_id=stage.pk, cleared_at=None).aggregate(total=Sum("held"))["total"] or yuan(0)
    PaymentStage.objects.filter(pk=stage.pk).update(held=held)


def open_rows(stage):
    """What is still stated against a stage, oldest first."""
    return Clearance.objects.filter(stage_id=stage.pk, cleared_at=None).order_by("stated_at")
