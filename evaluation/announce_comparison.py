"""Panel members read the comparison of their own purchase's responses, under names; whoever judges without names (暗标) not before that part is in.

The comparison shows prices and how many sessions a plan offers: by them a member would know whose plan lies on the sheet.
"""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from evaluation.lifecycle.sheets import is_blind_to
from evaluation.models import Panel
from evaluation.permissions_panel import is_member_of, member_row
from procurement import bid_comparison


@bid_comparison.reader
def panel_reads(user, tender):
    """Whether this person sits on the purchase's panel. Raises PermissionDenied while it must not know whose response is whose."""
    panel = Panel.objects.filter(tender=tender).first()
    member = panel and member_row(user, panel)
    if is_blind_to(panel, member):
        raise PermissionDenied(_("You judge without names now. The comparison can be read once you have handed in that part."))
    return bool(member and is_member_of(user, panel))
