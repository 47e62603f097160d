"""What was reported."""

from reporting.models.report import Report, YearTotal

__all__ = ["Report", "YearTotal"]
