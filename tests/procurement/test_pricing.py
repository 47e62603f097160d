"""The statistic and the keys of price evidence, as pure functions."""

from decimal import Decimal
from statistics import median, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.money import yuan
from procurement.pricing import far_off, key_of, statistic, times_median

prices = st.lists(st.integers(1, 10**9).map(lambda fen: Decimal(fen) / 100), min_size=1, max_size=60)


@given(prices)
@settings(max_examples=150, deadline=None)
def test_the_statistic_agrees_with_the_textbook_and_ignores_order(rows):
    found = statistic(rows)
    assert found == statistic(sorted(rows, reverse=True))
    assert found.count == len(rows)
    assert found.median == yuan(median(rows))
    if len(rows) > 1:
        assert [found.first, found.median, found.third] == [yuan(cut) for cut in quantiles(rows, n=4, method="inclusive")]
    assert min(rows) == found.low <= found.first <= found.median <= found.third <= found.high == max(rows)


@given(prices, st.integers(1, 10**9), st.integers(2, 50))
@settings(max_examples=100, deadline=None)
def test_all_prices_times_a_number_give_all_figures_times_it_and_the_same_verdict(rows, fen, factor):
    price, rule = Decimal(fen) / 100, {"minimum": 1, "high": Decimal("1.5"), "low": Decimal("0.5")}
    even = [row * 4 for row in rows]  # quartiles stay whole fen
    small, big = statistic(even), statistic([row * factor for row in even])
    assert (big.first, big.median, big.third) == (small.first * factor, small.median * factor, small.third * factor)
    assert far_off(price, small, **rule) == far_off(price * factor, big, **rule)


def test_no_prices_no_statistic_and_one_price_is_all_of_it():
    assert statistic([]) is None
    one = statistic([Decimal("12.30")])
    assert {one.low, one.first, one.median, one.third, one.high} == {Decimal("12.30")}


def test_two_thousand_is_told_from_four_thousand_exactly_at_the_border():
    found, rule = statistic([Decimal(2000)] * 14), {"minimum": 3, "high": Decimal("1.5"), "low": Decimal("0.5")}
    assert [far_off(Decimal(price), found, **rule) for price in ("1000", "1000.01", "2000", "2999.99", "3000", "4000")] == ["low", "", "", "", "high", "high"]
    assert times_median(4000, found.median) == Decimal("2.00")
    assert far_off(4000, found, minimum=15, high=rule["high"], low=rule["low"]) == ""
    assert far_off(4000, None, **rule) == ""
    assert times_median(4000, Decimal(0)) is None


@pytest.mark.parametrize("name,unit,same", [
    ("展板（大）", "块", ("展板(大)", "块")), (" 展 板 ", "块", ("展板", " 块 ")), ("Ａ４纸", "包", ("a4纸", "包")), ("大巴租赁费", "车次", ("大巴租赁", "车次")),
    ("管理费用", "项", ("管理费", "项")), ("社工人工（1名）", "月", ("社工人工（2名）", "月")), ("社工服务", "人·月", ("社工服务", "人月")), ("横幅", "元/条", ("横幅", "条")),
])  # fmt: skip
def test_ways_of_writing_one_thing_have_one_key(name, unit, same):
    assert key_of(name, unit) == key_of(*same)


@pytest.mark.parametrize("one,other", [(("展板", "块"), ("展板", "张")), (("展板（大）", "块"), ("展板（小）", "块")), (("展板", "块"), ("展架", "块")), (("A3纸", "包"), ("A4纸", "包"))])
def test_other_things_and_other_units_have_other_keys(one, other):
    assert key_of(*one) != key_of(*other)


@given(st.text(max_size=80), st.text(max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_text_has_a_key_of_bounded_length(name, unit):
    assert len(key_of(name, unit)) <= 160
    assert key_of(f" {name} ", unit) == key_of(name, f" {unit}") == key_of(name, unit)
