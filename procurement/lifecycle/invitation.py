"""Suppliers that are invited instead of found by a public notice (B07 邀请招标; B10, B15 磋商、谈判).

邀请招标: the suppliers are drawn from a list of at least twice as many (财政部令第87号 第14条); the list comes from a prequalification notice, the
provincial supplier library, or the purchaser's written recommendation. 磋商 and 谈判 may invite instead of giving notice: drawn from the
provincial library, or recommended in writing by purchaser and experts, the purchaser at most half (财库〔2014〕214号 第6条; 财政部令第74号 第12条).

A draw can be repeated by anybody: the list is frozen with its digest, only then a seed is made, once; suppliers are ordered by
SHA-256 of "seed:key" (docs/decisions/0015). All letters go out at one moment, when the purchase is published. Until the opening nobody but
who prepares or watches the purchase learns whom it went to, and no invited supplier ever learns it here.
"""

import hashlib
import json
import secrets

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.permissions import purchaser_ids
from kernel import clock, draws, rules, trail
from kernel.lifecycle import Refusal, principals_of
from kernel.notices import notify, register
from kernel.rules import carries
from procurement import drafting, methods
from procurement.models import InvitationPool, Tender, TenderInvitation

MAY_INVITE = ("consultation", "negotiation")  # by notice as a rule, by invitation where the purchaser chooses so
register("invited", _("You are invited to “{title}”. Letter {number}; responses until {until}."))
register("invitation_corrected", _("“{title}”: the documents were clarified or corrected. Responses until {until}."))


