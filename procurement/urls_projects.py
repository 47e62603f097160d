"""Addresses of catalogue, funds, projects, meetings and a street's settings."""

from django.urls import path

from procurement.views import applications, budget, budget_copy, catalogue, configuration, funds, meetings, projects

urlpatterns = [
    path("catalogue/", catalogue.catalogue_list, name="catalogue_list"),
    path("catalogue/import/", catalogue.catalogue_import, name="catalogue_import"),
    path("catalogue/<int:pk>/", catalogue.catalogue_item, name="catalogue_item"),
    path("funds/", funds.fund_list, name="fund_list"),
    path("funds/overview/", funds.fund_overview, name="fund_overview"),
    path("funds/year-end/", funds.fund_year_end, name="fund_year_end"),
    path("funds/new/", funds.fund_create, name="fund_create"),
    path("funds/<int:pk>/", funds.fund_detail, name="fund_detail"),
    path("projects/new/", projects.project_create, name="project_create"),
    path("projects/<int:pk>/", projects.project_detail, name="project_detail"),
    path("projects/<int:pk>/edit/", projects.project_edit, name="project_edit"),
    path("projects/<int:pk>/funding/", projects.project_funding, name="project_funding"),
    path("projects/<int:pk>/files/", projects.project_attach, name="project_attach"),
    path("projects/<int:pk>/budget/", budget.project_budget, name="project_budget"),
    path("projects/<int:pk>/budget/import/", budget.project_budget_import, name="project_budget_import"),
    path("projects/<int:pk>/budget/copy/", budget_copy.project_budget_copy, name="project_budget_copy"),
    path("projects/<int:pk>/budget.xlsx", budget.project_budget_xlsx, name="project_budget_xlsx"),
    path("projects/<int:pk>/budget.pdf", budget.project_budget_pdf, name="project_budget_pdf"),
    path("projects/<int:pk>/application.pdf", applications.project_application_pdf, name="project_application_pdf"),
    path("meetings/", meetings.meeting_list, name="meeting_list"),
    path("meetings/new/", meetings.meeting_create, name="meeting_create"),
    path("meetings/<int:pk>/", meetings.meeting_detail, name="meeting_detail"),
    path("configuration/", configuration.configuration, name="configuration"),
    path("configuration/<str:kind>/propose/", configuration.setting_propose, name="setting_propose"),
    path("configuration/<str:kind>/<int:pk>/decide/", configuration.setting_decide, name="setting_decide"),
]
