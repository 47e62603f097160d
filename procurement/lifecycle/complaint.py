"""The life of a complaint 投诉 at the finance bureau (政府采购法 第55–58条；财政部令第94号 第三章).

待审查 filed: the challenger complains within fifteen working days after the answer period ended, on nothing but what it challenged;
the bureau checks it within five working days. 待补正 correcting: it asked once for what is missing; that time does not count.
不予受理 refused: told within three working days. 已受理 accepted: copies go to the parties within eight working days. 待答复 notified:
the purchaser replies within five. 审理中 examining: decided within thirty working days, appraisal not counted. The bureau may suspend
the purchase for at most thirty days. 待审签 drafted: one of the bureau wrote the decision, another signs it or sends it back. 已决定 decided:
announced; an upheld complaint orders what follows. 已撤诉 withdrawn.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail, workdays
from kernel.jobs import recurring
from kernel.lifecycle import Life, Refusal, Step, advance, open_holds, place_hold, release_hold
from kernel.notices import notify, register
from procurement.announcements import announce
from procurement.lifecycle import challenge as challenges
from procurement.models import Activity, Challenge, Complaint, Contract
from procurement.permissions_challenge import at_bureau, at_office, is_challenger

register("complaint_ask_correction", _("Complaint {number}: the finance bureau asks for what is missing."))
register("complaint_refuse", _("Complaint {number} is not taken up."))
register("complaint_notify", _("Complaint {number}: copies went to the parties; the purchaser replies until {due}."))
register("complaint_suspend", _("Complaint {number}: the purchase is suspended."))
register("complaint_decide", _("Complaint {number} is decided."))
RUNNING = ("accepted", "notified", "examining", "drafted")


def _unsuspended(complaint, actor):
    if complaint.suspended_on:
        return Refusal("suspended_once", _("The purchase was suspended already; it may not be suspended longer than the law allows."), article=rules.get("G07").article)
    return None


def _suspended(complaint, actor):
    if not held_subjects(complaint):
        return Refusal("not_suspended", _("Nothing is suspended now."))
    return None


def _no_appraisal(complaint, actor):
    if complaint.appraisal_on:
        return Refusal("appraising", _("An appraisal is running; its time does not count."), todo=_("Record its end first."))
    return None


def _appraising(complaint, actor):
    return None if complaint.appraisal_on else Refusal("no_appraisal", _("No appraisal is running."))


def _asked_once(complaint, actor):
    if complaint.correction_asked_on:
        return Refusal("asked_once", _("What is missing is asked for once, all together."), article="财政部令第94号 第21条", todo=_("Accept or refuse the complaint."))
    return None


ASK = Step("ask_correction", _("Ask for what is missing"), ("filed",), "correcting", at_bureau, _asked_once, tone="secondary", needs_reason=True, rules=("G06",), waits_for=_("finance bureau"))
CORRECT = Step("correct", _("Hand in what was missing"), ("correcting",), "filed", is_challenger, needs_reason=True, rules=("G06",), waits_for=_("complainant"))
REFUSE = Step(
    "refuse", _("Refuse to take it up"), ("filed", "correcting"), "refused", at_bureau, tone="danger", needs_reason=True, rules=("G06",),
    hint=_("The complainant is told in writing with the reason."),
)
ACCEPT = Step("accept", _("Take it up"), ("filed",), "accepted", at_bureau, rules=("G06",), waits_for=_("finance bureau"))
NOTIFY = Step("notify", _("Send copies to the parties"), ("accepted",), "notified", at_bureau, rules=("G06",), waits_for=_("finance bureau"))
REPLY = Step("reply", _("Reply to the complaint"), ("notified",), "examining", at_office("handler", "leader"), rules=("G06",), waits_for=_("purchaser"))
SUSPEND = Step(
    "suspend", _("Suspend the purchase"), RUNNING, None, at_bureau, _unsuspended, fits=lambda complaint: not complaint.suspended_on, tone="danger", needs_reason=True, rules=("G07",),
    hint=_("Signing and performance stop; the suspension ends by itself on the last day the law allows."),
)
LIFT = Step("lift", _("Lift the suspension"), RUNNING, None, at_bureau, _suspended, fits=lambda complaint: bool(complaint.suspended_on), tone="secondary", needs_reason=True, rules=("G07",))
APPRAISE = Step(
    "begin_appraisal", _("An appraisal begins"), RUNNING, None, at_bureau, _no_appraisal, fits=lambda complaint: not complaint.appraisal_on, tone="secondary", needs_reason=True,
    rules=("G07",), hint=_("Its time does not count."),
)
APPRAISED = Step("end_appraisal", _("The appraisal has ended"), RUNNING, None, at_bureau, _appraising, fits=lambda complaint: bool(complaint.appraisal_on), tone="secondary", rules=("G07",))
def _other_hand(complaint, actor):
    if actor.pk == complaint.drafted_by_id:
        return Refusal("second_person", _("Whoever wrote the decision does not sign it."), todo=_("Another person of the finance bureau signs it."))
    return None


def _signable(complaint, actor):
    return _no_appraisal(complaint, actor) or _other_hand(complaint, actor)


DRAFT = Step(
    "draft_decision", _("Write the decision"), ("notified", "examining"), "drafted", at_bureau, _no_appraisal, rules=("G07", "G08"), withdrawable=True,
    hint=_("Another person of the bureau signs it; only then is it published and sent."), waits_for=_("finance bureau"),
)
RETURN = Step("return_decision", _("Send the decision back"), ("drafted",), "examining", at_bureau, _other_hand, tone="danger", needs_reason=True)
DECIDE = Step(
    "decide", _("Sign the decision"), ("drafted",), "decided", at_bureau, _signable, tone="success", rules=("G07", "G08"),
    hint=_("The decision is published and sent to all parties."), waits_for=_("second person of the finance bureau"),
)
WITHDRAW = Step("withdraw", _("Withdraw the complaint"), ("filed", "correcting", *RUNNING), "withdrawn", is_challenger, tone="danger", needs_reason=True)

LIFE = Life(
    "complaint",
    Complaint,
    states={
        "filed": pgettext_lazy("complaint", "to be checked"), "correcting": pgettext_lazy("complaint", "to be completed"), "accepted": pgettext_lazy("complaint", "taken up"),
        "notified": pgettext_lazy("complaint", "parties notified"), "examining": pgettext_lazy("complaint", "being examined"),
        "drafted": pgettext_lazy("complaint", "decision to be signed"), "decided": pgettext_lazy("complaint", "decided"),
        "refused": pgettext_lazy("complaint", "not taken up"), "withdrawn": pgettext_lazy("complaint", "withdrawn"),
    },
    steps=(ASK, CORRECT, REFUSE, ACCEPT, NOTIFY, REPLY, SUSPEND, LIFT, APPRAISE, APPRAISED, DRAFT, RETURN, DECIDE, WITHDRAW),
    initial="filed",
    root=lambda complaint: complaint.challenge.tender,
)  # fmt: skip
LIFE.verb_labels = {"complain": _("complaint filed")}


def objection_to_complaining(challenge):
    """Why this challenge may not be taken to the finance bureau now, or None (政府采购法 第55条)."""
    article = rules.get("G05").article
    if challenge.complain_until is None:
        return Refusal("self_run", _("This purchase lies below the limit of the procurement law; there is no complaint to the finance bureau."), todo=_("Turn to the leader in charge of the street."))
    if challenge.status == "withdrawn":
        return Refusal("withdrawn", _("A challenge that was withdrawn cannot be complained about."), article=article)
    if challenge.status != "answered" and clock.today() <= challenge.answer_due_on:
        return Refusal("unanswered", _("The purchaser may still answer until {day}.").format(day=challenge.answer_due_on), article=article, todo=_("Wait for the answer or the end of its period."))
    if clock.today() > challenge.complain_until:
        return Refusal("late", _("The period for a complaint ended on {day}; a later one is not accepted.").format(day=challenge.complain_until), article=article)
    if Complaint.objects.filter(challenge=challenge).exists():
        return Refusal("once", _("About this challenge a complaint is on file already."), article=article)
    return None


@rules.carries("G05", "G06", "G07")
@transaction.atomic
def complain(challenge, *, actor, facts, request, legal_basis, within_challenge=False, attachments=()):
    """Complain to the finance bureau at the server's time. Raises Refusal: early, late, twice, beyond what was challenged (第20条); PermissionDenied for others than the challenger."""
    from django.core.exceptions import PermissionDenied

    challenge = Challenge._base_manager.select_for_update(of=("self",)).select_related("tender__purchaser__place", "organization").get(pk=challenge.pk)
    if not is_challenger(actor, challenge):
        raise PermissionDenied
    if refusal := objection_to_complaining(challenge):
        raise refusal
    if not within_challenge:
        raise Refusal("beyond", _("A complaint may not go beyond what was challenged."), article="财政部令第94号 第20条", todo=_("Challenge the new matter first, if its period still runs."), field="within_challenge")
    today = clock.today()
    row = Complaint.objects.create(
        status="filed", number=f"{challenge.number}-TS", challenge=challenge, facts=facts, request=request, legal_basis=legal_basis, filed_on=today,
        decide_due_on=workdays.deadline(today, "G07", "decide").date, created_by=actor,
    )  # fmt: skip
    trail.record(row, "complain", actor=actor, to_status="filed")
    for upload in attachments:
        files.attach(row, upload, "proof", actor=actor)
    return row


