"""The item-level budget: editor with live totals, Excel out and in, printable paper."""

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
from procurement.documents import BadBudget, budget_pdf, budget_xlsx, read_budget
from procurement.forms.project import LineFormSet, PlanFormSet
from procurement.lifecycle.project import BUDGET, open_cut, set_budget
from procurement.views.projects import visible


class NoFields(CleanForm):
    """A page of formsets only; carries the refusal."""


class BudgetFileForm(CleanForm):
    file = UploadField(label=_("Excel or CSV"), kinds=filetypes.TABLES)


def initial_of(project):
    """The saved plan and lines as formset rows."""
    plan = [
        {"id": row.pk, "order": row.order, "title": row.title, "planned_on": row.planned_on, "location": row.location, "headcount": row.headcount, "times": row.times, "by_whom": row.by_whom}
        for row in project.plan.all()
    ]
    lines = [
        {"id": row.pk, "kind": row.kind, "activity": row.activity.order if row.activity else None, "name": row.name, "unit": row.unit, "quantity": row.quantity_text, "price": row.price, "note": row.note}
        for row in project.lines.select_related("activity")
    ]
    return plan, lines


def _complete(formset):
    """All rows that stay, changed or not."""
    return [form.cleaned_data for form in formset.forms if form.cleaned_data.get("name") or form.cleaned_data.get("title") if not form.cleaned_data.get("DELETE")]


@login_required
def project_budget(request, pk):
    project = visible(request, pk)
    acting_for(request.user, project, BUDGET)
    plan_rows, line_rows = initial_of(project)
    plan = PlanFormSet(request.POST or None, initial=plan_rows, prefix="plan")
    lines = LineFormSet(request.POST or None, initial=line_rows, prefix="lines")
    if not plan.is_bound and not plan_rows:
        plan.forms[0].initial["order"] = 1
    form = NoFields(request.POST or None)
    if request.method == "POST" and all([form.is_valid(), plan.is_valid(), lines.is_valid()]) and _activities_known(plan, lines):
        try:
            project = set_budget(project, _complete(plan), _complete(lines), request.user)
            messages.success(request, _("The budget is saved: {total} yuan.").format(total=f"{project.budget_total:,.2f}"))
            return redirect("project_funding" if not project.fundings.exists() else "project_detail", project.pk)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Plan and budget of {project}").format(project=project), rules=["A11"], cancel=project.get_absolute_url(), submit=_("Save plan and budget"),
        draft=f"project-budget-{pk}", formsets=[plan, lines], template="procurement/budget.html", subject=project, cut=open_cut(project), file_form=BudgetFileForm(),
    )  # fmt: skip


def _activities_known(plan, lines):
    """Each activity line names an activity of the plan; otherwise the error stands in its cell."""
    numbers = {row["order"] for row in _complete(plan)}
    good = True
    for form in lines.forms:
        row = form.cleaned_data
        if row and not row.get("DELETE") and row.get("kind") == "activity" and row.get("activity") not in numbers:
            form.add_error("activity", _("The plan has no activity {number}.").format(number=row.get("activity")))
            good = False
    return good


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
