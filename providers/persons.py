"""Which people stand behind organizations, by what is kept of them as blind indexes: who is the same person in two places (条例 第9、18、75条).

An equal identity card is one person, however the name is spelled. An equal telephone is a sign to be looked at: phones are shared.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel import identities
from kernel.crypto import blind_index
from providers.models import Organization, OrganizationMember

HEAD, OWN, CONTACT, MEMBER = _("its legal representative"), _("the provider itself"), _("its contact"), _("one of its people")


@dataclass(frozen=True)
class Mark:
    """One blind index of an organization: `how` id or phone, `whose` in words; `head`: its head's (H03)."""

    index: str
    how: str
    whose: object
    head: bool = False


def _indexed(organizations):
    """The same organizations with their blind indexes read without opening a card."""
    return Organization.objects.filter(pk__in=[row.pk for row in organizations]).values_list("pk", "id_index", "representative_index", "contact_phone")


def marks_of(organizations, since=None):
    """{organization id: {index: Mark}}: itself (a natural person), head, contact's telephone, and what its people stated; `since`: who left before is out."""
    found = {}
    for pk, own, head, phone in _indexed(organizations):
        rows = [Mark(own, "id", OWN, True), Mark(head, "id", HEAD, True), Mark(blind_index("phone", phone), "phone", CONTACT)]
        found[pk] = {row.index: row for row in reversed(rows) if row.index}
    people = OrganizationMember.objects.filter(organization__in=found)
    people = people.exclude(ends_on__lt=since) if since else people.filter(ends_on=None)
    of_user = {}
    for organization, user in people.values_list("organization", "user"):
        of_user.setdefault(user, []).append(organization)
    for user, marks in identities.marks_of(list(of_user)).items():
        for organization in of_user[user]:
            for index, how in marks.items():
                found[organization].setdefault(index, Mark(index, how, MEMBER))
    return found


def same_person(user, organizations, since=None):
    """[(organization, Mark)] in which this login is recognised by what it stated, cards before telephones; nothing where it stated nothing."""
    own = identities.own_marks(user) if organizations else {}
    if not own:
        return []
    by_pk = {row.pk: row for row in organizations}
    found = [(by_pk[pk], mark) for pk, marks in marks_of(organizations, since).items() for index, mark in marks.items() if index in own]
    return sorted(found, key=lambda row: row[1].how)


def shared(one, other):
    """Marks two organizations have in common, as [(Mark of one, Mark of other)]; each a dict of `marks_of`."""
    return [(one[index], other[index]) for index in one.keys() & other.keys()]
