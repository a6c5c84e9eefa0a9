"""Accounting to the funder: hours of a month from signed sheets, what is missing, and files that support the report."""

from courses.esf.closings import BundleProgress, ClosingNumber, MonthClosing, MonthSending

__all__ = ["BundleProgress", "ClosingNumber", "MonthClosing", "MonthSending"]
