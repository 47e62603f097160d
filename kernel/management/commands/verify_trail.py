"""Proves the trail, or names the first broken row of each chain."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from kernel import proof
from kernel.models import ChainHead


class Command(BaseCommand):
    help = "Verify every chain of the trail; with --seal FILE also against a signed daily seal kept elsewhere."

    def add_arguments(self, parser):
        parser.add_argument("--seal", help="a seal file exported on an earlier day")
        parser.add_argument("--export", help="sign today's heads and write the seal to this file")

    def handle(self, *, seal=None, export=None, **options):
        if export:
            Path(export).write_text(proof.export(proof.seal_day()), encoding="utf-8")
            self.stdout.write(f"seal written to {export}")
            return
        try:
            sealed = Path(seal).read_text(encoding="utf-8") if seal else None
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"the seal file cannot be read: {error}") from error
        found = proof.problems(sealed)
        for chain, seq, what in found:
            self.stdout.write(f"BROKEN {chain} row {seq}: {what}")
        if found:
            raise CommandError(f"{len(found)} chain(s) broken")
        self.stdout.write(self.style.SUCCESS(f"{ChainHead.objects.count()} chains whole"))
