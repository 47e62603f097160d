"""电话回访: some participants are telephoned to confirm that they came. The draw is seeded and can be repeated; a pending call is never deleted."""

import random
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle.check import REPORT
from evaluation.models import CallBack, Check
from kernel import clock, trail
from kernel.lifecycle import Refusal, acting_for
from procurement.models import SignIn


def draw(sign_in_ids, count, seed):
    """The same `count` ids for the same ids and seed, whatever their order."""
    ordered = sorted(sign_in_ids)
    return sorted(random.Random(seed).sample(ordered, min(count, len(ordered))))


@transaction.atomic
def draw_call_backs(check, *, actor, count):
    """Draw `count` people with a telephone of the stage's activities; the seed goes to the trail. Raises Refusal. Returns how many."""
    check = Check.objects.select_for_update().get(pk=check.pk)
    principal = acting_for(actor, check, REPORT)
    if check.status != "open":
        raise Refusal("wrong_state", _("This check is closed."))
    drawn = set(check.call_backs.values_list("sign_in_id", flat=True))
    people = SignIn.objects.filter(activity__check_items__check_of=check, phone__isnull=False).exclude(pk__in=drawn).values_list("pk", flat=True)
    if not people:
        raise Refusal("nobody", _("Nobody of these activities left a telephone number."))
    seed = secrets.token_hex(8)
    chosen = draw(people, count, seed)
    CallBack.objects.bulk_create(CallBack(check_of=check, sign_in_id=pk) for pk in chosen)
    trail.record(check, "draw_call_backs", actor=actor, on_behalf_of=principal, params={"seed": seed, "from": len(people), "count": len(chosen)})
    return len(chosen)


@transaction.atomic
def record_call(call, *, actor, outcome, remark=""):
    """What the call said. Raises Refusal when the check is closed."""
    check = Check.objects.select_for_update().get(pk=call.check_of_id)
    principal = acting_for(actor, check, REPORT)
    if check.status != "open":
        raise Refusal("wrong_state", _("This check is closed."))
    CallBack.objects.filter(pk=call.pk).update(outcome=outcome, remark=remark, called_by=actor, called_at=clock.now())
    trail.record(check, "call", actor=actor, on_behalf_of=principal, params={"call": call.pk, "outcome": outcome})
