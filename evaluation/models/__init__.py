"""The judging."""

from evaluation.models.change import TermsChange
from evaluation.models.check import Assignment, AssignmentUserPermission, CallBack, Check, CheckItem, Finding
from evaluation.models.judging import BidQuestion, ConformityVote, ExpertFee, ItemWaiver, PriceClaim, ResultVersion
from evaluation.models.panel import Expert, Panel, PanelMember, PanelUserPermission, Score
from evaluation.models.talk import Talk

__all__ = [
    "Assignment", "AssignmentUserPermission", "BidQuestion", "CallBack", "Check", "CheckItem", "ConformityVote", "Expert", "ExpertFee", "Finding", "ItemWaiver",
    "Panel", "PanelMember", "PanelUserPermission", "PriceClaim", "ResultVersion", "Score", "Talk", "TermsChange",
]
