"""The life of one framework agreement with one selected supplier 入围供应商 (财政部令第110号 第19、20、29、30条; B24).

已入围 selected: told by letter; the agreement is signed within thirty days. 有效 active: the copy is filed within seven working days, the offices
that may use it are told within three; it is chosen from in stage 2. 暂停 suspended: for a while nothing is ordered. 已清退 removed: by one of the
causes of the law, with its record; such a supplier may not join the framework again. 已到期 ended: its term is over.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, workdays
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.notices import register
from kernel.rules import carries
from procurement.lifecycle import bond as bonds
from procurement.lifecycle import framework as frameworks
from procurement.models import Framework, FrameworkAgreement
from procurement.permissions_framework import at_collector

HANDLER, DECIDER = at_collector("handler"), at_collector("handler", "leader")
register("framework_selected", _("You were selected for “{title}” at {price} yuan. Letter {number}; the agreement is signed until {due}."))
register("framework_removed", _("Your agreement “{title}” has ended: {reason}"))
register("framework_open", _("“{title}” is in force until {until}: choose among {count} suppliers."))


def _told(agreement, actor):
    if agreement.letter_on is None:
        return Refusal("not_told", _("The selected suppliers are not announced yet."), article=rules.get("B24").article, todo=_("Announce them on the purchase's page."))
    return None


def _filed_once(agreement, actor):
    return Refusal("filed", _("The copy was filed on {day}.").format(day=agreement.filed_on)) if agreement.filed_on else None


def _told_once(agreement, actor):
    return Refusal("told", _("The offices were told on {day}.").format(day=agreement.told_on)) if agreement.told_on else None


def _over(agreement, actor):
    if agreement.item.framework.status == "ended":
        return None
    if agreement.ends_on is None:
        return Refusal("unsigned", _("It is not signed yet."), todo=_("Sign it, or remove the supplier."))
    if clock.today() <= agreement.ends_on:
        return Refusal("running", _("It runs until {day}.").format(day=agreement.ends_on), article="财政部令第110号 第19条", todo=_("A supplier leaves earlier only by removal."))
    return None


SIGN = Step("sign", _("Record the signed agreement"), ("selected",), "active", HANDLER, _told, rules=("B22", "B24"), waits_for=_("handler"), hint=_("The date on the paper counts; filing and telling fall due."))
FILE = Step("file_copy", _("Record the filing of the copy"), ("active", "suspended"), None, HANDLER, _filed_once, tone="secondary", rules=("B24",), fits=lambda row: row.filed_on is None)
TELL = Step("tell_users", _("Tell the offices that may use it"), ("active",), None, HANDLER, _told_once, tone="secondary", rules=("B24",), fits=lambda row: row.told_on is None, hint=_("Handlers and leaders of every purchaser in its area are told here."))
SUSPEND = Step("suspend", _("Suspend"), ("active",), "suspended", HANDLER, tone="secondary", needs_reason=True)
RESUME = Step("resume", _("Resume"), ("suspended",), "active", HANDLER, tone="secondary", needs_reason=True)
REMOVE = Step("remove", _("Remove the supplier"), ("selected", "active", "suspended"), "removed", at_collector("leader"), tone="danger", needs_reason=True, hint=_("With the cause and its record; it may not join this framework again."))
END = Step("end", _("End with its term"), ("selected", "active", "suspended"), "ended", DECIDER, _over, tone="secondary")
LIFE = Life(
    "frameworkagreement", FrameworkAgreement,
    states={
        "selected": pgettext_lazy("framework agreement", "selected, to be signed"), "active": pgettext_lazy("framework agreement", "in force"), "suspended": pgettext_lazy("framework agreement", "suspended"),
        "removed": pgettext_lazy("framework agreement", "removed"), "ended": pgettext_lazy("framework agreement", "ended"),
    },
    steps=(SIGN, FILE, TELL, SUSPEND, RESUME, REMOVE, END), initial="selected", root=lambda agreement: agreement.item.framework,
)  # fmt: skip


@LIFE.verb(SIGN)
@carries("B22", "B24", "D09")
@transaction.atomic
def sign(agreement, *, actor, file, starts_on=None, happened_on=None, reason=""):
    """The signed agreement: its scan, its first day (default: the day of signing). It runs as long as was collected for, at most to the framework's end.

    Raises Refusal: later than thirty days after the letter without a reason. The first one puts the framework in force.
    """
    day = happened_on or clock.today()
    if agreement.sign_due_on and day > agreement.sign_due_on and not reason.strip():
        raise Refusal("late", _("It was to be signed until {day}; say why it is later.").format(day=agreement.sign_due_on), article=rules.get("B24").article, field="reason")
    framework = agreement.item.framework
    start = starts_on or day
    last = framework.ends_on or _last_day(start, framework.term_months)
    rule = rules.get("B24")
    agreement = advance(
        agreement, SIGN, actor=actor, happened_on=happened_on, reason=reason,
        changes={
            "signed_on": day, "starts_on": start, "ends_on": last, "filing_due_on": workdays.deadline(day, rule, "filed").date, "telling_due_on": workdays.deadline(day, rule, "tell_users").date,
        },
    )  # fmt: skip
    files.attach(agreement, file, "agreement", actor=actor)
    framework = Framework.objects.get(pk=framework.pk)
    if framework.status == "preparing":
        advance(framework, frameworks.START, actor=actor, happened_on=happened_on, changes={"starts_on": start, "ends_on": last})
    _free_bond(agreement, actor)
    return agreement


def _free_bond(agreement, actor):
    """The bid bond of stage 1 secures the signing of the agreement, nothing after it (D09)."""
    if agreement.bid_id:
        bonds.fall_due(agreement.bid.lot, actor=actor)


def _last_day(start, months):
    """The last day of a term of whole months."""
    import datetime

    return workdays.add_months(start, months) - datetime.timedelta(days=1)


@LIFE.verb(FILE)
@carries("B24")
@transaction.atomic
def file_copy(agreement, *, actor, happened_on=None, reason=""):
    """The copy is filed with the finance bureau (七个工作日)."""
    return advance(agreement, FILE, actor=actor, happened_on=happened_on, reason=reason, changes={"filed_on": happened_on or clock.today()})


@LIFE.verb(TELL)
@carries("B24")
@transaction.atomic
def tell_users(agreement, *, actor):
    """Handlers and leaders of every purchaser in the framework's area get a notice, once for the whole framework."""
    from communities.models import Purchaser
    from communities.permissions import people
    from kernel.notices import notify_all

    agreement = advance(agreement, TELL, actor=actor, changes={"told_on": clock.today()})
    framework = agreement.item.framework
    count = FrameworkAgreement.objects.filter(item__framework=framework, status="active").count()
    params = {"title": framework.title, "until": agreement.ends_on.isoformat(), "count": count}
    for purchaser in Purchaser.objects.filter(place__path__startswith=framework.purchaser.place.path):
        notify_all(people("handler", "leader", purchaser=purchaser), f"framework-{framework.pk}-{purchaser.pk}", "framework_open", subject=framework, url=framework.get_absolute_url(), params=params)
    return agreement


