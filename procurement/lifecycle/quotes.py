"""最后报价 (财库〔2014〕214号 第21条, 财政部令第74号 第33条): after the talks each valid bidder may give a quote in a timed window, in one round or in several.

Every round is sealed again under the platform key with a deadline of its own and read only when that is over; what was said in an earlier
round stays on record. Who gives none in the last round keeps the last price, or has withdrawn, as the documents say.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, seal, trail
from kernel.lifecycle import Refusal, advance, principals_of
from kernel.money import yuan
from kernel.notices import notify, register
from procurement import methods, sealing
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import Bid, BidPart, QuoteRound, RoundQuote, Tender
from procurement.permissions_tender import may_bid, may_handle_tender

PREFIX = "final-"
SILENT = "未在规定时间内提交最后报价，视为退出"
register("quotes_called", _("“{title}”: give your final quote until {until}."))
_objections = []


def objecting(rule):
    """`rule(tender) -> Refusal or None`: what only a later stage knows stands before final quotes (the panel's talks). Registered in AppConfig.ready()."""
    _objections.append(rule)
    return rule


def objection_to_call(tender):
    """What a later stage says stands before final quotes, or None."""
    return next((refusal for rule in _objections if (refusal := rule(tender))), None)


def unread(tender):
    """Whether a round was asked for whose quotes nobody has read."""
    return tender.quote_rounds.filter(read_at=None).exists()


def current_round(tender):
    """The round asked for last, or None."""
    return tender.quote_rounds.order_by("-number").first()


def further_round(tender, last=None):
    """The number of the round that may be asked for next, or None: one still runs, or the last is over."""
    last = last or current_round(tender)
    if last is None:
        return 1
    over = last.read_at is None or last.last or last.number >= terms_of(tender).rounds
    return None if over else last.number + 1


def told_rounds(tender):
    """[{round, rows: [(bidder, price)]}] of the rounds that are read."""
    rows = RoundQuote.objects.filter(round__tender=tender).select_related("bid__organization", "round").order_by("round__number", "bid")
    found = {}
    for row in rows:
        found.setdefault(row.round, []).append((row.bid.organization, row.price))
    return [{"round": key, "rows": values} for key, values in found.items()]


def objection_to_ranking(tender, valid):
    """Why the candidates can't be ranked by final quotes yet, or None. `valid`: the bids that would be ranked (B12, B15)."""
    method, last = methods.of(tender), current_round(tender)
    if last and clock.now() < last.until:
        return Refusal("quotes", _("Final quotes are still open."), article=method.article, todo=_("Wait until their time has run out."))
    if last and last.read_at is None:
        return Refusal("quotes", _("The final quotes are not read yet."), article=method.article, todo=_("The handler reads them on the purchase's page."))
    figure = methods.figure(tender, "final_quotes") if tender.is_statutory and method.final_quotes else None
    if figure is None:
        return None
    if last is None or not last.last:
        return Refusal("quotes_missing", _("The last round of quotes has not been asked for yet."), article=figure.article, todo=_("The handler asks for final quotes on the purchase's page."))
    least = methods.least(tender, "final_quotes")
    given = set(RoundQuote.objects.filter(round__tender=tender, price__isnull=False).values_list("bid", flat=True))
    for lot in {bid.lot_id for bid in valid}:
        if len(given & {bid.pk for bid in valid if bid.lot_id == lot}) < least:
            return Refusal("few_quotes", _("Fewer than {least} suppliers gave a final quote.").format(least=least), article=figure.article, todo=_("Stop it with a termination notice."))
    return None


@rules.carries("B12", "B15")
@transaction.atomic
def call_quotes(tender, *, actor, until, last=None):
    """Open a round of quotes until an aware moment; every valid bidder is told. `last`: no further round follows (default: as the documents say).

    Raises Refusal: not opened, a round still runs or is unread, all rounds are over, the panel has not talked with every bidder.
    """
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_handle_tender(actor, tender):
        raise PermissionDenied(str(_("Only the handler asks for final quotes.")))
    method = methods.of(tender)
    if not method.final_quotes:
        raise Refusal("no_quotes", _("“{method}” knows no final quotes: the price of the response counts.").format(method=tender.get_method_display()), article=method.article)
    if tender.status != "opened":
        raise Refusal("wrong_state", _("Final quotes are asked for between opening and ranking."))
    if until <= clock.now():
        raise Refusal("past", _("The time lies in the past."), field="until")
    before, rounds = current_round(tender), terms_of(tender).rounds
    if before and before.read_at is None:
        raise Refusal("running", _("Final quotes are already asked for."))
    number = before.number + 1 if before else 1
    if before and (before.last or number > rounds):
        raise Refusal("rounds_over", _("The last round of quotes is over."), article=method.article)
    if refusal := objection_to_call(tender):
        raise refusal
    made = QuoteRound.objects.create(tender=tender, number=number, until=until, called_by=actor, last=number >= rounds if last is None else last or number >= rounds)
    Tender.objects.filter(pk=tender.pk).update(quotes_until=until)
    trail.record(tender, "quotes", actor=actor, params={"round": number, "last": made.last, "until": until.isoformat()})
    from procurement.lifecycle.award import people_acting_for
    from procurement.lifecycle.tender import clock_text

    for bid in Bid.objects.filter(lot__tender=tender, status="opened").select_related("organization", "lot"):
        for person in people_acting_for(bid.organization):
            notify(person, f"quote-{bid.pk}-{until:%Y%m%d%H%M}", "quotes_called", subject=bid, url=bid.get_absolute_url(), params={"title": bid.lot.title, "until": clock_text(until)}, due=until)
    tender.quotes_until = until
    return tender


@rules.carries("B12", "B15")
@transaction.atomic
def give_quote(bid, *, actor, price):
    """A bidder's quote of the running round in yuan, sealed; a later one in the window replaces it. Raises Refusal, PermissionDenied."""
    bid = Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)
    if not any(may_bid(person, bid) for person in principals_of(actor)):
        raise PermissionDenied(str(_("This response belongs to another organization.")))
    running = current_round(bid.lot.tender)
    if bid.status != "opened" or running is None or running.read_at or clock.now() >= running.until:
        article = methods.of(bid.lot.tender).article
        raise Refusal("late", _("No final quotes are taken now. The server's time is {now}.").format(now=clock.now().strftime("%Y-%m-%d %H:%M:%S")), article=article)
    if not 0 < price <= bid.lot.ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=bid.lot.ceiling), field="price")
    content = sealing.lock_draft(bid, running.key, str(yuan(price)).encode())
    BidPart.objects.update_or_create(bid=bid, key=running.key, defaults={"sealed": content, "digest": seal.digest(content), "size": 0, "saved_at": clock.now(), "is_draft": True, "opened": None})
    return bid


