"""Change the platform key; safe to stop and start again."""

from django.core.management.base import BaseCommand, CommandError

from kernel import crypto, rotation


class Command(BaseCommand):
    help = (
        "Makes a new platform key and brings every encrypted column to it. Stopped half-way, it goes on where it was. "
        "The old keys stay readable until --drop-old."
    )

    def add_arguments(self, parser):
        parser.add_argument("--drop-old", action="store_true", help="forget the old keys; refused while one row still needs them")

    def handle(self, *, drop_old=False, **options):
        key = crypto.start_rotation()
        self.stdout.write(f"Writing with key {key}.")
        unreadable = self.sweep(say=True)
        if unreadable:
            named = ", ".join(unreadable[:10])
            raise CommandError(f"{len(unreadable)} values open under no key of the keyring: {named}. Nothing was dropped; put the key back and run again.")
        if drop_old and self.sweep():
            raise CommandError("A row could not be read; the old keys stay.")
        crypto.finish_rotation(drop_old=drop_old)
        self.stdout.write("Done; the old keys are forgotten." if drop_old else "Done; the old keys stay for backups.")

    def sweep(self, say=False):
        broken = []
        for model, field, renewed in rotation.columns():
            done, unreadable = rotation.rotate_column(model, field, renewed)
            broken += [f"{model._meta.label}.{field} {pk}" for pk in unreadable]
            if say and (done or unreadable):
                self.stdout.write(f"{model._meta.label}.{field}: {done} renewed")
        return broken
