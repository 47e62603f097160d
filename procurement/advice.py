"""Rule help where the step is done: which threshold holds here, what follows from it, which methods are open and how long each takes.

`advise` is pure: amounts, dates and the rows of rules/*.toml in, sentences and dates out. `advice_for` gathers what it needs of a purchase.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, workdays
from kernel.rules import carries
from procurement import methods
from procurement.lifecycle import configuration

# method: its name, the rules its use and its periods come from (rule, parameter)
PERIODS = {
    "open_tender": (_("open tender"), "B03", (("B03", "bid_time"), ("B02", "document_supply"), ("B01", "notice_period"))),
    "invited_tender": (_("invited tender"), "B07", (("B03", "bid_time"), ("B02", "document_supply"))),
    "competitive_consultation": (_("competitive consultation"), "B08", (("B09", "bid_time"), ("B09", "document_supply"), ("B13", "notice_period"))),
    "competitive_negotiation": (_("competitive negotiation"), "B14", (("B14", "bid_time"), ("B13", "notice_period"))),
    "single_source": (_("single source"), "B19", ()),
    "framework_agreement": (_("framework agreement"), "B21", ()),
    "inquiry": (_("price inquiry"), "B18", ()),
}
RESERVED = ("invited_tender", "competitive_consultation", "competitive_negotiation", "single_source")


@dataclass(frozen=True)
class Method:
    """One way of buying: `open` None means only under conditions (said in `why`); `earliest` is the LegalDate a notice of `start` may close on."""

    key: str
    label: object
    open: bool | None
    why: object
    rule: str
    article: str
    earliest: workdays.LegalDate | None = None
    carried: bool = False
    code: str = ""  # the method of a purchase it becomes


@dataclass(frozen=True)
class Advice:
    """What the law and the street say of an amount (yuan; None: not known yet). `statutory` None: not to be said without an amount."""

    amount: Decimal | None
    threshold: rules.Threshold
    limit: Decimal
    statutory: bool | None
    open_tender_due: bool
    methods: tuple
    profile: object = None
    start: datetime.date | None = None

    @property
    def entered(self):
        """Whether the place has an entered limit; otherwise the end of the street's own rules stands in, and the page says so."""
        return bool(self.threshold and self.threshold.limit is not None)


def _why(key, reached):
    """(open, why) of a method for services, `reached`: the amount reaches the open-tender threshold."""
    if key == "open_tender":
        return True, _("Required at this amount; other methods need the finance bureau's approval first.") if reached else _("Always possible.")
    if key == "inquiry":
        return False, _("For goods only; services can't be bought this way.")
    if key == "competitive_consultation":
        return (None, _("Only with the finance bureau's approval at this amount.")) if reached else (True, _("Government purchase of services is a named case; record the reason."))
    if key == "framework_agreement":
        return None, _("Only where recipients outside the purchaser choose among several providers.")
    told = {
        "invited_tender": _("Only with few possible suppliers, or where an open tender costs too much."),
        "competitive_negotiation": _("Only after a failed tender, for complex or urgent needs, or an unknown total."),
        "single_source": _("Only with one possible supplier, an unforeseeable emergency, or a small addition."),
    }
    return None, told[key]


def _method(key, reached, start, calendar):
    label, main, periods = PERIODS[key]
    codes = [method.code for method in methods.known() if method.law == key]
    scope = {"scope": "statutory", "method": key}
    opened, why = _why(key, reached)
    ends = [workdays.deadline(start, row, param, calendar) for rule_id, param in periods if (row := rules.find(rule_id, start, **scope))]
    row = rules.find("A03" if reached and key in RESERVED else main, start) or rules.get(main)
    return Method(key, label, opened, why, row.id, row.article, max(ends, key=lambda found: found.date) if opened is not False and ends else None, bool(codes), codes[0] if codes else "")


@carries("A01")
def advise(amount, threshold, limit, *, start, calendar, profile=None):
    """Advice for an amount at a place: `threshold` as rules.threshold gave it, `limit` from which the purchase is statutory here (yuan),
    `profile` the street's self-run rule of this amount. A notice of `start` is counted with `calendar`."""
    statutory = None if amount is None else amount >= limit
    reached = bool(amount is not None and threshold and threshold.open_tender is not None and amount >= threshold.open_tender)
    methods = () if statutory is False else tuple(_method(key, reached, start, calendar) for key in PERIODS)
    return Advice(amount, threshold, limit, statutory, reached, methods, profile if statutory is False else None, start)


def advice_for(purchaser, amount=None):
    """Advice for a purchaser today; `amount` None while the budget is not known."""
    threshold = configuration.threshold_of(purchaser)
    limit = threshold.limit if threshold and threshold.limit is not None else configuration.limit_of(purchaser)
    profile = configuration.profile_for(purchaser, amount) if amount is not None and amount < limit else None
    calendar = workdays.current() if amount is None or amount >= limit else None  # below the limit no day of the law is counted
    return advise(amount, threshold, limit, start=clock.today(), calendar=calendar, profile=profile)
