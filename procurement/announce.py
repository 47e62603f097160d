"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from procurement import (  # noqa: F401
    announce_award,
    announce_backfill,
    announce_bidding,
    announce_bond,
    announce_challenge,
    announce_contracts,
    announce_corrections,
    announce_funds,
    announce_integrity,
    announce_papers,
    announce_portfolio,
    announce_preparation,
    announce_prices,
    announce_projects,
    announce_special,
    announce_tender,
    announce_timetable,
    handing_over,
)
