"""Addresses of evaluation."""

from evaluation import urls_check, urls_panel

urlpatterns = [*urls_check.urlpatterns, *urls_panel.urlpatterns]
