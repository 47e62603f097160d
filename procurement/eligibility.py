"""May this organization respond? Every condition at once, each with its answer, reason, article and what to do.

Asked before a response is begun, when it is submitted, and again when it is opened (what changed meanwhile). What blocks is also what
`lifecycle.bid.objection_to_bidding` answers; the rest is shown and left to the qualification check and to the people concerned.
"""

import datetime
import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel import clock, identities, rules
from kernel.crypto import blind_index
from kernel.lifecycle import Refusal
from procurement.models import KeyPerson
from providers import persons
from providers.models import OrganizationMember

DECIDERS = ("handler", "section", "committee", "leader", "supervisor", "accountant")
GRADES = re.compile(r"[1-5]A\b|评估等级|等级评估")


@dataclass(frozen=True)
class Condition:
    """One condition. `state`: yes (holds), no (does not), look (somebody has to look, or it is only known later). `refusal`: it blocks."""

    key: str
    label: object
    state: str
    sentence: object = ""
    article: str = ""
    todo: object = ""
    refusal: Refusal | None = None

    @property
    def sign(self):
        return {"yes": "✓", "no": "✗"}.get(self.state, "?")


def _blocked(key, label, refusal):
    return Condition(key, label, "no", refusal.sentence, refusal.article, refusal.todo, refusal)


def _closing_day(lot):
    return lot.tender.deadline.astimezone(clock.ZONE).date() if lot.tender.deadline else clock.today()


def conditions(organization, lot):
    """All conditions of one organization for one lot, in the order of the page."""
    found = [*_blocking(organization, lot), _licence(organization, lot), _abnormal(organization)]
    found += [row for row in (_grade(organization, lot),) if row]
    return [*found, _people(organization, lot.tender), _related(organization), _credit(lot.tender)]


@rules.carries("H01", "H03", "H05", "H07")
def objection(organization, lot):
    """The first condition that blocks, as a Refusal, or None."""
    return next((row.refusal for row in _blocking(organization, lot) if row.refusal), None)


def _blocking(organization, lot):
    """The conditions that can bar a response; those of an invitation or a framework only where there is one."""
    rows = (_standing, _invited, _joining, _helped, _orders)
    return [row for row in (condition(organization, lot) for condition in rows) if row]


def _standing(organization, lot):
    """Verified, and neither debarred (H05) nor on the list of serious violations (H07)."""
    from providers.lifecycle.organization import objection_to_provider

    label = _("Verified, not debarred, not on the list of serious violations")
    refusal = objection_to_provider(organization, "bid")
    return _blocked("standing", label, refusal) if refusal else Condition("standing", label, "yes", article=rules.get("H05").article)


def _invited(organization, lot):
    """Only who was invited responds to an invited purchase (政府采购法 第34条), only the one named to a single source; no row elsewhere."""
    if not lot.tender.by_invitation and lot.tender.way.entry != "single":
        return None
    label, article = _("Invited to this purchase"), lot.tender.way.article
    if lot.tender.invitations.filter(organization=organization, sent_at__isnull=False).exists():
        return Condition("invited", label, "yes", article=article)
    return _blocked("invited", label, Refusal("not_invited", _("{name} was not invited to this purchase.").format(name=organization), article=article))


def _joining(organization, lot):
    """Who was removed from a framework, or is in it already, does not answer its refilling; no row elsewhere."""
    if not lot.tender.collects:
        return None
    from procurement.lifecycle.framework import objection_to_joining

    label, refusal = _("May join this framework agreement"), objection_to_joining(organization, lot)
    return _blocked("joining", label, refusal) if refusal else Condition("joining", label, "yes", article=lot.tender.way.article)


def _helped(organization, lot):
    label, article = _("Did not help to draft this project"), rules.get("H03").article
    if lot.project.drafting_help.filter(pk=organization.pk).exists():
        return _blocked("drafted", label, Refusal("drafted", _("{name} helped to draft this project and may not bid.").format(name=organization), article=article))
    return Condition("drafted", label, "yes", article=article)


def _orders(organization, lot):
    label, article = _("Does not order this project itself"), rules.get("H01").article
    if organization.kind == "residents_committee" and organization.place_id == lot.project.place_id:
        return _blocked("orders_itself", label, Refusal("orders_itself", _("A residents' committee never provides on a project it applied for."), article=article))
    return Condition("orders_itself", label, "yes", article=article)


def _licence(organization, lot):
    """A registration certificate that runs out is looked at in the qualification check; it is no refusal of ours."""
    label, article = _("Registration certificate valid on the day of the deadline"), "政府采购法 第22条"
    until = organization.licence_until
    if until is None:
        return Condition("licence", label, "look", _("The end of its validity is not entered."), article, _("Enter it on the organization's page and attach the certificate to the response."))
    if until < _closing_day(lot):
        return Condition("licence", label, "no", _("It is valid until {day}.").format(day=until), article, _("Renew it; the qualification check looks at it."))
    return Condition("licence", label, "yes", _("It is valid until {day}.").format(day=until), article)


