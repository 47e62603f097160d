"""Staff: invited, accepted, ended; and who stands in for whom.

An invitation names one role at one purchaser or place and carries a link that works once, within seven days. Whoever follows it sets a
password (or, signed in already, takes the role with their own account). A role is ended, never deleted, and not while tasks would
become nobody's: what is held by name passes to a successor, what the desk shows must be on a colleague's desk too (practice 5).
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from communities import handover
from communities.models import Invitation, Membership
from communities.models.membership import PLACE_ROLES, PURCHASER_ROLES
from communities.permissions import forget_memberships
from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.models import StandIn, User

INVITATION_DAYS = 7


def check_role(role, purchaser, place):
    """A role belongs to a purchaser or to a place, never both. Raises Refusal."""
    if (purchaser is None) == (place is None):
        raise Refusal("unit", _("A role is held at one purchaser or at one place."), field="unit")
    if role not in (PURCHASER_ROLES if purchaser is not None else PLACE_ROLES):
        raise Refusal("role", _("This role does not exist there."), todo=_("Choose another role or another unit."), field="role")
    if role == "finance" and place.kind != "district":
        raise Refusal("role", _("The finance bureau works at the district."), field="role")
    if role == "grid_worker" and place.kind not in ("grid", "community"):
        raise Refusal("role", _("Grid workers belong to a grid or a community."), field="role")
    if place is not None and place.closed_on:
        raise Refusal("closed", _("{place} was closed on {day}.").format(place=place, day=place.closed_on), field="unit")


@transaction.atomic
def add_membership(user, role, *, actor, purchaser=None, place=None, starts_on=None):
    """Give a person one role from a day on (default: today). Raises Refusal for a wrong pair or when they hold it already."""
    check_role(role, purchaser, place)
    if Membership.objects.in_force().filter(user=user, role=role, purchaser=purchaser, place=place).exists():
        raise Refusal("held_already", _("{name} already holds this role there.").format(name=user.name))
    row = Membership.objects.create(user=user, role=role, purchaser=purchaser, place=place, starts_on=starts_on or clock.today())
    forget_memberships(user)
    trail.record(row, "join", actor=actor, happened_on=min(row.starts_on, clock.today()), params={"user": user.pk, "role": role})
    return row


def digest_of(token):
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(name, role, *, actor, purchaser=None, place=None, email=""):
    """Invite somebody to one role. Returns (Invitation, token): the token is shown once and kept only as a hash."""
    check_role(role, purchaser, place)
    token = secrets.token_urlsafe(24)
    row = Invitation.objects.create(
        token_hash=digest_of(token),
        name=name,
        email=email,
        role=role,
        purchaser=purchaser,
        place=place,
        invited_by=actor,
        expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
    )
    trail.record(row, "invite", actor=actor, params={"role": role})
    return row, token


def find_invitation(token):
    """The invitation a link belongs to. Raises Refusal when it is unknown, used, revoked or too old."""
    row = Invitation.objects.select_related("purchaser", "place").filter(token_hash=digest_of(token)).first()
    if row is None:
        raise Refusal("unknown", _("This invitation does not exist."), todo=_("Copy the whole link, or ask for a new one."))
    if row.state == "accepted":
        raise Refusal("used", _("This invitation was used already."), todo=_("Sign in with the account you made then."))
    if row.state == "revoked":
        raise Refusal("revoked", _("This invitation was revoked."), todo=_("Ask your office for a new one."))
    if row.state == "expired":
        raise Refusal("expired", _("This invitation is older than {days} days.").format(days=INVITATION_DAYS), todo=_("Ask your office for a new one."))
    return row


def new_login(username, password, **fields):
    """A new User. Raises Refusal when somebody took the login name, even a moment ago."""
    try:
        with transaction.atomic():
            return User.objects.create_user(username, password, **fields)
    except IntegrityError as error:
        raise Refusal("username", _("This login name is taken."), field="username") from error


@transaction.atomic
def accept_invitation(token, *, username="", password="", user=None, title=""):
    """Take an invited role: with a new login (username, password) or an existing `user`. Works once. Returns the User."""
    row = find_invitation(token)
    if user is None:
        user = new_login(username, password, name=row.name, email=row.email, title=title)
    taken = Invitation.objects.filter(pk=row.pk, accepted_at=None, revoked_at=None).update(accepted_at=clock.now(), accepted_by=user)
    if not taken:
        raise Refusal("used", _("This invitation was used already."), todo=_("Sign in with the account you made then."))
    add_membership(user, row.role, actor=user, purchaser=row.purchaser, place=row.place)
    trail.record(row, "accept_invitation", actor=user)
    return user


@transaction.atomic
def revoke_invitation(invitation, *, actor):
    """Make an open invitation void. Raises Refusal when it was used meanwhile."""
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=clock.now()):
        raise Refusal("used", _("This invitation was used or revoked already."))
    trail.record(invitation, "revoke_invitation", actor=actor)


@transaction.atomic
def end_membership(membership, *, actor, ends_on=None, reason="", successor=None):
    """End a role as of a day (default: today; the day itself is the last). What the person holds by name goes to `successor`, who must
    hold the same role there. Raises Refusal naming the tasks that would be nobody's; nothing is changed then."""
    membership = Membership.objects.select_for_update(of=("self",)).select_related("user", "purchaser", "place").get(pk=membership.pk)
    user, last = membership.user, ends_on or clock.today()
    if membership.ends_on and membership.ends_on < clock.today():
        raise Refusal("ended", _("This role has ended already."))
    others = handover.colleagues(membership)
    if successor is not None and successor.pk not in {person.pk for person in others}:
        raise Refusal("successor", _("The successor must hold the same role at the same unit."), todo=_("Invite them first."), field="successor")
    before = handover.desk_of(user)
    moved = handover.pass_on_all(user, successor, actor) if successor else 0
    if not Membership.objects.in_force().filter(user=user).exclude(pk=membership.pk).exists() and (held := handover.held_by(user)):
        raise Refusal(
            "held",
            _("{name} still holds {count}: {titles}").format(name=user.name, count=len(held), titles=titles(held)),
            todo=_("Name a successor to take it over."),
            field="successor",
        )
    Membership.objects.filter(pk=membership.pk).update(ends_on=clock.today() - timedelta(days=1))
    if tasks := handover.orphaned(before, user, others):
        raise Refusal(
            "tasks",
            _("These tasks would be nobody's: {titles}").format(titles=titles(tasks)),
            article=_("practice of the office: nobody leaves while tasks are theirs"),
            todo=_("Finish them, or give somebody else the same role first."),
        )
    Membership.objects.filter(pk=membership.pk).update(ends_on=last)
    membership.ends_on = last
    trail.record(
        membership,
        "leave",
        actor=actor,
        reason=reason,
        params={"user": user.pk, "role": membership.role, "last": last, "successor": successor.pk if successor else None, "moved": moved},
    )
    return membership


