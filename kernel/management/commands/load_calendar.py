"""Load the holiday lists of the years the kept library knows."""

from django.core.management.base import BaseCommand

from kernel import holidays


class Command(BaseCommand):
    help = "Seed the holiday calendar; may be run again: it changes nothing that was published."

    def handle(self, **options):
        row = holidays.seed()
        if row is None:
            self.stdout.write("nothing new to load")
        else:
            self.stdout.write(f"version {row.version} ({row.status}): {', '.join(map(str, row.years.values_list('year', flat=True)))}")
