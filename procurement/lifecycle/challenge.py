"""The life of a challenge 质疑 (政府采购法 第52、53条；财政部令第94号).

已受理 filed: the supplier put all its grounds against one step of the purchase into one challenge, within seven working days; the
purchaser may not refuse to take it, and the signing is on hold (条例 第54条). 待审签 prepared: the handler has written the answer.
已答复 answered: the leader, another person, has signed it within seven working days; the challenger and the other suppliers of the
purchase are told. 已撤回 withdrawn: the challenger gave it up. An upheld challenge orders what follows (`lifecycle/review_order.py`).

Taken for statutory purchases, and for self-run ones whose street rule promises publication: what is announced to all may be
challenged by all, on the same days; the way to the finance bureau is open for statutory purchases alone.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, advance, open_holds, place_hold, release_hold
from kernel.notices import notify, register
from procurement import timetable
from procurement.models import Bid, Challenge, Tender
from procurement.permissions_challenge import CONCERNED_STATES, at_office, is_challenger

register("challenge_filed", _("A challenge to “{title}” has come in; the answer is due on {due}."))
register("challenge_answered", _("The challenge to “{title}” is answered."))


def _other_hand(challenge, actor):
    if actor.pk == challenge.prepared_by_id:
        return Refusal("second_person", _("Whoever prepared the answer does not sign it."), todo=_("Ask the leader in charge."))
    return None


PREPARE = Step(
    "prepare", _("Prepare the answer"), ("filed",), "prepared", at_office("handler"), rules=("G03",), withdrawable=True, waits_for=_("handler"),
    hint=_("The leader in charge signs it; then it goes to the challenger and the other suppliers concerned."),
)
RETURN = Step("return", _("Send the answer back"), ("prepared",), "filed", at_office("leader"), _other_hand, tone="danger", needs_reason=True)
APPROVE = Step(
    "approve", _("Sign the answer"), ("prepared",), "answered", at_office("leader"), _other_hand, tone="success", rules=("G03", "G04"),
    hint=_("The answer is sent at once; a challenge that is not upheld frees the signing."), waits_for=_("leader in charge"),
)
WITHDRAW = Step("withdraw", _("Withdraw the challenge"), ("filed", "prepared"), "withdrawn", is_challenger, tone="danger", needs_reason=True)

LIFE = Life(
    "challenge",
    Challenge,
    states={
        "filed": pgettext_lazy("challenge", "received, to be answered"), "prepared": pgettext_lazy("challenge", "answer to be signed"),
        "answered": pgettext_lazy("challenge", "answered"), "withdrawn": pgettext_lazy("challenge", "withdrawn"),
    },
    steps=(PREPARE, RETURN, APPROVE, WITHDRAW),
    initial="filed",
    root=lambda challenge: challenge.tender,
)  # fmt: skip
LIFE.verb_labels = {"file": _("challenge filed")}


@dataclass(frozen=True)
class Window:
    """One step of a purchase that may be challenged: its key, the day the period starts, the last day, the article."""

    kind: str
    stage: str
    start: object
    until: object
    article: str

    @property
    def over(self):
        return clock.today() > self.until


def challengeable(tender):
    """Whether challenges to this purchase are taken at all."""
    return tender.status not in ("draft", "cancelled") and (tender.is_statutory or bool(tender.frozen.get("profile", {}).get("publish")))


def _figure(tender, start, rule, param):
    """The day a period of the law ends for this purchase; a self-run one that publishes takes the same days."""
    return timetable.due(tender, start, rule, param) or workdays.deadline(start, rule, param)


@rules.carries("G02")
def windows(tender):
    """Every step that may or could be challenged, earliest first (条例 第53条): documents from the end of the notice period, a step of the
    process from the day it ended, the result from the end of its notice period."""
    if not challengeable(tender):
        return []
    starts = []
    if tender.notice_until:
        starts.append(("documents", "documents", tender.notice_until))
    if tender.opened_at:
        starts.append(("process", "opening", tender.opened_at.astimezone(clock.ZONE).date()))
    if tender.report_received_on:
        starts.append(("process", "evaluation", tender.report_received_on))
    notices = list(tender.announcements.filter(kind="result").order_by("published_at", "pk")) if tender.status == "awarded" else []
    if notices:  # each announced result is a step of its own
        starts.append(("result", f"result-{len(notices)}", notices[-1].until or notices[-1].published_at.astimezone(clock.ZONE).date()))
    found = []
    for kind, stage, start in starts:
        due = _figure(tender, start, "G02", "challenge")
        found.append(Window(kind, stage, start, due.date, due.article))
    return found


def took_part(organization, tender):
    """Whether the organization's response was opened in this purchase."""
    return Bid.objects.filter(lot__tender=tender, organization=organization, status__in=CONCERNED_STATES).exists()


