"""What board, comparison, handing over and the published list announce: forms of steps, navigation, desk, files."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import place_paths, purchaser_ids
from kernel import registry
from kernel.registry import Brief, NavItem, Task
from procurement.forms.portfolio import HandOverForm
from procurement.lifecycle import project, project_lists
from procurement.lifecycle.project_handing import HAND_OVER
from procurement.models import ProjectList

project.LIFE.form(HAND_OVER, HandOverForm)
registry.nav(
    NavItem("buying", _("Board"), "project_board", lambda user: user.is_authenticated and bool(purchaser_ids(user) or place_paths(user)), order=21),
    NavItem("buying", _("Published project lists"), "projectlist_list", lambda user: user.is_authenticated and bool(purchaser_ids(user) or place_paths(user, "finance")), order=22),
)


@registry.desk
def lists_waiting(user):
    """Project lists somebody else has prepared for publication."""
    if ids := purchaser_ids(user, *project_lists.ROLES):
        rows = ProjectList.objects.filter(purchaser__in=ids, status="draft").exclude(created_by=user).order_by("created_at", "pk")
        yield Brief.of(rows, ("pk", "purchaser__name", "fiscal_year", "version", "created_at"), to_confirm)


def to_confirm(row):
    """The oldest project list that waits for its second person."""
    title = _("{office} {year}, version {version}").format(office=row["purchaser__name"], year=row["fiscal_year"], version=row["version"])
    return Task("projectlist", title, _("Confirm and publish"), reverse("projectlist_detail", args=[row["pk"]]), since=row["created_at"], detail=row["more"])