def _abnormal(organization):
    from providers.lifecycle.organization import exclusions_on, told

    label, article = _("Not on the list of abnormal activity"), rules.get("H07").article
    listed = next((row for row in exclusions_on(organization) if row.kind == "abnormal"), None)
    if listed:
        return Condition("abnormal", label, "look", told(listed), article, _("It does not bar you; have it removed, and explain it in the response."))
    return Condition("abnormal", label, "yes", article=article)


@rules.carries("H08")
def _grade(organization, lot):
    """A grade counts only while it is valid, and as a condition only with its legal basis (practice 7); no row where nobody asks for one."""
    tender = lot.tender
    asked = GRADES.search(tender.qualification) or any(GRADES.search(f"{item.name}{item.standard}{item.scale}") for item in tender.score_items.all())
    if not asked:
        return None
    label, article = _("Grade valid on the day of the deadline"), rules.get("H08").article
    if not organization.grade:
        return Condition("grade", label, "look", _("No grade is entered. Where it is scored, you get no points for it; where it is a condition, its legal basis stands in the documents."), article)
    if organization.grade_until and organization.grade_until < _closing_day(lot):
        return Condition("grade", label, "no", _("Grade {grade} ended on {day} and no longer counts.").format(grade=organization.grade, day=organization.grade_until), article, _("Apply for a new evaluation."))
    return Condition("grade", label, "yes", _("Grade {grade}, valid until {day}").format(grade=organization.grade, day=organization.grade_until or "—"), article)


def ties(organization, tender, team=()):
    """People of the purchaser who are, or look like, people of the organization within the years of H01: [(User, how)].

    `how`: "same" (one login, or one identity card), "phone" (a telephone in common), "name" (only a name: of its head, contact, people, of the key
    people of its contracts, or of the `team` of its response): these two are to be looked at.
    """
    from communities.permissions import people
    from kernel.models import User

    since = clock.today() - datetime.timedelta(days=365 * rules.get("H01").value("years_before"))
    concerned = {user.pk: user for user in people(*DECIDERS, purchaser=tender.purchaser_id)}
    concerned |= {user.pk: user for user in User.objects.filter(pk__in=[pk for pk in (tender.handler_id,) if pk])}
    members = OrganizationMember.objects.filter(organization=organization).exclude(ends_on__lt=since).select_related("user")
    own = {row.user_id: row.user.name for row in members}
    key_people = list(KeyPerson.objects.filter(contract__organization=organization).exclude(left_on__lt=since).exclude(contract__ends_on__lt=since))
    names = {name for name in (organization.legal_representative, organization.contact_name, *own.values(), *(row.name for row in key_people), *team) if name}
    stated = identities.marks_of(list(concerned))
    marks = {index: mark.how for index, mark in persons.marks_of([organization], since)[organization.pk].items()} if stated else {}
    if stated:
        marks |= {blind_index("phone", row.phone): "phone" for row in key_people if row.phone}
    found = []
    for pk, user in sorted(concerned.items()):
        hows = {marks[index] for index in stated.get(pk, ()) if index in marks}
        if pk in own or "id" in hows:
            found.append((user, "same"))
        elif "phone" in hows or user.name in names:
            found.append((user, "phone" if "phone" in hows else "name"))
    return found


@rules.carries("H01")
def _people(organization, tender):
    """Interests bar the purchaser's person, not the bidder (条例 第9条): that person withdraws."""
    label, article = _("No tie between your people and those who run or decide this purchase"), rules.get("H01").article
    found = ties(organization, tender)
    if same := [str(user) for user, how in found if how == "same"]:
        return Condition("people", label, "no", _("{names}: in both.").format(names="、".join(same)), article, _("That person has to withdraw from this purchase; write to the contact named in the notice before you respond."))
    if alike := [str(user) for user, _how in found]:
        return Condition("people", label, "look", _("{names}: the same name or telephone.").format(names="、".join(alike)), article, _("If it is the same person or a relative, say so; that person withdraws."))
    return Condition("people", label, "yes", _("No name in common. Relatives are known only to you: declare them."), article)


def _related(organization):
    label = _("No other bidder has the same head, holds or manages you")
    return Condition("related", label, "look", _("It can only be compared when the responses are opened; your declaration stands in the response."), rules.get("H03").article, _("Agree with related organizations who responds."))


def _credit(tender):
    label = _("No bad credit record")
    if not tender.is_statutory:
        return Condition("credit", label, "yes", _("A self-run purchase does not ask for the queries."))
    return Condition("credit", label, "look", _("After the opening the purchaser queries 信用中国 and 中国政府采购网."), rules.get("H06").article, _("Look yourself beforehand."))
