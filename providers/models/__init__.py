"""The doing side."""

from providers.models.organization import BankAccount, Exclusion, MemberInvitation, Organization, OrganizationMember, OrganizationName

__all__ = ["BankAccount", "Exclusion", "MemberInvitation", "Organization", "OrganizationMember", "OrganizationName"]
