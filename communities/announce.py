"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from communities.lifecycle import need, wish  # noqa: F401
