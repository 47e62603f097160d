"""A new evaluation ordered after a challenge stands on the desk of the panel's leader, who answers it through procurement's own verb."""

import json

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import purchaser_ids
from evaluation.lifecycle.set_aside import past_panels
from evaluation.models import Panel, PanelMember
from evaluation.papers import report_context
from evaluation.permissions_panel import OFFICE
from kernel import about, registry
from kernel.pdf import render_pdf
from kernel.registry import Panel as Box
from kernel.registry import Task, Waiting
from procurement import archive
from procurement.models import ReviewOrder
from procurement.permissions_challenge import answering


def _led_by(user):
    return PanelMember.objects.filter(user=user, is_leader=True, left_at=None)


@answering
def leads_panel(user):
    """Purchases whose panel the person leads."""
    return None if about.certainly_not(user, "judges") else Q(panel__in=_led_by(user).values("panel"))


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


@archive.adds
def papers_of_panel(tender):
    """评审报告 and how the panel was drawn, in the purchase file; sheets stay with the panel."""
    if not tender.is_statutory or tender.venue != "internal" or tender.opened_at is None:
        return []
    row = Panel.objects.filter(tender=tender).first()
    done = row is not None and row.status == "concluded"
    found = [
        archive.Piece(
            65, "评审报告", "政府采购法 第42条；财政部令第87号 第58条", done, tender.report_received_on is not None, url=reverse("panel_report", args=[row.pk]) if done else "",
            make=[("评审报告.pdf", lambda: report_paper(row))] if done else [],
        )
    ]  # fmt: skip
    if row is not None and row.draw_record and done:
        found.append(archive.Piece(64, "评审专家抽取记录", "财政部令第87号 第48条", note=f"种子 {row.draw_record.get('seed', '')}", make=[("专家抽取记录.json", lambda: json.dumps(row.draw_record, ensure_ascii=False, indent=1).encode())]))
    found += [archive.Piece(66, f"原评审小组评审结果（{past.set_aside_at:%Y-%m-%d}起不再采用）", "政府采购法 第42条", url=past.get_absolute_url(), make=[("原评审结果.json", lambda past=past: json.dumps(past.result, ensure_ascii=False, indent=1).encode())]) for past in past_panels(tender)]
    return found


def report_paper(panel):
    """The evaluation report as PDF bytes."""
    return render_pdf("documents/evaluation_report.html", report_context(panel))
