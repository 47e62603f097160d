"""While a provider's bank account changes, its approved payments wait; with the decision they go on (practice 9)."""

from django.utils.translation import gettext as _

from kernel.lifecycle import open_holds, place_hold, release_hold
from procurement.models import PaymentRequest

CODE = "account_change"
WAITING = ("in_approval", "approved", "returned")


def requests_of(organization):
    """The provider's open requests; those of the community groups it supports are paid to it as well."""
    rows = PaymentRequest.objects.filter(status__in=WAITING)
    return (rows.filter(stage__contract__organization=organization) | rows.filter(stage__contract__organization__supporter=organization)).order_by("pk")


def freeze(organization, actor):
    """A new account was entered: nothing is paid until it is confirmed or refused."""
    for request in requests_of(organization):
        place_hold(request, verbs=["pay", "resend"], code=CODE, actor=actor, note=_("The provider's bank account is being changed; wait for its confirmation."))


def thaw(organization, actor):
    """The account was decided."""
    for request in requests_of(organization):
        for hold in open_holds(request):
            if hold.reason_code == CODE:
                release_hold(hold, actor=actor)
