"""Surveys: a receipt says who answered, a response says what; nothing in the product ties the two together.

Results are shown in disjoint batches of at least five answers from closed surveys, so that no two views of them
can be subtracted down to a person (S1: a survey after every occasion; docs/survey-anonymity.md).
"""

from courses.surveys.answering import LONGEST_TEXT, answer, checked
from courses.surveys.asking import open_due, remind_due
from courses.surveys.closing import close_due
from courses.surveys.results import (
    BatchResults,
    Kind,
    ScaleResult,
    TextResult,
    overview,
    progress,
    published,
    results,
    share,
    waiting,
)
from courses.surveys.tables import AUDIENCES, LEAST, Receipt, Response, Survey, SurveyBatch

__all__ = [
    "AUDIENCES",
    "LEAST",
    "LONGEST_TEXT",
    "BatchResults",
    "Kind",
    "Receipt",
    "Response",
    "ScaleResult",
    "Survey",
    "SurveyBatch",
    "TextResult",
    "answer",
    "checked",
    "close_due",
    "open_due",
    "overview",
    "progress",
    "published",
    "remind_due",
    "results",
    "share",
    "waiting",
]
