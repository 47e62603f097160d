"""Addresses of purchase documents, questions and official announcements."""

from django.urls import path

from procurement.views import announcements, documents, questions

urlpatterns = [
    path("announcements/<path:number>/announcement.pdf", announcements.announcement_pdf, name="announcement_pdf"),
    path("announcements/<path:number>/announcement.docx", announcements.announcement_docx, name="announcement_docx"),
    path("tenders/<int:pk>/documents/", documents.tender_documents, name="tender_documents"),
    path("tenders/<int:pk>/documents/preview.pdf", documents.documents_preview, {"form": "pdf"}, name="documents_preview_pdf"),
    path("tenders/<int:pk>/documents/preview.docx", documents.documents_preview, {"form": "docx"}, name="documents_preview_docx"),
    path("tenders/<int:pk>/documents/<slug:key>/", documents.chapter_edit, name="chapter_edit"),
    path("tenders/<int:pk>/documents/<slug:key>/template/", documents.chapter_drop, name="chapter_drop"),
    path("tenders/<int:pk>/ask/", questions.question_ask, name="question_ask"),
    path("questions/<int:pk>/", questions.question_detail, name="question_detail"),
    path("public/documents/<str:number>/", documents.public_documents, name="public_documents"),
    path("public/documents/<str:number>/<int:version>/documents.pdf", documents.public_document, {"form": "pdf"}, name="public_document_pdf"),
    path("public/documents/<str:number>/<int:version>/documents.docx", documents.public_document, {"form": "docx"}, name="public_document_docx"),
    path("document-texts/<str:method>/", documents.document_template, name="document_template"),
    path("official-forms/", announcements.hand_list, name="hand_forms"),
    path("official-forms/<str:code>/", announcements.hand_new, name="hand_new"),
]
