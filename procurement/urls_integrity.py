"""Addresses of declarations, inquiries, recordings and the purchase file."""

from django.urls import path

from procurement.views import integrity

urlpatterns = [
    path("tenders/<int:pk>/declare/", integrity.declare, name="declare"),
    path("tenders/<int:pk>/declarations/", integrity.declaration_list, name="declaration_list"),
    path("tenders/<int:pk>/recordings/new/", integrity.recording_add, name="recording_add"),
    path("tenders/<int:pk>/file/", integrity.tender_archive, name="tender_archive"),
    path("tenders/<int:pk>/file.zip", integrity.archive_zip, name="archive_zip"),
    path("tenders/<int:pk>/record.pdf", integrity.activity_record, name="activity_record"),
    path("tenders/<int:pk>/inquiries/new/", integrity.inquiry_record, name="inquiry_record"),
    path("inquiries/", integrity.inquiry_list, name="inquiry_list"),
    path("inquiries/<int:pk>/", integrity.inquiry_detail, name="inquiry_detail"),
    path("inquiries/<int:pk>/contact/", integrity.inquiry_contact, name="inquiry_contact"),
    path("public/purchases/<int:pk>/ask/", integrity.inquiry_ask, name="inquiry_ask"),
    path("public/inquiries/", integrity.inquiry_find, name="inquiry_find"),
    path("public/inquiries/<str:code>/", integrity.inquiry_follow, name="inquiry_follow"),
]
