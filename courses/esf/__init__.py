"""Accounting to the funder: hours of a month from signed sheets, what is missing, and files that support the report."""
