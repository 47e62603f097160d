"""Addresses of writing a response, eligibility, the qualification check and the comparison of responses."""

from django.urls import path

from procurement.views import bid_edit

urlpatterns = [
    path("bids/<uuid:public_id>/edit/", bid_edit.bid_edit, name="bid_edit"),
    path("bids/<uuid:public_id>/autosave/", bid_edit.bid_autosave, name="bid_autosave"),
]
