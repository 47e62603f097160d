"""Addresses of purchase documents, questions and official announcements."""

from django.urls import path

from procurement.views import announcements

urlpatterns = [
    path("announcements/<path:number>/announcement.pdf", announcements.announcement_pdf, name="announcement_pdf"),
    path("announcements/<path:number>/announcement.docx", announcements.announcement_docx, name="announcement_docx"),
    path("official-forms/", announcements.hand_list, name="hand_list"),
    path("official-forms/<str:code>/", announcements.hand_new, name="hand_new"),
]
