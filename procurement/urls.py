"""Addresses of procurement."""

from procurement import (
    urls_award,
    urls_backfill,
    urls_bidding,
    urls_bond,
    urls_challenge,
    urls_contracts,
    urls_gates,
    urls_integrity,
    urls_papers,
    urls_portfolio,
    urls_preparation,
    urls_prices,
    urls_projects,
    urls_special,
    urls_tender,
    urls_timetable,
)

ROOMS = (urls_award, urls_backfill, urls_bidding, urls_bond, urls_challenge, urls_contracts, urls_gates, urls_integrity, urls_papers, urls_portfolio, urls_preparation, urls_prices, urls_projects, urls_special, urls_tender, urls_timetable)
urlpatterns = [pattern for room in ROOMS for pattern in room.urlpatterns]
