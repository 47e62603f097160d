"""The app procurement: its lives and what it announces to earlier pages."""

from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    name = "procurement"

    def ready(self):
        from procurement import announce, recounting, recounting_remedies  # noqa: F401
