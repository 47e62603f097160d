"""People of an organization: invited by a manager through a link that works once, ended by a manager; there is always one manager."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.lifecycle.staff import INVITATION_DAYS, digest_of, new_login
from kernel import clock, trail
from kernel.lifecycle import Refusal
from providers.models import MemberInvitation, Organization, OrganizationMember
from providers.permissions import forget_member_rows, manages


@transaction.atomic
def add_member(organization, user, role, *, actor):
    """Give a person a role in the organization. Raises Refusal when they have one already."""
    if OrganizationMember.objects.filter(organization=organization, user=user, ends_on=None).exists():
        raise Refusal("member", _("{name} belongs to this organization already.").format(name=user.name))
    row = OrganizationMember.objects.create(organization=organization, user=user, role=role)
    forget_member_rows(user)
    trail.record(row, "join", actor=actor, params={"user": user.pk, "role": role})
    return row


@transaction.atomic
def invite_member(organization, *, actor, name, role):
    """Invite a person; only a manager. Returns (MemberInvitation, token); the token is shown once."""
    if not manages(actor, organization):
        raise Refusal("role", _("Only a manager of the organization invites people."))
    token = secrets.token_urlsafe(24)
    row = MemberInvitation.objects.create(
        organization=organization, token_hash=digest_of(token), name=name, role=role, invited_by=actor, expires_at=clock.now() + timedelta(days=INVITATION_DAYS)
    )
    trail.record(row, "invite", actor=actor, params={"role": role})
    return row, token


def find_invitation(token):
    """The open invitation of a link. Raises Refusal when it is unknown, used or too old."""
    row = MemberInvitation.objects.select_related("organization").filter(token_hash=digest_of(token)).first()
    if row is None or row.accepted_at or row.expires_at <= clock.now():
        raise Refusal(
            "unknown",
            _("This invitation is unknown, used or older than {days} days.").format(days=INVITATION_DAYS),
            todo=_("Ask the organization's manager for a new one."),
        )
    return row


@transaction.atomic
def join(token, *, username="", password="", user=None):
    """Follow an invitation with a new login or an existing `user`. Works once. Returns the User."""
    row = find_invitation(token)
    if user is None:
        user = new_login(username, password, name=row.name)
    if not MemberInvitation.objects.filter(pk=row.pk, accepted_at=None).update(accepted_at=clock.now(), accepted_by=user):
        raise Refusal("used", _("This invitation was used already."), todo=_("Sign in with the account you made then."))
    add_member(row.organization, user, row.role, actor=user)
    return user


@transaction.atomic
def end_member(row, *, actor):
    """End a person's role; the last manager stays until there is another. Raises Refusal."""
    Organization.objects.select_for_update().get(pk=row.organization_id)
    row = OrganizationMember.objects.select_for_update(of=("self",)).select_related("organization", "user").get(pk=row.pk)
    if not manages(actor, row.organization):
        raise Refusal("role", _("Only a manager of the organization ends roles."))
    if row.ends_on:
        raise Refusal("ended", _("This role has ended already."))
    if (
        row.role == "manager"
        and not OrganizationMember.objects.filter(organization=row.organization_id, role="manager", ends_on=None).exclude(pk=row.pk).exists()
    ):
        raise Refusal("last_manager", _("This is the only manager."), todo=_("Invite another manager first."))
    OrganizationMember.objects.filter(pk=row.pk).update(ends_on=clock.today() - timedelta(days=1))
    forget_member_rows(row.user)
    trail.record(row, "leave", actor=actor, params={"user": row.user_id, "role": row.role})
    return row
