"""I02 录音录像 (财政部令第87号 第39条): opening and evaluation of a statutory purchase are recorded; here stands where the recording is kept and by whom."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, Step, acting_for
from procurement.models import Recording
from procurement.permissions_award import at_tender

REGISTER = Step("register_recording", _("Register a recording"), (), None, at_tender("handler"))


@rules.carries("I02")
@transaction.atomic
def register(tender, *, actor, stage, made_on, place, keeper, sha256=""):
    """Where the recording of `stage` (opening | evaluation) is kept, its keeper, and the digest of the file. Returns the Recording."""
    acting_for(actor, tender, REGISTER)
    if tender.opened_at is None:
        raise Refusal("sealed", _("There is nothing recorded before the opening."), article=rules.get("I02").article)
    if made_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="made_on")
    row = Recording.objects.create(tender=tender, stage=stage, made_on=made_on, place=place, keeper=keeper, sha256=sha256, recorded_by=actor)
    trail.record(tender, "recording", actor=actor, params={"recording": row.pk, "stage": stage, "sha256": sha256})
    return row
