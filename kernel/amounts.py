"""Amounts in Chinese capital numerals 大写, as contracts and payment papers print them."""

import cn2an

from kernel.money import yuan


def in_words(amount):
    """Decimal yuan → 大写 (4075000 → 肆佰零柒万伍仟元整). Rounded to whole fen first: the library silently cuts further places off.
    Raises TypeError on a float."""
    amount = yuan(amount)
    words = cn2an.an2cn(str(abs(amount)), "rmb")
    return f"负{words}" if amount < 0 else words
