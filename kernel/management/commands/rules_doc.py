"""Write docs/rules.md, or with --check fail when it is not current."""

from django.core.management.base import BaseCommand, CommandError

from kernel import carriers


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is not current")

    def handle(self, check=False, **options):
        if not carriers.write_or_check("rules.md", carriers.rules_page(), check):
            raise CommandError("docs/rules.md is not current: run manage.py rules_doc")
