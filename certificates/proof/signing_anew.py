"""Signing anew what rests on a key that counts no longer: one that somebody else may have, or whose secret is lost.

The rule that matters most: nothing is taken back. Every certificate says what it said and gets another edition; the
earlier ones stay where they were, readable as what they were.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from certificates.proof import keys, signing, status_lists
from certificates.proof.credentials import Credential, StatusList
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from lms.db import db
from lms.people import Person

Say = Callable[[int, int], None]
_AT_A_TIME = 200


def _quiet(_done: int, _total: int) -> None:
    """Nobody listens."""


# --- operations ---------------------------------------------------------------------------------------------


def compromised(key: SigningKey, *, by: Person | None, say: Say = _quiet) -> int:
    """Somebody else may have the key: it is withdrawn, its successor signs anew what rested on it; how many did.

    One transaction, all or nothing. Doing it again signs what was issued meanwhile, or nothing.
    """
    keys.withdraw(key, by=by)
    done = _each_anew(resting_on(key), say)
    _renew_lists()
    return done


def after_loss() -> int:
    """Sign anew what rests on trainers' keys whose secrets are lost, since nobody can sign their lists; how many did.

    What the county has signed is believed on: its other keys sign its lists.
    """
    lost = select(SigningKey).where(SigningKey.kind == "trainer", SigningKey.cipher == b"")
    done = sum(_each_anew(resting_on(key)) for key in db.session.scalars(lost.order_by(SigningKey.id)).all())
    if done:
        _renew_lists()
    return done


def _renew_lists() -> None:
    """What is revoked has new places, and the lists say so from the same moment on."""
    for listed in db.session.scalars(select(StatusList).order_by(StatusList.id).with_for_update()):
        status_lists.renew_list(listed)


def _each_anew(certificates: Iterable[int], say: Say = _quiet) -> int:
    """Another edition of each, trainers first: users' certificates carry the word about their trainer. How many."""
    ids, levels = list(certificates), dict[int, str]()
    for start in range(0, len(ids), _AT_A_TIME):
        some = select(Certificate.id, Certificate.level).where(Certificate.id.in_(ids[start : start + _AT_A_TIME]))
        levels |= dict(db.session.execute(some).all())
    for done, each in enumerate(sorted(levels, key=lambda each: (levels[each] != "trainer", each)), 1):
        signing.sign_anew(db.session.get_one(Certificate, each))
        say(done, len(levels))
    return len(levels)


# --- questions ----------------------------------------------------------------------------------------------


def resting_on(key: SigningKey) -> list[int]:
    """The certificates whose newest edition the key has signed, or names, or whose paper it has signed.

    A key stands in a credential by its public part: as who signed, as the issuer, or as the trainer who is endorsed.
    """
    if key.kind == "seal":
        return []
    from certificates.standards import paper  # noqa: PLC0415  few requests sign

    mark, later = paper.key_id(keys.public(key)), aliased(Credential)
    newer = exists().where(
        later.certificate_id == Credential.certificate_id, later.kind == Credential.kind,
        later.edition > Credential.edition,
    )  # fmt: skip
    named = Credential.text.contains(key.public)
    rows = db.session.execute(select(Credential.certificate_id, Credential.paper, named).where(~newer))
    return sorted({each for each, digits, names in rows if names or (digits and paper.signer(digits) == mark)})
