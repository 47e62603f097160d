"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.forms import wish as wish_forms  # noqa: F401
from communities.lifecycle import need, wish  # noqa: F401
from communities.models import Invitation, Membership, Need, Place, Purchaser, Wish
from communities.models.place import under
from communities.permissions import INVITERS, handles_money, has_role, is_platform_admin, may_staff_somewhere, memberships_of, place_paths, reach
from kernel import clock, files, holidays, registry
from kernel.detail import VERB_LABELS
from kernel.pinyin import sort_key
from kernel.registry import Hit, NavItem, Reminder, Task, Waiting

holidays.keeper(lambda user: has_role(user, "finance"))
ANSWER_DAYS = 5
SHOWN = 50

VERB_LABELS.update(
    found=_("founded"),
    rename=_("renamed"),
    close=pgettext_lazy("place", "closed"),
    join=_("joined"),
    leave=pgettext_lazy("staff", "left"),
    invite=_("invited"),
    accept_invitation=_("invitation accepted"),
    revoke_invitation=_("invitation revoked"),
    appoint=_("stand-in arranged"),
    revoke=_("stand-in ended"),
    **{"import": _("imported")},
)


@registry.desk
def waiting(user):
    """For community staff: wishes without answer, needs to confirm and to publish. For those who staff: invitations open."""
    if community := place_paths(user, "community"):
        scope = under(community, "place__path")
        yield Waiting(
            Wish.objects.filter(scope, status="new").select_related("place").order_by("created_at")[:SHOWN],
            lambda row: Task(
                "wish",
                row.text[:40],
                _("Answer it"),
                row.get_absolute_url(),
                since=row.created_at,
                due=row.created_at + timedelta(days=ANSWER_DAYS),
                detail=row.place.name,
            ),
        )

        def need_step(row):
            action = _("Confirm it") if row.status == "draft" else _("Publish it")
            yield Task("need", row.title, action, row.get_absolute_url(), since=row.created_at, detail=row.place.name)

        yield Waiting(Need.objects.filter(scope, status__in=("draft", "confirmed")).select_related("place").order_by("id")[:SHOWN], need_step)
    rows = memberships_of(user)
    mine = [row.purchaser_id for row in rows if row.role in INVITERS and row.purchaser_id]
    if mine:
        yield Waiting(
            Invitation.objects.filter(purchaser__in=mine, invited_by=user, accepted_at=None, revoked_at=None, expires_at__lte=clock.now())[:SHOWN],
            lambda row: Task(_("invitation"), row.name, _("It ran out: invite again"), reverse("staff_invite"), since=row.expires_at),
        )


@registry.search
def find(user, text):
    """Wishes and needs of one's area; places and purchasers of one's district by name or pinyin."""
    hits = []
    if reach(user):
        for row in Need.objects.visible_to(user).filter(Q(title__icontains=text) | Q(number__iexact=text)).select_related("place")[:5]:
            hits.append(Hit(_("need"), row.title, row.get_absolute_url(), row.place.name))
        for row in Wish.objects.visible_to(user).filter(Q(text__icontains=text) | Q(number__iexact=text)).select_related("place")[:5]:
            hits.append(Hit(_("wish"), row.text[:40], row.get_absolute_url(), row.place.name))
    if reach(user) or getattr(user, "is_platform_admin", False):
        for row in Place.objects.visible_to(user).filter(Q(name__icontains=text) | Q(sort_key__startswith=sort_key(text))).select_related("parent")[:5]:
            hits.append(Hit(_("place"), row.name, row.get_absolute_url(), str(row.parent or "")))
        for row in Purchaser.objects.visible_to(user).filter(name__icontains=text)[:3]:
            hits.append(Hit(_("purchaser"), row.name, row.get_absolute_url(), ""))
    return hits


@registry.reminder
def unanswered_wishes(now):
    """Wishes nobody answered in time: to the community's staff, once when the days are over. One query for wishes, one for people."""
    late = list(Wish.objects.filter(status="new", created_at__lte=now - timedelta(days=ANSWER_DAYS)).select_related("place")[:2000])
    people = {}
    if late:
        for row in (
            Membership.objects.in_force().filter(role="community", place__in={wish.place_id for wish in late}, user__is_active=True).select_related("user")
        ):
            people.setdefault(row.place_id, []).append(row.user)
    for row in late:
        if row.place_id in people:
            due = row.created_at + timedelta(days=ANSWER_DAYS)
            yield Reminder("wish_answer", row, tuple(people[row.place_id]), due, "after", f"{row.place.name} {row.number}", row.get_absolute_url())


registry.nav(
    NavItem("communities", _("Wishes"), "wish_list", may=lambda user: bool(reach(user)), order=10),
    NavItem("communities", _("Needs"), "need_list", may=lambda user: bool(reach(user)), order=20),
    NavItem("communities", _("Places"), "place_list", may=lambda user: is_platform_admin(user) or bool(reach(user)), order=60),
    NavItem("settings", _("Purchasers"), "purchaser_list", may=lambda user: is_platform_admin(user) or bool(reach(user)), order=10),
    NavItem("settings", _("Staff"), "staff_list", may=lambda user: is_platform_admin(user) or bool(reach(user)), order=20),
    NavItem("settings", _("Invitations"), "invitation_list", may=may_staff_somewhere, order=25),
    NavItem("settings", _("Stand-ins"), "standin_list", may=lambda user: is_platform_admin(user) or bool(reach(user)), order=30),
    NavItem("public", _("Needs list"), "needs_public", may=lambda user: True, order=10),
    NavItem("public", _("Leave a wish"), "wish_public_new", may=lambda user: True, order=20),
    NavItem("public", _("Follow a wish"), "wish_public_find", may=lambda user: True, order=30),
)
registry.totp_rule(handles_money)
files.register_access(Need, lambda user, row: Need.objects.visible_to(user).filter(pk=row.subject_id).exists())
