"""Addresses of procurement."""

from procurement import urls_backfill, urls_contracts, urls_prices, urls_projects, urls_tender

urlpatterns = [*urls_backfill.urlpatterns, *urls_contracts.urlpatterns, *urls_prices.urlpatterns, *urls_projects.urlpatterns, *urls_tender.urlpatterns]
