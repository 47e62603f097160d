"""A08 审查 (财库〔2021〕22号 第23、25、32、33条): of a statutory purchase that needs a survey the legal adviser reviews the contract text, and people
of procurement, finance, business and supervision review needs and plan. Whoever wrote the needs reviews neither. A review covers the text
it saw: a changed text is reviewed again.
"""

import hashlib
import json

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, rules, trail
from kernel.lifecycle import Refusal
from kernel.rules import carries
from procurement.lifecycle import survey
from procurement.lifecycle.gates import drafters
from procurement.models import DocumentReview, ReviewPart, Tender

NEEDED = {"legal": ("legal",), "key": ("procurement", "finance", "business", "supervision")}
ROLES = {
    "legal": ("legal",), "procurement": ("handler", "committee", "leader"), "finance": ("accountant", "fund_owner", "cashier"), "business": ("section", "department"),
    "supervision": ("supervisor", "observer"),
}  # fmt: skip


def terms_text(tender):
    """The rules of judging as one text: a review has read them too."""
    from procurement.lifecycle.evaluation_terms import FIELDS, terms_of

    terms = terms_of(tender)
    return "|".join(f"{name}={value.normalize():f}" if hasattr(value, "normalize") else f"{name}={value}" for name in FIELDS if (value := getattr(terms, name)) not in (None, ""))


def digest_of(tender, kind, items=None):
    """What a review of this kind has read: the contract text, or needs, conditions and scoring as well."""
    content = [tender.contract_terms, str(tender.ceiling)]
    content += [f"{key}|{text}" for key, text in sorted(tender.document_texts.items()) if kind == "key" or key == "contract"]
    if kind == "key":
        rows = tender.score_items.all() if items is None else items
        content += [tender.method, tender.requirements, tender.qualification, *(f"{row.name}|{row.standard}|{row.points:.2f}|{row.scale}" for row in rows), terms_text(tender)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def asked_of(tender, projects):
    """Whether this purchase needs the reviews: statutory, and of a project that needs a survey."""
    return tender.is_statutory and "A08" in rules.snapshot(["A08"], scope="statutory")["rules"] and any(survey.needed(project) for project in projects)


def authors(tender, projects):
    """Ids of everybody who wrote the needs or the documents."""
    rows = trail.rows_of(tender)
    found = {pk for row in rows if row.verb in ("create", "edit", "edit_documents") for pk in (row.actor_id, row.on_behalf_of_id) if pk} | ({tender.created_by_id} - {None})
    for project in projects:
        found |= drafters(project)
    return found


@carries("A08")
def objection(tender, projects, items=None):
    """Why the reviews keep this purchase from being published, or None."""
    if not asked_of(tender, projects):
        return None
    rows, article = list(tender.reviews.all()), rules.get("A08").article
    sentences = {
        "legal": (_("The legal adviser has not reviewed the contract text."), _("The contract text changed since the legal adviser reviewed it.")),
        "key": (_("The key review of needs and plan is not recorded."), _("Needs or scoring changed since the key review.")),
    }
    for kind, (absent, outdated) in sentences.items():
        last = next((row for row in reversed(rows) if row.kind == kind), None)
        if last is None:
            return Refusal(f"review_{kind}", absent, article=article, todo=_("Record it under “Reviews”."))
        if last.digest != digest_of(tender, kind, items):
            return Refusal(f"review_{kind}", outdated, article=article, todo=_("Have it reviewed again."))
        if not last.agreed:
            return Refusal(f"review_{kind}", _("The last review does not agree: {opinion}").format(opinion=last.opinion[:120]), article=article, todo=_("Change the documents and have them reviewed again."))
    return None


@carries("A08")
@transaction.atomic
def record_review(tender, *, actor, kind, parts, opinion, reviewed_on, file, agreed=True, risks="", outside=None):
    """Record a review and its signed opinion. `parts`: part → user; `outside` {"name", "licence", "firm"}: the lawyer from outside who gave the
    legal review in writing, where the purchaser has none. Raises Refusal: author (wrote the needs), role, part_missing, twice, risks, licence."""
    from procurement import drafting

    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if tender.status != "draft":
        raise Refusal("published", _("This purchase is published; reviews come before."))
    projects = [lot.project for lot in tender.lots.select_related("project")]
    article = rules.get("A08").article
    outside = _outside(outside, kind, tender, projects)
    for part in NEEDED[kind]:
        if not parts.get(part) and not outside:
            raise Refusal("part_missing", _("Somebody of each side takes part."), article=article, field=f"part_{part}")
    if not outside and len({user.pk for user in parts.values() if user}) < len(NEEDED[kind]):
        raise Refusal("twice", _("One person stands for one side only."), article=article, field=f"part_{NEEDED[kind][-1]}")
    wrote = authors(tender, projects)
    for part in () if outside else NEEDED[kind]:
        user = parts[part]
        if user.pk in wrote:
            raise Refusal("author", _("{name} wrote the needs or the documents and may not review them.").format(name=user), article=article, todo=_("Name somebody else."), field=f"part_{part}")
        if user.pk not in {person.pk for person in people_for(part, tender)}:
            raise Refusal("role", _("{name} does not belong to this side.").format(name=user), field=f"part_{part}")
    if kind == "key" and not risks.strip():
        raise Refusal("risks", _("Name the risks and how they are met."), article=article, field="risks")
    if reviewed_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="reviewed_on")
    kept = files.attach(tender, file, f"review_{kind}", actor=actor)
    row = DocumentReview.objects.create(
        tender=tender, kind=kind, agreed=agreed, opinion=opinion, risks=risks, reviewed_on=reviewed_on, digest=digest_of(tender, kind), file=kept, recorded_by=actor
    )
    if outside:
        ReviewPart.objects.create(review=row, part="legal", outside_name=outside["name"], outside_licence=outside["licence"], outside_firm=outside["firm"])
    else:
        ReviewPart.objects.bulk_create(ReviewPart(review=row, user=parts[part], part=part) for part in NEEDED[kind])
    trail.record(tender, "review", actor=actor, happened_on=reviewed_on, params={"review": row.pk, "kind": kind, "agreed": agreed})
    return row


def _outside(given, kind, tender, projects):
    """The outside lawyer's facts, checked, or None. Whoever wrote the needs is no adviser on them, in the house or out of it."""
    from kernel.models import User

    facts = {key: str((given or {}).get(key, "")).strip() for key in ("name", "licence", "firm")}
    if kind != "legal" or not facts["name"]:
        return None
    article = rules.get("A08").article
    if not facts["licence"] or not facts["firm"]:
        raise Refusal("licence", _("Name the lawyer's firm and licence number."), article=article, field="outside_licence")
    if User.objects.filter(pk__in=authors(tender, projects), name=facts["name"]).exists():
        raise Refusal("author", _("{name} wrote the needs or the documents and may not review them.").format(name=facts["name"]), article=article, todo=_("Name somebody else."), field="outside_name")
    return facts


def people_for(part, tender):
    """People of the purchaser who may stand for a side."""
    from communities.permissions import people

    return people(*ROLES[part], purchaser=tender.purchaser_id)


def told(tender):
    """The reviews of a purchase for its page, oldest first, each with `sides`: its parts with the people. One query."""
    if (known := getattr(tender, "_prefetched_objects_cache", {}).get("reviews")) is not None:
        return list(known)
    found = {}
    for part in ReviewPart.objects.filter(review__tender=tender).select_related("review__file", "user").order_by("review", "pk"):
        row = found.setdefault(part.review_id, part.review)
        row.sides = [*getattr(row, "sides", ()), part]
    return list(found.values())
