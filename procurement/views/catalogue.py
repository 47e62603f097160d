"""Screens of the guidance catalogue and the procurement items."""

import base64
import hashlib
import json
import zlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from tablib import Dataset

from kernel import drafts
from kernel.forms import render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.models.job import Job
from kernel.spreadsheet import TableError
from procurement.forms.catalogue import CatalogueImportForm
from procurement.lifecycle.catalogue import add_edition, check, start
from procurement.models import Catalogue, CatalogueItem, Project
from procurement.permissions import may_import_catalogue
from procurement.resources import dataset_of

PREVIEW_ROWS = 10
KEY = "catalogue-import"


@login_required
def catalogue_list(request):
    rows = CatalogueItem.objects.select_related("catalogue", "parent")
    return render_list(
        request, rows, title=_("Catalogue"),
        columns=[
            Column("code", _("Item code")), Column("name", _("Item"), kind="link", sort="sort_key"), Column("category", _("Class")), Column("parent__name", _("Belongs to"), sort=False),
            Column("place_scope", _("Where")), Column("nature", _("Nature"), value=lambda row: row.get_nature_display()), Column("catalogue__name", _("Edition"), sort=False),
        ],
        search=("code", "name", "sort_key", "content"),
        filters=[
            ChoiceFilter("catalogue", _("Edition"), choices=lambda request: [(str(c.pk), c.name) for c in Catalogue.objects.all()], field="catalogue_id"),
            ChoiceFilter("class", _("Class"), choices=lambda request: [(c, c) for c in CatalogueItem.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()], field="category"),
            ChoiceFilter("nature", _("Nature"), choices=CatalogueItem._meta.get_field("nature").choices),
        ],
        default_sort=("catalogue_id", "code"), links=[(_("Import"), reverse("catalogue_import"))] if may_import_catalogue(request.user) else [],
        export_name="指导性目录", empty_text=_("The catalogue is empty: import an edition."),
    )  # fmt: skip


@login_required
@require_safe
def catalogue_item(request, pk):
    item = get_object_or_404(CatalogueItem.objects.select_related("catalogue", "parent"), pk=pk)
    projects = Project.objects.visible_to(request.user).filter(item=item).select_related("place")[:50]
    return render(request, "procurement/catalogue_item.html", {"item_row": item, "children": item.children.all()[:100], "projects": projects})


@login_required
def catalogue_import(request):
    """Upload, look at the first rows and all faulty rows, then take over. The sheet waits as the person's own draft between the two steps."""
    if not may_import_catalogue(request.user):
        raise PermissionDenied
    if request.method == "POST" and "take" in request.POST:
        return _take(request)
    form = CatalogueImportForm(request.POST or None, request.FILES or None)
    context = {}
    if request.method == "POST" and form.is_valid():
        try:
            dataset = dataset_of(form.cleaned_data["file"])
            edition = form.edition()
            result, wrong = check(edition, dataset) if edition.pk else _check_new(edition, dataset)
            context = {"preview": dataset.dict[:PREVIEW_ROWS], "headers": dataset.headers, "wrong": wrong, "rows": len(dataset), "totals": result.totals, "edition": edition}
            if not wrong:
                context["token"] = _keep(request.user, form, dataset)
        except TableError as error:
            form.add_error("file", error)
        except Refusal:
            form.add_error("file", _("This sheet is too large to be checked at once. Split the file."))
    return render_form(
        request, form, title=_("Import a catalogue"), intro=_("Headings: 编码, 名称, 级次, 上级, 类别, 适用范围, 服务内容, 服务要求, 服务标准, 性质. Code and name are needed, the rest may be missing."),
        submit=_("Check the file"), cancel=reverse("catalogue_list"), template="procurement/catalogue_import.html", **context,
    )  # fmt: skip


def _check_new(edition, dataset):
    """Check against an edition that exists only inside a rolled-back transaction."""
    with transaction.atomic():
        edition.save()
        outcome = check(edition, dataset)
        transaction.set_rollback(True)
    edition.pk = None
    return outcome


def _keep(user, form, dataset):
    """Keep the checked sheet as this person's draft until they confirm; returns its digest, so that another upload in between is not taken over."""
    data = form.cleaned_data
    facts = {"catalogue": data["catalogue"].pk if data["catalogue"] else None, "kind": data["kind"] or "guidance", "name": data["name"], "source": data["source"], "valid_from": str(data["valid_from"] or "")}
    packed = zlib.compress(json.dumps([list(row) for row in dataset], ensure_ascii=False).encode())
    drafts.save(user, KEY, {"facts": facts, "headers": dataset.headers, "rows": base64.b64encode(packed).decode()})
    return hashlib.sha256(packed).hexdigest()


def _take(request):
    kept = drafts.load(request.user, KEY)
    content = kept[0] if kept else {}
    packed = base64.b64decode(content.get("rows", ""))
    if not kept or hashlib.sha256(packed).hexdigest() != request.POST["take"]:
        messages.error(request, _("The checked file is no longer there. Upload it again."))
        return redirect("catalogue_import")
    facts, dataset = content["facts"], Dataset(*json.loads(zlib.decompress(packed)), headers=content["headers"])
    try:
        with transaction.atomic():
            edition = Catalogue.objects.get(pk=facts["catalogue"]) if facts["catalogue"] else add_edition(request.user, **{k: facts[k] for k in ("kind", "name", "source", "valid_from")})
            outcome = start(edition, dataset, request.user)
            drafts.drop(request.user, KEY)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("catalogue_import")
    if isinstance(outcome, Job):
        return redirect("job", outcome.pk)
    messages.success(request, _("{new} items new, {changed} changed.").format(new=outcome[0], changed=outcome[1]))
    return redirect(f"{reverse('catalogue_list')}?catalogue={edition.pk}")
