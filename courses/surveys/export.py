"""Published survey results as files: the same numbers and texts as on the page, never one person's row."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from flask_babel import gettext as _

from courses.programmes import SCALE, Survey, text
from courses.surveys import BatchResults
from lms import clock, filters
from lms.spreadsheet import Cell, Column, Sheet, csv_text, workbook

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(found: Sequence[BatchResults], survey: Survey, language: str) -> bytes:
    """One line per step of a question and per text; texts have no number."""
    rows = [*_scale_rows(found, language), *([*row, None] for row in _text_rows(found, language))]
    return csv_text(_columns(), rows)


def as_xlsx(found: Sequence[BatchResults], survey: Survey, language: str) -> bytes:
    """Two sheets: scales and texts."""
    note = _(
        "Every result counts at least five answers together. The texts of each question have an order of their own."
    )
    return workbook(
        [
            Sheet(_("Scales"), _columns(), list(_scale_rows(found, language)), notes=[note]),
            Sheet(_("Texts"), _columns()[:-1], list(_text_rows(found, language)), notes=[note]),
        ],
        title=text(survey.title, language),
        created=clock.now(),
        publicity=_("Co-funded by the European Union"),
    )


KINDS: Final[dict[str, tuple[Callable[[Sequence[BatchResults], Survey, str], bytes], str]]] = {
    "csv": (as_csv, CSV),
    "xlsx": (as_xlsx, XLSX),
}


def _columns() -> list[Column]:
    return [
        Column(_("Result"), "integer", 10),
        Column(_("Month"), width=16),
        Column(_("Answered"), "integer", 10),
        Column(_("Asked"), "integer", 10),
        Column(_("Question"), width=60),
        Column(_("Answer"), width=40),
        Column(_("How many"), "integer", 10),
    ]


def _head(batch: BatchResults, language: str) -> list[Cell]:
    month = filters.month(batch.published_on.year, batch.published_on.month, language)
    return [batch.number, month, batch.answered, batch.asked]


def _scale_rows(found: Sequence[BatchResults], language: str) -> Iterable[list[Cell]]:
    for batch in found:
        for scale in batch.scales:
            ends = {SCALE[0]: f" {text(scale.low, language)}", SCALE[-1]: f" {text(scale.high, language)}"}
            steps = [(f"{step}{ends.get(step, '')}", count) for step, count in zip(SCALE, scale.counts, strict=True)]
            for words, count in [*steps, (_("Do not know or no answer"), scale.unsure)]:
                yield [*_head(batch, language), text(scale.text, language), words, count]


def _text_rows(found: Sequence[BatchResults], language: str) -> Iterable[list[Cell]]:
    for batch in found:
        for question in batch.texts:
            for words in question.texts:
                yield [*_head(batch, language), text(question.text, language), words]
