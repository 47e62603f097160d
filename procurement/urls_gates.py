"""Addresses of calling and recording meetings, and of their papers."""

from django.urls import path

from procurement.views import meetings

urlpatterns = [
    path("meetings/convene/", meetings.meeting_convene, name="meeting_convene"),
    path("meetings/<int:pk>/record/", meetings.meeting_record, name="meeting_record"),
    path("meetings/<int:pk>/pack.pdf", meetings.meeting_pack, name="meeting_pack"),
    path("meetings/<int:pk>/pack/", meetings.meeting_pack_job, name="meeting_pack_job"),
    path("meetings/<int:pk>/minutes.pdf", meetings.meeting_minutes, name="meeting_minutes"),
]
