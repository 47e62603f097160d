"""The buying."""

from procurement.models.award import AwardFall
from procurement.models.backfill import Backfill
from procurement.models.bid import Bid, BidPart
from procurement.models.bond import Bond, BondTerms
from procurement.models.budget_bounds import BudgetBounds
from procurement.models.catalogue import Catalogue, CatalogueItem
from procurement.models.challenge import Challenge, Complaint, ReviewOrder
from procurement.models.configuration import FeeRate, Gate, PaymentStep, PriceRule, SelfRunProfile
from procurement.models.contract import Amendment, Clearance, Contract, ContractLine, KeyPerson, PaymentStage, YearPortion
from procurement.models.declaration import Declaration
from procurement.models.delivery import Activity, CostVoucher, SignIn
from procurement.models.document import DocumentReader, DocumentTemplate, DocumentVersion, Question
from procurement.models.evaluation_terms import EvaluationTerms, QuoteRound, RoundQuote
from procurement.models.framework import CallOff, Framework, FrameworkAgreement, FrameworkItem, FrameworkSummary
from procurement.models.fund import Fund
from procurement.models.fund_money import FundAdjustment, FundEntry, FundReceipt
from procurement.models.gate_vote import GateVote, MeetingVote
from procurement.models.indicator import Indicator
from procurement.models.inquiry import Inquiry, Recording
from procurement.models.invitation import InvitationPool, TenderInvitation
from procurement.models.payment import ChecklistRow, Closing, PaymentApproval, PaymentRequest
from procurement.models.preparation import CautionReason, DocumentReview, Intention, MarketSurvey, ReviewPart, SurveyAnswer
from procurement.models.price import PriceAlias, PriceEntry, PriceExplanation, PriceFlag, PriceItem
from procurement.models.project import BudgetLine, GateRun, Meeting, MeetingItem, PlannedActivity, Project, ProjectFund, ProjectRevision
from procurement.models.project_list import ProjectList
from procurement.models.qualification import CreditCheck, OpeningRemark, QualificationVerdict
from procurement.models.single_source import SingleSource, SourceObjection
from procurement.models.tender import Announcement, Award, Lot, OpenerKey, ScoreItem, Tender, TenderOpener

__all__ = [
    "Activity", "Amendment", "Announcement", "Award", "AwardFall", "Backfill", "Bid", "BidPart", "Bond", "BondTerms", "BudgetBounds", "BudgetLine", "CallOff",
    "Catalogue", "CatalogueItem", "CautionReason", "Challenge", "ChecklistRow", "Clearance", "Closing", "Complaint", "Contract", "ContractLine", "CostVoucher", "CreditCheck",
    "Declaration", "DocumentReader", "DocumentReview", "DocumentTemplate", "DocumentVersion", "EvaluationTerms", "FeeRate", "Framework", "FrameworkAgreement",
    "FrameworkItem", "FrameworkSummary", "Fund", "FundAdjustment", "FundEntry", "FundReceipt", "Gate", "GateRun", "GateVote", "Indicator", "Inquiry",
    "Intention", "InvitationPool", "KeyPerson", "Lot", "MarketSurvey", "Meeting", "MeetingItem", "MeetingVote", "OpenerKey", "OpeningRemark",
    "PaymentApproval", "PaymentRequest", "PaymentStage", "PaymentStep", "PlannedActivity", "PriceAlias", "PriceEntry", "PriceExplanation", "PriceFlag",
    "PriceItem", "PriceRule", "Project", "ProjectFund", "ProjectList", "ProjectRevision", "QualificationVerdict", "Question", "QuoteRound", "Recording",
    "ReviewOrder", "ReviewPart", "RoundQuote", "ScoreItem", "SelfRunProfile", "SignIn", "SingleSource", "SourceObjection", "SurveyAnswer", "Tender",
    "TenderInvitation", "TenderOpener", "YearPortion",
]
