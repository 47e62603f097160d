"""Addresses of purchases, responses, openings and announcements."""

from django.urls import path

from procurement.views import announcements, bids, evaluation_terms, opening, tenders, tenders_steps

urlpatterns = [
    path("tenders/", tenders.tender_list, name="tender_list"),
    path("tenders/new/", tenders.tender_create, name="tender_create"),
    path("tenders/<int:pk>/", tenders.tender_detail, name="tender_detail"),
    path("tenders/<int:pk>/edit/", tenders.tender_edit, name="tender_edit"),
    path("tenders/<int:pk>/judging/", evaluation_terms.tender_terms, name="tender_terms"),
    path("tenders/<int:pk>/openers/", opening.openers, name="tender_openers"),
    path("tenders/<int:pk>/rehearse/", opening.rehearse, name="opener_rehearse"),
    path("tenders/<int:pk>/opening/", opening.opening, name="opening"),
    path("tenders/<int:pk>/opening-record/", opening.record, name="opening_record"),
    path("tenders/<int:pk>/paper/", bids.paper, name="bid_paper"),
    path("tenders/<int:pk>/final-quotes/", tenders_steps.call_quotes, name="quotes_call"),
    path("tenders/<int:pk>/final-quotes/read/", tenders_steps.read_quotes, name="quotes_read"),
    path("lots/<int:pk>/challenge/", tenders_steps.hold, name="lot_hold"),
    path("lots/<int:pk>/challenge/answered/", tenders_steps.release, name="lot_release"),
    path("lots/<int:pk>/respond/", bids.start, name="bid_start"),
    path("projects/<int:pk>/provider/", tenders_steps.choose, name="provider_choose"),
    path("openers/key/", opening.enrol, name="opener_enrol"),
    path("market/", bids.market, name="market"),
    path("bids/", bids.bid_list, name="bid_list"),
    path("bids/<uuid:public_id>/", bids.bid_detail, name="bid_detail"),
    path("bids/<uuid:public_id>/submit/", bids.bid_submit, name="bid_submit"),
    path("bids/<uuid:public_id>/withdraw/", bids.bid_withdraw, name="bid_withdraw"),
    path("bids/<uuid:public_id>/receipt/", bids.bid_receipt, name="bid_receipt"),
    path("bids/<uuid:public_id>/final/", bids.bid_final, name="bid_final"),
    path("bids/<uuid:public_id>/files/<str:key>/", bids.bid_file, name="bid_file"),
    path("bids/<uuid:public_id>/files/<str:key>/remove/", bids.bid_file_remove, name="bid_file_remove"),
    path("receipts/<str:digest>/", bids.receipt_check, name="receipt_check"),
    path("announcements/<path:number>/", announcements.announcement, name="announcement"),
]
