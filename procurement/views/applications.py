"""The application on paper, and what the catalogue asks of the item being applied for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_safe

from kernel.lifecycle import Refusal
from procurement.application_paper import application_pdf
from procurement.forms.project import applies, services
from procurement.views.projects import visible


@login_required
@require_GET
def project_application_pdf(request, pk):
    project = visible(request, pk)
    try:
        response = HttpResponse(application_pdf(project), content_type="application/pdf")
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(project)
    response["Content-Disposition"] = f"attachment; filename=application-{project.number}.pdf"
    return response


@login_required
@require_safe
def item_terms(request):
    """Content, requirement and standard of the item chosen in the application form; empty when none is chosen."""
    if not applies(request.user):
        raise PermissionDenied
    value = request.GET.get("item", "")
    item = services("guidance").filter(pk=value).first() if value.isascii() and value.isdigit() and len(value) < 19 else None
    return render(request, "procurement/item_terms.html", {"item": item})
