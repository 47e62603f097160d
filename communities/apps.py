"""The app communities: its lives and what it announces to earlier pages."""

from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    name = "communities"

    def ready(self):
        from communities import announce  # noqa: F401
