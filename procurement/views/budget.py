"""The item-level budget: editor with live totals, Excel out and in, printable paper."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from kernel import filetypes
from kernel.cleaning import CleanForm
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.spreadsheet import TableError
from kernel.upload import UploadField
from procurement.budget_cells import HEADINGS, LABELS, LENGTHS
from procurement.documents import BadBudget, budget_pdf, budget_xlsx, read_budget
from procurement.forms.budget import WORDS, LineTable
from procurement.forms.project import PlanFormSet
from procurement.lifecycle.budget_bounds import bounds_of
from procurement.lifecycle.price_check import price_notes
from procurement.lifecycle.project import BUDGET, open_cut, set_budget
from procurement.views.projects import visible


class NoFields(CleanForm):
    """A page of formsets only; carries the refusal."""


class BudgetFileForm(CleanForm):
    file = UploadField(label=_("Excel or CSV"), kinds=filetypes.TABLES)


def initial_plan(project):
    """The saved activities as formset rows."""
    names = ("order", "title", "planned_on", "location", "headcount", "times", "by_whom")
    return [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in project.plan.all()]


def _complete(formset):
    """All rows that stay, changed or not."""
    return [form.cleaned_data for form in formset.forms if form.cleaned_data.get("title") and not form.cleaned_data.get("DELETE")]


def _titles(plan):
    """[(number, title)] of the activities as they stand on the page."""
    if plan.is_bound:
        rows = [(form["order"].value(), form["title"].value() or "", form["DELETE"].value()) for form in plan.forms]
        return [(int(number), title) for number, title, gone in rows if str(number or "").isascii() and str(number or "").isdigit() and title and not gone]
    return [(row["order"], row["title"]) for row in plan.initial or ()]


@login_required
def project_budget(request, pk):
    project = visible(request, pk)
    acting_for(request.user, project, BUDGET)
    plan = PlanFormSet(request.POST or None, initial=initial_plan(project), prefix="plan")
    if not plan.is_bound and not plan.initial:
        plan.forms[0].initial["order"] = 1
    form, lines, unknown = NoFields(request.POST or None), LineTable.saved(project), False
    if request.method == "POST":
        lines = LineTable.posted(request.POST)
        good = all([form.is_valid(), plan.is_valid()])
        numbers = {row["order"] for row in _complete(plan)} if good else None
        target = request.POST.get("paste_into", "")
        unknown = bool(target) and target not in {group.key for group in lines.groups(_titles(plan))}
        pasting = request.POST.get("do") == "paste" or bool(request.POST.get("paste", "").strip())  # what stands in the box is never thrown away by saving
        if unknown:
            form.add_error(None, _("Choose where the block belongs."))
        elif pasting:
            count, leftovers = lines.paste(request.POST)
            lines.is_valid(numbers)
            form.add_error(None, _("{count} row(s) stand in the table now, {faulty} of all rows need a look. Nothing is saved yet.").format(count=count, faulty=lines.faulty))
            for sentence in leftovers:
                form.add_error(None, sentence)
        elif lines.is_valid(numbers) and good:
            try:
                project = set_budget(project, _complete(plan), lines.clean(), request.user)
                messages.success(request, _("The budget is saved: {total} yuan.").format(total=f"{project.budget_total:,.2f}"))
                on = "project_budget" if request.POST.get("do") == "stay" else "project_detail" if project.fundings.exists() else "project_funding"
                return redirect(on, project.pk)
            except Refusal as refusal:
                refused(form, refusal)
        for sentence in lines.errors:
            form.add_error(None, sentence)
        if lines.faulty and not pasting:
            form.add_error(None, _("{count} line(s) need a look; nothing was saved yet.").format(count=lines.faulty))
    else:  # what is saved stands beside comparable prices
        notes = price_notes(project, project.lines.all())
        for row in lines.rows:
            row.notes += [notes[row.pk]] if row.pk in notes else []
    groups = lines.groups(_titles(plan))
    return render_form(
        request, form, title=_("Plan and budget of {project}").format(project=project), rules=["A11"], cancel=project.get_absolute_url(), submit=_("Save plan and budget"),
        draft=f"project-budget-{pk}", formsets=[plan], template="procurement/budget.html", subject=project, cut=open_cut(project), groups=groups, lines=lines,
        bounds=bounds_of(project.purchaser_id), words=WORDS.items(), labels=LABELS, unknown_group=unknown, headings=json.dumps(HEADINGS, ensure_ascii=False), lengths=json.dumps(LENGTHS),
    )  # fmt: skip


@login_required
@require_GET
def project_budget_xlsx(request, pk):
    project = visible(request, pk)
    response = HttpResponse(budget_xlsx(project), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f"attachment; filename=budget-{project.number}.xlsx"
    return response


@login_required
@require_GET
def project_budget_pdf(request, pk):
    project = visible(request, pk)
    try:
        response = HttpResponse(budget_pdf(project), content_type="application/pdf")
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(project)
    response["Content-Disposition"] = f"attachment; filename=budget-{project.number}.pdf"
    return response


@login_required
def project_budget_import(request, pk):
    """Take plan and budget from a spreadsheet: all faulty rows are listed, nothing is written before all are good."""
    project = visible(request, pk)
    acting_for(request.user, project, BUDGET)
    form = BudgetFileForm(request.POST or None, request.FILES or None)
    errors = []
    if request.method == "POST" and form.is_valid():
        try:
            plan, lines = read_budget(project, form.cleaned_data["file"])
            project = set_budget(project, plan, lines, request.user)
            messages.success(request, _("{count} lines taken over, {total} yuan in all.").format(count=len(lines), total=f"{project.budget_total:,.2f}"))
            return redirect(project)
        except TableError as error:
            form.add_error("file", error)
        except BadBudget as error:
            errors = error.errors
            form.add_error("file", _("{count} row(s) cannot be read; nothing was changed.").format(count=len(errors)))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Budget from Excel"), intro=_("The sheet replaces plan and budget. Download the present one to see the headings."), cancel=project.get_absolute_url(),
        submit=_("Take over"), template="procurement/budget_import.html", subject=project, row_errors=errors,
    )  # fmt: skip
