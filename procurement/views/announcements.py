"""One published announcement, for everybody, without login and without JavaScript."""

from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from procurement.models import Announcement


@require_safe
def announcement(request, number):
    """The text exactly as published; our own autoescaped template made it."""
    row = get_object_or_404(Announcement.objects.visible_to(request.user).select_related("tender"), number=number)
    related = Announcement.objects.public().filter(tender=row.tender_id).exclude(pk=row.pk) if row.tender_id else []
    return render(request, "procurement/announcement.html", {"row": row, "body": mark_safe(row.body), "related": related})  # noqa: S308
