"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from evaluation import announce_agenda, announce_check, announce_comparison, announce_panel, announce_review  # noqa: F401
