"""The buying."""

from procurement.models.award import AwardFall
from procurement.models.backfill import Backfill
from procurement.models.bid import Bid, BidPart
from procurement.models.bond import Bond, BondTerms
from procurement.models.budget_bounds import BudgetBounds
from procurement.models.catalogue import Catalogue, CatalogueItem
from procurement.models.challenge import Challenge, Complaint, ReviewOrder
from procurement.models.configuration import Gate, PaymentStep, PriceRule, SelfRunProfile
from procurement.models.contract import Amendment, Clearance, Contract, KeyPerson, PaymentStage, YearPortion
from procurement.models.declaration import Declaration
from procurement.models.delivery import Activity, CostVoucher, SignIn
from procurement.models.fund import Fund
from procurement.models.fund_money import FundAdjustment, FundEntry, FundReceipt
from procurement.models.gate_vote import GateVote, MeetingVote
from procurement.models.indicator import Indicator
from procurement.models.inquiry import Inquiry, Recording
from procurement.models.payment import ChecklistRow, Closing, PaymentApproval, PaymentRequest
from procurement.models.preparation import CautionReason, DocumentReview, Intention, MarketSurvey, ReviewPart, SurveyAnswer
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
from procurement.models.project_list import ProjectList
from procurement.models.qualification import CreditCheck, QualificationVerdict
from procurement.models.tender import Announcement, Award, Lot, OpenerKey, ScoreItem, Tender, TenderOpener

__all__ = [
    "Activity", "Amendment", "Announcement", "Award", "AwardFall", "Backfill", "Bid", "BidPart", "Bond", "BondTerms", "BudgetBounds", "BudgetLine", "Catalogue", "CatalogueItem",
    "CautionReason", "Challenge", "CreditCheck", "ChecklistRow", "Clearance", "Closing", "Complaint", "Contract", "CostVoucher", "Declaration", "DocumentReview", "Fund",
    "FundAdjustment", "FundEntry", "FundReceipt", "Gate", "GateRun", "GateVote", "Indicator", "Inquiry", "Intention", "KeyPerson", "Lot", "MarketSurvey",
    "Meeting", "MeetingItem", "MeetingVote", "OpenerKey", "PaymentApproval", "PaymentRequest", "PaymentStage", "PaymentStep", "PlannedActivity",
    "PriceAlias", "PriceEntry", "PriceExplanation", "PriceFlag", "PriceItem", "PriceRule", "Project", "ProjectFund", "ProjectList", "ProjectRevision", "QualificationVerdict", "Recording",
    "ReviewOrder", "ReviewPart", "ScoreItem", "SelfRunProfile", "SignIn", "SurveyAnswer", "Tender", "TenderOpener", "YearPortion",
]
