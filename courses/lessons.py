"""Lessons read: what a person has ticked off in a material, and where she was (the first lesson not ticked).

A lesson has a version of its own: what was read stays read in a newer material as long as that lesson is the same.
"""

from collections.abc import Collection
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from courses.materials import Material, programme_of
from courses.programmes import Lesson, Programme
from lms import audit, clock
from lms.db import Base, db
from lms.people import Person
from lms.refusals import Refused


class LessonTick(Base):
    """A lesson of a material that a person has ticked off; unticking removes the row."""

    __tablename__ = "lesson_tick"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), primary_key=True, index=True)
    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]


# --- operations ---------------------------------------------------------------------------------------------


def tick(person: Person, material: Material, slug: str, *, by: Person) -> None:
    """Tick a lesson off; once more changes nothing. Refused when the material has no such lesson."""
    if programme_of(material).lesson(slug) is None:
        raise Refused(_("This material has no such lesson."), "no_such_lesson")
    if slug in ticks(person, material):
        return
    try:
        with db.session.begin_nested():
            db.session.add(LessonTick(person_id=person.id, material_id=material.id, slug=slug, at=clock.now()))
    except IntegrityError:  # another window ticked it in the same moment
        return
    audit.record("lesson.ticked", material, by=by, details={"lesson": slug})


def untick(person: Person, material: Material, slug: str, *, by: Person) -> None:
    """Take a tick away, also one that was made in an earlier material with the same lesson."""
    counting = [each.material_id for each in _counting(person, material) if each.slug == slug]
    if not counting:
        return
    db.session.execute(
        delete(LessonTick).where(
            LessonTick.person_id == person.id, LessonTick.slug == slug, LessonTick.material_id.in_(counting)
        )
    )
    audit.record("lesson.unticked", material, by=by, details={"lesson": slug})


# --- questions ----------------------------------------------------------------------------------------------


def ticks(person: Person, material: Material) -> set[str]:
    """Slugs of the lessons that the person has read, in this version of each lesson."""
    return {each.slug for each in _counting(person, material)}


def where_was(programme: Programme, ticked: Collection[str]) -> Lesson | None:
    """The first lesson not ticked, or None when everything is read."""
    return next((lesson for lesson in programme.lessons if lesson.slug not in ticked), None)


def _counting(person: Person, material: Material) -> list[LessonTick]:
    """The person's ticks that hold for the material; one query, two when she has read another version of it."""
    mine = db.session.scalars(
        select(LessonTick)
        .join(Material, Material.id == LessonTick.material_id)
        .where(LessonTick.person_id == person.id, Material.key == material.key)
    ).all()
    others = {each.material_id for each in mine} - {material.id}
    known = {material.id: programme_of(material)}
    if others:
        for each in db.session.scalars(select(Material).where(Material.id.in_(others))):
            known[each.id] = programme_of(each)
    now = {lesson.slug: lesson.version for lesson in known[material.id].lessons}
    return [each for each in mine if _version(known[each.material_id], each.slug) == now.get(each.slug, "")]


def _version(programme: Programme, slug: str) -> str | None:
    lesson = programme.lesson(slug)
    return lesson.version if lesson else None