def _draft(tender, actor):
    """The locked draft of a purchase by invitation. Raises Refusal, PermissionDenied."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if tender.status != "draft":
        raise Refusal("published", _("The letters are out; the list of the invited stands."))
    return tender


def _inviting(tender, actor):
    tender = _draft(tender, actor)
    if not tender.by_invitation:
        raise Refusal("by_notice", _("This purchase is announced to everybody; nobody is invited."), article=methods.of(tender).article)
    return tender


@transaction.atomic
def choose_entry(tender, *, actor, entry):
    """Consultation or negotiation: invite suppliers (`invitation`) instead of a public notice (`notice`), or back. Raises Refusal."""
    tender = _draft(tender, actor)
    if tender.method not in MAY_INVITE or entry not in ("notice", "invitation"):
        raise Refusal("entry", _("“{method}” finds its suppliers in one way only.").format(method=tender.get_method_display()), article=methods.of(tender).article)
    tender.entry = entry
    tender.save(update_fields=["entry"])
    trail.record(tender, "entry", actor=actor, params={"entry": entry})
    return tender


def key_of(organization):
    """What a supplier is called in a draw: its credit code, else its number here."""
    return organization.credit_code or f"ORG{organization.pk}"


def digest_of(entries):
    """SHA-256 of the list as it is drawn from: its keys in order, with the reasons of a recommendation."""
    return hashlib.sha256(json.dumps([[row["key"], row["reason"]] for row in entries], ensure_ascii=False).encode()).hexdigest()


def _fit(organization, tender):
    """Raises Refusal for a supplier that could not respond: not verified, excluded, or it helped to draft."""
    from providers.lifecycle.organization import objection_to_provider

    if refusal := objection_to_provider(organization, "bid"):
        raise refusal
    if any(project.drafting_help.filter(pk=organization.pk).exists() for project in drafting.projects_of(tender)):
        raise Refusal("drafted", _("{name} helped to draft this project and may not bid.").format(name=organization), article=rules.get("H03").article, field="organizations")


@carries("B07")
@transaction.atomic
def freeze_pool(tender, *, actor, source, organizations, reason=""):
    """Freeze the list to be drawn from; until the draw it may be frozen anew. `reason`: for a recommended list, why these suppliers. Returns the pool."""
    tender = _inviting(tender, actor)
    if source == "recommended" and tender.method != "invited_tender":
        raise Refusal("not_drawn", _("Recommended suppliers are invited as they are, not drawn."), article=methods.of(tender).article, todo=_("Add them as recommended."), field="source")
    if source == "recommended" and not reason.strip():
        raise Refusal("reason_missing", _("A recommendation says why; names and reasons are published with the result."), article=rules.get("B07").article, field="reason")
    old = InvitationPool.objects.filter(tender=tender).first()
    if old and old.seed:
        raise Refusal("drawn", _("Suppliers were drawn from the list already; it stands as it is."), article=rules.get("B07").article)
    for organization in organizations:
        _fit(organization, tender)
    reason = reason.strip()[:300] if source == "recommended" else ""
    entries = sorted(({"organization": row.pk, "key": key_of(row), "name": row.name, "reason": reason} for row in organizations), key=lambda row: row["key"])
    if not entries:
        raise Refusal("empty", _("Choose the suppliers of the list."), field="organizations")
    values = {"source": source, "entries": entries, "digest": digest_of(entries), "frozen_at": clock.now(), "frozen_by": actor}
    pool, _made = InvitationPool.objects.update_or_create(tender=tender, defaults=values)
    trail.record(tender, "freeze_pool", actor=actor, params={"digest": pool.digest, "count": len(entries), "source": source})
    return pool


@carries("B07")
@transaction.atomic
def draw(tender, *, actor, count, watchers):
    """Draw `count` suppliers of the frozen list, watched by at least two people of the purchaser beside whoever draws. Once. Returns the invitations.

    Raises Refusal: no list, list too short, drawn already, too few watchers, fewer than the method invites.
    """
    tender = _inviting(tender, actor)
    pool = InvitationPool.objects.select_for_update().filter(tender=tender).first()
    rule = rules.get("B07")
    if pool is None:
        raise Refusal("no_pool", _("There is no list to draw from."), article=rule.article, todo=_("Freeze the list first."))
    if pool.seed:
        raise Refusal("drawn", _("Suppliers were drawn from the list already; it stands as it is."), article=rule.article)
    if count < least_invited(tender) - tender.invitations.exclude(how="drawn").count():
        raise Refusal("too_few", _("At least {count} suppliers are invited.").format(count=least_invited(tender)), article=invited_article(tender), field="count")
    if len(pool.entries) < count * rule.value("pool_multiple"):
        raise Refusal(
            "pool_short", _("To draw {count} the list needs {wanted} suppliers; it has {now}.").format(count=count, wanted=count * rule.value("pool_multiple"), now=len(pool.entries)),
            article=rule.article, todo=_("Add suppliers and freeze the list anew, or draw fewer."), field="count",
        )  # fmt: skip
    staff = {person.pk: person for person in watchers if person.pk != actor.pk and tender.purchaser_id in purchaser_ids(person)}
    if len(staff) < rule.value("watchers"):
        raise Refusal(
            "watchers", _("At least {count} people of the purchaser watch the draw, beside whoever draws.").format(count=rule.value("watchers")), article=rule.article, field="watchers",
        )  # fmt: skip
    pool.seed, pool.count, pool.drawn_at, pool.drawn_by = secrets.token_hex(16), count, clock.now(), actor
    pool.watchers = [{"id": person.pk, "name": person.name} for person in staff.values()]
    pool.save()
    made = [TenderInvitation.objects.create(tender=tender, organization_id=row["organization"], how="drawn", reason=row["reason"], created_by=actor) for row in drawn_of(pool)]
    trail.record(tender, "draw", actor=actor, params={"seed": pool.seed, "digest": pool.digest, "pool": len(pool.entries), "count": count, "watchers": sorted(staff)})
    return made


def drawn_of(pool):
    """The entries the draw chose, in its order; computed anew from list and seed."""
    by_key = {row["key"]: row for row in pool.entries}
    return [by_key[key] for key in draws.order(by_key, pool.seed)[: pool.count]] if pool.seed else []


@carries("B10", "B15")
@transaction.atomic
def recommend(tender, organization, *, actor, how, reason):
    """Consultation and negotiation: a supplier recommended in writing by the purchaser or by the experts, with the reason. Raises Refusal."""
    tender = _inviting(tender, actor)
    if tender.method == "invited_tender":
        raise Refusal("drawn_only", _("An invited tender draws its suppliers; recommended ones go on the list."), article=rules.get("B07").article, todo=_("Freeze the list and draw."))
    if how not in ("recommended_by_purchaser", "recommended_by_expert"):
        raise Refusal("how", _("Say who recommends it."), field="how")
    if not reason.strip():
        raise Refusal("reason_missing", _("A recommendation says why; names and reasons are published with the result."), article=invited_article(tender), field="reason")
    if tender.invitations.filter(organization=organization).exists():
        raise Refusal("twice", _("{name} is invited already.").format(name=organization), field="organization")
    _fit(organization, tender)
    row = TenderInvitation.objects.create(tender=tender, organization=organization, how=how, reason=reason.strip()[:300], created_by=actor)
    trail.record(tender, "recommend", actor=actor, params={"invitation": row.pk, "how": how})
    return row


@transaction.atomic
def leave_out(invitation, *, actor, reason=""):
    """Take a recommended supplier off again while nothing is sent; who was drawn stays. Raises Refusal."""
    tender = _inviting(invitation.tender, actor)
    if invitation.how == "drawn":
        raise Refusal("drawn", _("Who was drawn is invited."), article=rules.get("B07").article)
    trail.record(tender, "leave_out", actor=actor, reason=reason, params={"invitation": invitation.pk})
    TenderInvitation.objects.filter(pk=invitation.pk, sent_at=None).delete()
    return tender


def _own_figure(tender, param):
    """The figure of the rule by which this method invites: B07, B10 or B15, as it holds for the purchase."""
    rule_id = {"consultation": "B10", "negotiation": "B15"}.get(tender.method, "B07")
    return methods.law(tender).get(rule_id), param


def least_invited(tender):
    """How many suppliers are invited at least (B07, B10, B15)."""
    rule, param = _own_figure(tender, "invited")
    return rule.value(param)


def invited_article(tender):
    return _own_figure(tender, "invited")[0].article


@carries("B07", "B10", "B15")
def objection(tender, rows=None):
    """Why a purchase by invitation can't be published with those invited so far, or None."""
    rows = list(tender.invitations.all()) if rows is None else rows
    rule, _param = _own_figure(tender, "invited")
    if len(rows) < rule.value("invited"):
        return Refusal(
            "too_few_invited", _("At least {count} suppliers are invited; {now} are on the list.").format(count=rule.value("invited"), now=len(rows)), article=rule.article,
            todo=_("Go on under “Invited suppliers”."),
        )  # fmt: skip
    if "recommended_max" in rule.params:
        own = sum(row.how == "recommended_by_purchaser" for row in rows)
        if own * 100 > rule.value("recommended_max") * len(rows):
            return Refusal(
                "purchaser_share", _("The purchaser recommends {own} of {all} suppliers; at most {share} % may be its own.").format(own=own, all=len(rows), share=rule.value("recommended_max")),
                article=rule.article, todo=_("Have experts recommend more, or draw from the library."),
            )  # fmt: skip
    return None