def objection_to_filing(tender, organization, kind, step=""):
    """Why this organization may not challenge this step now, or None."""
    if not challengeable(tender):
        return Refusal("not_challengeable", _("This purchase is not announced to the public and takes no challenges."), todo=_("Ask the handler named in it."))
    if organization.status != "verified":
        return Refusal("not_verified", _("Only a verified organization may challenge."), article=rules.get("G02").article)
    window = next((row for row in reversed(windows(tender)) if row.kind == kind and (kind != "process" or row.stage == step)), None)
    if window is None:
        return Refusal("too_early", _("This step of the purchase has not ended yet."), article=rules.get("G02").article, todo=_("Come back when it has ended."), field="kind")
    if kind != "documents" and not took_part(organization, tender):
        return Refusal("not_part", _("Only a supplier that took part may challenge this step."), article=rules.get("G02").article)
    if window.over:
        return Refusal("late", _("The period for this challenge ended on {day}; a later one is not accepted.").format(day=window.until), article=window.article, field="kind")
    if Challenge.objects.filter(organization=organization, tender=tender, stage=window.stage).exclude(status="withdrawn").exists():
        return Refusal(
            "once", _("All grounds against one step of a purchase are put forward at once; yours are already on file."), article="财政部令第94号 第10条",
            todo=_("Withdraw the first challenge within the period if you must change it."), field="kind",
        )
    return None


@rules.carries("G02", "G03", "G04", "G05")
@transaction.atomic
def file(tender, organization, *, actor, kind, facts, request, legal_basis, step="", lot=None, attachments=()):
    """Take a challenge at the server's time: the answer's clock starts, the signing of the lots concerned is on hold. Returns the Challenge.

    Raises Refusal: late, twice, not part of it. PermissionDenied for people who do not act for the organization.
    """
    from django.core.exceptions import PermissionDenied

    from providers.permissions import is_member

    if not is_member(actor, organization):
        raise PermissionDenied
    tender = Tender._base_manager.select_for_update(of=("self",)).select_related("purchaser__place", "profile", "handler").get(pk=tender.pk)
    if refusal := objection_to_filing(tender, organization, kind, step):
        raise refusal
    if lot is not None and lot.tender_id != tender.pk:
        raise Refusal("other_lot", _("This lot belongs to another purchase."), field="lot")
    window = next(row for row in reversed(windows(tender)) if row.kind == kind and (kind != "process" or row.stage == step))
    today = clock.today()
    answer = _figure(tender, today, "G03", "answer").date
    complain = timetable.due(tender, answer, "G05", "complain")
    serial = Challenge.objects.filter(tender=tender).count() + 1
    row = Challenge.objects.create(
        status="filed", number=f"{tender.number}-ZY{serial}", tender=tender, lot=lot, organization=organization, kind=kind, stage=window.stage, facts=facts,
        request=request, legal_basis=legal_basis, filed_on=today, window_from=window.start, window_until=window.until, answer_due_on=answer,
        complain_until=complain.date if complain else None, created_by=actor,
    )  # fmt: skip
    trail.record(row, "file", actor=actor, to_status="filed", params={"kind": kind, "stage": window.stage, "until": window.until})
    for upload in attachments:
        files.attach(row, upload, "proof", actor=actor)
    hold_lots(lots_of(row), code_of(row), note=f"质疑 {row.number}", actor=actor)
    for person in {tender.handler_id: tender.handler}.values():
        notify(person, f"challenge-{row.pk}", "challenge_filed", subject=row, url=row.get_absolute_url(), params={"title": tender.title, "due": answer.isoformat()})
    return row


