"""Between which figures the documents of a purchase may choose: the policy deduction (C09) and the shares of low prices (C08). Pure."""

from decimal import Decimal

SHARES = {"mean": "mean_share", "second": "second_share", "ceiling": "ceiling_share"}


def ratio_bounds(rule, *, consortium=False):
    """(lowest, highest) deduction in percent that the tender's documents may state (C09 财库〔2020〕46号 第9条、财库〔2022〕19号)."""
    kind = "consortium" if consortium else "deduction"
    return rule.value(f"{kind}_min"), rule.value(f"{kind}_max")


def low_shares(rule, raised=None):
    """The percent under which a quote is abnormally low, per reason: the rule's, or what the tender's documents raised it to (C08 财库〔2026〕2号).

    `raised`: {reason: percent}; at most the rule's `share_max`, never lower than the rule. Raises ValueError otherwise.
    """
    found = {}
    for reason, name in SHARES.items():
        own, asked = rule.value(name), (raised or {}).get(reason)
        if asked is not None and not own <= Decimal(asked) <= rule.value("share_max"):
            raise ValueError(f"{reason}: {asked} lies outside {own}–{rule.value('share_max')}")
        found[reason] = own if asked is None else Decimal(asked)
    return found
