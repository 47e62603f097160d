"""Editions of catalogues and the items in them: imported from a sheet, all rows or none, trailed. Items used by projects are changed, never deleted."""

import json

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import jobs, trail
from kernel.lifecycle import Refusal
from procurement.models import Catalogue
from procurement.permissions import may_import_catalogue
from procurement.resources import ItemResource, faults

INLINE_ROWS = 500


def check(catalogue, dataset):
    """What an import would do, without doing it: (import result, [(row, sentence)])."""
    result = ItemResource(catalogue).import_data(dataset, dry_run=True, raise_errors=False)
    return result, faults(result)


@transaction.atomic
def take_over(catalogue, dataset, actor):
    """Write a checked dataset into a catalogue; all rows or none. Raises Refusal with the first faulty row. Returns (new, changed)."""
    resource = ItemResource(catalogue)
    result = resource.import_data(dataset, dry_run=False, raise_errors=False, use_transactions=True)
    if wrong := faults(result):
        raise Refusal("bad_rows", _("Row {row}: {sentence}").format(row=wrong[0][0], sentence=wrong[0][1]), todo=_("Correct the file and upload it again."))
    resource.tie_parents(dataset)
    new, changed = result.totals["new"], result.totals["update"]
    if new or changed:
        trail.record(catalogue, "import", actor=actor, params={"new": new, "changed": changed})
    return new, changed


@transaction.atomic
def add_edition(actor, *, kind, name, source, valid_from, valid_to=None):
    """A new edition of a catalogue. Raises Refusal for a role that keeps none."""
    if actor is not None and not may_import_catalogue(actor):
        raise Refusal("role", _("Catalogues are kept by the finance bureau."))
    catalogue = Catalogue.objects.create(kind=kind, name=name, source=source, valid_from=valid_from, valid_to=valid_to)
    trail.record(catalogue, "create", actor=actor)
    return catalogue


@jobs.register("procurement.catalogue", label=_("Import of a catalogue"))
def import_in_job(run, *, catalogue, rows, headers):
    """Import a large sheet outside the request; running it twice changes nothing."""
    from tablib import Dataset

    found = Catalogue.objects.get(pk=catalogue)
    dataset = Dataset(*rows, headers=headers)
    with run.step():
        take_over(found, dataset, run.job.requested_by)
    return f"/catalogue/?catalogue={found.pk}"


def start(catalogue, dataset, actor):
    """Import now, or as a job when the sheet is long. Returns (new, changed) or the Job."""
    if len(dataset) <= INLINE_ROWS:
        return take_over(catalogue, dataset, actor)
    return jobs.enqueue("procurement.catalogue", {"catalogue": catalogue.pk, "rows": json.loads(json.dumps([list(row) for row in dataset])), "headers": dataset.headers}, actor=actor)


