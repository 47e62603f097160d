"""What the law computes, without a database: figures come from rules (`kernel.rules`), amounts are Decimal yuan, points are Decimal.

`committee` who must sit · `prices` deduction, base, price score, abnormally low prices · `corrections` the order of arithmetic faults ·
`criteria` points from facts, levels, redistribution, extremes · `totals` sums, ties, ranks · `result` all of it from stored inputs.
"""
