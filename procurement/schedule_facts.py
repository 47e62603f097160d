"""The timetable of a purchase that exists: its terms, what was chosen, what already happened, the plan frozen when it was published.

    rows = schedule_facts.rows_of(tender)          # [schedule.Row]; for many tenders read them through `ready(queryset)` first
"""

import datetime

from django.db.models import Prefetch

from kernel import clock, rules, workdays
from procurement import drafting, methods, schedule
from procurement.lifecycle import intention
from procurement.models import Contract, Lot
from procurement.schedule_points import INTENTION, NOTICE, SINGLE, TAIL

NEEDED = {rule_id for point in (INTENTION, *NOTICE, *SINGLE, *TAIL) for rule_id, _param in point.rules}
ENDED = ("failed", "cancelled")
_further = []


def further(provider):
    """`provider(tenders) -> {tender id: {key: date}}`: facts only a later stage knows (when the evaluation ended). Registered in `AppConfig.ready()`."""
    _further.append(provider)
    return provider


def ready(tenders):
    """A queryset of tenders with what their timetables read."""
    lots = Lot.objects.select_related("award", "project", "bond_terms", "framework_item").prefetch_related(
        Prefetch("contracts", Contract.objects.exclude(status="cancelled")), "bonds", "framework_item__agreements"
    )
    return tenders.select_related("purchaser__place", "profile", "single_source").prefetch_related(Prefetch("lots", lots), "openers")


def start_of(tender):
    """The day the clock of a published purchase began (an outside one's: the outside date; of a single source its publicity), or None."""
    single = getattr(tender, "single_source", None)
    if single and single.publicity_from:
        return single.publicity_from
    if tender.published_at is None:
        return single and single.negotiated_on
    if tender.venue == "external" and tender.frozen.get("on"):
        return datetime.date.fromisoformat(tender.frozen["on"])
    return tender.published_at.astimezone(clock.ZONE).date()


def terms_of(tender):
    """The schedule.Terms of a purchase: frozen ones once it is published, else those in force today."""
    method = methods.of(tender)
    wanted = NEEDED | {place.partition(".")[0] for place in method.figures.values()}
    frozen = tender.frozen if tender.frozen.get("rules") else methods.snapshot(tender)
    law = rules.from_snapshot({"on": frozen["on"], "rules": {rule_id: row for rule_id, row in frozen["rules"].items() if rule_id in wanted}})
    figures = {name: tuple(place.split(".")) for name, place in method.figures.items()}
    marks = {"openers"} if tender.seal == "openers" and tender.venue == "internal" else set()
    if any(hasattr(lot, "bond_terms") for lot in tender.lots.all()):
        marks.add("bonds")
    if tender.is_statutory:
        marks.add("publicity" if method.entry == "single" and drafting.open_tender_from(tender) is not None else "no_publicity")
        return schedule.Terms(method, law, figures, frozenset(marks))
    profile = tender.frozen.get("profile") or {}
    days = profile.get("min_days", tender.profile.min_days if tender.profile_id else 0)
    announced = profile.get("publish", tender.profile.publish if tender.profile_id else False)
    if announced:  # what is announced to all may be challenged by all, on the same days
        law = law.with_rule(rules.get("G02", on=law.on))
    return schedule.Terms(method, law, {}, frozenset(marks), days, profile.get("name") or str(tender.profile or ""), announced)


def choices_of(tender):
    """What the purchaser fixed: deadline, opening, last day of the documents."""
    found = {"deadline": tender.deadline, "opening": tender.opens_at, "documents_until": tender.documents_until}
    return {key: value for key, value in found.items() if value and tender.published_at}


