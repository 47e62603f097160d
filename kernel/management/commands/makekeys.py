"""Make the platform's keys once."""

from django.conf import settings
from django.core.management.base import BaseCommand

from kernel import crypto


class Command(BaseCommand):
    help = "Makes the key files missing in KEY_DIR (0600). Existing keys stay as they are."
    requires_system_checks = []

    def handle(self, **options):
        made = crypto.make_keys()
        if made:
            self.stdout.write(f"Made in {settings.KEY_DIR}: {', '.join(made)}.")
            self.stdout.write("Keep a copy in a safe, apart from the database's backups: without it nothing encrypted can be read again.")
        else:
            self.stdout.write("All keys are there; nothing was changed.")
        self.stdout.write("Public key of the daily seals, for the finance bureau and the auditor:")
        self.stdout.write(crypto.public_seal_key().decode())