def titles(rows):
    """The first three titles, for a sentence."""
    shown = "、".join(f"《{row.title}》" for row in rows[:3])
    return f"{shown}…" if len(rows) > 3 else shown


@transaction.atomic
def deactivate(user, *, actor, reason=""):
    """Close a login. Raises Refusal while the person holds a role, something by name, or tasks."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.pk == actor.pk:
        raise Refusal("self", _("Nobody closes their own login."))
    if not user.is_active:
        raise Refusal("closed", _("This login is closed already."))
    if Membership.objects.in_force().filter(user=user).exclude(ends_on=clock.today()).exists():
        raise Refusal("roles", _("{name} still holds roles.").format(name=user.name), todo=_("End each role first, so that tasks are handed over."))
    if held := handover.held_by(user) or list(handover.desk_of(user).values()):
        raise Refusal(
            "held",
            _("{name} still holds {count}: {titles}").format(name=user.name, count=len(held), titles=titles(held)),
            todo=_("Name a successor to take it over."),
        )
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.is_active = False
    trail.record(user, "deactivate", actor=actor, reason=reason)
    return user


@transaction.atomic
def stand_in(principal, deputy, *, actor, starts_on, ends_on, reason, scope=""):
    """代办: let `deputy` act for `principal` between two days; `scope` is one role of the principal, empty for all.

    The principal arranges it, or whoever staffs their unit. Raises Refusal for dates out of order, oneself, or a deputy who stands in already.
    """
    if principal.pk == deputy.pk:
        raise Refusal("self", _("Nobody stands in for themselves."), field="deputy")
    if ends_on < starts_on or ends_on < clock.today():
        raise Refusal("dates", _("The last day lies before the first or in the past."), field="ends_on")
    if not deputy.is_active:
        raise Refusal("inactive", _("This login is closed."), field="deputy")
    if scope and not Membership.objects.in_force().filter(user=principal, role=scope).exists():
        raise Refusal("scope", _("{name} does not hold this role.").format(name=principal.name), field="scope")
    if StandIn.objects.filter(
        principal=principal, deputy=deputy, revoked_at=None, starts_on__lte=ends_on, ends_on__gte=starts_on, scope__in=("", scope)
    ).exists():
        raise Refusal("overlap", _("{name} already stands in on some of these days.").format(name=deputy.name), field="deputy")
    row = StandIn.objects.create(principal=principal, deputy=deputy, starts_on=starts_on, ends_on=ends_on, scope=scope, reason=reason, created_by=actor)
    forget_memberships(deputy)
    trail.record(
        row, "appoint", actor=actor, reason=reason, params={"principal": principal.pk, "deputy": deputy.pk, "from": starts_on, "to": ends_on, "scope": scope}
    )
    return row


@transaction.atomic
def revoke_stand_in(row, *, actor, reason=""):
    """End a stand-in now. Raises Refusal when it was ended already."""
    if not StandIn.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=clock.now()):
        raise Refusal("revoked", _("This stand-in has ended already."))
    forget_memberships(row.deputy)
    trail.record(row, "revoke", actor=actor, reason=reason, params={"principal": row.principal_id, "deputy": row.deputy_id})
    return row
