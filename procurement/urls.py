"""Addresses of procurement."""

from procurement import urls_backfill, urls_contracts, urls_preparation, urls_projects, urls_tender

urlpatterns = [*urls_backfill.urlpatterns, *urls_contracts.urlpatterns, *urls_preparation.urlpatterns, *urls_projects.urlpatterns, *urls_tender.urlpatterns]
