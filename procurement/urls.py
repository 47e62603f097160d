"""Addresses of procurement."""

from procurement import urls_projects

urlpatterns = [*urls_projects.urlpatterns]
