"""Deputies: a trainer signs off a sheet for one who is absent, and says why; the absent one is told.

The rule that matters most: a deputy only replaces the pen. Everything else that makes a sheet right holds as always.
"""

from flask_babel import gettext as _

from courses.activities import Session
from courses.attendance.ledger import SignOff
from courses.attendance.questions import signed
from courses.attendance.signing import locked, sign_off
from courses.runs import leaders_of
from lms import mail
from lms.people import Person
from lms.refusals import Refused, Stale


def sign_as_deputy(session: Session, reason: str, *, by: Person, seen_hash: str | None = None) -> SignOff:
    """Certify the sheet for those who lead the session, who get a mail; the same deputy twice is once.

    Raises Refused: `reason` (3 to 500 characters), `own_session`, and what `sign_off` refuses; Stale `signed` when
    somebody else has signed meanwhile.
    """
    reason = " ".join(reason.split())
    if not 3 <= len(reason) <= 500:
        raise Refused(_("Write why you sign instead, in a few words."), "reason")
    if any(leader.id == by.id for leader in leaders_of(session.activity)):
        raise Refused(_("You lead this session: sign it as always."), "own_session")
    locked(session)
    stands = signed(session)
    if stands is not None and stands.by_id != by.id:
        raise Stale(_("%(name)s has signed this sheet already.", name=stands.by.name), "signed")
    made = sign_off(session, by=by, seen_hash=seen_hash, deputy_reason=reason)
    for leader in leaders_of(session.activity):
        mail.enqueue(leader, "deputy", key=f"deputy:{made.id}:{leader.id}", session=session, made=made)
    return made
