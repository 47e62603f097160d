"""The app reporting: its lives and what it announces to earlier pages."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self):
        from reporting import announce  # noqa: F401
