"""The floor of design.md: the same logged-in base page with the same rows and columns from one query, and nothing else a list does."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

from procurement.models import Project

CELLS = ("number", "title", "target_group", "headcount", "starts_on", "ends_on", "way", "budget_total", "status", "revision", "goal", "results")
PAGE = Template(
    '{% extends "base.html" %}{% block title %}Floor{% endblock %}{% block content %}<table class="dd-table dd-cards"><thead><tr>'
    '{% for name in names %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead><tbody>{% for row in rows %}<tr>{% for cell in row %}'
    '<td data-label="cell">{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>{% endblock %}'
)
PUBLIC = Template(PAGE.source.replace("base.html", "public/base_public.html"))


def table(request, rows, columns, page):
    names = CELLS[:columns]
    found = list(Project.objects.order_by("-pk").values_list(*names)[:rows]) if rows else []
    return HttpResponse(page.render(RequestContext(request, {"names": names, "rows": found})))


@login_required
def floor(request, rows, columns):
    return table(request, rows, columns, PAGE)


def public_floor(request, rows, columns):
    return table(request, rows, columns, PUBLIC)


urlpatterns = [
    path("bench/floor/<int:rows>/<int:columns>/", floor),
    path("bench/public/<int:rows>/<int:columns>/", public_floor),
    path("", include("config.urls")),
]
handler400 = "kernel.views.errors.bad_request"
handler403 = "kernel.views.errors.forbidden"
handler404 = "kernel.views.errors.not_found"
handler500 = "kernel.views.errors.server_error"
