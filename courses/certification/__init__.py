"""Certification: who in a run has earned a certificate, what everybody else lacks, and the one act that certifies.

The rule is a pure function of plain facts; answering a survey is never a condition of anything.
"""

from courses.certification.deciding import certify
from courses.certification.facts import facts, ground
from courses.certification.rule import Facts, SessionFact, Unmet, Work, is_certified, is_eligible, unmet

__all__ = [
    "Facts", "SessionFact", "Unmet", "Work", "certify", "facts", "ground", "is_certified", "is_eligible", "unmet",
]  # fmt: skip
