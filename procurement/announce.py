"""Imported when the app is ready: registers the lives and fills the kernel's registries."""

from procurement import announce_projects  # noqa: F401
