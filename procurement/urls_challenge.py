"""Addresses of challenges and complaints."""

from django.urls import path

from procurement.views import challenges, complaints

urlpatterns = [
    path("challenges/", challenges.challenge_list, name="challenge_list"),
    path("challenges/<int:pk>/", challenges.challenge_detail, name="challenge_detail"),
    path("challenges/<int:pk>/answer.pdf", challenges.challenge_answer, name="challenge_answer"),
    path("challenges/<int:pk>/complain/", complaints.complaint_file, name="complaint_file"),
    path("tenders/<int:pk>/challenge/", challenges.challenge_file, name="challenge_file"),
    path("complaints/", complaints.complaint_list, name="complaint_list"),
    path("complaints/<int:pk>/", complaints.complaint_detail, name="complaint_detail"),
    path("complaints/<int:pk>/decision.pdf", complaints.complaint_decision, name="complaint_decision"),
]
