"""The application on paper."""

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_GET

from procurement.application_paper import application_pdf
from procurement.papers import pdf_response
from procurement.views.projects import visible


@login_required
@require_GET
def project_application_pdf(request, pk):
    project = visible(request, pk)
    return pdf_response(request, project, lambda: application_pdf(project), f"application-{project.number}.pdf")
