"""Addresses of awards, letters, fallen awards."""

from django.urls import path

from procurement.views import awards

urlpatterns = [
    path("awards/", awards.award_list, name="award_list"),
    path("awards/<int:pk>/", awards.award_detail, name="award_detail"),
    path("awards/<int:pk>/letter.pdf", awards.award_letter, name="award_letter"),
    path("bids/<uuid:public_id>/result/", awards.bid_result, name="bid_result"),
    path("bids/<uuid:public_id>/result.pdf", awards.bid_result_letter, name="bid_result_letter"),
    path("falls/<int:pk>/", awards.fall_detail, name="fall_detail"),
    path("falls/<int:pk>/report.pdf", awards.fall_report, name="fall_report"),
]
