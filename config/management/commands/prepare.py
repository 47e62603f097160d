"""Bring the data up to the code, in one process: migrations, hashed static files, and the demo when there is none."""

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

from communities.models import Place

# Of the vendors' folders the pages use the minified files only; hashing and compressing the rest takes half a minute.
UNUSED = ["*.map", "*.rtl.*", "libs", "flags", "payments", "extension", "tabler-*", "tabler.css", "tabler.js", "*.esm.*", "echarts.js", "echarts.common.*"]
UNUSED += ["echarts.simple.*", "import_export", "guardian"]


def static_digest():
    """A digest over name, size and time of every static file we collect."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list(UNUSED), key=lambda pair: pair[0]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}\n".encode())
    return digest.hexdigest()


class Command(BaseCommand):
    help = "Migrate, collect static files, and in demo mode load the staged demo once. Safe to run again."

    def handle(self, **options):
        call_command("migrate", interactive=False, verbosity=0)
        self._collect()
        if settings.DEMO:
            call_command("demo", stage="all", stdout=self.stdout)
        else:
            call_command("check", databases=["default"], fail_level="ERROR")
            if not Place.objects.exists():
                self.stdout.write("This installation is empty: `manage.py setup` makes the district and the first administrator.")

    def _collect(self):
        stamp, digest = settings.STATIC_ROOT / ".collected", static_digest()
        if not stamp.exists() or stamp.read_text() != digest:
            call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=UNUSED)
            settings.STATIC_ROOT.mkdir(exist_ok=True)
            stamp.write_text(digest)
