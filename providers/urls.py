"""Addresses of providers."""

urlpatterns = []
