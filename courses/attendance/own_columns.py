"""Our own columns of an attendance file, out and in: what is written is read back as exactly the same answer.

The rule that matters most: a clock stands alone («08.55») only when it is read back as the same moment; otherwise the
whole moment is written.
"""

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from courses.activities import Session
from courses.attendance.ledger import AttendanceEntry
from courses.attendance.marks import Mark, is_about, minutes_within, moments, presence_of, state_of
from lms import clock
from lms.filters import clock as clock_text
from lms.filters import parse_clock

HEADINGS = {
    "sv": (
        "Kod", "Namn", "E-post", "Arbetsgivare", "Närvaro", "Kom", "Gick", "Borta däremellan", "Frånvaro", "Minuter",
    ),
    "en": (
        "Code", "Name", "E-mail", "Employer", "Attendance", "Came", "Left", "Away in between", "Absence", "Minutes",
    ),
}  # fmt: skip
STATES = {
    "whole": {"sv": "hela", "en": "whole"},
    "part": {"sv": "del", "en": "part"},
    "absent": {"sv": "frånvarande", "en": "absent"},
}
ABSENCES = {
    "ill": {"sv": "sjuk", "en": "ill"},
    "other_duty": {"sv": "annat uppdrag", "en": "other duty"},
    "unknown": {"sv": "okänt", "en": "unknown"},
}
_STATE_OF = {word: key for key, words in STATES.items() for word in (*words.values(), key)} | {
    **dict.fromkeys(("ja", "yes", "x", "närvarande", "present"), "whole"), "nej": "absent", "no": "absent",
}  # fmt: skip
_ABSENCE_OF = {word: key for key, words in ABSENCES.items() for word in (*words.values(), key)} | {"": "unknown"}


def columns_of(session: Session, entry: AttendanceEntry | None, language: str) -> list[str]:
    """Närvaro, Kom, Gick, Borta däremellan, Frånvaro, Minuter of an answer; all empty where there is none."""
    if entry is None:
        return [""] * 6
    state, came, left, away, absence = state_of(entry), "", "", "", ""
    if entry.absence is not None:
        absence = ABSENCES.get(entry.absence, ABSENCES["unknown"])[language]
    elif entry.came_at is not None and entry.left_at is not None:
        came, left = _clocks(session, entry.came_at, entry.left_at)
        gap = minutes_within(session, entry.came_at, entry.left_at) - entry.minutes
        away = str(gap) if gap else ""
    return [STATES[state][language], came, left, away, absence, str(entry.minutes)]


def _clocks(session: Session, came: datetime, left: datetime) -> tuple[str, str]:
    short = clock_text(came), clock_text(left)
    if moments(session, parse_clock(short[0]), parse_clock(short[1])) == (came, left):
        return short
    return clock.local(came).isoformat(), clock.local(left).isoformat()


def mark_of(
    session: Session, typed: Mapping[str, str], person_id: int, seen: int | None
) -> tuple[Mark | None, str]:
    """What our columns say of a person, or what is wrong with them in words; nothing and no error for an empty row."""
    word = typed.get("state", "").casefold()
    timed = any(typed.get(name, "") for name in ("came", "left"))
    if not word and not timed:
        return None, ""
    state = _STATE_OF.get(word, "part" if not word else "")
    absence = _ABSENCE_OF.get(typed.get("absence", "").casefold())
    if not state:
        return None, str(_("Write hela, del or frånvarande under Närvaro."))
    if state == "absent":
        wrong = _("Write sjuk, annat uppdrag or okänt under Frånvaro.")
        return (Mark(person_id, state, seen, absence=absence), "") if absence else (None, str(wrong))
    return _part(session, typed, person_id, seen) if state == "part" else (Mark(person_id, state, seen), "")


def _part(session: Session, typed: Mapping[str, str], person_id: int, seen: int | None) -> tuple[Mark | None, str]:
    both = _moments(session, typed.get("came", ""), typed.get("left", ""))
    away = typed.get("away", "") or "0"
    if both is None or not (away.isascii() and away.isdigit() and len(away) < 5):
        return None, str(_("Write when the person came and left as 08.55, and minutes away as a number."))
    minutes = minutes_within(session, *both) - int(away)
    mark = Mark(person_id, "part", seen, *both, minutes=minutes if int(away) else None)
    if presence_of(mark, session).minutes == 0:
        start, end = clock_text(session.starts_at), clock_text(session.ends_at)
        return None, str(_("Write when the person was there, between %(start)s and %(end)s.", start=start, end=end))
    return mark, ""


def _moments(session: Session, came: str, left: str) -> tuple[datetime, datetime] | None:
    """Clocks or whole moments; empty is the start or the end."""
    whole = [_whole(text) for text in (came, left)]
    if any(whole):
        begun, ended = whole[0] or session.starts_at, whole[1] or session.ends_at
        return (begun, ended) if begun < ended and is_about(session, begun) and is_about(session, ended) else None
    clocks = [parse_clock(text[:5] if text.count(":") == 2 else text) for text in (came, left)]
    if (came and clocks[0] is None) or (left and clocks[1] is None) or not (came or left):
        return None
    begun_ended = moments(session, *clocks)
    return begun_ended if begun_ended and None not in begun_ended else None  # type: ignore[return-value]


def _whole(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if len(text) > 10 else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
