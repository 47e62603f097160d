"""Production's first run: keys, tables, the district, and the first platform administrator. Refuses to run a second time."""

import getpass
import os
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from communities.lifecycle.place import add_place
from communities.models import Place
from kernel import crypto
from kernel.models import User


class Command(BaseCommand):
    help = "First run of an empty installation: asks (or takes as options) the district and the first platform administrator."
    requires_system_checks = []  # the key folder the checks ask for is made here

    def add_arguments(self, parser):
        parser.add_argument("--district", help="name of the district, for example 武侯区")
        parser.add_argument("--code", default=settings.REGION_CODE, help="its administrative code (default: REGION_CODE)")
        parser.add_argument("--username", help="login name of the first platform administrator")
        parser.add_argument("--name", help="their name")
        parser.add_argument("--email", default="", help="their mail address")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input instead of asking twice")

    def handle(self, **options):
        keys = Path(settings.KEY_DIR)
        if not keys.exists():
            keys.mkdir(parents=True, mode=0o700)
        crypto.make_keys()  # existing ones stay
        call_command("migrate", interactive=False, verbosity=0)
        if Place.objects.filter(kind=Place.DISTRICT).exists() or User.objects.filter(is_platform_admin=True).exists():
            raise CommandError("This installation is set up already; nothing was changed. Further administrators are invited on the screens.")
        district = options["district"] or self._ask("District")
        username = options["username"] or self._ask("Login name of the administrator")
        name = options["name"] or self._ask("Name of the administrator")
        user = User(username=username, name=name, email=options["email"], is_platform_admin=True)
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else self._ask_password(user)
        try:
            user.set_password(password)
            user.full_clean()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages))
        with transaction.atomic():
            user.save()
            add_place(Place.DISTRICT, district, actor=user, code=options["code"])
        self.stdout.write(f"Done. {name} logs in as {username} at {settings.SITE_URL} and sets up the second factor first.")
        self.stdout.write(f"Keep a copy of {keys} in a safe place outside this machine: without it encrypted fields and bids are lost.")

    def _ask(self, what):
        if not sys.stdin.isatty():
            raise CommandError(f"{what} is missing; see `manage.py setup --help`.")
        while not (answer := input(f"{what}: ").strip()):
            pass
        return answer

    def _ask_password(self, user):
        if not sys.stdin.isatty():
            raise CommandError("Give the password with --password-stdin, or run this where somebody can type it.")
        while True:
            first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
            if first != second:
                self.stderr.write("The two differ.")
                continue
            try:
                validate_password(first, user)
                return first
            except ValidationError as error:
                self.stderr.write(os.linesep.join(error.messages))
