"""What challenges and complaints tell the shell: forms, navigation, desk, panels, deadlines, who reads their files."""

import datetime
from functools import cache

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, people, place_paths, purchaser_ids
from kernel import clock, files, registry, rules, workdays
from kernel.lifecycle import principals_of
from kernel.registry import Brief, NavItem, Panel, Reminder, Task, Waiting
from procurement.forms import challenge as forms
from procurement.lifecycle import challenge, complaint, review_order
from procurement.models import Challenge, Complaint, ReviewOrder
from procurement.permissions import organization_ids
from procurement.permissions_challenge import READERS

challenge.LIFE.form(challenge.PREPARE, forms.PrepareForm)
review_order.LIFE.form(review_order.ANSWER, forms.ReviewAnswerForm)
complaint.LIFE.form(complaint.CORRECT, forms.CorrectForm)
complaint.LIFE.form(complaint.REPLY, forms.ReplyForm)
complaint.LIFE.form(complaint.DRAFT, forms.DecideForm)


def _reads_evidence(user, attachment):
    from procurement.views.challenges import in_full

    row = Challenge.objects.visible_to(user).filter(pk=attachment.subject_id).select_related("tender__purchaser__place").first()
    return row is not None and in_full(user, row)


files.register_access(Challenge, _reads_evidence)
files.register_access(Complaint, files.by_sight(Complaint))
registry.nav(
    NavItem("buying", _("Challenges"), "challenge_list", may=lambda user: has_role(user, *READERS, "finance") or bool(organization_ids(user)), order=46),
    NavItem("buying", _("Complaints"), "complaint_list", may=lambda user: has_role(user, *READERS, "finance") or bool(organization_ids(user)), order=47),
)


@registry.desk
def desk(user):
    """Answers to prepare and to sign, orders to carry out, the bureau's steps, what a complainant must complete."""
    if memberships_of(user):
        yield from _office_tasks(user)
        yield from _bureau_tasks(user)
    if own := organization_ids(user):
        rows = Complaint.objects.filter(status="correcting", challenge__organization__in=own)
        yield Waiting(rows, lambda row: Task("complaint", row.number, complaint.CORRECT.label, row.get_absolute_url(), clock.midnight(row.correction_asked_on)))


def _office_tasks(user):
    handled, led = purchaser_ids(user, "handler"), purchaser_ids(user, "leader")
    if not (handled or led):
        return
    actions = {"filed": challenge.PREPARE.label, "prepared": challenge.APPROVE.label}
    wanted = Q(status="filed", tender__purchaser__in=handled) | Q(status="prepared", tender__purchaser__in=led) & ~Q(prepared_by=user)
    yield Waiting(
        Challenge.objects.filter(wanted).select_related("tender"),
        lambda row: Task("challenge", row.tender.title, actions[row.status], row.get_absolute_url(), clock.midnight(row.filed_on), row.answer_due_on),
    )
    orders = ReviewOrder.objects.filter(lot__tender__purchaser__in=led).filter(Q(status="answered") | Q(status="open") & ~Q(kind="reevaluate") | Q(status="reopened", lot__status__in=("evaluated", "awarded"))).select_related("lot")
    yield Waiting(orders, lambda row: Task("challenge", row.lot.title, row.get_kind_display(), row.get_absolute_url(), row.created_at))
    anew = ReviewOrder.objects.filter(lot__tender__purchaser__in=handled, status="open", kind="reevaluate")
    again = _("Have it evaluated anew: by the panel, or by a newly drawn one")
    yield Brief.of(anew, ("challenge_id", "lot__title", "created_at"), lambda row: Task("challenge", row["lot__title"], again, reverse("challenge_detail", args=[row["challenge_id"]]), row["created_at"], detail=row["more"]))
    asked = Complaint.objects.filter(status="notified", challenge__tender__purchaser__in=handled | led)
    yield Waiting(asked, lambda row: Task("complaint", row.number, complaint.REPLY.label, row.get_absolute_url(), clock.midnight(row.notified_on), row.reply_due_on))


def _bureau_tasks(user):
    paths = place_paths(user, "finance")
    if not paths:
        return
    here = Q(pk__in=[])
    for path in paths:
        here |= Q(challenge__tender__purchaser__place__path__startswith=path)
    actions = {"filed": _("Check the complaint"), "accepted": complaint.NOTIFY.label, "notified": complaint.DRAFT.label, "examining": complaint.DRAFT.label, "drafted": complaint.DECIDE.label}

    def step(row):
        if row.status == "drafted" and row.drafted_by_id == user.pk:
            return None
        start = row.corrected_on or row.filed_on
        due = {"filed": complaint.check_due(row).date, "accepted": workdays.deadline(start, "G06", "notify").date}.get(row.status, row.decide_due_on)
        return Task("complaint", row.number, actions[row.status], row.get_absolute_url(), clock.midnight(start), due)

    def conduct(row):
        if complaint.warnings_about(row.challenge.organization):
            return Task("complaint", row.challenge.organization.name, _("Consider an entry in the record of bad conduct"), row.get_absolute_url(), clock.midnight(row.decided_on))
        return None

    yield Waiting(Complaint.objects.filter(here, status__in=actions), step)
    since = workdays.add_months(clock.today(), -rules.get("G08").value("window"))
    yield Waiting(last_rejected(since).filter(here).select_related("challenge__organization"), conduct)


