"""Official announcements no step of this platform makes (财办库〔2020〕50号): prequalification by the purchaser's handler; results of
supervision and the assessment of procurement agencies by the finance bureau, which alone answers for both (政府采购法 第65、66条)."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from communities.models import Place, Purchaser
from communities.permissions import memberships_of
from kernel import clock, trail
from kernel.lifecycle import principals_of
from procurement.announcements import announce, written
from procurement.models import Announcement


def units_of(user):
    """role → the units this person (or whoever they stand in for) publishes for: purchasers of a handler, places of a finance bureau."""
    rows = [row for person in principals_of(user) for row in memberships_of(person)]
    return {
        "handler": Purchaser.objects.filter(pk__in={row.purchaser_id for row in rows if row.role == "handler" and row.purchaser_id}),
        "finance": Place.objects.filter(pk__in={row.place_id for row in rows if row.role == "finance" and row.place_id}),
    }


def _context(form, unit, said):
    title = said.get("title") or said.get("agency") or ""
    parts = [(part, [{"field": field, "text": said.get(field.key, "")} for field in rows]) for part, rows in form.parts]
    publisher = unit.name if form.by == "handler" else f"{unit.name}财政部门"
    return {"title": title, "template": "by_hand", "parts": parts, "publisher": publisher}


def preview(form, unit, said):
    """The text as it would be published. Raises Refusal naming a needed field that is empty."""
    _title, body = written(form, **_context(form, unit, said))
    form.said(body)
    return body


@transaction.atomic
def publish(form, unit, said, *, actor):
    """Publish a form filled in by hand for a unit (Purchaser or Place). Raises Refusal (empty field), PermissionDenied (role). Returns the Announcement."""
    if not form.by or unit not in units_of(actor)[form.by]:
        raise PermissionDenied
    type(unit)._base_manager.select_for_update().get(pk=unit.pk)  # two at once take two numbers
    serial = Announcement.objects.filter(form=form.code, published_at__year=clock.today().year).count() + 1
    place = unit.place if form.by == "handler" else unit
    row = announce(form.kind, actor=actor, form=form.code, place=place, number=f"SG-{clock.today():%Y}-{place.pk}-{serial:03d}", **_context(form, unit, said))
    trail.record(row, "announce", actor=actor, params={"form": form.code})
    return row