def due_after(start, rule, param, days_more=0):
    """A period of the law in working days, lengthened by days that do not count."""
    figure = rules.get(rule)
    return workdays.add_workdays(start, figure.days(param) + days_more, article=figure.article)


@rules.carries("G06")
def check_due(complaint):
    """The last day to check a complaint: five working days from its receipt, from the missing parts once they were asked for."""
    return workdays.deadline(complaint.corrected_on or complaint.filed_on, "G06", "check")


@rules.carries("G06", "G07")
def clocks(complaint):
    """The bureau's chain of steps: (what, from, due, done on, article), for the page and the reminders."""
    start = complaint.corrected_on or complaint.filed_on
    checked = check_due(complaint)
    rows = [(_("Check it"), start, checked, complaint.checked_on if complaint.status != "correcting" else complaint.correction_asked_on)]
    if complaint.status == "refused":
        rows.append((_("Tell the refusal"), complaint.checked_on, workdays.deadline(complaint.checked_on, "G06", "reject"), complaint.checked_on))
        return [(*row[:3], row[3], row[2].article) for row in rows]
    rows.append((_("Send copies to the parties"), start, workdays.deadline(start, "G06", "notify"), complaint.notified_on))
    if complaint.notified_on:
        rows.append((_("Reply of the purchaser"), complaint.notified_on, workdays.deadline(complaint.notified_on, "G06", "reply"), complaint.replied_on))
    if complaint.suspended_on:
        ended = None if complaint.suspended_until >= clock.today() and complaint.status in RUNNING else complaint.suspended_until
        rows.append((_("End of the suspension"), complaint.suspended_on, workdays.LegalDate(complaint.suspended_until, article=rules.get("G07").article), ended))
    rows.append((_("Decide"), complaint.filed_on, workdays.LegalDate(complaint.decide_due_on, article=rules.get("G07").article), complaint.decided_on))
    return [(*row, row[2].article) for row in rows]


