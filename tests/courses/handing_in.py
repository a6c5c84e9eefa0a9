"""A course with a home assignment for tests: two trainers, a participant, a stranger, and pictures to send."""

import struct
import zlib

from courses import assignments
from courses.assignments import Submission
from lms.people import Person
from tests.factories import make_enrolment, make_participant, make_project, make_role, make_run


def png(number: int = 0) -> bytes:
    """A picture of one pixel; each number makes another content."""
    pixel = zlib.compress(bytes([0, number % 256, number // 256, 0]))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", pixel), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Course:
    """A run with two trainers, a participant with a place, and a trainer of another run."""

    def __init__(self) -> None:
        self.project = make_project()
        self.trainer, self.second = make_role("trainer", self.project), make_role("trainer", self.project)
        self.run = make_run(self.project, self.trainer, self.second)
        self.person = make_participant(self.project, "Elin Forsman")
        make_enrolment(self.run, self.person)
        self.stranger = make_role("trainer", self.project)
        make_run(self.project, self.stranger)
        self.url = f"/courses/{self.run.id}/assignment"

    def hand_in(self, text: str = "Mitt svar", minutes: int = 180, person: Person | None = None) -> Submission:
        who = person or self.person
        draft = assignments.draft_of(self.run, who)
        assignments.save_draft(self.run, who, text, minutes, draft.revision if draft else 0, by=who)
        return assignments.submit(self.run, who, by=who)
