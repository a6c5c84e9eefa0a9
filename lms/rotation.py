"""The key of the installation is changed: everything encrypted is written anew under it, and found again under it.

The rule that matters most: one transaction, all or nothing. What neither key reads stops it before anything changes,
and doing it again changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Select, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from lms import audit, schema
from lms.db import Base, db
from lms.people import Person
from lms.refusals import Refused
from lms.secrets import decrypted, encrypted, is_under, keyed_hash, keys

_AT_A_TIME = 500


@dataclass
class Rotation:
    """What a change of the key has done: ciphers written anew, hashes made anew, ciphers that were right already."""

    changed: int = 0
    hashes: int = 0
    already: int = 0
    made: dict[bytes, bytes] = field(default_factory=dict)
    """Old cipher → new one: what was the same cipher stays the same, as comparisons of closed months expect."""

    def renewed(self, cipher: bytes) -> bytes:
        """The cipher under the new key."""
        if cipher not in self.made:
            self.made[cipher] = encrypted(decrypted(cipher))
        self.changed += 1
        return self.made[cipher]


class Keys:
    """What the log says the change was about."""

    __tablename__ = "keys"


def cipher_columns() -> list[Column[Any]]:
    """Every column of ciphers, by its name (see lms/secrets.py)."""
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name == "cipher" or column.name.endswith("_cipher")
    ]


def _is_there(column: Column[Any]) -> ColumnElement[bool]:
    """Where a value stands: an empty cipher is one that was lost with its key (lms/backup/losing.py)."""
    return column.is_not(None) & (column != b"")


# --- operations ---------------------------------------------------------------------------------------------


def rotate(say: Callable[[int, int], None] = lambda _done, _all: None) -> Rotation:
    """Write every cipher under LMS_KEY_ENCRYPTION_KEY; `say` hears how many of how many are done. One transaction.

    Raises Refused `unreadable` when neither key reads something: then nothing is changed. `two_people` when the same
    number was entered for two under one key each: the caller rolls back.
    """
    places = [(column, _keys_of(column)) for column in cipher_columns()]
    _check_all(places)
    done, total = Rotation(), sum(len(rows) for _column, rows in places)
    for column, rows in places:
        for some in _portions(rows):
            try:
                _renew(column, some, done)
            except IntegrityError as error:
                raise Refused("two people have the same personnummer. Nothing was changed.", "two_people") from error
            say(done.changed + done.already, total)
    if done.changed or done.hashes:
        audit.record("keys.rotated", Keys, by=None, details={"changed": done.changed, "unchanged": done.already})
    db.session.flush()
    db.session.expire_all()  # what was read before the change is read again
    return done


def _renew(column: Column[Any], rows: Sequence[Any], done: Rotation) -> None:
    table, key = column.table, keys()[0]
    for row in db.session.execute(_ciphers(column, rows).with_for_update()):
        *place, cipher = row
        values: dict[str, bytes | str] = {}
        if is_under(key, cipher):
            done.already += 1
        else:
            values[column.name] = done.renewed(cipher)
        values.update(_hash_for(column, place, cipher, done))
        if values:
            here = [one == value for one, value in zip(table.primary_key, place, strict=True)]
            db.session.execute(update(table).where(*here).values(values))


def _hash_for(column: Column[Any], place: list[Any], cipher: bytes, done: Rotation) -> dict[str, str]:
    """The keyed hash of a personnummer, when the one that stands there is of another key."""
    if column is not Person.__table__.c.personnummer_cipher:
        return {}
    stands = db.session.scalar(select(Person.personnummer_hash).where(Person.id == place[0]))
    wanted = keyed_hash(decrypted(cipher))
    if stands == wanted:
        return {}
    done.hashes += 1
    return {"personnummer_hash": wanted}


# --- questions ----------------------------------------------------------------------------------------------


def check_readable() -> None:
    """Refused `wrong_key` when the key (or the old one) does not read what is stored: the first and last of a kind."""
    if not schema.is_current():
        return
    for column in cipher_columns():
        for order in ("asc", "desc"):
            ends = [getattr(one, order)() for one in column.table.primary_key]
            cipher = db.session.scalar(select(column).where(_is_there(column)).order_by(*ends).limit(1))
            if cipher is not None and not _is_read(cipher):
                raise Refused(
                    "LMS_KEY_ENCRYPTION_KEY is not the key that personnummer are stored under. Set the right one, or "
                    "set the earlier one as LMS_KEY_ENCRYPTION_KEY_OLD and run: lms keys rotate",
                    "wrong_key",
                )


def _check_all(places: list[tuple[Column[Any], list[Any]]]) -> None:
    lost = sum(
        not _is_read(cipher)
        for column, rows in places
        for some in _portions(rows)
        for *_place, cipher in db.session.execute(_ciphers(column, some))
    )
    if lost:
        raise Refused(
            f"{lost} stored values are under neither LMS_KEY_ENCRYPTION_KEY nor LMS_KEY_ENCRYPTION_KEY_OLD. "
            "Nothing was changed.",
            "unreadable",
        )


def _is_read(cipher: bytes) -> bool:
    return any(is_under(key, cipher) for key in keys())


def _keys_of(column: Column[Any]) -> list[Any]:
    """The primary keys of the rows that have a cipher."""
    assert isinstance(column.type, LargeBinary)
    return list(db.session.execute(select(*column.table.primary_key).where(_is_there(column))))


def _ciphers(column: Column[Any], rows: Sequence[Any]) -> Select[Any]:
    own = column.table.primary_key
    return select(*own, column).where(tuple_(*own).in_([tuple(row) for row in rows]), _is_there(column))


def _portions(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(rows), _AT_A_TIME):
        yield rows[begin : begin + _AT_A_TIME]
