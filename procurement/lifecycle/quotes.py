"""最后报价 (财库〔2014〕214号 第21条): after the talks each valid bidder may give a final quote in a timed window. Each is sealed
again, under the platform key, and read only when the window is over; whoever gives none keeps the first price."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, seal, trail
from kernel.lifecycle import Refusal, principals_of
from kernel.money import yuan
from kernel.notices import notify, register
from procurement import methods, sealing
from procurement.models import Bid, BidPart, Tender
from procurement.permissions_tender import may_bid, may_handle_tender

KEY = "final"
register("quotes_called", _("“{title}”: give your final quote until {until}."))


def unread(tender):
    """Whether final quotes were given and nobody has read them."""
    return BidPart.objects.filter(bid__lot__tender=tender, key=KEY, is_draft=True).exists()


@rules.carries("B12")
@transaction.atomic
def call_quotes(tender, *, actor, until):
    """Open the window for final quotes until an aware moment; every valid bidder is told. Raises Refusal."""
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
    if tender.quotes_until and clock.now() < tender.quotes_until:
        raise Refusal("running", _("Final quotes are already asked for."))
    Tender.objects.filter(pk=tender.pk).update(quotes_until=until)
    trail.record(tender, "quotes", actor=actor, params={"until": until.isoformat()})
    from procurement.lifecycle.award import people_acting_for
    from procurement.lifecycle.tender import clock_text

    for bid in Bid.objects.filter(lot__tender=tender, status="opened").select_related("organization", "lot"):
        for person in people_acting_for(bid.organization):
            notify(person, f"quote-{bid.pk}-{until:%Y%m%d%H%M}", "quotes_called", subject=bid, url=bid.get_absolute_url(), params={"title": bid.lot.title, "until": clock_text(until)}, due=until)
    tender.quotes_until = until
    return tender


@rules.carries("B12")
@transaction.atomic
def give_quote(bid, *, actor, price):
    """A bidder's final quote in yuan, sealed; a later one in the window replaces it. Raises Refusal, PermissionDenied."""
    bid = Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)
    if not any(may_bid(person, bid) for person in principals_of(actor)):
        raise PermissionDenied(str(_("This response belongs to another organization.")))
    until = bid.lot.tender.quotes_until
    if bid.status != "opened" or until is None or clock.now() >= until:
        raise Refusal("late", _("No final quotes are taken now. The server's time is {now}.").format(now=clock.now().strftime("%Y-%m-%d %H:%M:%S")), article=rules.get("B12").article)
    if not 0 < price <= bid.lot.ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=bid.lot.ceiling), field="price")
    content = sealing.lock_draft(bid, KEY, str(yuan(price)).encode())
    BidPart.objects.update_or_create(bid=bid, key=KEY, defaults={"sealed": content, "digest": seal.digest(content), "size": 0, "saved_at": clock.now(), "is_draft": True, "opened": None})
    return bid


@rules.carries("B12")
@transaction.atomic
def read_quotes(tender, *, actor):
    """After the window: the final quotes become the prices that count. Returns how many were read. Raises Refusal."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_handle_tender(actor, tender):
        raise PermissionDenied(str(_("Only the handler reads final quotes.")))
    if tender.quotes_until is None or clock.now() < tender.quotes_until:
        raise Refusal("early", _("Final quotes stay sealed until their time has run out."), article=rules.get("B12").article)
    parts = list(BidPart.objects.filter(bid__lot__tender=tender, bid__status="opened", key=KEY, is_draft=True).select_related("bid"))
    for part in parts:
        Bid.objects.filter(pk=part.bid_id).update(final_price=yuan(sealing.read_part(part).decode()))
        BidPart.objects.filter(pk=part.pk).update(is_draft=False)
    trail.record(tender, "read_quotes", actor=actor, params={"count": len(parts)})
    return len(parts)
