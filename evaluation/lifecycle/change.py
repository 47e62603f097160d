"""The life of a change of the terms in talks 实质性变动 (财库〔2014〕214号 第20条, 财政部令第74号 第32条).

待确认 proposed: the panel's leader wrote down what the talks change: what is needed in technology and service, terms of the draft contract,
nothing else. 已通知 told: the purchaser confirmed it and set the time; in the same moment every valid supplier is told in writing and asked for
its response anew, signed by who may sign for it. The change is part of the purchase's documents from then on. 未确认 refused: the purchaser did
not, with a reason; the terms stay. 已撤回 dropped: the panel gave it up before anybody decided.

While a change waits, or suppliers may still answer one, no final quotes are asked for and no score sheet is handed in. Whoever lets the time pass
stays with the response it gave; whether that still meets the changed terms is the panel's to judge.
"""

from django.db import transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from evaluation.lifecycle import questions, seats, sheets, talks
from evaluation.models import BidQuestion, TermsChange
from evaluation.permissions_panel import member_row
from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.notices import notify, register
from procurement.lifecycle.tender import clock_text
from procurement.permissions_tender import may_handle_tender

ONLY_LEADER = _("Only the panel's leader writes down what the talks change.")
register("terms_change_waits", _("The panel of “{title}” wants to change the terms; please confirm or refuse."))
register("terms_changed", _("The terms of “{title}” have changed. Hand in your response anew until {until}."))
register("terms_change_refused", _("The purchaser did not confirm the change of the terms of “{title}”: {reason}"))


def article_of(tender):
    """The article that lets a panel change terms in this method."""
    kind = talks.kind_of(tender)
    return kind.changes if kind else ""


def _handles(user, change):
    return may_handle_tender(user, change.panel.purchase)


def _leads(user, change):
    own = member_row(user, change.panel)
    return bool(own and own.is_leader)


def _running(change, _actor):
    return None if change.panel.status == "scoring" else Refusal("wrong_state", _("The terms change between the check and the end of the evaluation."), article=article_of(change.panel.purchase))


CONFIRM = Step(
    "confirm", _("Confirm and tell every supplier"), ("proposed",), "told", _handles, objection=_running, tone="success", waits_for=_("handler"),
    hint=_("Every valid supplier is told in the same moment and hands in its response anew until the time you set."),
)
REFUSE = Step("refuse", _("Do not confirm"), ("proposed",), "refused", _handles, needs_reason=True, tone="danger", waits_for=_("handler"), hint=_("The terms stay as they are; the panel's leader reads why."))
DROP = Step("drop", _("Give the change up"), ("proposed",), "dropped", _leads, tone="secondary", waits_for=_("handler"))
LIFE = Life(
    "terms_change",
    TermsChange,
    states={
        "proposed": pgettext_lazy("change of the terms", "to be confirmed by the purchaser"), "told": pgettext_lazy("change of the terms", "told to every supplier"),
        "refused": pgettext_lazy("change of the terms", "not confirmed"), "dropped": pgettext_lazy("change of the terms", "given up"),
    },
    steps=(CONFIRM, REFUSE, DROP),
    initial="proposed",
    root=lambda change: change.panel,
)  # fmt: skip
LIFE.verb_labels = {"propose": pgettext_lazy("change of the terms", "proposed")}


def of_purchase(tender):
    """Every change of a purchase's terms, also by a panel whose result was set aside: what was told holds for the next one."""
    return TermsChange.objects.filter(Q(panel__tender=tender) | Q(panel__former_tender=tender))


def pending(panel):
    """As a condition: a change of this panel (or OuterRef to one) waits for the purchaser, or for suppliers who may still answer."""
    late = BidQuestion.objects.filter(panel=panel, kind="change", answered_at=None, closed_at=None, bid__status="opened", until__gt=clock.now())
    return Exists(TermsChange.objects.filter(panel=panel, status="proposed")) | Exists(late)


def unanswered(change):
    """Valid suppliers whose response anew is not in yet."""
    return change.questions.filter(answered_at=None, bid__status="opened").select_related("bid__organization")


def objection_to_going_on(panel):
    """Why neither quotes nor sheets are taken now: a change waits for the purchaser, or for the suppliers; or None."""
    rows = list(panel.changes.filter(status__in=("proposed", "told")))
    if any(row.status == "proposed" for row in rows):
        return Refusal("change_waits", _("A change of the terms waits for the purchaser's confirmation."), article=article_of(panel.purchase), todo=_("The handler confirms or refuses it on its page."))
    last = rows[-1] if rows else None
    if last and last.is_open and (late := list(unanswered(last))):
        sentence = _("The terms changed: responses anew are taken until {until}. Not yet in: {names}.").format(until=clock_text(last.until), names=talks.names_of([row.bid for row in late]))
        return Refusal("change_runs", sentence, article=article_of(panel.purchase), todo=_("Wait until they are in or the time is over."))
    return None


