"""The application on paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from kernel.lifecycle import Refusal
from procurement.application_paper import application_pdf
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

