"""Addresses of the kernel."""

urlpatterns = []
