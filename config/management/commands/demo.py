"""The staged demo."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.demo import story
from config.demo.cast import script


class Command(BaseCommand):
    help = "Stage a fictional district through the real verbs, up to a stage; running it twice changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--stage", choices=[*story.STAGES, "all"], default="closed", help="how far the furthest project goes (all = closed)")
        parser.add_argument("--refresh", action="store_true", help="throw the demo away and stage it anew, ending today")
        parser.add_argument("--accounts", action="store_true", help="only print the demo accounts")

    def handle(self, *, stage, refresh, accounts, verbosity, **options):
        if not settings.DEMO:
            raise CommandError("The demo is staged in demo mode only (DIANDAN_MODE=demo).")
        if accounts:
            return self.print_accounts()
        if story.staged():
            if not refresh:
                self.stdout.write("The demo is already staged; --refresh stages it anew.")
                return None
            self.throw_away()
        call_command("load_calendar", verbosity=0)
        call_command("load_catalogue", verbosity=0)
        story.tell("closed" if stage == "all" else stage, say=self.stdout.write if verbosity else lambda line: None)
        self.stdout.write(self.style.SUCCESS("The demo is staged."))
        return None

    def throw_away(self):
        """Empty the database; refused when anybody in it is not of the demo."""
        from kernel.models import User

        if User.objects.filter(is_demo=False).exists():
            raise CommandError("There are people in this database who are not of the demo; nothing was thrown away.")
        call_command("flush", interactive=False, verbosity=0)

    def print_accounts(self):
        told = script("cast")
        self.stdout.write(f"Demo accounts (password: {told['password']}; openers' passphrase: {told['passphrase']})")
        for what, username in story.accounts():
            self.stdout.write(f"  {username:<14} {what}")
