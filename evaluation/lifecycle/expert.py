"""The pool of experts 评审专家: entered with employers of three years, so that ties to bidders are found (实施条例 第9、75条)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role
from evaluation.models import Expert
from kernel import trail
from kernel.lifecycle import Refusal

POOL_KEEPERS = ("handler", "supervisor", "finance", "department")


@transaction.atomic
def enter_expert(user, *, actor, specialities, employer, earlier_employers="", ties="", legal=False):
    """Put a person into the pool. Raises Refusal: role, already there. Returns the Expert."""
    if not has_role(actor, *POOL_KEEPERS):
        raise Refusal("role", _("Your role does not keep the expert pool."))
    if Expert.objects.filter(user=user).exists():
        raise Refusal("expert_exists", _("{name} is in the pool already.").format(name=user), field="user")
    expert = Expert.objects.create(user=user, specialities=specialities, employer=employer, earlier_employers=earlier_employers, ties=ties, legal=legal)
    trail.record(expert, "enter", actor=actor, params={"user": user.pk})
    return expert


@transaction.atomic
def retire_expert(expert, *, actor, reason):
    """Take a person out of later draws; panels they sit on go on. Raises Refusal: role, no reason."""
    if not has_role(actor, *POOL_KEEPERS):
        raise Refusal("role", _("Your role does not keep the expert pool."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    Expert.objects.filter(pk=expert.pk).update(active=False)
    trail.record(expert, "retire", actor=actor, reason=reason)
