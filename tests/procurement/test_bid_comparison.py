"""Responses side by side: every sealed line stands there once, sums are the sealed ones, deviations are marked, readers are those who may."""

import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from evaluation.lifecycle import panel as panels
from kernel import clock
from kernel.money import yuan
from procurement import bid_comparison as comparison
from procurement import bid_content, responses
from procurement.lifecycle import bid
from procurement.models import BidPart, BudgetLine, EvaluationTerms, Tender
from tests.factories.bids import lines_of
from tests.factories.providers import make_provider
from tests.factories.tenders import draw_panel, hours, make_tender, open_tender, travel

RULE = SimpleNamespace(high=Decimal("1.5"), low=Decimal("0.5"), minimum=3)
NAMES = st.sampled_from(["横幅", "横幅费", "展板", "社工人工（1名）", "社工人工", "矿泉水"])
OFFERS = st.lists(st.tuples(st.sampled_from([1, 2, 3, 99, None]), NAMES, st.sampled_from(["条", "块"]), st.decimals(min_value="0.01", max_value="9999.99", places=2)), max_size=12)


@given(st.lists(OFFERS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_offered_line_stands_somewhere_exactly_once(bidders):
    rows = [comparison.Row(name, "条", SimpleNamespace(pk=pk, price=Decimal(10), unit="条")) for pk, name in ((1, "横幅"), (2, "展板"), (3, "横幅"))]
    columns = []
    for offers in bidders:
        lines = [{"line": pk, "name": name, "unit": unit, "quantity": "1", "price": str(price), "amount": str(price), "note": ""} for pk, name, unit, price in offers]
        columns.append(comparison.Column(SimpleNamespace(price=None), {"lines": lines}))
    own = comparison._place(rows, columns, RULE)
    for place, offers in enumerate(bidders):
        cells = [row.cells[place] for row in [*rows, *own] if row.cells[place].amount is not None]
        assert sorted(cell.amount for cell in cells) == sorted(price for _pk, _name, _unit, price in offers)


@pytest.mark.parametrize("price, side", [("15", "high"), ("14.99", ""), ("5", "low"), ("5.01", "")])
def test_deviations_from_the_budget_and_the_library(price, side):
    offer = {"name": "横幅", "unit": "条", "quantity": "2", "price": price, "amount": "0", "note": "", "line": 1}
    line = SimpleNamespace(pk=1, price=Decimal(10), unit="条")
    cell = comparison._cell(offer, comparison.Row("横幅", "条", line), RULE)
    assert (cell.side, cell.why) == (side, "project" if side else "")
    library = SimpleNamespace(count=3, median=Decimal(10))
    cell = comparison._cell(offer, comparison.Row("横幅", "条", None, library), RULE)
    assert (cell.side, cell.why) == (side, "library" if side else "")
    assert comparison._cell(offer, comparison.Row("横幅", "条", None, SimpleNamespace(count=2, median=Decimal(10))), RULE).side == ""


@pytest.fixture
def walk(db):
    return make_tender(state="opened")


def test_figures_are_those_that_were_sealed(walk):
    found = comparison.compare(walk.lot)
    assert sorted(column.stated for column in found.columns) == [240000, 250000, 260000]
    for place, column in enumerate(found.columns):
        assert column.agrees and column.total == column.stated == sum(group.totals[place] for group in found.groups)
        sealed = responses.content_of(column.bid)["lines"]
        shown = [row.cells[place].amount for group in found.groups for row in group.rows if row.cells[place].amount is not None]
        assert sorted(shown) == sorted(Decimal(line["amount"]) for line in sealed)
    assert found.budget == walk.lot.project.budget_total and found.lowest == 240000
    named = {row.line.pk for group in found.groups for row in group.rows if row.line}
    assert named == set(walk.lot.project.lines.values_list("pk", flat=True))
    assert [group.kind for group in found.groups][-1] == "own"


def test_a_column_without_lines_says_so(walk):
    """A response of a self-run purchase, or of the time before lines were asked."""
    BidPart.objects.filter(bid=walk.bids[0], key="lines").delete()
    column = next(column for column in comparison.compare(walk.lot).columns if column.bid.pk == walk.bids[0].pk)
    assert not column.has_lines and not column.agrees and column.total == 0


def test_page_excel_and_pdf_have_the_same_sums(walk, client):
    address = reverse("bid_comparison", args=[walk.lot.pk])
    for role in ("handler", "leader", "supervisor", "observer", "finance"):
        client.force_login(getattr(walk.office, role))
        assert client.get(address).status_code == 200, role
    client.force_login(walk.office.handler)
    page = client.get(address).content.decode()
    assert all(provider.organization.name in page for provider in walk.providers) and "240,000.00" in page and "叶青" in page
    book = load_workbook(io.BytesIO(client.get(address + "?as=xlsx").content)).active
    rows = {row[1]: row for row in book.iter_rows(values_only=True)}
    names = [text.removesuffix(" 金额") for text in rows["明细"] if text and text.endswith(" 金额")]
    for column in comparison.compare(walk.lot).columns:
        place = rows["明细"].index(f"{column.label} 金额")
        assert yuan(str(rows["明细合计"][place])) == yuan(str(rows["开启报价"][place])) == column.stated
        amounts = [row[place] for row in book.iter_rows(min_row=2, values_only=True) if row[1] not in ("明细合计", "开启报价") and row[place] is not None]
        assert sum(yuan(str(amount)) for amount in amounts) == column.total
    assert len(names) == 3
    assert client.get(address + "?as=pdf").content[:4] == b"%PDF"


def test_who_may_not_and_not_before_the_opening(walk, client):
    address = reverse("bid_comparison", args=[walk.lot.pk])
    for person, status in ((walk.providers[0].user, 403), (walk.office.accountant, 403), (walk.office.staff, 403), (make_provider(office=walk.office, place=walk.office.street).user, 403)):
        client.force_login(person)
        assert client.get(address).status_code == status
    closed = make_tender(walk.office, "closed")
    client.force_login(walk.office.handler)
    assert client.get(reverse("bid_comparison", args=[closed.lot.pk])).status_code == 404


def test_a_panel_member_reads_names_but_not_while_judging_without_them(walk, client):
    hours()
    sitting = panels.form(draw_panel(walk.tender, walk.office), actor=walk.office.handler)
    member = sitting.sitting().first()
    address = reverse("bid_comparison", args=[walk.lot.pk])
    client.force_login(member.user)
    names, page = [provider.organization.name for provider in walk.providers], client.get(address).content.decode()
    assert all(name in page for name in names)
    assert walk.bids[0].get_absolute_url() not in page  # its page is the purchaser's
    EvaluationTerms.objects.update_or_create(tender=walk.tender, defaults={"blind": True})
    for form in ("", "?as=xlsx", "?as=pdf"):
        told = client.get(address + form)
        assert told.status_code == 403 and "暗标" in told.content.decode()
        assert not any(name in told.content.decode() for name in names) and "240,000.00" not in told.content.decode()
    client.force_login(walk.office.handler)
    assert walk.bids[0].get_absolute_url() in client.get(address).content.decode()
    client.force_login(member.user)
    sitting.members.filter(pk=member.pk).update(blind_done_at=clock.now())
    assert all(name in client.get(address).content.decode() for name in names)
    sitting.members.filter(pk=member.pk).update(left_at=clock.now())
    assert client.get(address).status_code == 403


def test_a_line_of_another_unit_and_one_nobody_planned(db):
    walk = make_tender(state="published")
    line = BudgetLine.objects.filter(project=walk.lot.project).first()
    for number in range(3):
        provider = make_provider(office=walk.office, place=walk.office.street)
        row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
        lines = lines_of(walk.lot, 100000 + number)
        next(one for one in lines if one["id"] == str(line.pk))["unit"] = "箱"
        from tests.factories.bids import structured

        parts = {**structured(walk.lot, 100000 + number), "lines": bid_content.dump("lines", lines)}
        for key, raw in {"qualification": b"x", "technical": b"y", "price": str(100000 + number).encode(), **parts}.items():
            bid.save_part(row, key, raw, actor=provider.user)
        bid.submit(row, actor=provider.user)
    travel(Tender.objects.get(pk=walk.tender.pk).deadline)
    open_tender(walk.tender, walk.office)
    found = comparison.compare(walk.lot)
    row = next(row for group in found.groups for row in group.rows if row.line and row.line.pk == line.pk)
    assert all(cell.note.startswith("箱") for cell in row.cells)
    own = found.groups[-1]
    assert [row.name for row in own.rows] == ["驻点社工"] and all(cell.amount for cell in own.rows[0].cells)
