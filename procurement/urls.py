"""Addresses of procurement."""

from procurement import urls_backfill, urls_challenge, urls_contracts, urls_projects, urls_tender

urlpatterns = [*urls_backfill.urlpatterns, *urls_challenge.urlpatterns, *urls_contracts.urlpatterns, *urls_projects.urlpatterns, *urls_tender.urlpatterns]
