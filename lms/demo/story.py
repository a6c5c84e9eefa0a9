"""The courses of the story as data: who teaches whom where, when it began, and what went otherwise than planned.

The goals of the plan give the numbers: 14 trainers from seven municipalities, 145 users in eight.
"""

from dataclasses import dataclass

Place = tuple[str, int]
"""A municipality and a number: that trainer of it (from 0), or that many of its users."""

TRAINERS = {"Uppsala": 5, "Enköping": 2, "Håbo": 2, "Knivsta": 2, "Tierp": 1, "Heby": 1, "Älvkarleby": 1}
COUNTY = "county"
OWNER = "Samordningsförbundet Uppsala län"


@dataclass(frozen=True)
class Twists:
    """What went otherwise, by the place in the group (from 0) of whom it happened to; empty places mean nobody."""

    absent: tuple[int, ...] = ()
    """Away from the second session."""
    made_up_in: str = ""
    """The course whose session number two (or one, for who left early) the same people visit instead."""
    left_early: tuple[int, ...] = ()
    """Went home an hour before the end of the first session."""
    mistyped: tuple[int, ...] = ()
    """Written as gone early from the second session, and corrected after the sheet was signed."""
    silent: tuple[int, ...] = ()
    """Never hands in the assignment."""
    stuck: tuple[int, ...] = ()
    """Gets the assignment back and does not complete it."""
    eager: tuple[int, ...] = ()
    """Hands in between the sessions; all but the first of them still wait for assessment."""
    declines: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    needs: tuple[int, ...] = ()
    """Asks for an adaptation."""
    protected: tuple[int, ...] = ()
    revoked: tuple[int, ...] = ()
    unsigned: bool = False
    """The trainer has not signed the sheet of the second session."""
    exempted: bool = False
    """A county trainer leads by a documented exemption."""


@dataclass(frozen=True)
class Course:
    """A run to come about: `starts_in` days from today is its first session; None: spread over the time gone by."""

    key: str
    organisation: str
    trainers: tuple[Place, ...]
    people: tuple[Place, ...]
    starts_in: int | None = None
    capacity: int = 16
    twists: Twists = Twists()

    @property
    def size(self) -> int:
        return sum(number for _organisation, number in self.people)


TRAINER_COURSES = (
    Course("t1", "Uppsala", ((COUNTY, 0), (COUNTY, 1)), (), twists=Twists(absent=(3,), made_up_in="t2", needs=(1,))),
    Course("t2", "Enköping", ((COUNTY, 1), (COUNTY, 0)), (), twists=Twists(needs=(4,))),
)
USER_COURSES = (
    Course(
        "u1", "Uppsala", (("Uppsala", 0), ("Uppsala", 1)), (("Uppsala", 13),),
        twists=Twists(silent=(8,), needs=(2,)),
    ),
    Course("u2", "Enköping", (("Enköping", 0),), (("Enköping", 11),), twists=Twists(revoked=(4,))),
    Course(
        "u3", "Uppsala", (("Uppsala", 2), ("Uppsala", 0)), (("Uppsala", 13),),
        twists=Twists(absent=(5,), needs=(7,)),
    ),
    Course("u4", "Knivsta", (("Knivsta", 0),), (("Knivsta", 7),)),
    Course("u5", "Tierp", (("Tierp", 0),), (("Tierp", 12),), twists=Twists(mistyped=(6,))),
    Course("u6", "Håbo", (("Håbo", 0),), (("Håbo", 8),), twists=Twists(needs=(3,))),
    Course(
        "u7", "Östhammar", ((COUNTY, 1), ("Tierp", 0)), (("Östhammar", 12),),
        twists=Twists(exempted=True, silent=(9,)),
    ),
    Course(
        "u8", "Heby", (("Heby", 0),), (("Heby", 10),),
        twists=Twists(left_early=(2,), made_up_in="u9", protected=(6,)),
    ),
    Course(
        "u9", "Uppsala", (("Uppsala", 3), ("Uppsala", 4)), (("Uppsala", 14),),
        twists=Twists(stuck=(11,), needs=(0,)),
    ),
    Course("u10", "Älvkarleby", (("Älvkarleby", 0),), (("Älvkarleby", 8),), -47, twists=Twists(unsigned=True)),
    Course("u11", "Knivsta", (("Knivsta", 1),), (("Knivsta", 7),), -24),
    Course(
        "u12", "Håbo", (("Håbo", 0), ("Håbo", 1)), (("Håbo", 10),), -14, capacity=14,
        twists=Twists(eager=(3, 5, 8), needs=(0, 6)),
    ),
    Course(
        "u13", "Enköping", (("Enköping", 1),), (("Enköping", 9), ("Uppsala", 3)), 6, capacity=8,
        twists=Twists(declines=(4,), unanswered=(10,), needs=(1,)),
    ),
    Course("u14", "Uppsala", (("Uppsala", 2),), (("Uppsala", 8),), 32, capacity=12),
)  # fmt: skip

assert sum(TRAINERS.values()) == 14
assert sum(course.size for course in USER_COURSES) == 145


def users_of(organisation: str) -> int:
    """How many users the courses want from a municipality."""
    return sum(number for course in USER_COURSES for place, number in course.people if place == organisation)


def more_courses(batch: int) -> list[Course]:
    """Another 145 users, in twelve courses that are over: what `--scale` adds for each time beyond the first."""
    leaders = [(place, number) for place, count in TRAINERS.items() for number in range(count)]
    courses = []
    for number in range(12):
        place, which = leaders[(batch * 12 + number) % len(leaders)]
        size = 13 if number == 0 else 12
        courses.append(Course(f"m{batch}-{number}", place, ((place, which),), ((place, size),)))
    return courses
