"""Who sits on a panel and what it judges: valid responses, scored items, composition (B11, B17, C13), ties to bidders (H02)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from guardian.shortcuts import assign_perm

from communities.models import Membership
from evaluation.arithmetic import committee
from evaluation.lifecycle.set_aside import judged_before
from evaluation.models import Expert, Panel, PanelMember
from evaluation.permissions_panel import SCORE, may_score, member_row
from kernel import clock, identities, rules
from kernel.lifecycle import Refusal, acting_for
from procurement import criteria, methods
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import Bid
from providers import persons

LACKS = {
    "experts": (_("At least two thirds must be experts."), _("Draw more experts.")),
    "own_staff": (_("Staff of the purchaser may not sit as experts."), _("Replace these members.")),
    "legal": (_("A complex negotiation needs an expert in law."), _("Draw an expert in law.")),
    "leader": (_("The leader must be an expert, never the purchaser's representative."), _("Choose another leader.")),
}


def valid_bids(panel):
    """Bids the panel judges: opened, in lots still alive."""
    return Bid.objects.filter(lot__tender=panel.tender_id, status="opened").select_related("lot", "organization").order_by("lot__order", "public_id")


def waived_items(panel):
    """Ids of the items the panel found not to apply."""
    return {waiver.item_id for waiver in panel.waivers.all()}


def judged_items(panel):
    """Leaves that members fill in: neither groups nor the price, nor what does not apply; none where candidates are ranked by price."""
    if methods.ranking_of(panel.tender) != "points":
        return []
    waived = waived_items(panel)
    return [item for item in criteria.judged(panel.tender.score_items.all()) if item.pk not in waived]


def locked(panel):
    """The panel as it is now, held until the verb ends: a sheet and the conclusion never cross."""
    return Panel.objects.select_for_update().get(pk=panel.pk)


def handler_acts(panel, actor):
    """On whose behalf the handler acts; raises PermissionDenied for everybody else."""
    from evaluation.lifecycle.panel import FORM

    return acting_for(actor, panel, FORM)


def own_member(panel, actor):
    """The actor's member row, locked. Raises PermissionDenied."""
    member = member_row(actor, panel)
    if member is None or not may_score(actor, panel):
        raise PermissionDenied(str(_("You are not a member of this panel.")))
    return PanelMember.objects.select_for_update().get(pk=member.pk)


def judging_member(panel, actor):
    """As own_member, but of one who has declared that nothing stands between (H02). Raises Refusal otherwise."""
    member = own_member(panel, actor)
    if member.declared_at is None:
        raise Refusal("undeclared", _("Declare first whether anything stands between you and the bidders."), article=rules.get("H02").article)
    return member


def seat(panel, user, *, is_expert, chosen=""):
    """A member row and its grant, in one transaction."""
    fresh = {"is_expert": is_expert, "chosen": chosen, "left_at": None, "declared_at": None, "conflict": "", "checked_at": None, "blind_done_at": None, "submitted_at": None}
    member, _made = PanelMember.objects.update_or_create(panel=panel, user=user, defaults=fresh)
    assign_perm(f"evaluation.{SCORE}", user, panel)
    return member


def _facts(panel):
    """What the rule on the size of a panel wants to know of its purchase."""
    tender, terms = panel.tender, terms_of(panel.tender)
    threshold = rules.threshold(tender.purchaser.place.code or "", "county")
    facts = {"amount": tender.ceiling, "open_tender_from": threshold.open_tender if threshold else None}
    return facts | {"complex": terms.complex, "influential": terms.influential} if tender.is_statutory else {}


def _seats(panel, members):
    experts = {row.user_id: row for row in Expert.objects.filter(user__in=[member.user_id for member in members])}
    day = clock.today()
    at_home = Membership.objects.filter(user__in=[member.user_id for member in members], purchaser=panel.purchaser_id, starts_on__lte=day).exclude(ends_on__lt=day)
    staff = set(at_home.values_list("user", flat=True))
    return [
        committee.Seat(member.is_expert, member.user_id in staff, member.is_leader, bool(member.user_id in experts and experts[member.user_id].legal)) for member in members
    ]


