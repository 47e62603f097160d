"""The buying."""

from procurement.models.backfill import Backfill
from procurement.models.bid import Bid, BidPart
from procurement.models.catalogue import Catalogue, CatalogueItem
from procurement.models.challenge import Challenge, Complaint, ReviewOrder
from procurement.models.configuration import Gate, PaymentStep, SelfRunProfile
from procurement.models.contract import Amendment, Clearance, Contract, KeyPerson, PaymentStage, YearPortion
from procurement.models.delivery import Activity, CostVoucher, SignIn
from procurement.models.fund import Fund
from procurement.models.payment import ChecklistRow, Closing, PaymentApproval, PaymentRequest
from procurement.models.project import (
    BudgetLine,
    GateRun,
    Meeting,
    MeetingItem,
    PlannedActivity,
    Project,
    ProjectFund,
    ProjectRevision,
)
from procurement.models.tender import Announcement, Award, Lot, OpenerKey, ScoreItem, Tender, TenderOpener

__all__ = [
    "Activity", "Amendment", "Announcement", "Award", "Backfill", "Bid", "BidPart", "BudgetLine", "Catalogue", "CatalogueItem", "Challenge", "ChecklistRow",
    "Clearance", "Closing", "Complaint", "Contract", "CostVoucher", "Fund", "Gate", "GateRun", "KeyPerson", "Lot", "Meeting", "MeetingItem", "OpenerKey",
    "PaymentApproval", "PaymentRequest", "PaymentStage", "PaymentStep", "PlannedActivity", "Project", "ProjectFund", "ProjectRevision", "ReviewOrder",
    "ScoreItem", "SelfRunProfile", "SignIn", "Tender", "TenderOpener", "YearPortion",
]