def last_rejected(since):
    """The last unproved or false complaint of each organization since a day, unless the organization was excluded afterwards."""
    from django.db.models import Exists, OuterRef

    from providers.models import Exclusion

    bad = ("unproved", "false")
    later = Complaint.objects.filter(outcome__in=bad, challenge__organization=OuterRef("challenge__organization"), pk__gt=OuterRef("pk"))
    acted = Exclusion.objects.filter(organization=OuterRef("challenge__organization"), starts_on__gte=OuterRef("decided_on"))
    return Complaint.objects.filter(~Exists(later), ~Exists(acted), outcome__in=bad, decided_on__gt=since)


def tender_panel(tender, user):
    """On the purchase's page: its challenges for those who may see them, and the way to file one for a supplier."""
    supplier = bool(organization_ids(user)) and challenge.challengeable(tender)
    if tender.status in ("draft", "cancelled") or not (supplier or memberships_of(user) or principals_of(user)[1:]):
        return None
    rows = list(Challenge.objects.visible_to(user).filter(tender=tender).exclude(status="withdrawn"))
    if not rows and not supplier:
        return None
    return Panel(_("Challenges"), "procurement/panel_challenges.html", {"rows": rows, "supplier": supplier, "tender": tender, "article": rules.get("G02").article}, order=40)


registry.panel("tender", tender_panel)
DAYS = datetime.timedelta(days=1)


def _phase(due, now, ahead=2):
    return "after" if now > due else "before" if now >= due - ahead * DAYS else None


@registry.reminder
def answers_due(now):
    """Answers of the street (G03) to handler and leader; the end of the way to the bureau (G05) to the challenger."""
    from procurement.lifecycle.award import people_acting_for

    hands = cache(lambda purchaser: tuple(people("handler", "leader", purchaser=purchaser)))
    article = rules.get("G03").article
    for row in Challenge.objects.filter(status__in=("filed", "prepared")).select_related("tender"):
        due = clock.end_of_day(row.answer_due_on)
        if phase := _phase(due, now):
            yield Reminder("challenge_answer", row, hands(row.tender.purchaser_id), due, phase, row.tender.title, row.get_absolute_url(), article)
    soon = (now + 3 * DAYS).date()
    for row in Challenge.objects.filter(complain_until__gte=now.date(), complain_until__lte=soon, complaint=None).exclude(status="withdrawn").select_related("tender", "organization"):
        due = clock.end_of_day(row.complain_until)
        yield Reminder("complaint_window", row, tuple(people_acting_for(row.organization)), due, "before", row.tender.title, row.get_absolute_url(), rules.get("G05").article)


@registry.reminder
def complaints_due(now):
    """Each step of the bureau's chain (G06, G07), before and after; the purchaser's reply to the purchaser."""
    bureau = cache(lambda place: tuple(people("finance", place=place)))
    hands = cache(lambda purchaser: tuple(people("handler", "leader", purchaser=purchaser)))
    known = workdays.current()
    rule = rules.get("G06")
    running = Complaint.objects.filter(status__in=("filed", "accepted", "notified", "examining", "drafted")).select_related("challenge__tender__purchaser__place")
    for row in running:
        tender, start = row.challenge.tender, row.corrected_on or row.filed_on
        finance = bureau(tender.purchaser.place)
        dues = [("complaint_decision", row.decide_due_on, finance, rules.get("G07").article)]
        if row.status == "filed":
            dues.append(("complaint_check", workdays.deadline(start, rule, "check", known).date, finance, rule.article))
        elif row.status == "accepted":
            dues.append(("complaint_copies", workdays.deadline(start, rule, "notify", known).date, finance, rule.article))
        elif row.status == "notified":
            dues.append(("complaint_reply", row.reply_due_on, hands(tender.purchaser_id), rule.article))
        if row.suspended_until and row.suspended_until >= clock.today():
            dues.append(("suspension_ends", row.suspended_until, finance, rules.get("G07").article))
        for kind, day, users, article in dues:
            due = clock.end_of_day(day)
            if phase := _phase(due, now):
                yield Reminder(kind, row, users, due, phase, row.number, row.get_absolute_url(), article)