@LIFE.verb(SUSPEND)
@transaction.atomic
def suspend(agreement, *, actor, reason, happened_on=None):
    return advance(agreement, SUSPEND, actor=actor, reason=reason, happened_on=happened_on)


@LIFE.verb(RESUME)
@transaction.atomic
def resume(agreement, *, actor, reason, happened_on=None):
    return advance(agreement, RESUME, actor=actor, reason=reason, happened_on=happened_on)


@LIFE.verb(REMOVE)
@transaction.atomic
def remove(agreement, *, actor, cause, reason, file=None, happened_on=None):
    """清退: by a cause of the law (财政部令第110号 第20条), with the reason and, where there is one, the decision's scan. The supplier is told."""
    from kernel.notices import notify_all
    from procurement.lifecycle.award import people_acting_for

    if cause not in dict(FrameworkAgreement.CAUSES):
        raise Refusal("cause", _("Name the cause."), article="财政部令第110号 第20条", field="cause")
    agreement = advance(agreement, REMOVE, actor=actor, reason=reason, happened_on=happened_on, params={"cause": cause}, changes={"cause": cause})
    if file:
        files.attach(agreement, file, "removal", actor=actor)
    params = {"title": agreement.item.framework.title, "reason": reason}
    notify_all(people_acting_for(agreement.organization), f"removed-{agreement.pk}", "framework_removed", subject=agreement, url=agreement.get_absolute_url(), params=params)
    _free_bond(agreement, actor)
    return agreement


@LIFE.verb(END)
@transaction.atomic
def end(agreement, *, actor, reason="", happened_on=None):
    """The term is over, or the framework has ended."""
    agreement = advance(agreement, END, actor=actor, reason=reason, happened_on=happened_on)
    _free_bond(agreement, actor)
    return agreement
