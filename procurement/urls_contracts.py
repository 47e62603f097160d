"""Addresses of contracts, deliveries, payments and closings."""

from django.urls import path

from procurement.views import closings, contract_lines, contracts, deliveries, payments

urlpatterns = [
    path("contracts/", contracts.contract_list, name="contract_list"),
    path("contracts/new/<str:kind>/<int:pk>/", contracts.contract_create, name="contract_create"),
    path("contracts/<int:pk>/", contracts.contract_detail, name="contract_detail"),
    path("contracts/<int:pk>/edit/", contracts.contract_edit, name="contract_edit"),
    path("contracts/<int:pk>/spending/", contracts.contract_spending, name="contract_spending"),
    path("contracts/<int:pk>/lines/", contract_lines.contract_price_lines, name="contract_price_lines"),
    path("contracts/<int:pk>/lines/edit/", contract_lines.contract_lines_edit, name="contract_lines_edit"),
    path("contracts/<int:pk>/contract.pdf", contracts.contract_pdf, name="contract_pdf"),
    path("contracts/<int:pk>/amend/", contracts.amendment_create, name="amendment_create"),
    path("contracts/<int:pk>/vouchers/new/", deliveries.voucher_create, name="voucher_create"),
    path("contracts/<int:pk>/close/", closings.closing_create, name="closing_create"),
    path("vouchers/<int:pk>/void/", deliveries.voucher_void, name="voucher_void"),
    path("activities/", deliveries.activity_list, name="activity_list"),
    path("activities/<int:pk>/", deliveries.activity_detail, name="activity_detail"),
    path("activities/<int:pk>/report/", deliveries.activity_report, name="activity_report"),
    path("activities/<int:pk>/confirm/", deliveries.activity_confirm, name="activity_confirm"),
    path("stages/<int:pk>/payment/", payments.payment_create, name="payment_create"),
    path("payments/", payments.payment_list, name="payment_list"),
    path("payments/<int:pk>/", payments.payment_detail, name="payment_detail"),
    path("payments/<int:pk>/slip.pdf", payments.payment_slip_pdf, name="payment_slip"),
    path("closings/<int:pk>/", closings.closing_detail, name="closing_detail"),
    path("closings/<int:pk>/edit/", closings.closing_edit, name="closing_edit"),
]
