"""Final quotes: rounds sealed again, each with its own end; the last one counts."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from evaluation.lifecycle import conclusion
from evaluation.models import Panel
from kernel import clock
from kernel.models import Notice
from kernel.registry import tasks_for
from procurement.lifecycle import quotes
from procurement.models import Bid, EvaluationTerms, RoundQuote, Tender
from tests.factories.providers import make_provider
from tests.factories.tenders import check_credit, make_bid, make_panel, make_tender, open_tender, quote_all, score_all, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    return make_tender(state="opened")


@pytest.mark.rule("B12", mutate="exception_quotes")
def test_final_quotes_are_sealed_again(walk):
    sitting = make_panel(walk.tender, walk.office, quoted=False)
    until = clock.now() + clock.datetime.timedelta(hours=2)
    quotes.call_quotes(walk.tender, actor=walk.office.handler, until=until)
    assert Notice.objects.filter(kind="quotes_called").count() == 3
    bid = walk.bids[0]
    refused("over_ceiling", quotes.give_quote, bid, actor=walk.providers[0].user, price=Decimal(300001))
    with pytest.raises(PermissionDenied):
        quotes.give_quote(bid, actor=walk.providers[1].user, price=Decimal(1))
    quotes.give_quote(bid, actor=walk.providers[0].user, price=Decimal(230000))
    quotes.give_quote(walk.bids[1], actor=walk.providers[1].user, price=Decimal(240000))
    refused("early", quotes.read_quotes, walk.tender, actor=walk.office.handler)
    bid.refresh_from_db()
    assert bid.final_price is None
    travel(until)
    refused("late", quotes.give_quote, bid, actor=walk.providers[0].user, price=Decimal(220000))
    score_all(sitting)
    refused("quotes", conclusion.conclude, sitting, actor=walk.office.handler)
    assert quotes.read_quotes(walk.tender, actor=walk.office.handler) == 2
    refused("early", quotes.read_quotes, walk.tender, actor=walk.office.handler)
    refused("rounds_over", quotes.call_quotes, walk.tender, actor=walk.office.handler, until=clock.now() + clock.datetime.timedelta(hours=1))
    sitting = conclusion.conclude(sitting, actor=walk.office.handler, report="最后报价")
    line = next(line for line in sitting.result["lots"][0]["lines"] if line["bid"] == bid.pk)
    assert line["quote"] == "230000.00" and line["price"] == "20.00"
    assert len(sitting.result["lots"][0]["lines"]) == 3  # who gave none keeps the first price


@pytest.mark.rule("B12")
def test_too_few_final_quotes_and_none_at_all(walk):
    sitting = make_panel(walk.tender, walk.office, quoted=False)
    score_all(sitting)
    refused("quotes_missing", conclusion.conclude, sitting, actor=walk.office.handler)
    tender = quote_all(walk.tender, walk.office, prices={walk.bids[1].pk: None, walk.bids[2].pk: None})
    found = refused("few_quotes", conclusion.conclude, Panel.objects.get(tender=tender), actor=walk.office.handler)
    assert "214号" in str(found)


def test_several_rounds_each_sealed_again_and_the_last_counts():
    walk = make_tender(state="published")
    EvaluationTerms.objects.create(tender=walk.tender, rounds=3, silence="out")
    walk.providers = [make_provider(office=walk.office, place=walk.office.street) for _count in range(3)]
    for provider, price in zip(walk.providers, (250000, 240000, 260000), strict=True):
        make_bid(walk.lot, provider, price)
    travel(walk.tender.deadline + clock.datetime.timedelta(minutes=5))
    open_tender(walk.tender, walk.office)
    check_credit(walk.tender, walk.office)
    tender = Tender.objects.get(pk=walk.tender.pk)
    sitting = make_panel(tender, walk.office, quoted=False)
    one, two, three = Bid.objects.filter(lot=walk.lot).order_by("pk")
    quote_all(tender, walk.office, prices={one.pk: Decimal(230000)})
    score_all(sitting)
    refused("quotes_missing", conclusion.conclude, sitting, actor=walk.office.handler)  # it was not the last round
    until = clock.now() + clock.datetime.timedelta(hours=1)
    quotes.call_quotes(tender, actor=walk.office.handler, until=until, last=True)
    for bid, provider, price in ((one, walk.providers[0], 220000), (two, walk.providers[1], 235000)):
        quotes.give_quote(bid, actor=provider.user, price=Decimal(price))
    assert Bid.objects.get(pk=one.pk).amount == 230000
    travel(until)
    quotes.read_quotes(tender, actor=walk.office.handler)
    three.refresh_from_db()
    assert three.status == "invalid" and "退出" in three.invalid_reason
    assert list(RoundQuote.objects.filter(bid=one).order_by("round__number").values_list("price", flat=True)) == [230000, 220000]
    sitting = conclusion.conclude(Panel.objects.get(pk=sitting.pk), actor=walk.office.handler, report="两轮报价")
    assert {line["bid"]: line["quote"] for line in sitting.result["lots"][0]["lines"]} == {one.pk: "220000.00", two.pk: "235000.00"}


def test_the_desk_says_when_quotes_are_asked_for_and_read(walk):
    mine = lambda: [(str(task.action), task.url) for task in tasks_for(walk.office.handler)]  # noqa: E731
    ask, read = ("邀请提交最后报价", f"/tenders/{walk.tender.pk}/final-quotes/"), ("读取最后报价", walk.tender.get_absolute_url())
    assert ask not in mine()
    make_panel(walk.tender, walk.office, quoted=False)
    assert ask in mine()
    until = clock.now() + clock.datetime.timedelta(hours=1)
    quotes.call_quotes(walk.tender, actor=walk.office.handler, until=until)
    assert not {ask, read} & set(mine())
    travel(until)
    assert read in mine()
    quotes.read_quotes(walk.tender, actor=walk.office.handler)
    assert not {ask, read} & set(mine())