@rules.carries("B11", "B17", "C13")
def composition(panel, actor=None, members=None, with_leader=False):
    """Why these members are no lawful panel, or None: too few, even, too few experts, own staff as experts, no expert in law, who leads.

    A self-run panel of staff needs its number only.
    """
    members, tender = panel.seated() if members is None else members, panel.tender
    known = methods.law(tender)
    figure = methods.figure(tender, "members", known)
    if figure is None:
        return None
    seats = _seats(panel, members)
    for lack in committee.lacks(seats, figure.rule, with_leader=with_leader and tender.is_statutory, **_facts(panel)):
        if lack.code in ("size", "even"):
            sentence = _("A panel needs at least {count} members, an odd number; it has {now}.").format(count=lack.need, now=lack.has)
            return Refusal("size", sentence, article=figure.article, todo=_("Draw the next reserve or name a representative."))
        if tender.is_statutory:
            sentence, todo = LACKS[lack.code]
            return Refusal(lack.code, sentence, article=figure.article, todo=todo)
    return None


def advised_members(panel):
    """(number, article) where more members are advised than the rule demands (B11 from the open-tender threshold on), else None."""
    figure = methods.figure(panel.tender, "members") if panel.tender.is_statutory else None
    if figure is None:
        return None
    least, advised = (committee.least_members(figure.rule, binding=binding, **_facts(panel)) for binding in (True, False))
    return (advised, figure.article) if advised > least else None


@rules.carries("B06", "B10", "B12", "B15")
def too_few(panel, but=()):
    """A lot with fewer valid responses than may go on must be stopped first; a Refusal or None. `but`: ids that are about to fall."""
    found = methods.figure(panel.tender, "bidders_at_evaluation") if panel.tender.is_statutory else None
    if found is None:
        return None
    least = methods.least(panel.tender, "bidders_at_evaluation")
    valid = [bid.lot_id for bid in valid_bids(panel) if bid.pk not in but]
    for lot in panel.tender.lots.filter(status="opened"):
        if valid.count(lot.pk) < least:
            return Refusal("too_few", _("Too few valid responses are left for “{lot}”.").format(lot=lot), article=found.article, todo=_("Stop it with a termination notice."))
    return None


def bidders_of(panel):
    """Organizations of opened bids with their earlier names; nobody before the opening."""
    bids = valid_bids(panel).prefetch_related("organization__names")
    return list({bid.organization_id: bid.organization for bid in bids if bid.organization_id}.values())


@rules.carries("H02")
def conflict_of(user, panel, bidders, expert=None):
    """Why this person may not judge these bidders (条例 第9、75条), as a sentence, or ''.

    Belongs or belonged to a bidder, is recognised there by card or telephone, was employed there, declared shares or a relative's post there; as an expert also: works for the purchaser.
    The years looked back are the rule's.
    """
    from providers.models import OrganizationMember

    years = rules.get("H02").value("years_before")
    since = clock.today().replace(year=clock.today().year - years, day=min(clock.today().day, 28))
    ids = {organization.pk for organization in bidders}
    if ids and OrganizationMember.objects.filter(user=user, organization__in=ids).exclude(ends_on__lt=since).exists():
        return str(_("belongs to a bidder"))
    if recognised := persons.same_person(user, bidders, since):
        organization, mark = recognised[0]
        sentence = _("is by the identity card {whose} at {name}") if mark.how == "id" else _("has the telephone of {name} ({whose})")
        return str(sentence).format(whose=mark.whose, name=organization)
    if judged_before(user, panel.tender_id):
        return str(_("sat on the panel whose result was set aside"))
    expert = expert or Expert.objects.filter(user=user).first()
    if expert is None:
        return ""
    worked = f"{expert.employer}\n{expert.earlier_employers}"
    for organization in bidders:
        for name in {organization.name, *(row.name for row in organization.names.all())} - {""}:
            if name in worked:
                return str(_("was employed by {name} within three years")).format(name=organization.name)
            if name in expert.ties:
                return str(_("declared shares in or a relative at {name}")).format(name=organization.name)
    if panel.tender.purchaser.name in worked or Membership.objects.filter(user=user, purchaser=panel.purchaser_id).exclude(ends_on__lt=since).exists():
        return str(_("works for the purchaser"))
    return ""


def conflicts(panel):
    """Sitting members with a conflict, as [(member, why)]."""
    bidders, members = bidders_of(panel), panel.seated()
    identities.preload([member.user for member in members])
    experts = {row.user_id: row for row in Expert.objects.filter(user__in=[member.user_id for member in members])}
    found = [(member, member.conflict or conflict_of(member.user, panel, bidders, experts.get(member.user_id) if member.is_expert else None)) for member in members]
    return [(member, why) for member, why in found if why]
