"""A panel whose result was set aside (财政部令第94号 第16、32条): another one is drawn, the old one stays on file and its members are not drawn again."""

from guardian.shortcuts import remove_perm

from evaluation.models import Panel, PanelMember
from evaluation.permissions_panel import SCORE
from kernel import clock, trail
from procurement.lifecycle.reopening import setting_aside


@setting_aside
def set_aside(tender, actor, reason):
    """The purchase's panel gives up its place: grants are revoked, sheets, scores and result stay. Returns {"panel": id} or None."""
    panel = Panel.objects.select_for_update().filter(tender=tender).first()
    if panel is None:
        return None
    trail.record(panel, "set_aside", actor=actor, from_status=panel.status, to_status=panel.status, reason=reason)
    for member in panel.members.select_related("user"):
        remove_perm(f"evaluation.{SCORE}", member.user, panel)
    Panel.objects.filter(pk=panel.pk).update(tender=None, former_tender=tender, set_aside_at=clock.now(), set_aside_reason=reason)
    return {"panel": panel.pk}


def judged_before(user, tender_id):
    """Whether the person sat on a panel of this purchase that was set aside."""
    return PanelMember.objects.filter(user=user, panel__former_tender=tender_id).exists()


def past_panels(tender):
    """The panels of a purchase that were set aside, oldest first; no query where its record knows of none."""
    if not tender.opening_record.get("former_panels"):
        return []
    return list(Panel.objects.filter(former_tender=tender).order_by("set_aside_at"))
