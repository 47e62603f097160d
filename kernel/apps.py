"""The bottom layer."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    name = "kernel"

    def ready(self):
        from kernel import holidays

        post_migrate.connect(holidays.seed_after_migrate, sender=self)
        from kernel import announce, checks  # noqa: F401
