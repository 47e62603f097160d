"""Addresses of invitations, single source, framework agreements, and buying anew."""

from django.urls import path

from procurement.views import frameworks, invitations, single_sources

urlpatterns = [
    path("tenders/<int:pk>/invitations/", invitations.invitations, name="tender_invitations"),
    path("tenders/<int:pk>/invitations/entry/", invitations.entry, name="tender_entry"),
    path("tenders/<int:pk>/invitations/list/", invitations.pool, name="tender_pool"),
    path("tenders/<int:pk>/invitations/draw/", invitations.draw, name="tender_draw"),
    path("tenders/<int:pk>/invitations/draw/record/", invitations.draw_record, name="tender_draw_record"),
    path("tenders/<int:pk>/invitations/recommend/", invitations.recommend, name="tender_recommend"),
    path("invitations/to-tender/<int:pk>/leave-out/", invitations.leave_out, name="invitation_leave_out"),
    path("invitations/to-tender/<int:pk>/letter/", invitations.letter, name="invitation_letter"),
    path("invitations/to-tender/<int:pk>/answer/", invitations.answer, name="invitation_answer"),
    path("tenders/<int:pk>/anew/", invitations.restart, name="tender_restart"),
    path("tenders/<int:pk>/single-source/", single_sources.single_source, name="single_source"),
    path("tenders/<int:pk>/single-source/supplier/", single_sources.supplier, name="single_source_supplier"),
    path("tenders/<int:pk>/single-source/record/", single_sources.record, name="single_source_record"),
    path("frameworks/", frameworks.framework_list, name="framework_list"),
    path("frameworks/new/", frameworks.create, name="framework_create"),
    path("frameworks/<int:pk>/", frameworks.framework_detail, name="framework_detail"),
    path("frameworks/<int:pk>/summary/", frameworks.summarize, name="framework_summarize"),
    path("frameworks/items/<int:pk>/refill/", frameworks.refill, name="framework_refill"),
    path("frameworks/agreements/<int:pk>/", frameworks.agreement_detail, name="framework_agreement"),
    path("projects/<int:pk>/framework/", frameworks.call_off, name="framework_call"),
]
