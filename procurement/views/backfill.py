"""Backfill screens: template, import with preview and row errors, one row by form, batch."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.permissions import has_role
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.spreadsheet import read_table, write_xlsx
from procurement.forms.backfill import BackfillFileForm, BackfillRowForm
from procurement.lifecycle import backfill
from procurement.lifecycle.backfill_rows import COLUMNS, missing_columns, plain
from procurement.models import Backfill

SEEN_BY = ("handler", "accountant", "leader", "supervisor", "observer")
EXAMPLE = ["长者食堂助餐服务", "履约中", "示例社区", "2026", "ZD-501", "70岁以上老人", "120", "示例街道社区服务资金", "53100000500019795A", "HT-2026-001", "98000.00",
           "2026-02-10", "2026-03-01", "2026-12-31", "29400.00", "2026-03-05", "记-0315", "示例行，导入前请删除"]  # fmt: skip


@login_required
def backfill_list(request):
    if not has_role(request.user, *SEEN_BY):
        raise PermissionDenied
    return render_list(
        request,
        Backfill.objects.visible_to(request.user).select_related("purchaser", "created_by", "confirmed_by"),
        title=_("Contracts entered afterwards"),
        columns=[
            Column("name", _("Batch"), kind="link"),
            Column("purchaser__name", _("Purchaser")),
            Column("count", _("Rows"), value=lambda row: len(row.rows), kind="number", sort=False),
            Column("created_by__name", _("Entered by")),
            Column("created_at", _("Entered at"), kind="datetime"),
            Column("confirmed_by__name", _("Confirmed by")),
            Column("status", _("Status"), kind="status"),
        ],
        search=("name",),
        filters=[ChoiceFilter("status", _("Status"), choices=Backfill.LIFE.states.items())],
        default_sort="-created_at",
        links=[(_("Import from Excel"), reverse("backfill_import")), (_("Enter one contract"), reverse("backfill_row")), (_("Template"), reverse("backfill_template"))],
        export_name=_("contracts entered afterwards"),
        empty_text=_("Contracts that began before the platform are entered here: by Excel or one by one; a second person confirms."),
    )


@login_required
@require_safe
def backfill_template(request):
    """The Excel template with one example row."""
    enterers_only(request.user)
    response = HttpResponse(write_xlsx("补录", list(COLUMNS), [EXAMPLE]), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = "attachment; filename*=UTF-8''%E8%A1%A5%E5%BD%95%E6%A8%A1%E6%9D%BF.xlsx"
    return response


def enterers_only(user):
    if not has_role(user, "handler", "accountant"):
        raise PermissionDenied


@login_required
def backfill_import(request):
    enterers_only(request.user)
    form = BackfillFileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            table = read_table(upload, max_rows=backfill.MOST_ROWS)
            if lacking := missing_columns(table.header):
                raise ValidationError(_("These columns are missing: {names}.").format(names="、".join(lacking)))
            rows = [plain(record) for _number, record in table.records()]
            return redirect(backfill.enter(form.cleaned_data["purchaser"], rows, actor=request.user, name=upload.name))
        except ValidationError as error:
            form.add_error("file", error)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request,
        form,
        title=_("Import contracts that are under way"),
        intro=_("One row for each contract. You see what is wrong in each row before anything counts; a second person confirms."),
        submit=_("Read the file"),
        cancel=reverse("backfill_list"),
    )


@login_required
def backfill_row(request):
    enterers_only(request.user)
    form = BackfillRowForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        cells, unit = form.cells(), form.cleaned_data["purchaser"]
        problems = backfill.check([cells], unit)[0]
        for problem in problems:
            form.add_error(None, problem)
        if not problems:
            return redirect(backfill.enter(unit, [cells], actor=request.user, name=cells["title"]))
    return render_form(request, form, title=_("Enter one contract that is under way"), submit=_("Save"), cancel=reverse("backfill_list"), draft="backfill-row")


@login_required
def backfill_detail(request, pk):
    batch = get_object_or_404(Backfill.objects.visible_to(request.user).select_related("purchaser"), pk=pk)
    shown = [(number, [cells.get(key, "") for key in COLUMNS.values()], found) for number, (cells, found) in enumerate(zip(batch.rows, batch.problems, strict=True), start=1)]
    wrong = [row for row in shown if row[2]]
    return render_detail(
        request, batch, "procurement/backfill.html", header=list(COLUMNS), shown=shown[:20], wrong=wrong, total=len(shown), contracts=batch.contracts.all(), projects=batch.projects.all()
    )
