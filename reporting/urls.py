"""Addresses of reports and of the public site."""

from django.urls import path

from reporting.views import project_lists, public, report

urlpatterns = [
    path("", public.home, name="home"),
    path("public/communities/<int:pk>/", public.public_community, name="public_community"),
    path("public/needs/", public.public_needs, name="public_needs"),
    path("public/notices/", public.public_notices, name="public_notices"),
    path("public/results/", public.public_results, name="public_results"),
    path("public/project-lists/", project_lists.public_lists, name="public_lists"),
    path("public/project-lists/<str:number>/", project_lists.public_list, name="public_list"),
    path("public/project-lists/<str:number>/list.xlsx", project_lists.public_list_xlsx, name="public_list_xlsx"),
    path("public/project-lists/<str:number>/list.pdf", project_lists.public_list_pdf, name="public_list_pdf"),
    path("public/contracts/", public.public_contracts, name="public_contracts"),
    path("reports/", report.report_list, name="report_list"),
    path("reports/new/", report.report_create, name="report_create"),
    path("reports/totals/", report.year_totals, name="year_totals"),
    path("reports/totals/<int:pk>/confirm/", report.year_total_confirm, name="year_total_confirm"),
    path("reports/<int:pk>/", report.report_detail, name="report_detail"),
    path("projects/<int:project>/ledger/", report.ledger_create, name="ledger_create"),
    path("verify/<str:number>/", report.report_verify, name="report_verify"),
]
