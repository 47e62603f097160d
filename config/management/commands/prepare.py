"""Bring the data up to the code, in one process: migrations, hashed static files, and the demo when there is none."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, collect static files, and in demo mode load the staged demo once. Safe to run again."

    def handle(self, **options):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO:
            call_command("demo", stage="all", stdout=self.stdout)
        else:
            call_command("check", deploy=True, fail_level="ERROR")
