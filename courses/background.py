"""What courses do each minute without anybody asking: surveys open, remind and close by the calendar, and hours wait.

Each act asks the database one question that an index answers and does nothing more when nothing is due.
"""

from courses import hours, surveys
from courses.esf import progress
from lms import clock, jobs


def open_surveys() -> None:
    """Open surveys whose run has ended or whose day has come, and mail those who are asked."""
    surveys.open_due(clock.today())


def remind_of_surveys() -> None:
    """Remind those who have not answered."""
    surveys.remind_due(clock.today())


def close_surveys() -> None:
    """Close surveys whose last day is over, and publish what has become five answers."""
    surveys.close_due(clock.today())


def remind_of_hours() -> None:
    """Remind those who have not confirmed their hours of last month, on day 3, 10 and 20."""
    hours.remind_due()


def forget_downloads() -> None:
    """Forget how far downloads of yesterday came."""
    progress.forget_old()


ACTS = (open_surveys, remind_of_surveys, close_surveys, remind_of_hours, forget_downloads)
jobs.EACH_MINUTE.extend(act for act in ACTS if act not in jobs.EACH_MINUTE)
