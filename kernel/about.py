"""What every page must know about the person who reads it, asked in one query: unread notices, whether they stand in for anybody, and what later apps add.

    about.ask("audits", lambda: Exists(Assignment.objects.filter(auditor=OuterRef("pk"))))    in AppConfig.ready() or at import
    about.of(user, "audits")

The answers are kept on the user object: it lives for one request. A verb that changes one of them says `forget`.
"""

from django.db.models import BigIntegerField, Exists, OuterRef, Subquery

from kernel import clock
from kernel.models import Notice, StandIn, User


class Capped(Subquery):
    """How many rows there are, counted no further than the slice of the queryset."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = BigIntegerField()


_questions: dict = {}


def ask(name, question):
    """Have something asked about every reader: `question()` -> an expression over User."""
    _questions[name] = question


def of(user, name):
    """The answer of one question about this user; all are asked at the first."""
    day, known = getattr(user, "_about", (None, None))
    if day != clock.today():
        day, known = clock.today(), User.objects.filter(pk=user.pk).values(**{one: question() for one, question in _questions.items()}).first() or {}
        user._about = (day, known)
    return known.get(name)


def certainly_not(user, name):
    """Whether the reader of this request has none of these: their rows need not be read. Of other people nothing is known, so False."""
    return getattr(user, "_keeps_principals", False) and not of(user, name)


def forget(user):
    """Ask again next time."""
    user.__dict__.pop("_about", None)


def stand_ins(deputy):
    """The stand-ins this person holds today."""
    today = clock.today()
    return StandIn.objects.filter(deputy=deputy, starts_on__lte=today, ends_on__gte=today, revoked_at=None)


ask("unread", lambda: Capped(Notice.objects.filter(user=OuterRef("pk"), read_at=None).order_by().values("pk")[:100]))
ask("stands_in", lambda: Exists(stand_ins(OuterRef("pk"))))
