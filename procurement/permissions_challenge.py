"""Who may see and handle challenges and complaints, said once.

The challenger is named to those who handle the matter and to the finance bureau; other suppliers see an answer that concerns
them once it is given, and nobody learns here who else bids.
"""

from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.permissions import in_places, memberships_of, place_paths, purchaser_ids
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids

READERS = ("handler", "leader", "section", "legal", "supervisor", "observer")
CONCERNED_STATES = ("opened", "invalid", "broken")
_answering = []


def _over(user, scope):
    query = Q(pk__in=[])
    for person in principals_of(user) if user.is_authenticated else ():
        query |= scope(person)
    return query


def _scope(person, prefix=""):
    """The purchaser's people who handle it, the finance bureau above, and the challenger."""
    query = Q(**{f"{prefix}tender__purchaser__in": purchaser_ids(person, *READERS)})
    if paths := place_paths(person, "finance"):
        query |= in_places(paths, f"{prefix}tender__purchaser__place__path")
    if own := organization_ids(person):
        query |= Q(**{f"{prefix}organization__in": own})
    return query


class ChallengeQuerySet(QuerySet):
    def visible_to(self, user):
        """Those who handle it and the challenger; further suppliers of the purchase once it is answered; its panel while it evaluates anew."""
        from procurement.models import Bid, ReviewOrder

        def scope(person):
            query = _scope(person)
            if own := organization_ids(person):
                others = Bid.objects.filter(organization__in=own, status__in=CONCERNED_STATES).order_by().values("lot__tender")
                query |= Q(status="answered", tender__in=others)
            if (led := _evaluated_by(person)) is not None:
                query |= Q(Exists(ReviewOrder._base_manager.filter(challenge=OuterRef("pk"), kind="reevaluate")), tender__in=led)
            return query

        return self.filter(_over(user, scope))


class ComplaintQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people and the bureau, and the complainant."""
        return self.filter(_over(user, lambda person: _scope(person, "challenge__")))


class ReviewOrderQuerySet(QuerySet):
    def visible_to(self, user):
        def scope(person):
            query = _scope(person, "challenge__")
            if (led := _evaluated_by(person)) is not None:
                query |= Q(kind="reevaluate", lot__tender__in=led)
            return query

        return self.filter(_over(user, scope))


def answering(rule):
    """`rule(user) -> Q` over Tender, or None: those whose panel the person leads, known only to a later stage. Registered in AppConfig.ready()."""
    _answering.append(rule)
    return rule


def _evaluated_by(user):
    """A subquery of the purchases whose panel the person leads, or None when no later stage knows of any."""
    from procurement.models import Tender

    found = [query for rule in _answering if (query := rule(user)) is not None]
    return Tender._base_manager.filter(reduce(or_, found)).order_by().values("pk") if found else None


def is_challenger(user, subject):
    """People of the organization that challenges or complains."""
    return getattr(subject, "challenge", subject).organization_id in organization_ids(user)


def at_office(*roles):
    """One of the roles at the purchaser."""
    return lambda user, subject: any(row.role in roles and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def at_bureau(user, complaint):
    """The finance bureau of the purchaser's district or above it."""
    path = complaint.challenge.tender.purchaser.place.path
    return any(row.role == "finance" and row.place_id and path.startswith(row.place.path) for row in memberships_of(user))


def may_answer_review(user, order):
    """The panel's leader; for a purchase run elsewhere the handler records what that panel says."""
    if order.lot.tender.venue == "external":
        return at_office("handler")(user, order)
    led = _evaluated_by(user)
    return led is not None and led.filter(pk=order.lot.tender_id).exists()
