"""Addresses of panels, score sheets and the expert pool."""

from django.urls import path

from evaluation.views import experts, panel, past

urlpatterns = [
    path("panels/", panel.panel_list, name="panel_list"),
    path("tenders/<int:pk>/panel/", panel.panel_create, name="panel_create"),
    path("panels/<int:pk>/", panel.panel_detail, name="panel_detail"),
    path("panels/<int:pk>/draw/", panel.draw, name="panel_draw"),
    path("panels/<int:pk>/member/", panel.name_member, name="panel_name_member"),
    path("panels/<int:pk>/declare/", panel.declare, name="panel_declare"),
    path("panels/<int:pk>/scores/", panel.score_sheet, name="score_sheet"),
    path("panels/<int:pk>/responses/<int:bid>/", panel.response, name="panel_response"),
    path("panels/<int:pk>/responses/<int:bid>/files/<str:key>/", panel.response_file, name="panel_response_file"),
    path("panels/<int:pk>/members/<int:member>/replace/", panel.replace, name="panel_replace"),
    path("panels/<int:pk>/members/<int:member>/reopen/", panel.reopen, name="panel_reopen"),
    path("panels/<int:pk>/prices/<int:bid>/", panel.low_price, name="panel_low_price"),
    path("panels/<int:pk>/report/", panel.report, name="panel_report"),
    path("panels/past/<int:pk>/", past.panel_past, name="panel_past"),
    path("experts/", experts.expert_list, name="expert_list"),
    path("experts/new/", experts.expert_create, name="expert_create"),
]
