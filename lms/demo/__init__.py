"""The demo: the whole SMAIL project with people who do not exist, told by the operations that the screens call.

All of it is one transaction: a demo that was interrupted is not there at all, and is told anew.
"""

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select

from lms import audit, clock, plan
from lms.db import db
from lms.people import Person
from lms.refusals import Refused

SHARE_OF_PART_2 = 67


def is_loaded() -> bool:
    """Whether there are people already: then the demo stays away."""
    return db.session.scalar(select(Person.id).limit(1)) is not None


def load(*, scale: int = 1, as_planned: bool = False, say: Callable[[str], None]) -> None:
    """Tell the story to about two thirds of its second part, and commit it whole.

    `scale` times the 145 users; `as_planned` keeps 2022-2023 instead of moving the plan to today. `say` gets each
    month as it is told. Raises Refused `already_loaded` when there are people in the database.
    """
    from lms.demo import telling  # noqa: PLC0415  views know the personas before courses are imported

    if is_loaded():
        message = _("There are people in the database already. The demo is only loaded into an empty one.")
        raise Refused(message, "already_loaded")
    wanted = plan.shipped("smail")
    two_thirds = plan.point(wanted.phase("users"), SHARE_OF_PART_2)
    today = two_thirds if as_planned else clock.today()
    try:
        moved = plan.shift(wanted, 0 if as_planned else plan.months_to(two_thirds, today))
        project = telling.tell(moved, today, scale=scale, say=say)
        audit.record("demo.loaded", project, by=None, details={"scale": scale})
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
