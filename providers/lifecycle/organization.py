"""Organization 承接主体: registers itself, is verified by a street, is trusted until something speaks against it.

draft (registered by its own manager, licence uploaded) → submit → submitted → the street verifies → verified, or sends back with reasons → draft.
A verified organization may be suspended, with a reason, and reinstated. Debarment and listings (H05, H07) are dated facts beside the life:
`objection_to_provider` says what speaks against dealing with it at a moment of a purchase.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.pinyin import sort_key
from providers.identity import card, check_code, check_identity, code_warning
from providers.kinds import WITHOUT_CODE
from providers.models import Exclusion, Organization, OrganizationMember, OrganizationName
from providers.permissions import VERIFIERS, forget_member_rows, is_member, manages, of_area, organizations_of

__all__ = ["account_of", "code_warning", "is_member", "objection_to_provider", "organizations_of", "register", "warning_for"]


def incomplete(organization, actor):
    """What is missing before a street can look at it: code or identity, supporter, licence."""
    if organization.kind == "person":
        if not organization.id_number:
            return Refusal("id_missing", _("The identity card number is missing."), todo=_("Edit the registration."))
    elif organization.kind == "community_group":
        if organization.supporter is None or organization.supporter.status != "verified":
            return Refusal(
                "supporter", _("A community group acts through a verified supporting organization, and none is named."), todo=_("Edit the registration.")
            )
    elif not organization.credit_code:
        return Refusal("code_missing", _("The unified social credit code is missing."), todo=_("Edit the registration."))
    if not files.of(organization, role="licence"):
        return Refusal("licence_missing", _("The licence is not uploaded yet."), todo=_("Upload a scan or photo of it."))
    return None


def conflicted(organization, actor):
    """Nobody verifies an organization they belong to."""
    if is_member(actor, organization):
        return Refusal("own", _("You belong to this organization."), article="政府采购法实施条例 第9条", todo=_("A colleague must decide."))
    return None


def unfit(organization, actor):
    return conflicted(organization, actor) or incomplete(organization, actor)


SUBMIT = Step(
    "submit",
    _("Submit for verification"),
    ("draft",),
    "submitted",
    manages,
    incomplete,
    withdrawable=True,
    waits_for=_("the organization itself"),
    hint=_("The street checks the code and the licence."),
)
VERIFY = Step(
    "verify",
    _("Verify"),
    ("submitted",),
    "verified",
    of_area(*VERIFIERS),
    unfit,
    tone="success",
    waits_for=_("the street"),
    hint=_("From now on it can respond to purchases."),
)
SEND_BACK = Step(
    "send_back",
    _("Send back"),
    ("submitted",),
    "draft",
    of_area(*VERIFIERS),
    conflicted,
    tone="warning",
    needs_reason=True,
    hint=_("It reads your reasons and submits again."),
)
SUSPEND = Step(
    "suspend",
    _("Suspend"),
    ("verified",),
    "suspended",
    of_area("section", "supervisor", "department"),
    conflicted,
    tone="danger",
    needs_reason=True,
    hint=_("It can no longer bid, win or sign; running contracts go on."),
)
REINSTATE = Step("reinstate", _("Reinstate"), ("suspended",), "verified", of_area("section", "supervisor", "department"), conflicted, needs_reason=True)

LIFE = Life(
    "organization",
    Organization,
    states={"draft": _("being registered"), "submitted": _("waiting for verification"), "verified": _("verified"), "suspended": _("suspended")},
    steps=(SUBMIT, VERIFY, SEND_BACK, SUSPEND, REINSTATE),
)
LIFE.verb_labels = {
    "register": _("registered"),
    "edit": pgettext_lazy("organization", "edited"),
    "rename": _("renamed"),
    "grade": _("grade entered"),
    "exclude": _("exclusion entered"),
    "lift_exclusion": _("exclusion ended"),
    "attach": _("file uploaded"),
}


def checked(fields, organization=None):
    """Clean what was entered. Raises Refusal beside its field."""
    kind, supporter = fields["kind"], fields.get("supporter")
    fields["credit_code"] = check_code(kind, fields.get("credit_code"), organization=organization)
    fields["id_number"] = check_identity(kind, fields.get("id_number"), organization=organization)
    if kind == "community_group":
        if supporter is not None and (supporter.status != "verified" or supporter.kind in WITHOUT_CODE):
            raise Refusal("supporter", _("The supporting organization must be verified and have legal personality."), field="supporter")
    else:
        fields["supporter"] = None
    return fields


@transaction.atomic
def register(*, user, licence=None, **fields):
    """Register an organization with `user` as its manager. Fields: kind, name, credit_code or id_number or supporter, place, legal_representative,
    address, founded_on, business_scope, fields_of_work, size, is_auditor, contact_name, contact_phone, representative_id. `licence`: a file or (name, bytes).
    Returns the draft Organization. Raises Refusal."""
    fields = checked({**fields, "representative_id": card(fields.get("representative_id"), "representative_id")})
    name = fields["name"].strip()
    try:
        with transaction.atomic():
            organization = Organization.objects.create(created_by=user, sort_key=sort_key(name, 160), **{**fields, "name": name})
    except IntegrityError as error:  # somebody registered the same code a moment ago
        raise Refusal(
            "code_taken", _("An organization with this code is registered already."), todo=_("Ask its manager to invite you."), field="credit_code"
        ) from error
    OrganizationName.objects.create(organization=organization, name=name, valid_from=clock.today())
    OrganizationMember.objects.create(organization=organization, user=user, role="manager")
    forget_member_rows(user)
    trail.record(organization, "register", actor=user, to_status="draft", params={"kind": organization.kind})
    if licence is not None:
        files.attach(organization, licence, "licence", actor=user)
    return organization


@transaction.atomic
def edit(organization, *, actor, licence=None, **fields):
    """Change a registration before it is submitted; contact, address and fields of work may change later too. Raises Refusal."""
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    free = {"address", "contact_name", "contact_phone", "fields_of_work", "business_scope", "size", "licence_until", "controllers", "representative_id"}
    if "representative_id" in fields:
        fields["representative_id"] = card(fields["representative_id"], "representative_id")
    if organization.status != "draft":
        fields = {name: value for name, value in fields.items() if name in free}
    else:
        fields = checked(
            {
                "kind": organization.kind,
                "credit_code": organization.credit_code,
                "id_number": organization.id_number,
                "supporter": organization.supporter,
                **fields,
            },
            organization,
        )
    changed = sorted(name for name, value in fields.items() if getattr(organization, name) != value)
    for name in changed:
        setattr(organization, name, fields[name])
    if "name" in changed:
        organization.sort_key = sort_key(organization.name, 160)
        OrganizationName.objects.filter(organization=organization, valid_to=None).update(name=organization.name)
    organization.save(update_fields=[*changed, "sort_key"])
    trail.record(organization, "edit", actor=actor, params={"fields": changed})
    if licence is not None:
        files.attach(organization, licence, "licence", actor=actor)
    return organization


@LIFE.verb(SUBMIT)
@transaction.atomic
def submit(organization, *, actor):
    """The organization asks to be verified."""
    return advance(organization, SUBMIT, actor=actor)


@LIFE.verb(VERIFY)
@transaction.atomic
def verify(organization, *, actor, happened_on=None, reason=""):
    """The street has compared code, name and licence."""
    return advance(organization, VERIFY, actor=actor, happened_on=happened_on, reason=reason, changes={"verified_by": actor, "verified_at": clock.now()})


@LIFE.verb(SEND_BACK)
@transaction.atomic
def send_back(organization, *, actor, reason=""):
    """Back to the organization, with reasons it reads."""
    return advance(organization, SEND_BACK, actor=actor, reason=reason)


@LIFE.verb(SUSPEND)
@transaction.atomic
def suspend(organization, *, actor, happened_on=None, reason=""):
    """No new business until reinstated."""
    return advance(organization, SUSPEND, actor=actor, happened_on=happened_on, reason=reason)


@LIFE.verb(REINSTATE)
@transaction.atomic
def reinstate(organization, *, actor, happened_on=None, reason=""):
    """Trusted again."""
    return advance(organization, REINSTATE, actor=actor, happened_on=happened_on, reason=reason)


def exclusions_on(organization, day=None):
    """Debarments and listings in force on a day, of the organization and of the one a community group acts through."""
    day = day or clock.today()
    if "exclusions" in getattr(organization, "_prefetched_objects_cache", {}):  # a page read them already
        known = [*organization.exclusions.all(), *(organization.supporter.exclusions.all() if organization.supporter_id else ())]
        return [row for row in known if row.starts_on <= day and not (row.ends_on and row.ends_on < day)]
    ids = [organization.pk, *([organization.supporter_id] if organization.supporter_id else [])]
    return list(Exclusion.objects.filter(organization__in=ids, starts_on__lte=day).exclude(ends_on__lt=day))


@rules.carries("H05", "H07")
def objection_to_provider(organization, moment, *, scope=None):
    """What speaks against dealing with a provider at `moment` ("bid", "award", "contract", "payment"): a Refusal or None.

    Never at payment: accepted work is paid, `warning_for` says what to know (practice 7). H07 binds statutory purchases; give
    `scope="self_run"` for those below the limit.
    """
    if moment == "payment":
        return None
    if organization.status != "verified":
        return Refusal(
            "not_verified",
            _("{name} is “{state}”, not verified.").format(name=organization.name, state=organization.status_label),
            todo=_("The street verifies it on the organization's page."),
        )
    if organization.supporter_id and organization.supporter.status != "verified":
        return Refusal("supporter", _("{name}, through which this community group acts, is not verified.").format(name=organization.supporter.name))
    scopes = {"scope": scope} if scope else {}
    for row in exclusions_on(organization):
        rule_id = {"debarred": "H05", "untrustworthy": "H07"}.get(row.kind)
        rule = rule_id and rules.find(rule_id, on=clock.today(), **scopes)
        if rule:
            return Refusal(rule_id, told(row), article=rule.article, todo=_("Choose another provider; it may take part again after that."))
    return None


def told(row):
    """An exclusion as a sentence."""
    if row.ends_on:
        return _("{name} is {kind} from {start} to {end} (document {document}).").format(
            name=row.organization.name, kind=row.get_kind_display(), start=row.starts_on, end=row.ends_on, document=row.document
        )
    return _("{name} is {kind} since {start} (document {document}).").format(
        name=row.organization.name, kind=row.get_kind_display(), start=row.starts_on, document=row.document
    )


def warning_for(organization):
    """What to know before paying, or dealing with an abnormal listing: a sentence or ''."""
    sentences = [str(told(row)) for row in exclusions_on(organization)]
    if organization.status == "suspended":
        sentences.append(str(_("{name} is suspended.").format(name=organization.name)))
    return " ".join(sentences)


def account_of(organization):
    """The confirmed account money goes to now, or None. A community group is paid through its supporting organization."""
    holder = organization.supporter if organization.kind == "community_group" and organization.supporter_id else organization
    return holder.accounts.current().first()
