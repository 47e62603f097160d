"""The judging."""

from evaluation.models.check import Assignment, AssignmentUserPermission, CallBack, Check, CheckItem, Finding
from evaluation.models.panel import Expert, Panel, PanelMember, PanelUserPermission, Score

__all__ = [
    "Assignment", "AssignmentUserPermission", "CallBack", "Check", "CheckItem", "Expert", "Finding", "Panel", "PanelMember", "PanelUserPermission", "Score",
]