@LIFE.verb(ASK)
@transaction.atomic
def ask_correction(complaint, *, actor, reason):
    """Say once, all together, what is missing (第21条)."""
    complaint = advance(complaint, ASK, actor=actor, reason=reason, changes={"correction_asked_on": clock.today()})
    _tell(complaint, ASK)
    return complaint


@LIFE.verb(CORRECT)
@rules.carries("G07")
@transaction.atomic
def correct(complaint, *, actor, reason, attachment=None):
    """The complainant completes it; the working days in between do not count towards the decision."""
    today = clock.today()
    uncounted = complaint.uncounted + workdays.workdays_between(complaint.correction_asked_on, today) if complaint.correction_asked_on else complaint.uncounted
    changes = {"corrected_on": today, "uncounted": uncounted, "decide_due_on": due_after(complaint.filed_on, "G07", "decide", uncounted).date}
    complaint = advance(complaint, CORRECT, actor=actor, reason=reason, changes=changes)
    if attachment:
        files.attach(complaint, attachment, "proof", actor=actor)
    return complaint


@LIFE.verb(REFUSE)
@rules.carries("G06")
@transaction.atomic
def refuse(complaint, *, actor, reason):
    """Not taken up; the complainant is told with the reason at once."""
    complaint = advance(complaint, REFUSE, actor=actor, reason=reason, changes={"checked_on": clock.today(), "decision": reason})
    _tell(complaint, REFUSE)
    return complaint


