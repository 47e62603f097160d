"""Addresses of writing a response, eligibility, the qualification check and the comparison of responses."""

from django.urls import path

from procurement.views import bid_comparison, bid_edit, bids, opening, qualification

urlpatterns = [
    path("tenders/<int:pk>/may-we-bid/", qualification.eligible, name="eligibility"),
    path("tenders/<int:pk>/qualification/", qualification.qualification_page, name="qualification"),
    path("tenders/<int:pk>/openers/replace/", opening.replace, name="opener_replace"),
    path("bids/<uuid:public_id>/scan/", bids.bid_scan, name="bid_scan"),
    path("tenders/<int:pk>/opening/attend/", opening.observe, name="opening_observe"),
    path("bids/<uuid:public_id>/opening-record/", opening.remark, name="opening_remark"),
    path("lots/<int:pk>/comparison/", bid_comparison.compare, name="bid_comparison"),
    path("bids/<uuid:public_id>/credit/", qualification.credit_check, name="credit_check"),
    path("bids/<uuid:public_id>/qualification/", qualification.verdict, name="qualification_verdict"),
    path("bids/<uuid:public_id>/edit/", bid_edit.bid_edit, name="bid_edit"),
    path("bids/<uuid:public_id>/autosave/", bid_edit.bid_autosave, name="bid_autosave"),
]
