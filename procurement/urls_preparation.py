"""Addresses of what is recorded before a purchase, and of the public intentions."""

from django.urls import path

from procurement.views import intentions, preparation

urlpatterns = [
    path("projects/<int:pk>/survey/", preparation.project_survey, name="project_survey"),
    path("projects/<int:pk>/intention/", preparation.project_intention, name="project_intention"),
    path("projects/<int:pk>/intention/correct/", preparation.intention_correct, name="intention_correct"),
    path("projects/<int:pk>/exception/", preparation.project_exception, name="project_exception"),
    path("tenders/<int:pk>/review/", preparation.tender_review, name="tender_review"),
    path("tenders/<int:pk>/approval/", preparation.tender_approval, name="tender_approval"),
    path("words/", preparation.words_check, name="words_check"),
    path("public/intentions/", intentions.intentions, name="public_intentions"),
    path("public/intentions.xlsx", intentions.intentions_xlsx, name="public_intentions_xlsx"),
    path("public/intentions.pdf", intentions.intentions_pdf, name="public_intentions_pdf"),
]
