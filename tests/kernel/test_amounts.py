"""Capital numerals on contracts and payment papers."""

from decimal import Decimal

import pytest

from kernel.amounts import in_words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal("4075000"), "肆佰零柒万伍仟元整"),
        (Decimal("100.05"), "壹佰元零伍分"),
        (Decimal("100.50"), "壹佰元伍角"),
        (Decimal("0"), "零元整"),
        (Decimal("0.10"), "壹角"),
        (Decimal("10"), "壹拾元整"),
        (Decimal("1930000"), "壹佰玖拾叁万元整"),
        (Decimal("194000000"), "壹亿玖仟肆佰万元整"),
        (Decimal("12345.67"), "壹万贰仟叁佰肆拾伍元陆角柒分"),
        (Decimal("-30.5"), "负叁拾元伍角"),
    ],
)
def test_in_words(amount, words):
    assert in_words(amount) == words


def test_a_third_decimal_is_rounded_not_cut_off():
    assert in_words(Decimal("0.995")) == "壹元整"
    assert in_words(Decimal("99.999")) == "壹佰元整"


def test_floats_are_refused():
    with pytest.raises(TypeError):
        in_words(100.05)