def happened_of(tender, further=None):
    """key → the day it was done, as far as this purchase's own rows know."""
    lots = [lot for lot in tender.lots.all() if lot.status != "failed"]
    awards = [award for lot in lots if (award := getattr(lot, "award", None)) and award.declined_on is None]
    contracts = [contract for lot in lots for contract in lot.contracts.all() if contract.status != "terminated" or contract.signed_on]
    told = tender.opening_record.get("result_told")
    found = {
        "publication": start_of(tender),
        "rehearsal": _last([row.rehearsed_again_at for row in tender.openers.all()]) if tender.seal == "openers" else None,
        "deadline": _day(tender.deadline) if tender.published_at and tender.deadline and tender.deadline <= clock.now() else None,
        "opening": _day(tender.opened_at),
        "evaluation": tender.report_received_on,  # of a panel its own day, see `further`
        "report": tender.report_received_on,
        "award": _last([award.decided_on for award in awards]) if len(awards) == len(lots) else None,
        "result": datetime.date.fromisoformat(told) if told else None,
        **dict.fromkeys(("signing", "signing_limit"), _last([row.signed_on for row in contracts]) if len(contracts) >= len(awards) else None),
        "contract_notice": _last([row.notice_published_on for row in contracts]),
        "filing": _last([row.filed_on for row in contracts]),
        **_talks(tender),
        **_agreements(lots),
        **{key: _refunded(lots, causes) for key, causes in (("bond_losers", ("not_chosen",)), ("bond_winner", ("signed", "agreed")))},
        **(further or {}),
    }
    return {key: day for key, day in found.items() if day}


def _talks(tender):
    """What the talks with a single source settled, on one day."""
    single = getattr(tender, "single_source", None)
    if single is None:
        return {}
    on_one_day = ("evaluation", "report") if tender.published_at else ("deadline", "opening", "evaluation", "report")
    return {**dict.fromkeys(on_one_day, single.negotiated_on), "reexamination": single.reargued_on}


def _agreements(lots):
    """Letters, signatures, copies and notices of the agreements of a framework."""
    rows = [row for lot in lots if (item := getattr(lot, "framework_item", None)) for row in item.agreements.all() if row.signed_on or row.status == "selected"]
    if not rows:
        return {}
    letter = _last([row.letter_on for row in rows])
    signed = _last([row.signed_on for row in rows])
    return {
        "award": letter, "result": letter, "signing": signed, "signing_limit": signed, "filing": _last([row.filed_on for row in rows]),
        "tell_users": _last([row.told_on for row in rows]), "contract_notice": None,
    }


def _refunded(lots, causes):
    """The day the last bond of these causes went back, None while one is held or there is none."""
    return _last([bond.refunded_on for lot in lots for bond in lot.bonds.all() if bond.kind == "bid" and bond.cause in causes and bond.status != "forfeited"])


def _day(moment):
    return moment.astimezone(clock.ZONE).date() if moment else None


def _last(days):
    """The last of several days, None while one is missing or there is none."""
    if not days or any(day is None for day in days):
        return None
    return max(_day(day) if isinstance(day, datetime.datetime) else day for day in days)


def planned_of(tender):
    """key → date of the plan frozen at publication."""
    return {key: datetime.date.fromisoformat(day) for key, day in (tender.frozen.get("plan") or {}).items()}


def rows_of(tender, calendar=None, *, further=None):
    """The timetable of a purchase as it stands: a draft as if published today, an ended one only with what happened."""
    start = start_of(tender)
    happened = happened_of(tender, further)
    calendar = calendar or workdays.current()
    rows = schedule.compute(terms_of(tender), start or clock.today(), choices_of(tender), happened, calendar, planned_of(tender), clock.today())
    if tender.status in ENDED or start is None and tender.status != "draft":
        return [row for row in rows if row.happened]
    return [row for row in rows if row.key != "rehearsal" or row.happened or "deadline" not in happened]  # then nobody proves a passphrase again


def of_page(tender, calendar=None):
    """`rows_of` with the facts of later stages and the day the intention was published: for one purchase on its own page."""
    facts = known_before(tender)
    for provider in _further:
        facts.update(provider([tender]).get(tender.pk, {}))
    return rows_of(tender, calendar, further=facts)


def known_before(tender):
    """What is done before a purchase begins: the day its intention was published."""
    day = intention.day_of([lot.project for lot in tender.lots.all()]) or tender.intention_on
    return {"intention": day} if day else {}


def plan_of(rows):
    """The plan as it is frozen on the purchase when it publishes: key → ISO date."""
    return {row.key: str(row.date) for row in rows}
