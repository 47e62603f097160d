"""The search language of the project list: what is written again reads the same, what is not understood is said in a sentence. Pure."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement import asking
from procurement.asking import Asked, AskError, Term, parse

WORD = st.text("abcdefgh柳荫社区0123456789", min_size=1, max_size=6)
PHRASE = st.lists(WORD, min_size=1, max_size=2).map(" ".join)
COUNT = st.integers(0, 9_999).map(Decimal)


@st.composite
def terms(draw):
    key = draw(st.sampled_from(sorted(asking.KEYS)))
    if key in asking.FIGURES:
        sign = draw(st.sampled_from(asking.SIGNS))
        low, high = sorted([draw(COUNT), draw(COUNT)])
        return Term(key, sign, (low, high) if sign == ".." else low)
    if key in ("is", "way"):
        return Term(key, ":", draw(st.sampled_from(sorted(asking.STATES if key == "is" else asking.WAYS))))
    return Term(key, ":", draw(PHRASE))


@given(st.lists(terms(), max_size=5), st.lists(PHRASE, max_size=3))
def test_what_is_written_again_reads_the_same(found, words):
    asked = Asked(tuple(found), tuple(words))
    assert parse(str(asked)) == asked


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        asked = parse(text)
    except AskError as error:
        assert len(str(error)) > 5
    else:
        assert all(term.key in asking.KEYS for term in asked.terms) and all(word.strip() for word in asked.words)


def test_the_example():
    asked = parse("is:returned owner:@me place:柳荫 age:>10 money:>50000 year:2026 读书会")
    assert [(term.key, term.sign, term.value) for term in asked.terms] == [
        ("is", ":", "returned"), ("owner", ":", "@me"), ("place", ":", "柳荫"), ("age", ">", 10), ("money", ">", 50000), ("year", "=", 2026),
    ]  # fmt: skip
    assert asked.words == ("读书会",)


@pytest.mark.parametrize(("chinese", "plain"), [
    ("阶段：退回", "is:returned"), ("天数：＞１０".replace("１０", "10"), "age:>10"), ("预算:5万..20万", "money:50000..200000"), ("年度:2026年", "year:=2026"), ("方式:定向", "way:intended"), ("IS:Late", "is:late"),
])  # fmt: skip
def test_chinese_keys_and_wide_signs(chinese, plain):
    assert parse(chinese) == parse(plain)


@pytest.mark.parametrize("text", ["colour:red", "is:sleeping", "age:long", "age:>", "money:9..3", "money:1e9999", "year:99999", "age:1.5", "owner:", 'place:"柳荫', "way:闭门", "place:\"\"", "age:>-3", "money:..5"])
def test_refused(text):
    with pytest.raises(AskError):
        parse(text)


def test_an_unknown_word_is_named_with_those_that_are_known():
    with pytest.raises(AskError) as refused:
        parse("colour:red")
    assert "colour" in str(refused.value) and "经办人" in str(refused.value)
