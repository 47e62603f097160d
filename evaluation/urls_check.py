"""Addresses of third-party supervision."""

from django.urls import path

from evaluation.views import check

urlpatterns = [
    path("checks/", check.check_list, name="check_list"),
    path("checks/<int:pk>/", check.check_detail, name="check_detail"),
    path("checks/<int:pk>/items/<int:item>/", check.check_compare, name="check_compare"),
    path("checks/<int:pk>/findings/new/", check.finding_create, name="finding_create"),
    path("checks/<int:pk>/calls/", check.call_back_draw, name="call_back_draw"),
    path("checks/<int:pk>/calls/<int:call>/", check.call_back_record, name="call_back_record"),
    path("stages/<int:stage>/check/", check.check_open, name="check_open"),
    path("contracts/<int:contract>/auditor/", check.assignment_create, name="assignment_create"),
    path("findings/<int:pk>/", check.finding_detail, name="finding_detail"),
]
