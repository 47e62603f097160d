"""Addresses of communities."""

urlpatterns = []