def objection_to_quotes(tender):
    """The same for final quotes of a purchase."""
    panel = tender.panel if tender.status == "opened" and hasattr(tender, "panel") else None
    return objection_to_going_on(panel) if panel else None


def objection_to_handing_in(panel):
    """Why no score sheet is taken yet: scores follow the talks and what they changed (第23条); or None."""
    return talks.objection_to_quotes(panel.tender) or objection_to_going_on(panel)


def objection_to_proposing(panel):
    """Why the terms can't be changed now, or None."""
    article = article_of(panel.purchase)
    if not panel.tender_id or not article:
        return Refusal("no_changes", _("In this purchase a panel changes no terms."))
    if panel.status != "scoring":
        return Refusal("wrong_state", _("The terms change between the check and the end of the evaluation."), article=article)
    if panel.tender.quote_rounds.exists():
        return Refusal("quotes_called", _("Final quotes were asked for: the terms stay as they are."), article=article)
    if not talks.current(panel).exists():
        return Refusal("not_talked", _("Terms change as the talks show: record the first talk before."), article=article)
    if panel.sitting().filter(submitted_at__isnull=False).exists():
        return Refusal("handed_in", _("A member has handed in its sheet already: scores follow the terms."), article=article, todo=_("Open that sheet again first."))
    return objection_to_going_on(panel)


@transaction.atomic
def propose(panel, *, actor, requirements="", contract_terms="", cause):
    """The leader writes down what changes; the purchaser's handler is asked to confirm it. Returns the TermsChange.

    Raises Refusal: no talks here, none held yet, quotes are asked for, sheets are in, another change waits or runs, nothing changed; PermissionDenied.
    """
    panel = talks.locked(panel)
    sheets.only_leader(panel, actor, ONLY_LEADER)
    if refusal := objection_to_proposing(panel):
        raise refusal
    if not requirements.strip() and not contract_terms.strip():
        raise Refusal("nothing", _("Write down what changes."), field="requirements")
    if not cause.strip():
        raise Refusal("reason_missing", _("Please say why."), field="cause")
    last = panel.changes.last()
    row = TermsChange.objects.create(
        status="proposed", panel=panel, number=last.number + 1 if last else 1, requirements=requirements.strip(), contract_terms=contract_terms.strip(), cause=cause.strip(), created_by=actor,
    )  # fmt: skip
    trail.record(row, "propose", actor=actor, to_status="proposed", params={"number": row.number})
    if panel.tender.handler_id:
        notify(panel.tender.handler, f"terms-change-{row.pk}", "terms_change_waits", subject=row, url=row.get_absolute_url(), params={"title": panel.tender.title})
    return row


@LIFE.verb(CONFIRM)
@transaction.atomic
def confirm(change, *, actor, until):
    """The purchaser confirms: the change belongs to the documents, and every valid supplier is told at once and asked for its response anew.

    `until`: an aware moment to come. Raises Refusal: its time lies in the past, no longer proposed, the evaluation is over; PermissionDenied.
    """
    if until <= clock.now():
        raise Refusal("past", _("The time lies in the past."), field="until")
    change = advance(change, CONFIRM, actor=actor, changes={"until": until, "confirmed_by": actor, "told_at": clock.now()}, params={"until": until.isoformat()})
    text = f"采购文件变动通知（第{change.number}号）已发出，请按照变动后的要求重新提交响应文件，由法定代表人或其授权代表签字或者加盖公章。"
    for bid in seats.valid_bids(change.panel):
        questions.put(change.panel, bid, actor=actor, kind="change", text=text, until=until, notice="terms_changed", change=change)
    return change


@LIFE.verb(REFUSE)
@transaction.atomic
def refuse(change, *, actor, reason=""):
    """The purchaser does not confirm: the terms stay, the leader is told why."""
    change = advance(change, REFUSE, actor=actor, reason=reason)
    leader = change.panel.sitting().filter(is_leader=True).first()
    if leader:
        notify(leader.user, f"terms-change-{change.pk}-refused", "terms_change_refused", subject=change, url=change.get_absolute_url(), params={"title": change.panel.purchase.title, "reason": reason[:200]})
    return change


@LIFE.verb(DROP)
@transaction.atomic
def drop(change, *, actor, reason=""):
    """The panel gives the change up before the purchaser decided."""
    return advance(change, DROP, actor=actor, reason=reason)
