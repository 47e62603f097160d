"""The arithmetic of scoring by its usual name; it lives in `evaluation.arithmetic` (committee, prices, corrections, criteria, totals, result)."""

from evaluation.arithmetic.prices import low_prices, price_score, rounded
from evaluation.arithmetic.totals import Line, average, ranked, ranked_by_price

__all__ = ["Line", "average", "low_prices", "price_score", "ranked", "ranked_by_price", "rounded"]