@rules.carries("B12", "B15")
@transaction.atomic
def read_quotes(tender, *, actor):
    """After the round's time: its quotes become the prices that count. Returns how many were read. Raises Refusal."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_handle_tender(actor, tender):
        raise PermissionDenied(str(_("Only the handler reads final quotes.")))
    running = current_round(tender)
    if running is None or clock.now() < running.until or running.read_at:
        raise Refusal("early", _("Final quotes stay sealed until their time has run out."), article=methods.of(tender).article)
    bids = list(Bid.objects.filter(lot__tender=tender, status="opened").order_by("pk"))
    parts = {part.bid_id: part for part in BidPart.objects.filter(bid__in=bids, key=running.key, is_draft=True).select_related("bid")}
    for bid in bids:
        price = yuan(sealing.read_part(parts[bid.pk]).decode()) if bid.pk in parts else None
        RoundQuote.objects.create(round=running, bid=bid, price=price)
        if price is not None:
            Bid.objects.filter(pk=bid.pk).update(final_price=price)
            BidPart.objects.filter(pk=parts[bid.pk].pk).update(is_draft=False)
        elif running.last and terms_of(tender).silence == "out":
            _gone(bid, actor)
    QuoteRound.objects.filter(pk=running.pk).update(read_at=clock.now())
    Tender.objects.filter(pk=tender.pk).update(quotes_until=None)
    trail.record(tender, "read_quotes", actor=actor, params={"round": running.number, "count": len(parts)})
    return len(parts)


def _gone(bid, actor):
    from procurement.lifecycle import bid as bids

    advance(bid, bids.REJECT, actor=actor, reason=SILENT, changes={"invalid_reason": SILENT})
