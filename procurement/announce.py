"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from procurement import announce_backfill, announce_challenge, announce_contracts, announce_corrections, announce_projects, announce_tender, handing_over  # noqa: F401
