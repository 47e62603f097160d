"""The buying."""

from procurement.models.backfill import Backfill
from procurement.models.bid import Bid, BidPart
from procurement.models.catalogue import Catalogue, CatalogueItem
from procurement.models.configuration import Gate, PaymentStep, PriceRule, SelfRunProfile
from procurement.models.contract import Amendment, Clearance, Contract, KeyPerson, PaymentStage, YearPortion
from procurement.models.delivery import Activity, CostVoucher, SignIn
from procurement.models.fund import Fund
from procurement.models.payment import ChecklistRow, Closing, PaymentApproval, PaymentRequest
from procurement.models.price import PriceAlias, PriceEntry, PriceExplanation, PriceFlag, PriceItem
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
    "Activity", "Amendment", "Announcement", "Award", "Backfill", "Bid", "BidPart", "BudgetLine", "Catalogue", "CatalogueItem", "ChecklistRow",
    "Clearance", "Closing", "Contract", "CostVoucher", "Fund", "Gate", "GateRun", "KeyPerson", "Lot", "Meeting", "MeetingItem", "OpenerKey",
    "PaymentApproval", "PaymentRequest", "PaymentStage", "PaymentStep", "PlannedActivity", "PriceAlias", "PriceEntry", "PriceExplanation", "PriceFlag", "PriceItem", "PriceRule", "Project", "ProjectFund", "ProjectRevision",
    "ScoreItem", "SelfRunProfile", "SignIn", "Tender", "TenderOpener", "YearPortion",
]
