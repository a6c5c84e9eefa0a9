"""What somebody who owns the database can do to the ledger behind the application's back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from courses.attendance import AttendanceEntry
from courses.attendance.chain import hash_of_entry
from lms.db import db

ENTRY = AttendanceEntry.__table__


@contextmanager
def behind_the_back() -> Iterator[Connection]:
    """A connection without triggers, foreign keys and checks; they stand again afterwards."""
    db.session.commit()
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            connection.commit()
            return
        raw: Any = connection.connection.driver_connection
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            raw.execute(f"PRAGMA {pragma}")
        for name, _sql in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _name, sql in triggers:
            connection.exec_driver_sql(sql)
        connection.commit()
        for pragma in ("foreign_keys = ON", "ignore_check_constraints = OFF"):
            raw.execute(f"PRAGMA {pragma}")


def change(entry_id: int, column: str, value: object) -> None:
    with behind_the_back() as connection:
        connection.execute(update(ENTRY).where(ENTRY.c.id == entry_id).values({column: value}))


def remove(*entry_ids: int) -> None:
    with behind_the_back() as connection:
        connection.execute(ENTRY.delete().where(ENTRY.c.id.in_(entry_ids)))


def add_behind(entry_id: int, **values: object) -> int:
    """A copy of an entry at the end, linked as a real one would be."""
    with behind_the_back() as connection:
        end = connection.execute(select(ENTRY).order_by(ENTRY.c.id.desc()).limit(1)).one()._asdict()
        row = connection.execute(select(ENTRY).where(ENTRY.c.id == entry_id)).one()._asdict()
        row |= {"id": end["id"] + 1, "previous_hash": end["hash"], "nonce": "behind", **values}
        row["hash"] = hash_of_entry(row)
        connection.execute(insert(ENTRY).values(row))
        return int(row["id"])


def swap(first: int, second: int) -> None:
    """Two entries change places and keep everything else."""
    with behind_the_back() as connection:
        away = connection.scalar(select(func.max(ENTRY.c.id))) + 1000
        for before, after in ((first, away), (second, first), (away, second)):
            connection.execute(update(ENTRY).where(ENTRY.c.id == before).values(id=after))


def rewrite(entry_id: int, **values: object) -> None:
    """Change an entry and make every hash from there on right again."""
    with behind_the_back() as connection:
        connection.execute(update(ENTRY).where(ENTRY.c.id == entry_id).values(values))
        before = connection.scalar(select(ENTRY.c.hash).where(ENTRY.c.id == entry_id - 1)) or "0" * 64
        for row in connection.execute(select(ENTRY).where(ENTRY.c.id >= entry_id).order_by(ENTRY.c.id)).all():
            whole = row._asdict() | {"previous_hash": before}
            before = hash_of_entry(whole)
            linked = {"previous_hash": whole["previous_hash"], "hash": before}
            connection.execute(update(ENTRY).where(ENTRY.c.id == row.id).values(linked))
