"""Every statutory computation of an evaluation, on its own: by hand, and over whatever numbers there may be."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.arithmetic import committee, corrections, criteria, prices, result, totals
from evaluation.arithmetic.committee import Seat
from evaluation.arithmetic.corrections import QuoteLine, Sheet
from evaluation.arithmetic.prices import Claim
from kernel import rules
from procurement import judging_bounds

money = st.decimals("0.01", "9999999.99", places=2)
quotes_of = st.dictionaries(st.sampled_from("abcdefgh"), money, min_size=1)
percent = st.integers(0, 30).map(Decimal)
counts = st.integers(1, 13)


def seats(experts, staff=0, **more):
    return [Seat(**more) for _number in range(experts)] + [Seat(expert=False, own_staff=True) for _number in range(staff)]


def codes(*args, **kwargs):
    return [lack.code for lack in committee.lacks(*args, **kwargs)]


class TestCommittee:
    @pytest.mark.rule("B11", mutate="members")
    def test_consultation(self):
        rule = rules.get("B11")
        assert codes(seats(2, 1), rule) == [] and codes(seats(3), rule) == []
        assert codes(seats(1), rule) == ["size"] and codes(seats(4), rule) == ["even"]
        assert codes(seats(3, 2), rule) == ["experts"]
        assert committee.least_members(rule, amount=500, open_tender_from=500) == 3  # the five are only advised
        assert committee.least_members(rule, amount=500, open_tender_from=500, binding=False) == 5

    @pytest.mark.rule("B17", mutate=("members_at_threshold", "legal_experts"))
    def test_negotiation(self):
        rule = rules.get("B17")
        assert codes(seats(3), rule, amount=499, open_tender_from=500) == []
        assert codes(seats(3), rule, amount=500, open_tender_from=500) == ["size"]
        assert codes(seats(4, 1), rule, amount=500, open_tender_from=500) == []
        assert codes(seats(3), rule, complex=True) == ["legal"]
        assert codes([*seats(2), Seat(legal=True)], rule, complex=True) == []

    @pytest.mark.rule("C13", mutate=("members", "large_members", "large_amount"))
    def test_tender(self):
        rule = rules.get("C13")
        assert codes(seats(4, 1), rule) == [] and codes(seats(2, 1), rule) == ["size"]
        assert codes(seats(4, 1), rule, amount=Decimal(9999999)) == [] and codes(seats(4, 1), rule, amount=Decimal(10000000)) == ["size"]
        assert codes(seats(4, 1), rule, complex=True) == ["size"] == codes(seats(4, 1), rule, influential=True)
        assert codes(seats(5, 2), rule, influential=True) == []

    @pytest.mark.rule("C13")
    def test_who_leads_and_who_is_no_expert(self):
        rule = rules.get("C13")
        members = [*seats(4), Seat(expert=False, own_staff=True, leader=True)]
        assert codes(members, rule, with_leader=True) == ["leader"]
        assert codes([Seat(leader=True), *seats(3, 1)], rule, with_leader=True) == []
        assert codes([Seat(own_staff=True), *seats(4)], rule) == ["own_staff"]

    @given(experts=st.integers(0, 12), staff=st.integers(0, 12))
    def test_lawful_means_enough_odd_and_two_thirds(self, experts, staff):
        rule = rules.get("C13")
        size = experts + staff
        lawful = size >= rule.value("members") and size % 2 == 1 and experts * rule.value("expert_denominator") >= size * rule.value("expert_numerator")
        assert (codes(seats(experts, staff), rule) == []) is lawful


class TestDeduction:
    @pytest.mark.rule("C09", mutate=("deduction_min", "deduction_max", "consortium_min", "consortium_max"))
    def test_bounds(self):
        rule = rules.get("C09")
        assert judging_bounds.ratio_bounds(rule) == (10, 20) and judging_bounds.ratio_bounds(rule, consortium=True) == (4, 6)

    @pytest.mark.rule("C09")
    @pytest.mark.parametrize(
        "claim, percent",
        [
            (Claim("company", "small", True), 10), (Claim("company", "micro", True), 10), (Claim("individual_business", "micro", True), 10),
            (Claim("company", "medium", True), 0), (Claim("company", "small", False), 0), (Claim("social_group", "small", True), 0), (Claim("service_agency", "", True), 0),
            (Claim("company", "large", True, Decimal(30)), 4), (Claim("company", "large", True, Decimal("29.99")), 0), (Claim("service_agency", "", True, Decimal(40)), 4),
        ],
    )  # fmt: skip
    def test_who_gets_what(self, claim, percent):
        assert prices.deduction(claim, rules.get("C09"), full=10, partial=4) == percent

    @given(quote=money, percent=percent)
    def test_never_dearer_and_never_negative(self, quote, percent):
        assert 0 <= prices.review_price(quote, percent) <= quote
        assert prices.review_price(quote, 0) == quote


class TestPriceScore:
    @pytest.mark.rule("C03")
    @given(quotes=st.lists(money.filter(lambda value: value >= 1), min_size=1, max_size=9), points=st.integers(1, 30))
    def test_the_lowest_has_all_points_and_nobody_more(self, quotes, points):
        base = prices.base_price(quotes)
        scores = [prices.price_score(quote, base, points) for quote in quotes]
        assert max(scores) == points and all(0 <= score <= points for score in scores)
        dearer_never_better = sorted(zip(quotes, scores, strict=True))
        assert all(one[1] >= two[1] for one, two in zip(dearer_never_better, dearer_never_better[1:], strict=False))


class TestLowPrices:
    @pytest.mark.rule("C08", mutate=("mean_share", "second_share", "ceiling_share"))
    def test_exactly_at_the_share_is_not_low(self):
        rule = rules.get("C08")
        assert prices.low_prices({"a": Decimal(45)}, 100, rule) == {} and prices.low_prices({"a": Decimal("44.99")}, 100, rule) == {"a": ["ceiling"]}
        assert prices.low_prices({"a": Decimal(50), "b": Decimal(100)}, 50, rule) == {} and prices.low_prices({"a": Decimal("49.99"), "b": Decimal(100)}, 50, rule) == {"a": ["second"]}
        three = {"b": Decimal(100), "c": Decimal(150)}
        assert prices.low_prices({"a": Decimal(50), **three}, 50, rule) == {} and "mean" in prices.low_prices({"a": Decimal("49.9"), **three}, 50, rule)["a"]

    @pytest.mark.rule("C08", mutate="share_max")
    def test_the_documents_may_raise_the_shares(self):
        rule = rules.get("C08")
        assert prices.low_prices({"a": Decimal(64)}, 100, rule, {"ceiling": 65}) == {"a": ["ceiling"]}
        for percent in (66, 44):
            with pytest.raises(ValueError):
                judging_bounds.low_shares(rule, {"ceiling": percent})

    @given(quotes=quotes_of, ceiling=money, factor=st.integers(2, 9))
    def test_only_proportions_count(self, quotes, ceiling, factor):
        rule = rules.get("C08")
        once = prices.low_prices(quotes, ceiling, rule)
        assert prices.low_prices({key: value * factor for key, value in quotes.items()}, ceiling * factor, rule) == once
        assert all("second" not in why or quotes[key] == min(quotes.values()) for key, why in once.items())


class TestArithmeticOrder:
    @pytest.mark.rule("C07")
    def test_each_fault(self):
        lines = (QuoteLine("教师", Decimal(10), Decimal(300)), QuoteLine("材料", Decimal(100), Decimal(20)))
        whole = Sheet(Decimal(5000), Decimal(5000), Decimal(5000), lines)
        assert corrections.corrected(whole).corrections == ()

        def mended(**changes):
            found = corrections.corrected(replace(whole, **changes))
            return found.amount, [step.code for step in found.corrections]

        assert mended(detail_total=Decimal(4800), lines=()) == (5000, ["table"])
        assert mended(words=Decimal(5100), lines=(), detail_total=None) == (5100, ["words"])
        slipped = (lines[0], QuoteLine("材料", Decimal(100), Decimal(2)))
        assert mended(lines=slipped) == (5000, ["slip"])
        assert corrections.corrected(replace(whole, lines=slipped)).corrections[0].after == 20
        assert mended(lines=(lines[0], QuoteLine("材料", Decimal(100), Decimal(21)))) == (5100, ["sum"])

    @pytest.mark.rule("C07")
    def test_several_in_order(self):
        lines = (QuoteLine("教师", Decimal(10), Decimal(300)),)
        found = corrections.corrected(Sheet(Decimal(5000), Decimal(5100), Decimal(4900), lines))
        assert [step.code for step in found.corrections] == ["table", "words", "sum"] and found.amount == 3000
        own = corrections.corrected(Sheet(Decimal(5000), None, Decimal(3000), lines))  # the detail agrees with itself: the table counts
        assert [step.code for step in own.corrections] == ["table"] and own.amount == 5000

    @given(
        table=money, words=st.none() | money, detail=st.none() | money,
        lines=st.lists(st.builds(QuoteLine, st.sampled_from(["甲", "乙"]), st.integers(1, 50).map(Decimal), money), max_size=4).map(tuple),
    )  # fmt: skip
    def test_mending_again_changes_nothing(self, table, words, detail, lines):
        once = corrections.corrected(Sheet(table, words, detail, lines))
        twice = corrections.corrected(once.sheet)
        assert twice.corrections == () and twice.amount == once.amount

    @given(lines=st.lists(st.builds(QuoteLine, st.just("项"), st.integers(1, 50).map(Decimal), money), min_size=1, max_size=5).map(tuple))
    def test_a_sheet_that_agrees_with_itself_stays(self, lines):
        total = sum(line.amount for line in lines)
        found = corrections.corrected(Sheet(total, total, total, lines))
        assert found.amount == total and found.corrections == ()


class TestCriteria:
    def test_facts(self):
        assert [criteria.counted(count, 5, 15) for count in (0, 2, 3, 9)] == [0, 10, 15, 15]
        assert criteria.looked_up("5A", {"5A": "8", "4A": "6"}, 8) == 8 and criteria.looked_up("1A", {"5A": "8"}, 8) == 0
        levels = [{"name": "优", "low": "31", "high": "40"}, {"name": "良", "low": "21", "high": "31"}]
        assert [criteria.level_of(Decimal(value), levels) for value in (40, 31, 25, 20)] == ["优", "优", "良", ""]

    def test_steps_and_extremes(self):
        assert criteria.on_step(Decimal("3.5"), 0, Decimal("0.5")) and not criteria.on_step(Decimal("3.3"), 0, Decimal("0.5")) and criteria.on_step(Decimal("3.33"), 0, None)
        assert criteria.in_outer_part(Decimal(36), 0, 40, 10) and criteria.in_outer_part(Decimal(4), 0, 40, 10) and not criteria.in_outer_part(Decimal("35.9"), 0, 40, 10)
        assert criteria.far_off(Decimal(30), [Decimal(10), Decimal(12)], 40, 30) and not criteria.far_off(Decimal(23), [Decimal(11)], 40, 30) and not criteria.far_off(Decimal(30), [], 40, 30)

    def test_what_does_not_apply_is_not_zero(self):
        points = {"a": Decimal(40), "b": Decimal(30), "c": Decimal(10)}
        given_points = {"a": Decimal(36), "b": Decimal(27)}
        assert criteria.judged_sum(given_points, points, {"c"}) == 72  # nine tenths of what remains is nine tenths of the whole
        with pytest.raises(ValueError):
            criteria.judged_sum({}, points, {"a", "b", "c"})

    @given(points=st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40).map(Decimal), min_size=2), share=st.integers(0, 100), data=st.data())
    def test_the_same_share_earns_the_same_whatever_does_not_apply(self, points, share, data):
        waived = set(data.draw(st.lists(st.sampled_from(sorted(points)), max_size=len(points) - 1, unique=True)))
        given_points = {item: value * share / 100 for item, value in points.items() if item not in waived}
        assert abs(criteria.judged_sum(given_points, points, waived) - sum(points.values()) * share / 100) <= Decimal("0.01")


def line(name, quote, judged=0, price=0, review=None):
    return totals.Line(None, Decimal(quote), Decimal(judged), Decimal(price), review=None if review is None else Decimal(review), key=name)


lines_of = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=7).map(
    lambda rows: [line(f"n{number}", *row) for number, row in enumerate(rows)]
)


class TestRanks:
    @pytest.mark.rule("C05")
    @given(lines=lines_of, seed=st.text(max_size=5))
    def test_order(self, lines, seed):
        order = totals.ranked(lines, seed)
        assert [row.rank for row in order] == list(range(1, len(lines) + 1))
        for one, two in zip(order, order[1:], strict=False):
            assert (one.total, -one.quote) >= (two.total, -two.quote)
            assert one.drawn >= ((one.total, one.quote) == (two.total, two.quote))
        assert [row.key for row in totals.ranked(list(reversed(lines)), seed)] == [row.key for row in order]

    @pytest.mark.rule("C05")
    def test_the_documents_may_settle_a_tie(self):
        lines = [line("a", 100, 60, 20), line("b", 100, 62, 18)]
        assert [row.key for row in totals.ranked(lines, "s", "technical")] == ["b", "a"] and not any(row.drawn for row in lines)
        assert all(row.drawn for row in totals.ranked(lines, "s"))

    @pytest.mark.rule("C06", "B16")
    def test_lowest_review_price(self):
        order = totals.ranked_by_price([line("social", 95, review=95), line("small", 100, review=90), line("large", 99, review=99)], "s")
        assert [row.key for row in order] == ["small", "social", "large"]
        assert all(row.drawn for row in totals.ranked_by_price([line("a", 90, review=90), line("b", 100, review=90)], "s"))


def inputs_of(ranking="points", waived=()):
    bids = [
        {"bid": number, "key": f"k{number}", "organization": f"单位{number}", "quote": quote, "deduction": deduction, "scores": scores}
        for number, (quote, deduction, scores) in enumerate(
            [("100.00", "10", {"1": {"7": "50", "8": "10"}, "2": {"7": "52", "8": "10"}}), ("90.00", "0", {"1": {"7": "40", "8": "20"}, "2": {"7": "43", "8": "20"}})], 1
        )
    ]
    return {"ranking": ranking, "tie": "draw", "seed": "s", "places": 2, "lots": [{"lot": 1, "price_points": "20", "items": {"7": "60", "8": "20"}, "waived": list(waived), "bids": bids}]}


class TestResult:
    @pytest.mark.rule("C03", "C04", "C09")
    def test_by_hand(self):
        lot = result.computed(inputs_of())["lots"][0]
        one, two = lot["lines"]
        assert lot["base"] == "90.00"
        assert (two["bid"], two["review"], two["price"], two["judged"], two["total"]) == (1, "90.00", "20.00", "61.00", "81.00")
        assert (one["bid"], one["quote"], one["price"], one["judged"], one["total"]) == (2, "90.00", "20.00", "61.50", "81.50")
        assert one["members"] == {"1": "60.00", "2": "63.00"}

    def test_an_item_that_does_not_apply(self):
        one, two = result.computed(inputs_of(waived=["8"]))["lots"][0]["lines"]
        assert (one["bid"], one["judged"]) == (1, "68.00") and (two["bid"], two["judged"]) == (2, "55.33")  # (53.33 + 57.33) / 2

    @pytest.mark.rule("C06", "B16")
    def test_by_price_alone(self):
        found = result.computed(inputs_of("negotiated"))["lots"][0]["lines"]
        assert {row["review"] for row in found} == {"90.00"} and all(row["drawn"] and row["total"] == "" for row in found)

    @given(quotes=st.lists(money.filter(lambda value: value >= 1), min_size=1, max_size=5), points=st.lists(st.integers(0, 60), min_size=5, max_size=5), seed=st.text(max_size=4))
    def test_the_same_inputs_give_the_same_result_after_storing(self, quotes, points, seed):
        made = inputs_of()
        made["seed"] = seed
        made["lots"][0]["bids"] = [
            {"bid": number, "key": str(number), "organization": "甲", "quote": str(quote), "deduction": "0", "scores": {"1": {"7": str(points[number]), "8": "1"}}} for number, quote in enumerate(quotes)
        ]
        once = result.computed(made)
        assert json.loads(json.dumps(once)) == result.computed(json.loads(json.dumps(made)))
        assert sorted(row["rank"] for row in once["lots"][0]["lines"]) == list(range(1, len(quotes) + 1))