@LIFE.verb(ACCEPT)
@transaction.atomic
def accept(complaint, *, actor, reason=""):
    return advance(complaint, ACCEPT, actor=actor, reason=reason, changes={"checked_on": clock.today()})


@LIFE.verb(NOTIFY)
@rules.carries("G06")
@transaction.atomic
def notify_parties(complaint, *, actor, reason=""):
    """Copies go to the purchaser and the other suppliers concerned; the reply's clock starts."""
    today = clock.today()
    complaint = advance(complaint, NOTIFY, actor=actor, reason=reason, changes={"notified_on": today, "reply_due_on": workdays.deadline(today, "G06", "reply").date})
    _tell(complaint, NOTIFY)
    return complaint


@LIFE.verb(REPLY)
@transaction.atomic
def reply(complaint, *, actor, reply, attachment=None, reason=""):
    """What the purchaser says to it, with its evidence."""
    complaint = advance(complaint, REPLY, actor=actor, reason=reason, changes={"reply": reply, "replied_on": clock.today()})
    if attachment:
        files.attach(complaint, attachment, "proof", actor=actor)
    return complaint


def subjects_of(complaint):
    """What a suspension stops: the lots, the contracts signed from them and their coming activities."""
    lots = challenges.lots_of(complaint.challenge)
    contracts = list(Contract.objects.filter(lot__in=lots, status="performing"))
    activities = Activity.objects.filter(contract__in=contracts, status__in=("planned", "confirmed"))
    return [*lots, *contracts, *activities]


def held_subjects(complaint):
    """What this complaint holds now."""
    code = challenges.code_of(complaint)
    return [subject for subject in subjects_of(complaint) if any(hold.reason_code == code for hold in open_holds(subject))]


HELD_VERBS = {"lot": ["contract", "sign"], "contract": ["close", "replace_key_person"], "activity": ["confirm", "hold"]}


@LIFE.verb(SUSPEND)
@rules.carries("G04", "G07")
@transaction.atomic
def suspend(complaint, *, actor, reason):
    """Suspend signing and performance until the decision, at most thirty days (第28条)."""
    today = clock.today()
    until = workdays.add_days(today, rules.get("G07").days("suspension_max"), roll=False).date
    complaint = advance(complaint, SUSPEND, actor=actor, reason=reason, changes={"suspended_on": today, "suspended_until": until})
    for subject in subjects_of(complaint):
        verbs = HELD_VERBS[subject._meta.model_name]
        place_hold(subject, verbs=verbs, code=challenges.code_of(complaint), actor=actor, note=f"投诉 {complaint.number}", article="财政部令第94号 第28条")
    _tell(complaint, SUSPEND)
    return complaint


@LIFE.verb(LIFT)
@transaction.atomic
def lift(complaint, *, actor, reason):
    """End the suspension before its last day."""
    complaint = advance(complaint, LIFT, actor=actor, reason=reason, changes={"suspended_until": clock.today()})
    _free(complaint, actor=actor, reason=reason)
    return complaint


def _free(complaint, *, actor, reason):
    challenges.free(subjects_of(complaint), challenges.code_of(complaint), actor=actor, reason=reason)


@recurring("hourly")
@rules.carries("G07")
@transaction.atomic
def end_suspensions():
    """A suspension ends by itself after its last day, decided or not; the trail names who ordered it."""
    for row in Complaint.objects.filter(status__in=RUNNING, suspended_until__lt=clock.today()).select_related("challenge__tender"):
        for subject in held_subjects(row):
            for hold in open_holds(subject):
                if hold.reason_code == challenges.code_of(row):
                    release_hold(hold, actor=hold.placed_by, reason="暂停期限届满")


@LIFE.verb(APPRAISE)
@transaction.atomic
def begin_appraisal(complaint, *, actor, reason):
    """检验、检测、鉴定、专家评审: the clock of the decision stands still (第27条)."""
    return advance(complaint, APPRAISE, actor=actor, reason=reason, changes={"appraisal_on": clock.today()})


@LIFE.verb(APPRAISED)
@rules.carries("G07")
@transaction.atomic
def end_appraisal(complaint, *, actor, reason=""):
    """Its working days are added to the day of the decision."""
    start = complaint.appraisal_on or clock.today()
    uncounted = complaint.uncounted + workdays.workdays_between(start, clock.today())
    changes = {"appraisal_on": None, "uncounted": uncounted, "decide_due_on": due_after(complaint.filed_on, "G07", "decide", uncounted).date}
    return advance(complaint, APPRAISED, actor=actor, reason=reason, changes=changes)


