"""The app providers: its lives and what it announces to earlier pages."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"

    def ready(self):
        from providers import announce  # noqa: F401
