"""The bottom layer's rows."""

from kernel.models.draft import Draft
from kernel.models.hold import Correction, Hold
from kernel.models.notice import Notice
from kernel.models.trail import ChainHead, DailySeal, TrailRow
from kernel.models.user import StandIn, User

__all__ = ["ChainHead", "Correction", "DailySeal", "Draft", "Hold", "Notice", "StandIn", "TrailRow", "User"]
