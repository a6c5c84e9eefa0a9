"""Materials: a programme as it was when a run was scheduled; old versions stay readable for ever.

The files in courses/content are the workshop; what people read and are certified on is the stored document.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from courses import programmes
from courses.programmes import Programme
from lms import clock
from lms.db import Base, append_only, db


class Material(Base):
    """One published version of a programme, whole: its rules, lessons, assignment and survey questions.

    The document is long and read once per process (`programme_of`), so it is not fetched with every run.
    """

    __tablename__ = "material"
    __table_args__ = (UniqueConstraint("key", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    published_at: Mapped[datetime]


append_only(Material)


def publish(programme: Programme) -> Material:
    """The material row of exactly this content, made when the content is new."""
    digest = programmes.digest(programme)
    found = db.session.scalar(
        select(Material).where(Material.key == programme.key, Material.digest == digest)
    )
    if found is None:
        found = Material(
            key=programme.key,
            version=programme.version,
            digest=digest,
            document=programmes.to_document(programme),
            published_at=clock.now(),
        )
        db.session.add(found)
        db.session.flush()
    return found


def publish_all() -> list[Material]:
    """Publish every programme that ships, as `lms init` and the start of the server do."""
    return [publish(programme) for programme in programmes.load_all().values()]


def latest(key: str) -> Material | None:
    """The newest material of a programme."""
    return db.session.scalar(
        select(Material).where(Material.key == key).order_by(Material.id.desc()).limit(1)
    )


def latest_of_each() -> list[Material]:
    """The newest material of every programme, by key."""
    newest = select(Material.key, db.func.max(Material.id).label("id")).group_by(Material.key).subquery()
    return list(
        db.session.scalars(select(Material).join(newest, Material.id == newest.c.id).order_by(Material.key))
    )


def programme_of(material: Material) -> Programme:
    """The programme that the material holds; read once per process."""
    return _programme(material.digest, material.id)


@lru_cache(maxsize=64)
def _programme(digest: str, material_id: int) -> Programme:
    row = db.session.get(Material, material_id)
    assert row is not None
    return programmes.from_document(row.document)
