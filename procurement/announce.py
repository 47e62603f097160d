"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from procurement import (
    announce_backfill,  # noqa: F401, E402, I001
    announce_contracts,  # noqa: F401
    announce_projects,  # noqa: F401
    announce_tender,  # noqa: F401, E402, I001
)
