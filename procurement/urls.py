"""Addresses of procurement."""

urlpatterns = []
