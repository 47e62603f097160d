"""Taking plan and budget over from an earlier project: choose, look, take over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.cleaning import CleanForm
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from procurement.lifecycle.budget import groups
from procurement.lifecycle.budget_copy import shifted, sources, take_over
from procurement.lifecycle.project import BUDGET
from procurement.views.projects import visible

SHOWN = 30


class Nothing(CleanForm):
    """A page with a button; carries the refusal."""


@login_required
def project_budget_copy(request, pk):
    """GET: the list, searched with ?q=; with ?from= the preview. POST: take it over."""
    project = visible(request, pk)
    acting_for(request.user, project, BUDGET)
    chosen, here = request.GET.get("from", ""), reverse("project_budget_copy", args=[pk])
    source = get_object_or_404(sources(project, request.user), pk=chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    form = Nothing(request.POST if request.method == "POST" else None)
    if request.method == "POST" and source is None:
        form.is_valid()
        form.add_error(None, _("Choose the project first."))
    elif request.method == "POST" and form.is_valid():
        try:
            project = take_over(project, source, actor=request.user)
            messages.success(request, _("Plan and budget of “{source}” are taken over: {total} yuan. Check dates and prices.").format(source=source, total=f"{project.budget_total:,.2f}"))
            return redirect("project_budget", pk)
        except Refusal as refusal:
            refused(form, refusal)
    if source is None:
        text = request.GET.get("q", "").strip()[:80]
        found = list(sources(project, request.user, text)[: SHOWN + 1])
        return render_form(
            request, form, title=_("Budget from an earlier project"), intro=_("Projects of this community or purchaser whose budget you may see."), cancel=reverse("project_budget", args=[pk]),
            template="procurement/budget_copy.html", subject=project, found=found[:SHOWN], more=len(found) > SHOWN, text=text,
        )  # fmt: skip
    plan, lines = list(source.plan.all()), list(source.lines.all())
    days = shifted([row.planned_on for row in plan], source.starts_on, project.starts_on, project.ends_on)
    return render_form(
        request, form, title=_("Take over the budget of {source}").format(source=source), cancel=here, submit=_("Take over this budget"), template="procurement/budget_copy.html",
        subject=project, source=source, dates=list(zip(plan, days, strict=True)), groups=groups(plan, lines), count=len(lines), replaces=project.lines.exists(),
    )  # fmt: skip
