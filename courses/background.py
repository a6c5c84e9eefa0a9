"""What courses do each minute without anybody asking: surveys open and close, hours wait, certificates end.

Each act asks the database one question that an index answers and does nothing more when nothing is due.
"""

from courses import hours, surveys
from courses.esf import progress
from courses.renewal import reminding
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


def remind_of_certificates() -> None:
    """Remind holders and project leaders of certificates that end, 90, 30 and 7 days before."""
    reminding.remind_due()


def forget_downloads() -> None:
    """Forget how far downloads of yesterday came."""
    progress.forget_old()


ACTS = (open_surveys, remind_of_surveys, close_surveys, remind_of_hours, remind_of_certificates, forget_downloads)
jobs.EACH_MINUTE.extend(act for act in ACTS if act not in jobs.EACH_MINUTE)
