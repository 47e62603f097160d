"""The bottom layer."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "kernel"

    def ready(self):
        from kernel import announce  # noqa: F401
