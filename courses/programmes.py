"""What is taught: programmes read from `courses/content/<key>/` into values that never change.

The rule that matters most: a programme is whole or refused. A wrong file gives one `ContentError` that names
the file, the key and what was expected, and nothing half-read ever reaches a run. Sessions, minutes,
requirements and levels are data of the programme, never code (S1: the plan and reality differed).
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from courses.content_folder import read_programme
from courses.content_values import ContentError, Lists, Table, Texts

__all__ = [
    "CONTENT", "SCALE", "AssignmentPlan", "ContentError", "Lesson", "Programme", "Question", "Renewal",
    "SessionPlan", "Survey", "digest", "from_document", "load", "load_all", "text", "to_document",
]  # fmt: skip

CONTENT: Final = Path(__file__).parent / "content"
LEVELS: Final = ("trainer", "user", "")
LEADERS: Final = ("county_trainer", "trainer", "")
MODES: Final = ("physical", "digital")
REQUIREMENTS: Final = ("attendance", "assignment", "horizontal")
SURVEYS: Final = ("participant", "trainer", "followup")
KINDS: Final = ("scale", "text")
WORDS_A_MINUTE: Final = 200
SCALE: Final = (1, 2, 3, 4, 5)
"""The steps of a scale question; «Vet inte» (do not know) is offered beside them and counts as no step."""


@dataclass(frozen=True)
class SessionPlan:
    """One meeting of the plan: its number from 1, its minutes, where it is held in the first place."""

    number: int
    title: Texts
    minutes: int
    mode: str


@dataclass(frozen=True)
class AssignmentPlan:
    """The home assignment: the most minutes it may count, what is assessed, and the case as raw Markdown."""

    title: Texts
    minutes: int
    criteria: Lists
    case: Texts


@dataclass(frozen=True)
class Question:
    """One survey question; `goal` ties a scale question to a goal of the project, such as `can_train`."""

    key: str
    kind: str
    text: Texts
    low: Texts
    high: Texts
    goal: str


@dataclass(frozen=True)
class Survey:
    """What participants or trainers are asked. It is offered; an answer is never a condition of anything."""

    title: Texts
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Renewal:
    """What renews a certificate: this many runs led, or this many network meetings (0: not in this way).

    `grace_days`: how long after the last valid day it can still be renewed; it gives no right to lead meanwhile.
    """

    runs_led: int
    network_meetings: int
    grace_days: int = 60


@dataclass(frozen=True)
class Lesson:
    """One lesson: its place, its session (0 = read on one's own), its minutes, its raw Markdown."""

    slug: str
    number: int
    session: int
    minutes: int
    version: str
    title: Texts
    body: Texts

    def reading_minutes(self, language: str) -> int:
        """Minutes it takes to read the text on one's own, at 200 words a minute and rounded up."""
        return max(1, math.ceil(len(text(self.body, language).split()) / WORDS_A_MINUTE))


@dataclass(frozen=True)
class Programme:
    """A programme as taught: everything a run, a sheet, a survey and a certificate need to know about it."""

    key: str
    version: str
    leads_to: str
    led_by: str
    validity_months: int
    minimum_share: int
    title: Texts
    summary: Texts
    competence: Texts
    requires: tuple[str, ...]
    sessions: tuple[SessionPlan, ...]
    assignment: AssignmentPlan | None
    surveys: Mapping[str, Survey]
    renewal: Renewal | None
    lessons: tuple[Lesson, ...]

    @property
    def session_minutes(self) -> int:
        """Minutes of all sessions together."""
        return sum(session.minutes for session in self.sessions)

    @property
    def minutes(self) -> int:
        """Minutes of the whole programme: the sessions and the assignment, or the lessons of a self-study."""
        taught = self.session_minutes + (self.assignment.minutes if self.assignment else 0)
        return taught or sum(lesson.minutes for lesson in self.lessons)

    def lesson(self, slug: str) -> Lesson | None:
        """Return the lesson with that slug, or None."""
        return next((lesson for lesson in self.lessons if lesson.slug == slug), None)

    def lessons_of(self, session: int) -> tuple[Lesson, ...]:
        """Return the lessons of a session number (0 = read on one's own), in order."""
        return tuple(lesson for lesson in self.lessons if lesson.session == session)


def load(directory: Path) -> Programme:
    """Read one programme from its directory; raises `ContentError`."""
    file, document = read_programme(directory)
    programme = _programme(Table(document, file), directory.name)
    if programme.key != directory.name:
        raise ContentError(file, "key", f"the name of the directory, {directory.name!r}")
    return programme


def load_all(root: Path = CONTENT) -> dict[str, Programme]:
    """Read every programme under `root`, in order of key; raises `ContentError` at the first fault."""
    directories = sorted(path for path in root.iterdir() if path.is_dir())
    return {directory.name: load(directory) for directory in directories}


def to_document(programme: Programme) -> dict[str, Any]:
    """Return the programme as plain JSON values, for a run to keep what was taught."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(programme)))
    return document


def from_document(document: Mapping[str, Any]) -> Programme:
    """Return the programme a document was made from; raises `ContentError` for what `load` would refuse."""
    return _programme(Table(dict(document), "document"), "document")


def digest(programme: Programme) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of a programme: what a certificate says was taught."""
    canonical = json.dumps(to_document(programme), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def text(mapping: Texts, language: str) -> str:
    """Return the text in a language, or in Swedish, which every text has."""
    return mapping.get(language) or mapping["sv"]


def _programme(table: Table, folder: str) -> Programme:
    programme = Programme(
        key=table.name("key"),
        version=table.string("version"),
        leads_to=table.choice("leads_to", LEVELS),
        led_by=table.choice("led_by", LEADERS),
        validity_months=table.integer("validity_months", default=0),
        minimum_share=table.integer("minimum_share", default=100, largest=100),
        title=table.texts("title"),
        summary=table.texts("summary"),
        competence=table.texts("competence"),
        requires=table.choices("requires", REQUIREMENTS),
        sessions=tuple(_session(each) for each in table.tables("sessions")),
        assignment=_assignment(table.table("assignment")),
        surveys=_surveys(table.table("surveys")),
        renewal=_renewal(table.table("renewal")),
        lessons=tuple(_lesson(each) for each in table.tables("lessons")),
    )
    table.done()
    _check_plan(programme, table.file)
    _check_lessons(programme, folder)
    return programme


def _session(table: Table) -> SessionPlan:
    plan = SessionPlan(
        number=table.integer("number", smallest=1),
        title=table.texts("title"),
        minutes=table.integer("minutes", smallest=1),
        mode=table.choice("mode", MODES),
    )
    table.done()
    return plan


def _assignment(table: Table | None) -> AssignmentPlan | None:
    if table is None:
        return None
    plan = AssignmentPlan(
        title=table.texts("title"),
        minutes=table.integer("minutes", smallest=1),
        criteria=table.lists("criteria"),
        case=table.texts("case"),
    )
    table.done()
    return plan


def _surveys(table: Table | None) -> dict[str, Survey]:
    if table is None:
        return {}
    given = {kind: table.table(kind) for kind in SURVEYS}
    table.done()
    return {kind: _survey(each) for kind, each in given.items() if each is not None}


def _survey(table: Table) -> Survey:
    survey = Survey(
        title=table.texts("title"), questions=tuple(_question(each) for each in table.tables("questions"))
    )
    table.done()
    if not survey.questions:
        raise table.wrong("questions", "at least one question")
    _unique(table, "questions", (question.key for question in survey.questions))
    return survey


def _question(table: Table) -> Question:
    key, kind = table.name("key"), table.choice("kind", KINDS)
    scale = kind == "scale"
    question = Question(
        key=key,
        kind=kind,
        text=table.texts("text"),
        low=table.texts("low", optional=not scale),
        high=table.texts("high", optional=not scale),
        goal=table.name("goal", optional=True),
    )
    table.done()
    if question.goal and not scale:
        raise table.wrong("goal", "a goal only on a question of kind 'scale'")
    return question


def _renewal(table: Table | None) -> Renewal | None:
    if table is None:
        return None
    rule = Renewal(
        runs_led=table.integer("runs_led"),
        network_meetings=table.integer("network_meetings"),
        grace_days=table.integer("grace_days", default=60),
    )
    table.done()
    if not (rule.runs_led or rule.network_meetings):
        raise table.wrong("runs_led", "at least one way to renew")
    return rule


def _lesson(table: Table) -> Lesson:
    lesson = Lesson(
        slug=table.name("slug"),
        number=table.integer("number", smallest=0),
        session=table.integer("session", smallest=0),
        minutes=table.integer("minutes", smallest=1),
        version=table.string("version"),
        title=table.texts("title"),
        body=table.texts("body"),
    )
    table.done()
    return lesson


def _check_plan(programme: Programme, file: str) -> None:
    numbers = [session.number for session in programme.sessions]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ContentError(file, "sessions.number", "1, 2, 3 … in order")
    if "assignment" in programme.requires and programme.assignment is None:
        raise ContentError(file, "requires", "an [assignment] table when 'assignment' is required")
    if "attendance" in programme.requires and not programme.sessions:
        raise ContentError(file, "requires", "at least one session when 'attendance' is required")


def _check_lessons(programme: Programme, folder: str) -> None:
    slugs: set[str] = set()
    numbers: set[int] = set()
    left = {session.number: session.minutes for session in programme.sessions}
    for lesson in programme.lessons:
        file = f"{folder}/{lesson.number:02d}-{lesson.slug}.sv.md"
        if lesson.slug in slugs:
            raise ContentError(file, "slug", f"a slug of its own: {lesson.slug!r} is already taken")
        if lesson.number in numbers:
            raise ContentError(file, "number", f"a number of its own: {lesson.number:02d} is already taken")
        if lesson.session and lesson.session not in left:
            raise ContentError(file, "session", f"0 or the number of a session, not {lesson.session}")
        if lesson.session:
            left[lesson.session] -= lesson.minutes
            if left[lesson.session] < 0:
                raise ContentError(file, "minutes", f"no more minutes than session {lesson.session} has left")
        slugs.add(lesson.slug)
        numbers.add(lesson.number)


def _unique(table: Table, key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise table.wrong(key, f"each key once, but {name!r} comes twice")
        seen.add(name)
