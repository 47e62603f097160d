"""Rule help: which threshold holds here, what follows, which methods are open and how long each takes. Pure but for the last test."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from kernel import rules
from kernel.rulebook import Threshold
from kernel.workdays import Calendar
from procurement.advice import advise
from tests.factories.projects import make_office, make_project
from tests.factories.tenders import make_survey

MONDAY = datetime.date(2026, 3, 2)
CALENDAR = Calendar(1, frozenset({2026}))
HERE = Threshold("51", "county", Decimal(500000), Decimal(2000000), datetime.date(2021, 1, 1), "省级集中采购目录及标准", "S")


def ask(amount, threshold=HERE, limit=Decimal(500000)):
    return advise(Decimal(amount) if amount is not None else None, threshold, limit, start=MONDAY, calendar=CALENDAR)


def methods(found):
    return {row.key: row for row in found.methods}


@pytest.mark.rule("A01")
def test_the_limit_decides_between_the_law_and_the_street():
    below, at = ask("499999.99"), ask(500000)
    assert below.statutory is False and below.methods == ()
    assert at.statutory and not at.open_tender_due and at.entered
    assert ask(None).statutory is None and len(ask(None).methods) == 7


@pytest.mark.rule("A01", "A03", "B18")
def test_which_methods_are_open():
    at = methods(ask(500000))
    assert at["competitive_consultation"].open and at["open_tender"].open and at["inquiry"].open is False and at["single_source"].open is None
    above = methods(ask(2000000))
    assert above["competitive_consultation"].open is None and above["competitive_consultation"].rule == "A03" and above["open_tender"].open


@pytest.mark.rule("B09", "B03", "B14", mutate=("B09.bid_time", "B03.bid_time=5", "B14.bid_time"))
def test_the_shortest_timetable_of_each():
    found = methods(ask(500000))
    assert found["competitive_consultation"].earliest.date == datetime.date(2026, 3, 12)
    assert found["open_tender"].earliest.date == datetime.date(2026, 3, 23)  # the twentieth day is a Sunday
    assert found["competitive_negotiation"].earliest.date == datetime.date(2026, 3, 5)
    assert found["inquiry"].earliest is None


@pytest.mark.rule("A01")
def test_an_unknown_place_is_said_never_guessed():
    unknown = rules.threshold("999999", "county", MONDAY)
    found = ask(400000, unknown)
    assert not found.threshold and "未录入" in found.threshold.reason and not found.entered
    assert not ask(9000000, unknown).open_tender_due
    half = Threshold("4403", "any", None, Decimal(4000000), MONDAY, "某文件", "S")
    assert not ask(400000, half).entered and ask(4000000, half).open_tender_due


@pytest.mark.django_db
@pytest.mark.rule("A01")
def test_the_project_page_says_it(client):
    office = make_office()
    office.street.code = "510107001"
    office.street.save()
    row = make_project(office, "ready", 60000)
    client.force_login(office.staff)
    page = client.get(row.get_absolute_url()).content.decode()
    assert "500,000.00" in page and "限额标准" in page and "公开比选" in page and "可用的采购方式" not in page
    assert "登记需求调查" not in page  # nothing statutory is asked below the limit
    office.street.code = "990000"
    office.street.save()
    assert "尚未录入" in client.get(row.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_the_methods_that_are_open_lead_to_their_beginning(client):
    office = make_office()
    row = make_project(office, "approved", 600000, before=lambda made: make_survey(office, [made]))
    client.force_login(office.handler)
    shown = client.get(row.get_absolute_url()).content.decode()
    for code in ("open_tender", "invited_tender", "consultation", "negotiation", "single_source"):
        assert f"{reverse('tender_create')}?project={row.pk}&amp;method={code}" in shown
    assert reverse("framework_list") in shown and "method=inquiry" not in shown
    page = client.get(f"{reverse('tender_create')}?project={row.pk}&method=single_source").content.decode()
    assert 'value="single_source" selected' in page
    client.force_login(office.section)
    assert "&amp;method=" not in client.get(row.get_absolute_url()).content.decode()
