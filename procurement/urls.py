"""Addresses of procurement."""

from procurement import urls_backfill, urls_contracts, urls_portfolio, urls_projects, urls_tender

urlpatterns = [*urls_backfill.urlpatterns, *urls_contracts.urlpatterns, *urls_portfolio.urlpatterns, *urls_projects.urlpatterns, *urls_tender.urlpatterns]
from procurement import urls_backfill, urls_contracts, urls_gates, urls_projects, urls_tender

urlpatterns = [*urls_backfill.urlpatterns, *urls_contracts.urlpatterns, *urls_gates.urlpatterns, *urls_projects.urlpatterns, *urls_tender.urlpatterns]
