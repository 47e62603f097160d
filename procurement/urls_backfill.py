"""Addresses of contracts entered afterwards."""

from django.urls import path

from procurement.views import backfill

urlpatterns = [
    path("backfill/", backfill.backfill_list, name="backfill_list"),
    path("backfill/template/", backfill.backfill_template, name="backfill_template"),
    path("backfill/import/", backfill.backfill_import, name="backfill_import"),
    path("backfill/row/", backfill.backfill_row, name="backfill_row"),
    path("backfill/<int:pk>/", backfill.backfill_detail, name="backfill_detail"),
]
