"""Addresses of bonds."""

from django.urls import path

from procurement.views import bonds

urlpatterns = [
    path("bonds/", bonds.bond_list, name="bond_list"),
    path("bonds/<int:pk>/", bonds.bond_detail, name="bond_detail"),
    path("tenders/<int:pk>/bonds/", bonds.tender_bonds, name="tender_bonds"),
    path("lots/<int:pk>/bond/", bonds.bond_terms, name="bond_terms"),
    path("bids/<uuid:public_id>/bond/", bonds.bid_bond, name="bid_bond"),
    path("bids/<uuid:public_id>/bond/received/", bonds.bond_receive, name="bond_receive"),
    path("contracts/<int:pk>/bond/", bonds.contract_bond, name="contract_bond"),
]