def lots_of(challenge):
    """The lots whose signing the matter concerns."""
    rows = challenge.tender.lots.select_related("tender").exclude(status="failed")
    return list(rows.filter(pk=challenge.lot_id) if challenge.lot_id else rows)


def code_of(row):
    """The reason code of the holds of one challenge, complaint or order."""
    return f"{row._meta.model_name}-{row.pk}"


@rules.carries("G04")
def hold_lots(lots, code, *, note, actor):
    """Contracts of these lots may not be signed until the matter is decided (条例 第54条)."""
    for lot in lots:
        if lot.status != "contracted":
            place_hold(lot, verbs=["contract", "sign"], code=code, actor=actor, note=note, article=rules.get("G04").article)


def free(subjects, code, *, actor, reason):
    """Lift the holds a matter placed."""
    for subject in subjects:
        for hold in open_holds(subject):
            if hold.reason_code == code:
                release_hold(hold, actor=actor, reason=reason)


@LIFE.verb(PREPARE)
@rules.carries("G03")
@transaction.atomic
def prepare(challenge, *, actor, outcome, answer, consequence="none", reason=""):
    """Write the answer. An upheld challenge says what follows; one that is not upheld leaves the result as it is."""
    if outcome == "upheld" and consequence == "none" and challenge.kind == "result":
        raise Refusal("no_consequence", _("Say what follows for the result."), field="consequence")
    if outcome == "rejected" and consequence != "none":
        raise Refusal("consequence", _("A challenge that is not upheld changes nothing."), field="consequence")
    changes = {"outcome": outcome, "answer": answer, "consequence": consequence, "prepared_by": actor}
    return advance(challenge, PREPARE, actor=actor, reason=reason, changes=changes, params={"outcome": outcome, "consequence": consequence})


@LIFE.verb(RETURN)
@transaction.atomic
def send_back(challenge, *, actor, reason):
    """The leader wants another answer."""
    return advance(challenge, RETURN, actor=actor, reason=reason)


@LIFE.verb(APPROVE)
@rules.carries("G03", "G04")
@transaction.atomic
def approve(challenge, *, actor, reason=""):
    """Sign and send the answer; free the signing, or order what follows and keep it on hold until that is done."""
    from procurement.lifecycle import review_order

    challenge = advance(challenge, APPROVE, actor=actor, reason=reason, changes={"approved_by": actor, "answered_on": clock.today()})
    lots = lots_of(challenge)
    if challenge.consequence in dict(Challenge._meta.get_field("consequence").choices) and challenge.consequence not in ("none", "documents"):
        for lot in lots:
            review_order.order(challenge, lot, challenge.consequence, actor=actor)
    free(lots, code_of(challenge), actor=actor, reason=challenge.number)
    _tell(challenge)
    return challenge


@LIFE.verb(WITHDRAW)
@transaction.atomic
def withdraw(challenge, *, actor, reason):
    """The challenger gives it up; the signing is free."""
    challenge = advance(challenge, WITHDRAW, actor=actor, reason=reason)
    free(lots_of(challenge), code_of(challenge), actor=actor, reason=challenge.number)
    return challenge


def concerned(challenge):
    """The organizations that are told the answer: the challenger and, after the opening, every supplier of the purchase."""
    from providers.models import Organization

    others = Bid.objects.filter(lot__tender=challenge.tender_id, status__in=CONCERNED_STATES).exclude(organization=None).order_by().values("organization")
    return Organization.objects.filter(pk__in=others) | Organization.objects.filter(pk=challenge.organization_id)


def _tell(challenge):
    from procurement.lifecycle.award import people_acting_for

    for organization in concerned(challenge).distinct():
        for person in people_acting_for(organization):
            params = {"title": challenge.tender.title}
            notify(person, f"challenge-{challenge.pk}-answered", "challenge_answered", subject=challenge, url=challenge.get_absolute_url(), params=params)