@carries("B07")
def send(tender, *, actor):
    """All letters at one moment; called by the publication, in its transaction."""
    from procurement.lifecycle.award import people_acting_for
    from procurement.lifecycle.tender import clock_text

    now = clock.now()
    for order, row in enumerate(tender.invitations.select_related("organization").order_by("pk"), 1):
        row.number, row.sent_at = f"{tender.number}-YQ{order}", now
        row.save(update_fields=["number", "sent_at"])
        for person in people_acting_for(row.organization):
            params = {"title": tender.title, "number": row.number, "until": clock_text(tender.deadline)}
            notify(person, f"invited-{row.pk}", "invited", subject=tender, url=tender.get_absolute_url(), params=params, due=tender.deadline)
    trail.record(tender, "invite", actor=actor, params={"count": tender.invitations.count()})


def tell_corrected(tender):
    """A clarification goes to everybody invited, who read it on the purchase's page."""
    from procurement.lifecycle.award import people_acting_for
    from procurement.lifecycle.tender import clock_text

    count = tender.announcements.filter(kind="correction").count()
    for row in tender.invitations.filter(sent_at__isnull=False).select_related("organization"):
        for person in people_acting_for(row.organization):
            params = {"title": tender.title, "until": clock_text(tender.deadline)}
            notify(person, f"invited-{row.pk}-{count}", "invitation_corrected", subject=tender, url=tender.get_absolute_url(), params=params, due=tender.deadline)


@transaction.atomic
def answer(invitation, *, actor, accepts):
    """An invited supplier says whether it will take part; it binds nobody and is told to who prepares the purchase alone. Raises Refusal."""
    from procurement.permissions import organization_ids

    invitation = TenderInvitation.objects.select_for_update(of=("self",)).select_related("tender").get(pk=invitation.pk)
    if not any(invitation.organization_id in organization_ids(person) for person in principals_of(actor)):
        raise PermissionDenied(str(_("This letter went to another organization.")))
    if invitation.tender.status != "published" or clock.now() >= invitation.tender.deadline:
        raise Refusal("late", _("The deadline has passed."))
    invitation.answer, invitation.answered_at = ("accepted" if accepts else "declined"), clock.now()
    invitation.save(update_fields=["answer", "answered_at"])
    return invitation


def recommended(tender):
    """Names and reasons that are published with the result: whoever was recommended in writing, drawn or not (B07, B10, B15)."""
    if not tender.by_invitation:
        return []
    rows = [{"name": row.organization.name, "by": row.get_how_display(), "reason": row.reason} for row in tender.invitations.exclude(how="drawn").select_related("organization")]
    pool = InvitationPool.objects.filter(tender=tender, source="recommended").first()
    return rows + [{"name": row["name"], "by": "采购人书面推荐（备选名单）", "reason": row["reason"]} for row in (pool.entries if pool else ())]
