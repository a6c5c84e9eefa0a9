"""Protected identity and personnummer: an alias in every list, and every look behind it is logged, one at a time."""

from flask_babel import gettext as _
from sqlalchemy import select

from lms import audit
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from lms.secrets import decrypted

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
    person.protected, person.alias = False, None
    db.session.flush()
    audit.record("person.unprotected", person, by=by)


def reveal_personnummer(person: Person, *, by: Person) -> str:
    """The twelve digits as ååååmmdd-nnnn, for one look that is logged. Refused when none is stored."""
    if person.personnummer_cipher is None:
        raise Refused(_("No personnummer is stored."), "no_personnummer")
    audit.record("personnummer.revealed", person, by=by)
    digits = decrypted(person.personnummer_cipher)
    return f"{digits[:8]}-{digits[8:]}"


def reveal_name(person: Person, *, by: Person) -> str:
    """The name behind an alias, for one look that is logged."""
    audit.record("name.revealed", person, by=by)
    return person.full_name
