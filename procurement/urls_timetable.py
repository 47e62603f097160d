"""Addresses of the timetable of a purchase."""

from django.urls import path

from procurement.views import timetable

urlpatterns = [
    path("tenders/<int:pk>/timetable/", timetable.timetable, name="tender_timetable"),
    path("tenders/<int:pk>/dates.ics", timetable.date_file, name="tender_dates"),
]
