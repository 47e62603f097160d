"""Panel members read the comparison of their own purchase's responses: under letters instead of names until their panel has concluded."""

import hashlib

from evaluation.models import Panel
from evaluation.permissions_panel import is_member_of, member_row
from procurement import bid_comparison
from procurement.models import Bid


def letters(panel):
    """{bid id: "A" …} in an order that tells nothing about the bidders and differs from panel to panel."""
    salt = panel.draw_record.get("seed", "") or str(panel.pk)
    rows = Bid.objects.filter(lot__tender=panel.tender_id, status__in=("opened", "invalid")).order_by("lot", "pk").values_list("pk", "lot", "public_id")
    found, places = {}, {}
    for pk, lot, _public_id in sorted(rows, key=lambda row: (row[1], hashlib.sha256(f"{salt}:{row[2]}".encode()).hexdigest())):
        places[lot] = places.get(lot, -1) + 1
        found[pk] = chr(65 + places[lot] % 26) + (str(places[lot] // 26) if places[lot] > 25 else "")
    return found


def is_blind(panel):
    """Whether names are hidden from the members at this moment."""
    return panel.status != "concluded"


@bid_comparison.reader
def panel_reads(user, tender):
    """Labels for a sitting member of this purchase's panel, None for everybody else."""
    panel = Panel.objects.filter(tender=tender).first()
    if panel is None or member_row(user, panel) is None or not is_member_of(user, panel):
        return None
    return letters(panel) if is_blind(panel) else {}
