"""The bottom layer's rows."""

from kernel.models.access import AccessLog, SubjectKey
from kernel.models.attachment import Attachment
from kernel.models.calendar import CalendarYear, Holiday, HolidayCalendar
from kernel.models.draft import Draft
from kernel.models.feed import CalendarFeed
from kernel.models.hold import Correction, Hold
from kernel.models.identity import PersonIdentity
from kernel.models.job import Job
from kernel.models.notice import Notice
from kernel.models.trail import ChainHead, DailySeal, TrailRow
from kernel.models.user import StandIn, User

__all__ = [
    "AccessLog",
    "Attachment",
    "CalendarFeed",
    "CalendarYear",
    "ChainHead",
    "Correction",
    "DailySeal",
    "Draft",
    "Hold",
    "Holiday",
    "HolidayCalendar",
    "Job",
    "Notice",
    "PersonIdentity",
    "StandIn",
    "SubjectKey",
    "TrailRow",
    "User",
]
