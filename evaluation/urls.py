"""Addresses of evaluation."""

urlpatterns = []
