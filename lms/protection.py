"""Protected identity and personnummer: an alias in every list, and every look behind it is logged, one at a time."""

from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms import audit, clock, personnummer
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.projects import Participation
from lms.refusals import Refused
from lms.secrets import decrypted, encrypted, keyed_hashes

# --- operations ---------------------------------------------------------------------------------------------


def protect(person: Person, alias: str, *, by: Person) -> None:
    """Show the person under an alias from now on. The alias may hold no part of her name, and nobody else's."""
    wanted = " ".join(alias.split())[:80]
    if not wanted:
        raise Refused(_("Write the name that others shall see."), "alias_missing")
    told = {word.casefold() for word in (*person.given_name.split(), *person.family_name.split())}
    if told & {word.casefold() for word in wanted.split()}:
        raise Refused(_("The alias must not hold any part of the name."), "alias_tells")
    if db.session.scalar(select(Person.id).where(Person.alias == wanted, Person.id != person.id)):
        raise Refused(_("Somebody else has this alias."), "alias_taken")
    person.protected, person.alias = True, wanted
    db.session.flush()
    audit.record("person.protected", person, by=by)


def unprotect(person: Person, *, by: Person) -> None:
    """Show the person under her own name again."""
    alias, person.protected, person.alias = person.alias, False, None
    db.session.flush()
    audit.record("person.unprotected", person, by=by, details={"alias": alias})


def reveal_personnummer(person: Person, *, by: Person) -> str:
    """The twelve digits as ååååmmdd-nnnn, for one look that is logged. Refused when none is stored."""
    if person.personnummer_cipher is None:
        raise Refused(_("No personnummer is stored."), "no_personnummer")
    if person.protected:
        audit.record("personnummer.revealed_protected", person, by=by, details={"alias": person.alias})
    else:
        audit.record("personnummer.revealed", person, by=by)
    digits = decrypted(person.personnummer_cipher)
    return f"{digits[:8]}-{digits[8:]}"


def reveal_name(person: Person, *, by: Person) -> str:
    """The name behind an alias, for one look that is logged."""
    audit.record("name.revealed", person, by=by, details={"alias": person.alias})
    return person.full_name


def write_personnummer(person: Person, text: str, *, by: Person) -> None:
    """Store the number (10 or 12 digits) of an ESF participant, encrypted; the same again changes nothing.

    Raises Refused: `not_esf`, what lms/personnummer.py finds wrong, or `somebody_else`. That somebody has the number
    is never told whose it is, and stands in the log: the caller commits also then.
    """
    if not is_esf_participant(person):
        raise Refused(_("A personnummer is asked only of those whose hours are reported to ESF."), "not_esf")
    try:
        number = personnummer.parse(text, today=clock.today())
    except personnummer.WrongPersonnummer as wrong:
        raise Refused(wrong.message.render(gettext), wrong.code) from wrong
    hashes = keyed_hashes(number.digits12)
    if person.personnummer_hash in hashes:
        return
    corrected = person.personnummer_hash is not None
    taken = db.session.scalar(select(Person.id).where(Person.personnummer_hash.in_(hashes)))
    cipher = encrypted(number.digits12)
    if taken or not _is_stored(person, hashes[0], cipher):
        audit.record("personnummer.taken", person, by=by)
        told = _("This personnummer is stored for somebody else. Compare it with the person's own papers.")
        raise Refused(told, "somebody_else")
    audit.record("personnummer.written", person, by=by, details={"changed": corrected})


def _is_stored(person: Person, keyed: str, cipher: bytes) -> bool:
    """False when somebody else got the number in the same moment."""
    try:
        with db.session.begin_nested():
            person.personnummer_hash, person.personnummer_cipher = keyed, cipher
    except IntegrityError:
        db.session.refresh(person)
        return False
    return True


def remove_personnummer(person: Person, *, by: Person) -> None:
    """Forget the number, as of somebody who should not have been asked; closed months keep what they were sent with."""
    if person.personnummer_hash is None:
        return
    person.personnummer_hash = person.personnummer_cipher = None
    db.session.flush()
    audit.record("personnummer.removed", person, by=by)


# --- questions ----------------------------------------------------------------------------------------------


REVEALS = ("name.revealed", "personnummer.revealed_protected", "person.unprotected")
"""What the log calls a look behind a protected identity."""


def reveals(before: int | None, most: int) -> list[Audit]:
    """Looks behind protected identities, newest first, at most so many; `before` is the id of the last one seen."""
    query = select(Audit).where(Audit.act.in_(REVEALS)).order_by(Audit.id.desc()).limit(most)
    return list(db.session.scalars(query.where(Audit.id < before) if before else query))


def is_esf_participant(person: Person) -> bool:
    """Whether some project reports the person's hours."""
    query = select(Participation.id).where(Participation.person_id == person.id, Participation.esf).limit(1)
    return db.session.scalar(query) is not None
