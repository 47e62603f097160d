"""All scenarios, declared by importing them; every lifecycle page with them."""

from tests.lives import (
    scenarios_challenges,
    scenarios_checks,
    scenarios_closing,
    scenarios_communities,
    scenarios_contracts,
    scenarios_kernel,
    scenarios_money,
    scenarios_papers,
    scenarios_portfolio,
    scenarios_prices,
    scenarios_projects,
    scenarios_providers,
    scenarios_special,
    scenarios_talks,
    scenarios_tenders,
)
from tests.lives.harness import load_lives

load_lives()
__all__ = [
    "load_lives", "scenarios_challenges", "scenarios_checks", "scenarios_closing", "scenarios_communities", "scenarios_contracts", "scenarios_kernel", "scenarios_money", "scenarios_papers", "scenarios_portfolio",
    "scenarios_prices", "scenarios_projects", "scenarios_providers", "scenarios_special",
    "scenarios_talks", "scenarios_tenders",
]  # fmt: skip
