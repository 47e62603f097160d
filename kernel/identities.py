"""Who is the same person: identity card and telephone a person stated, compared by blind index and never read (条例 第9、18、75条).

Nobody has to state them: a name and a declaration stay the rule. What is stated is shown to its own person alone, masked, and goes on request.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as BadNumber

from kernel import clock, trail
from kernel.crypto import normalise
from kernel.lifecycle import Refusal
from kernel.models import PersonIdentity

SHORTEST_PHONE = 7


def card(number, field="id_number"):
    """An identity card number (GB 11643) in its compact form, '' for none. Raises Refusal beside its field."""
    number = (number or "").strip().upper()
    try:
        return ric.validate(number) if number else ""
    except BadNumber as error:
        raise Refusal("id_wrong", _("This is no valid identity card number."), article="GB 11643-1999", field=field) from error


@transaction.atomic
def state(user, *, id_number="", phone=""):
    """Keep what the person states; an empty one keeps what is there. Raises Refusal: no valid card number, no telephone, nothing stated."""
    id_number, phone = card(id_number), phone.strip()
    if not id_number and not phone:
        raise Refusal("nothing", _("Enter the card number, the telephone, or both."), field="id_number")
    if phone and (len(normalise(phone)) < SHORTEST_PHONE or not normalise(phone).isdigit()):
        raise Refusal("phone_wrong", _("This is no telephone number."), field="phone")
    row = PersonIdentity.objects.filter(user=user).first() or PersonIdentity(user=user)
    row.id_number, row.phone, row.stated_at = id_number or row.id_number, phone or row.phone, clock.now()
    row.save()
    trail.record(user, "identity", actor=user, params={"id": bool(row.id_number), "phone": bool(row.phone)})
    return row


@transaction.atomic
def forget(user):
    """Take it back: key and indexes are destroyed, the row goes."""
    row = PersonIdentity.objects.filter(user=user).first()
    if row is None:
        return
    row.destroy_personal_data(actor=user, why="request")
    row.delete()
    trail.record(user, "identity", actor=user, params={"id": False, "phone": False})


def marks_of(users):
    """{user id: {blind index: "id" | "phone"}} of those who stated something, in one query."""
    rows = PersonIdentity.objects.filter(user__in=users).values_list("user", "id_index", "phone_index")
    return {user: {index: how for index, how in ((card, "id"), (phone, "phone")) if index} for user, card, phone in rows}


def preload(users):
    """Read the marks of everybody on a page at once."""
    found = marks_of([user.pk for user in users])
    for user in users:
        user._marks = found.get(user.pk, {})


def own_marks(user):
    """The marks of one person, asked once per object."""
    if "_marks" not in user.__dict__:
        user._marks = marks_of([user.pk]).get(user.pk, {})
    return user._marks
