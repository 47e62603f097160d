"""Makes every stored result of the evaluations again and says whether it is the same. Reads only."""

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from evaluation import recomputing
from evaluation.models import Panel


class Command(BaseCommand):
    help = "Make the results of concluded panels again from their stored inputs; exit 1 when one differs."

    def add_arguments(self, parser):
        parser.add_argument("--panel", type=int, help="only this panel, by its id")
        parser.add_argument("--tender", help="only the panels of this purchase, by its number")

    def handle(self, *, panel=None, tender=None, **options):
        rows = Panel.objects.exclude(inputs={}).select_related("tender", "former_tender").order_by("pk")
        if panel is not None:
            rows = rows.filter(pk=panel)
        if tender is not None:
            rows = rows.filter(Q(tender__number=tender) | Q(former_tender__number=tender))
        if (panel is not None or tender is not None) and not rows.exists():
            raise CommandError("there is no concluded panel of that id or number")
        count = different = 0
        for row in rows:
            for found in recomputing.compared(row):
                count += 1
                different += bool(found.differs)
                self.stdout.write(f"{'DIFFERENT' if found.differs else 'equal'} {row.purchase.number} panel {row.pk} {found.where}: {found.what}")
                for what, stored, again in found.differs:
                    self.stdout.write(f"  {what}: stored {stored}, again {again}")
        if different:
            raise CommandError(f"{different} of {count} comparisons differ")
        self.stdout.write(self.style.SUCCESS(f"{count} comparisons, all equal"))
