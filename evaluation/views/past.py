"""A panel whose result was set aside: who judged, what came out, why another one was called. Nothing can be done here any more."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.permissions import in_places, place_paths, purchaser_ids
from evaluation.models import Panel
from evaluation.permissions_panel import OFFICE
from kernel.lifecycle import principals_of


@login_required
@require_safe
def panel_past(request, pk):
    query = Q(pk__in=[])
    for person in principals_of(request.user):
        query |= Q(former_tender__purchaser__in=purchaser_ids(person, *OFFICE))
        if paths := place_paths(person, "finance"):
            query |= in_places(paths, "former_tender__purchaser__place__path")
    panel = Panel.objects.filter(query, pk=pk).select_related("former_tender__purchaser").first()
    if panel is None:
        raise Http404
    lots = {lot.pk: lot for lot in panel.former_tender.lots.all()}
    result = [{"lot": lots.get(row["lot"]), "lines": row["lines"]} for row in panel.result.get("lots", [])]
    members = panel.members.select_related("user").order_by("left_at", "-is_leader", "id")
    return render(request, "evaluation/panel_past.html", {"panel": panel, "tender": panel.former_tender, "result": result, "members": members})
