"""Addresses of the price library and of a project's comparison with it."""

from django.urls import path

from procurement.views import price_check, prices

urlpatterns = [
    path("prices/", prices.price_list, name="price_list"),
    path("prices/new/", prices.price_enter, name="price_enter"),
    path("prices/import/", prices.price_import, name="price_import"),
    path("prices/<int:pk>/", prices.price_detail, name="price_detail"),
    path("projects/<int:pk>/prices/", price_check.project_prices, name="project_prices"),
    path("projects/<int:pk>/prices.xlsx", price_check.project_prices_xlsx, name="project_prices_xlsx"),
    path("projects/<int:pk>/prices/<int:line>/", price_check.price_match, name="price_match"),
]
