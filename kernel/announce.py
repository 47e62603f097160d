"""Imported when the app is ready: fills the registries with what the kernel itself offers."""

from kernel import notices  # noqa: F401
