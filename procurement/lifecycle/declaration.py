"""H01 回避 (条例 第9、70条): who publishes, opens or decides a statutory purchase declares item by item, once; what was declared and what the platform knows of
a person's ties keeps that person from the step. Somebody else of the same role, or a stand-in, takes it instead.

The names of bidders are secret before the opening: until then a declaration speaks of suppliers in general; after it each step is matched with the bidders.
"""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail, workdays
from kernel.lifecycle import Refusal
from procurement.models import Bid, Declaration
from providers import persons
from providers.models import OrganizationMember

OPENED = ("opened", "invalid", "broken")


def needed(tender):
    """Whether people declare on a page of its own: every statutory purchase. A self-run one has a line in its form."""
    return tender.is_statutory


def of(tender, user):
    """The person's declaration, asked once per tender object."""
    known = tender.__dict__.setdefault("_declarations", {})
    if user.pk not in known:
        known[user.pk] = Declaration.objects.filter(tender=tender, user=user).first()
    return known[user.pk]


@rules.carries("H01")
@transaction.atomic
def declare(tender, *, actor, no_post, no_kin, no_other, ties=""):
    """Declare once. A second time only adds a tie. Raises Refusal: no words for a tie, taken back."""
    free = no_post and no_kin and no_other
    if not free and not ties.strip():
        raise Refusal("ties", _("Say what stands between you and the supplier."), article=rules.get("H01").article, field="ties")
    if tender.status == "cancelled":
        raise Refusal("cancelled", _("This purchase was given up."))
    values = {"no_post": no_post, "no_kin": no_kin, "no_other": no_other, "ties": ties.strip()}
    row = Declaration.objects.select_for_update().filter(tender=tender, user=actor).first()
    if row is None:
        try:
            with transaction.atomic():
                row = Declaration.objects.create(tender=tender, user=actor, **values)
        except IntegrityError:
            raise Refusal("twice", _("You have declared for this purchase already."))
    else:
        if free and row.free and tender.opened_at:  # confirmed once more, now that the bidders are known
            Declaration.objects.filter(pk=row.pk).update(changed_at=clock.now())
            trail.record(tender, "declare", actor=actor, params={"declaration": row.pk, "free": True, "again": True})
            tender.__dict__.pop("_declarations", None)
            return row
        if free or (row.no_post < no_post or row.no_kin < no_kin or row.no_other < no_other):
            raise Refusal("twice", _("You have declared for this purchase already; a tie can be added, not taken back."), article=rules.get("H01").article)
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = clock.now()
        row.save()
    trail.record(tender, "declare", actor=actor, params={"declaration": row.pk, "free": free})
    tender.__dict__.pop("_declarations", None)
    return row


@rules.carries("H01")
def match(user, organizations, day=None):
    """Why this person may not act where these organizations take part, from what is registered, or "": belonged to one within three years, is by its
    identity card one of its people; or only looks so, by a telephone or by the name of its legal representative."""
    since = workdays.add_months(day or clock.today(), -12 * rules.get("H01").value("years_before"))
    recognised = persons.same_person(user, organizations, since)
    return _certain(user, organizations, since, recognised) or _alike(user, organizations, recognised)


def _certain(user, organizations, since, recognised):
    """A tie no declaration answers: one and the same login, or one and the same identity card."""
    ids = [organization.pk for organization in organizations]
    row = OrganizationMember.objects.filter(Q(ends_on=None) | Q(ends_on__gte=since), user=user, organization__in=ids).select_related("organization").first()
    if row:
        return str(_("belongs, or belonged within {years} years, to {name}")).format(years=rules.get("H01").value("years_before"), name=row.organization)
    found = next(((organization, mark) for organization, mark in recognised if mark.how == "id"), None)
    return str(_("is by the identity card {whose} at {name}")).format(whose=found[1].whose, name=found[0]) if found else ""


def _alike(user, organizations, recognised):
    """A likeness somebody has to answer for: a telephone, or a name."""
    if recognised:
        organization, mark = recognised[0]
        return str(_("has the telephone of {name} ({whose}): declare whether a tie stands between")).format(whose=mark.whose, name=organization)
    named = next((organization for organization in organizations if organization.legal_representative and organization.legal_representative == user.name), None)
    return str(_("bears the name of the legal representative of {name}: declare whether it is you")).format(name=named) if named else ""


def bidders_of(tender):
    """The organizations whose responses are open; nobody before."""
    if tender.opened_at is None:
        return []
    return [bid.organization for bid in Bid.objects.filter(lot__tender=tender, status__in=OPENED, organization__isnull=False).select_related("organization")]


@rules.carries("H01")
def objection(tender, actor):
    """Why this person may not publish, open or decide this purchase, or None. Whoever is stood in for need not have declared, but may have no tie."""
    if not needed(tender):
        return None
    article, row = rules.get("H01").article, of(tender, actor)
    if row is None and not hasattr(actor, "covered_role"):
        return Refusal("undeclared", _("{name} has not declared for this purchase whether a tie to a supplier stands between.").format(name=actor), article=article, todo=_("Declare it first: one page, three ticks."))
    if row is not None and not row.free:
        return Refusal("tie", _("{name} declared a tie and takes no part in this purchase.").format(name=actor), article=article, todo=_("A colleague of the same role, or a stand-in, takes the step."))
    if (why := match(actor, bidders_of(tender))) and not (row is not None and row.free and _only_alike(actor, tender)):
        return Refusal("tie", _("{name} takes no part in this purchase: {why}.").format(name=actor, why=why), article=article, todo=_("A colleague of the same role, or a stand-in, takes the step."))
    return None


def _only_alike(actor, tender):
    """Whether nothing but an equal name or telephone speaks against the person: a free declaration given after the opening answers that."""
    row = of(tender, actor)
    bidders, since = bidders_of(tender), workdays.add_months(clock.today(), -12 * rules.get("H01").value("years_before"))
    return not _certain(actor, bidders, since, persons.same_person(actor, bidders, since)) and (row.changed_at or row.declared_at) >= tender.opened_at


def expected_of(tender):
    """[(person, why, declaration or None)]: everybody of whom a declaration is expected: handler, openers, those who decide, and who declared besides."""
    from communities.permissions import people

    wanted = {tender.handler_id: (tender.handler, _("handler"))}
    for opener in tender.openers.select_related("user"):
        wanted.setdefault(opener.user_id, (opener.user, _("opener")))
    for person in people("leader", purchaser=tender.purchaser_id):
        wanted.setdefault(person.pk, (person, _("decides")))
    given = {row.user_id: row for row in tender.declarations.select_related("user")}
    for pk, row in given.items():
        wanted.setdefault(pk, (row.user, _("took part")))
    return [(person, why, given.get(pk)) for pk, (person, why) in wanted.items()]
