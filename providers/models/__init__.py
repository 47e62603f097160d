"""The doing side."""

from providers.models.organization import BankAccount, Exclusion, Organization, OrganizationMember, OrganizationName

__all__ = ["BankAccount", "Exclusion", "Organization", "OrganizationMember", "OrganizationName"]
