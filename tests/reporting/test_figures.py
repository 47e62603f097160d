"""The sentence of the year as practice 10 defines it: which lots count, whose money, compared with what, served how."""

import datetime
from decimal import Decimal

import pytest

from kernel import clock
from kernel.lifecycle import Refusal
from procurement.models import Contract
from reporting import figures
from reporting.annual import volumes
from reporting.lifecycle import report
from reporting.models import YearTotal
from tests.factories.communities import make_user
from tests.factories.contracts import make_contract

pytestmark = pytest.mark.django_db


def scope_of(scene):
    return figures.Scope(place=scene.office.district)


def test_an_empty_year_is_zero_and_has_nothing_to_compare_with():
    scene = make_contract(state="draft")
    found = figures.figures(scope_of(scene), clock.today().year, clock.today())
    assert (found.now.projects, found.now.amount, found.now.paid, found.growth, found.before) == (0, 0, 0, None, None)


def test_signed_contracts_count_with_the_years_portion_and_what_was_paid():
    scene = make_contract(state="delivered")
    found = figures.figures(scope_of(scene), clock.today().year, clock.today())
    assert found.now == figures.Measure(1, scene.contract.amount, scene.contract.stages.get(order=1).amount)
    assert found.attendances == sum(row.headcount for row in scene.contract.activities.all())
    assert figures.figures(figures.Scope(purchaser=scene.office.purchaser), clock.today().year, clock.today()).now.projects == 1


def test_another_district_sees_nothing_of_it():
    make_contract(state="performing")
    other = make_contract(state="draft")
    assert figures.figures(scope_of(other), clock.today().year, clock.today()).now.projects == 0


def test_the_portion_of_another_year_does_not_count_twice():
    scene = make_contract(state="performing")
    year = clock.today().year
    scene.contract.portions.update(fiscal_year=year + 1)
    found = figures.figures(scope_of(scene), year, clock.today())
    assert (found.now.projects, found.now.amount) == (1, 0)


def test_a_contract_signed_after_the_cut_off_is_left_out():
    scene = make_contract(state="performing")
    before = clock.today() - datetime.timedelta(days=1)
    if before.year == clock.today().year:
        assert figures.figures(scope_of(scene), before.year, before).now.projects == 0


def test_growth_compares_with_confirmed_totals_of_the_same_cut_off():
    scene = make_contract(state="performing")
    today = clock.today()
    entered = {"year": today.year - 1, "cutoff": figures.same_day_before(today), "projects": 3, "amount": Decimal("15000"), "paid": Decimal("12000"), "source": "决算表"}
    total = report.enter_total(actor=scene.office.finance, place=scene.office.district, **entered)
    assert figures.figures(scope_of(scene), today.year, today).growth is None  # nobody has confirmed it
    with pytest.raises(Refusal):
        report.confirm_total(total, actor=scene.office.finance)
    report.confirm_total(total, actor=make_user())
    found = figures.figures(scope_of(scene), today.year, today)
    assert found.growth == Decimal("20.00") and found.source_before == "决算表" and found.before.projects == 3
    with pytest.raises(Refusal):
        report.confirm_total(YearTotal.objects.get(), actor=make_user())


def test_the_same_totals_are_not_entered_twice():
    scene = make_contract(state="draft")
    entered = {"place": scene.office.district, "year": 2025, "cutoff": datetime.date(2025, 6, 1), "projects": 1, "amount": 1, "paid": 1, "source": "x"}
    report.enter_total(actor=scene.office.finance, **entered)
    with pytest.raises(Refusal) as refusal:
        report.enter_total(actor=scene.office.finance, **entered)
    assert refusal.value.field == "year"


@pytest.mark.parametrize(("now", "before", "growth"), [("129.33", "100", "29.33"), ("50", "100", "-50.00"), ("100.005", "100", "0.01"), ("0", "100", "-100.00")])
def test_growth_is_rounded_half_up_to_two_places(now, before, growth):
    zero = Decimal(0)
    assert figures.growth_of(figures.Measure(1, Decimal(now), zero), figures.Measure(1, Decimal(before), zero)) == Decimal(growth)


def test_growth_without_a_base_is_nothing_and_never_a_division_by_zero():
    assert figures.growth_of(figures.Measure(1, Decimal(5), Decimal(0)), figures.Measure(0, Decimal(0), Decimal(0))) is None


def test_the_29th_of_february_compares_with_the_28th():
    assert figures.same_day_before(datetime.date(2028, 2, 29)) == datetime.date(2027, 2, 28)


def test_drafts_and_cancelled_contracts_never_count():
    scene = make_contract(state="performing")
    Contract.objects.filter(pk=scene.contract.pk).update(status="cancelled")
    assert figures.figures(scope_of(scene), clock.today().year, clock.today()).now.projects == 0


def test_the_queries_do_not_grow_with_the_contracts(django_assert_max_num_queries):
    scene = make_contract(state="performing")
    with django_assert_max_num_queries(12):
        figures.figures(scope_of(scene), clock.today().year, clock.today())


def test_volumes_hold_their_rows_and_an_empty_report_has_one():
    assert [len(part) for part in volumes(list(range(4500)), 2000)] == [2000, 2000, 500]
    assert volumes([]) == [[]]
