"""Addresses of reporting."""

urlpatterns = []
