"""签署: each member signs the report on line or states dissent with reasons. Who does neither agrees (87号令 第61条, 214号 第27条, 74号令 第19条; K)."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle import seats
from evaluation.models import Panel, PanelMember
from evaluation.permissions_panel import may_conclude
from kernel import clock, trail
from kernel.lifecycle import Refusal
from procurement import methods

ARTICLES = {"open_tender": "财政部令第87号 第61条", "invited_tender": "财政部令第87号 第61条", "competitive_consultation": "财库〔2014〕214号 第27条"}


def article_of(tender):
    """The article by which a silent member agrees (K)."""
    return ARTICLES.get(methods.of(tender).law, "财政部令第74号 第19条")


@transaction.atomic
def sign(panel, *, actor, dissent=""):
    """A member signs the report as it is, or states another view with reasons; once. Raises Refusal, PermissionDenied."""
    panel = seats.locked(panel)
    member = seats.own_member(panel, actor)
    if panel.status != "concluded":
        raise Refusal("not_concluded", _("There is no result yet."))
    if panel.signing_ended_at or member.signed_at:
        raise Refusal("signed", _("You have signed already, or the signing is closed."))
    PanelMember.objects.filter(pk=member.pk).update(signed_at=clock.now(), dissent=dissent.strip()[:1000])
    trail.record(panel, "dissent" if dissent.strip() else "sign", actor=actor, params={"member": actor.pk})
    if not panel.sitting().filter(signed_at=None).exists():
        Panel.objects.filter(pk=panel.pk).update(signing_ended_at=clock.now())
    return member


@transaction.atomic
def end_signing(panel, *, actor):
    """Close the signing: members who neither signed nor wrote reasons count as agreeing. Raises Refusal, PermissionDenied."""
    panel = seats.locked(panel)
    if not may_conclude(actor, panel):
        raise PermissionDenied(str(_("Only the panel's leader or the handler closes the signing.")))
    if panel.status != "concluded" or panel.signing_ended_at:
        raise Refusal("signed", _("You have signed already, or the signing is closed."))
    Panel.objects.filter(pk=panel.pk).update(signing_ended_at=clock.now())
    silent = list(panel.sitting().filter(signed_at=None).values_list("user", flat=True))
    trail.record(panel, "end_signing", actor=actor, params={"silent": silent})
    return panel


def signatures(panel):
    """[(member, state)] of those who sit: signed | dissent | silent (counts as agreeing) | open."""
    def state(member):
        if member.signed_at:
            return "dissent" if member.dissent else "signed"
        return "silent" if panel.signing_ended_at else "open"

    return [(member, state(member)) for member in panel.sitting()]
