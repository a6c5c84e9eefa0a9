"""Renewal: who may have a trainer certificate for another period, what is missing, reminders before the last day.

The rule is the programme's (`[renewal]` in programme.toml) and is decided from plain facts; a certificate that has run
out gives no right to lead or certify, also while it can still be renewed.
"""

from courses.renewal.facts import Renewable, of_certificate, of_project
from courses.renewal.renewing import renew
from courses.renewal.rule import SOON, Done, Phase, is_met, missing, phase

__all__ = [
    "SOON", "Done", "Phase", "Renewable", "is_met", "missing", "of_certificate", "of_project", "phase", "renew",
]  # fmt: skip
