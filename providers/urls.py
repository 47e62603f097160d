"""Addresses of providers."""

from django.urls import path

from providers.views import members, organization, standing

urlpatterns = [
    path("organizations/", organization.organization_list, name="organization_list"),
    path("organizations/mine/", organization.my_organization, name="my_organization"),
    path("organizations/register/", organization.organization_register, name="organization_register"),
    path("organizations/join/<str:token>/", members.member_join, name="member_join"),
    path("organizations/members/<int:pk>/end/", members.member_end, name="member_end"),
    path("organizations/<int:pk>/", organization.organization_detail, name="organization_detail"),
    path("organizations/<int:pk>/edit/", organization.organization_edit, name="organization_edit"),
    path("organizations/<int:pk>/identity/", organization.organization_identity, name="organization_identity"),
    path("organizations/<int:pk>/members/", members.members, name="members"),
    path("organizations/<int:pk>/rename/", standing.organization_rename, name="organization_rename"),
    path("organizations/<int:pk>/grade/", standing.organization_grade, name="organization_grade"),
    path("organizations/<int:pk>/exclusions/new/", standing.exclusion_create, name="exclusion_create"),
    path("exclusions/<int:pk>/lift/", standing.exclusion_lift, name="exclusion_lift"),
    path("organizations/<int:pk>/account/", standing.account_create, name="account_create"),
    path("bank-accounts/<int:pk>/confirm/", standing.account_confirm, name="account_confirm"),
    path("bank-accounts/<int:pk>/refuse/", standing.account_refuse, name="account_refuse"),
]
