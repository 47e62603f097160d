"""Compare what the rows say with what lies in the storage."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from kernel import clock, files
from kernel.models import Attachment
from kernel.storage import NAME

DAY = 24 * 3600


class Command(BaseCommand):
    help = "Names files that are missing or changed. --remove-orphans also deletes contents older than a day that no row needs (folder storage only)."

    def add_arguments(self, parser):
        parser.add_argument("--remove-orphans", action="store_true")

    def handle(self, *, remove_orphans=False, **options):
        wrong = [row for row in Attachment.objects.order_by("id").iterator(chunk_size=500) if not files.intact(row)]
        for row in wrong:
            self.stdout.write(f"file {row.pk} ({row.role}): missing or changed")
        if remove_orphans:
            self.stdout.write(f"{self.remove_orphans()} contents without a row removed")
        if wrong:
            raise CommandError(f"{len(wrong)} files are not what their rows say.")
        self.stdout.write(f"{Attachment.objects.count()} files are what their rows say.")

    def remove_orphans(self):
        """Contents of refused or broken-off verbs: on disk, but no row ever came."""
        root, removed = Path(default_storage.location), 0
        for path in root.rglob("*"):
            if not path.is_file() or clock.wall().timestamp() - path.stat().st_mtime < DAY:
                continue
            name = path.relative_to(root).as_posix()
            if name.startswith("incoming/") or (NAME.match(name) and not Attachment.objects.filter(sha256=path.name).exists()):
                path.unlink()
                removed += 1
        return removed
