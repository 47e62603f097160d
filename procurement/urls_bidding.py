"""Addresses of writing a response, eligibility, the qualification check and the comparison of responses."""

from django.urls import path

from procurement.views import bid_edit, qualification

urlpatterns = [
    path("tenders/<int:pk>/may-we-bid/", qualification.eligible, name="eligibility"),
    path("tenders/<int:pk>/qualification/", qualification.qualification_page, name="qualification"),
    path("bids/<uuid:public_id>/credit/", qualification.credit_check, name="credit_check"),
    path("bids/<uuid:public_id>/qualification/", qualification.verdict, name="qualification_verdict"),
    path("bids/<uuid:public_id>/edit/", bid_edit.bid_edit, name="bid_edit"),
    path("bids/<uuid:public_id>/autosave/", bid_edit.bid_autosave, name="bid_autosave"),
]