@LIFE.verb(DRAFT)
@rules.carries("G07")
@transaction.atomic
def draft_decision(complaint, *, actor, outcome, decision, document, order="", reason=""):
    """One of the bureau writes the decision; an upheld complaint names what follows for each lot concerned. Nothing is told yet."""
    if outcome == "upheld" and not order and any(lot.status in ("evaluated", "awarded") for lot in challenges.lots_of(complaint.challenge)):
        raise Refusal("no_order", _("Say what is ordered for the result."), article="财政部令第94号 第32条", field="order")
    if outcome != "upheld" and order:
        raise Refusal("order", _("A complaint that is rejected orders nothing."), field="order")
    changes = {"outcome": outcome, "decision": decision, "document": document, "order": order, "drafted_by": actor}
    return advance(complaint, DRAFT, actor=actor, reason=reason, changes=changes, params={"outcome": outcome, "order": order})


@LIFE.verb(RETURN)
@transaction.atomic
def return_decision(complaint, *, actor, reason):
    """The second person wants another decision."""
    return advance(complaint, RETURN, actor=actor, reason=reason)


@LIFE.verb(DECIDE)
@rules.carries("G07", "G08")
@transaction.atomic
def decide(complaint, *, actor, reason=""):
    """The second signature: publish and send the decision; an upheld complaint orders what follows for each lot concerned."""
    from procurement.lifecycle import review_order

    changes = {"decided_on": clock.today(), "decided_by": actor}
    complaint = advance(complaint, DECIDE, actor=actor, reason=reason, changes=changes, params={"outcome": complaint.outcome, "order": complaint.order})
    _free(complaint, actor=actor, reason=complaint.number)
    if complaint.order:
        for lot in challenges.lots_of(complaint.challenge):
            review_order.order(complaint.challenge, lot, complaint.order, actor=actor, complaint=complaint)
    announce("complaint", complaint.challenge.tender, actor=actor, complaint=complaint, challenge=complaint.challenge)
    _tell(complaint, DECIDE)
    return complaint


@LIFE.verb(WITHDRAW)
@transaction.atomic
def withdraw(complaint, *, actor, reason):
    """The complainant gives it up; the procedure ends (第30条)."""
    complaint = advance(complaint, WITHDRAW, actor=actor, reason=reason)
    _free(complaint, actor=actor, reason=complaint.number)
    return complaint


@rules.carries("G08")
def unproved_of(organization, day=None):
    """How many complaints of an organization were found unproved in the twelve months up to a day."""
    day, rule = day or clock.today(), rules.get("G08")
    since = workdays.add_months(day, -rule.value("window"))
    return Complaint.objects.filter(challenge__organization=organization, outcome="unproved", decided_on__gt=since, decided_on__lte=day).count()


@rules.carries("G08")
def warnings_about(organization, day=None):
    """What the finance bureau has to consider about a complainant, as sentences; it decides itself, with a document."""
    rule, found = rules.get("G08"), []
    count = unproved_of(organization, day)
    if count >= rule.value("unproved"):
        found.append(_("{name} has {count} unproved complaints within {months} months: consider an entry in the record of bad conduct ({article}).").format(
            name=organization, count=count, months=rule.value("window"), article=rule.article))  # fmt: skip
    if Complaint.objects.filter(challenge__organization=organization, outcome="false", decided_on__gt=workdays.add_months(day or clock.today(), -rule.value("window"))).exists():
        found.append(_("{name} made facts up or used false evidence: the law bars it for {least} to {most} years; that needs a decision of its own ({article}).").format(
            name=organization, least=rule.value("ban_min"), most=rule.value("ban_max"), article=rule.article))  # fmt: skip
    return found


def _tell(complaint, step):
    """The complainant and the purchaser's handler hear of each step; the bureau's own desk shows the rest."""
    from procurement.lifecycle.award import people_acting_for

    params = {"number": complaint.number, "due": str(complaint.reply_due_on or "")}
    for person in (*people_acting_for(complaint.challenge.organization), complaint.challenge.tender.handler):
        notify(person, f"complaint-{complaint.pk}-{step.verb}-{complaint.uncounted}", f"complaint_{step.verb}", subject=complaint, url=complaint.get_absolute_url(), params=params)
