"""Handing a project over to another handler, one or many: who may, to whom, and why not.

Many go together or not at all: the person saw one number and one name and confirmed both. Each gets its own trail row; what is refused is
told project by project, so that the rest can be handed over without it. Open tenders of the project that the same person handles go with it.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import people
from kernel import notices, trail
from kernel.lifecycle import Refusal, Step, acting_for, advance, refusal_of
from kernel.models import User
from procurement.models import Project, Tender
from procurement.permissions import holds, organization_ids

notices.register("project.handed_over", _("“{title}” was handed over to you"))
notices.register("projects.handed_over", _("{count} projects were handed over to you"))
OPEN = ("draft", "in_review", "returned", "approved", "sourcing", "contracted")
TENDER_OVER = ("awarded", "failed", "cancelled")


def may_hand_over(user, project):
    """The office's leader, section or supervising section; a handler only what is their own."""
    return any(holds(user, role, project) for role in ("leader", "section", "supervisor")) or (project.handler_id == user.pk and holds(user, "handler", project))


HAND_OVER = Step("hand_over", _("Hand over"), OPEN, None, may_hand_over, tone="secondary", needs_reason=True, hint=_("Another handler of the office takes it on."))


def successors(purchasers):
    """Active handlers, today, of every one of these purchasers (ids)."""
    found = None
    for purchaser in purchasers:
        ids = set(people("handler", purchaser=purchaser).values_list("pk", flat=True))
        found = ids if found is None else found & ids
    return User.objects.filter(pk__in=found or ()).order_by("name", "pk")


def objection_to(project, successor, allowed=None):
    """Why this person cannot take the project on, or None. `allowed`: successors' ids, asked once for many."""
    allowed = set(successors([project.purchaser_id]).values_list("pk", flat=True)) if allowed is None else allowed
    if project.handler_id == successor.pk:
        return Refusal("same", _("{name} is the handler already.").format(name=successor))
    if successor.pk not in allowed:
        return Refusal("not_handler", _("{name} is no handler of {purchaser}.").format(name=successor, purchaser=project.purchaser), todo=_("Choose a handler of this office."), field="successor")
    if project.intended_id and project.intended_id in organization_ids(successor):
        return Refusal("concerned", _("{name} belongs to a provider concerned and steps aside.").format(name=successor), article="实施条例 第9条")
    return None


@transaction.atomic
def hand_over(project, *, actor, successor, reason="", seen=None, tell=True):
    """Make `successor` the handler, trailed, and tell them (unless `tell` is False); open tenders of the project under the same hand follow. `reason` is required.

    `seen`: (handler id, status) the person was shown; Refusal `moved` when the project has moved on since. Also same, not_handler, concerned.
    """
    locked = Project.objects.select_for_update(of=("self",)).select_related("purchaser", "place").get(pk=project.pk)
    if seen is not None and tuple(seen) != (locked.handler_id, locked.status):
        raise Refusal("moved", _("This project has moved meanwhile: it is “{state}”, its handler {name}.").format(state=locked.status_label, name=locked.handler or "—"), todo=_("Look at it again before you hand it over."))
    if refusal := objection_to(locked, successor):
        raise refusal
    before = locked.handler_id
    tenders = list(Tender.objects.filter(lots__project=locked, handler=before).exclude(status__in=TENDER_OVER).distinct().order_by("pk")) if before else []
    params = {"from": before, "to": successor.pk}
    locked = advance(locked, HAND_OVER, actor=actor, reason=reason, changes={"handler": successor}, params=params)
    for tender in tenders:
        Tender.objects.filter(pk=tender.pk).update(handler=successor)
        trail.record(tender, "hand_over", actor=actor, reason=reason, params=params)
    if tell and successor.pk != actor.pk:
        notices.notify(successor, f"handed:{trail.rows_of(locked).last().pk}", "project.handed_over", subject=locked, url=locked.get_absolute_url(), params={"title": str(locked)})
    return locked


class Refused(Exception):
    """Nothing was handed over; [(project, sentence)] says why for each that could not go."""

    def __init__(self, refusals):
        super().__init__(len(refusals))
        self.refusals = refusals


@transaction.atomic
def hand_over_all(projects, *, actor, successor, reason, seen=None):
    """All of them or none, each with its trail row. `seen`: project id → (handler id, status) as shown. Raises Refused with every sentence at once."""
    projects, refusals, moved, seen = list(projects), [], [], seen or {}
    for project in sorted(projects, key=lambda row: row.pk):
        try:
            with transaction.atomic():
                moved.append(hand_over(project, actor=actor, successor=successor, reason=reason, seen=seen.get(project.pk), tell=len(projects) == 1))
        except Refusal as refusal:
            refusals.append((project, str(refusal)))
        except PermissionDenied as denied:
            refusals.append((project, str(denied)))
    if refusals:
        raise Refused(refusals)
    if len(moved) > 1 and successor.pk != actor.pk:
        notices.notify(successor, f"handed:{trail.rows_of(moved[0]).last().pk}", "projects.handed_over", url=f"{reverse('project_list')}?owner=@me", params={"count": len(moved)})
    return moved


def why_not(projects, actor, successor=None):
    """project id → sentence for each that this person could not hand over (to this successor) now."""
    found, allowed = {}, {}
    for project in projects:
        try:
            acting_for(actor, project, HAND_OVER)
        except PermissionDenied as denied:
            found[project.pk] = str(denied)
            continue
        refusal = refusal_of(project, HAND_OVER, actor)
        if not refusal and successor:
            if project.purchaser_id not in allowed:
                allowed[project.purchaser_id] = set(successors([project.purchaser_id]).values_list("pk", flat=True))
            refusal = objection_to(project, successor, allowed[project.purchaser_id])
        if refusal:
            found[project.pk] = str(refusal)
    return found
