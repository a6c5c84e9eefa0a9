"""Hours under two signatures: participants certify their own, object, and are reminded; managers countersign.

The rule that matters most: nobody signs hours for somebody else, and a signature is over exactly the entries it names.
"""

from courses.hours.confirming import confirm, handed_in
from courses.hours.lines import Hours, Line, MonthCount, hours_of, months_of
from courses.hours.missing import Missing, Tally, missing, tallies
from courses.hours.objecting import correct_loose, keep, object_to
from courses.hours.reminding import Reminded, remind, remind_due, remind_trainers
from courses.hours.states import Disputed, Signature, State, states_of
from courses.hours.telling import tell_corrected
from courses.hours.waiting import Unanswered, Waits, waiting_on

__all__ = [
    "Disputed", "Hours", "Line", "Missing", "MonthCount", "Reminded", "Signature", "State", "Tally", "Unanswered",
    "Waits", "confirm", "correct_loose", "handed_in", "hours_of", "keep", "missing", "months_of", "object_to", "remind",
    "remind_due", "remind_trainers", "states_of", "tallies", "tell_corrected",
    "waiting_on",
]  # fmt: skip
