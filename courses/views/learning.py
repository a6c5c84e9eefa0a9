"""Learning: a participant's course page, its lessons, and the programmes one reads on one's own.

A run shows the material that is taught in it, also when a newer one exists; self-study shows the newest.
"""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import horizontal, lessons, materials, programmes, progress
from courses.materials import Material, programme_of
from courses.policy import is_trainer_of, may_read_run, may_study
from courses.programmes import Lesson, Programme
from courses.runs import Run
from courses.views.pearls import actions, steps, today
from lms.db import db
from lms.permissions import guarded, may_be_signed_in
from lms.views import me, see

bp = Blueprint("learning", __name__)


@dataclass(frozen=True)
class Shelf:
    """A material as somebody reads it: where its pages are and what she has ticked."""

    title: str
    home: str
    base: str
    programme: Programme
    material: Material
    ticked: set[str]

    def url(self, lesson: Lesson) -> str:
        return f"{self.base}/{lesson.slug}"

    def beside(self, lesson: Lesson) -> tuple[Lesson | None, Lesson | None]:
        """The lessons before and after."""
        everything = self.programme.lessons
        place = everything.index(lesson)
        return everything[place - 1] if place else None, (everything[place + 1 :] or (None,))[0]


# --- a run --------------------------------------------------------------------------------------------------


@bp.get("/courses/<int:run_id>")
@guarded(may_read_run, Run)
def course(run: Run) -> ResponseReturnValue:
    """The string of pearls, the next step, and the lessons."""
    where = progress.of(run, me())
    now = today(run, where)
    return render_template(
        "courses/learning/course.html",
        run=run,
        where=where,
        shelf=_shelf_of(run, set(where.ticked)),
        steps=steps(run, where),
        actions=[now, *actions(run, where)] if now and now["url"] != request.path else actions(run, where),
        leads=is_trainer_of(me(), run),
    )


@bp.get("/courses/<int:run_id>/lessons/<slug>")
@guarded(may_read_run, Run)
def lesson(run: Run, slug: str) -> ResponseReturnValue:
    """A lesson of the material that is taught in the run."""
    return _lesson_page(_shelf_of(run, lessons.ticks(me(), run.material)), slug)


@bp.post("/courses/<int:run_id>/lessons/<slug>")
@guarded(may_read_run, Run)
def tick(run: Run, slug: str) -> ResponseReturnValue:
    """Tick off and go on, or take the tick back."""
    return _tick(_shelf_of(run, set()), slug)


def _shelf_of(run: Run, ticked: set[str]) -> Shelf:
    home = url_for("learning.course", run_id=run.id)
    return Shelf(run.title, home, f"{home}/lessons", run.programme, run.material, ticked)


# --- on one's own -------------------------------------------------------------------------------------------


@bp.get("/learn")
@guarded(may_be_signed_in)
def shelves() -> ResponseReturnValue:
    """The programmes that the person may read on her own."""
    mine = [
        _study_shelf(material)
        for material in materials.latest_of_each()
        if not programme_of(material).sessions and may_study(me(), material.key)
    ]
    return render_template("courses/learning/shelves.html", shelves=mine, language=me().language)


@bp.get("/learn/<key>")
@guarded(may_be_signed_in)
def study(key: str) -> ResponseReturnValue:
    """A programme for self-study: what it is about, its lessons, and where the person was."""
    shelf = _study_shelf(_material(key))
    return render_template(
        "courses/learning/study.html",
        shelf=shelf,
        next_lesson=lessons.where_was(shelf.programme, shelf.ticked),
        is_horizontal=key == horizontal.PROGRAMME,
    )


@bp.get("/learn/<key>/<slug>")
@guarded(may_be_signed_in)
def study_lesson(key: str, slug: str) -> ResponseReturnValue:
    """A lesson to read on one's own."""
    return _lesson_page(_study_shelf(_material(key)), slug)


@bp.post("/learn/<key>/<slug>")
@guarded(may_be_signed_in)
def study_tick(key: str, slug: str) -> ResponseReturnValue:
    """Tick off and go on, or take the tick back."""
    return _tick(_study_shelf(_material(key)), slug)


def _material(key: str) -> Material:
    """The newest material of a self-study programme; 404 without one, 403 when it is for another role."""
    material = materials.latest(key)
    if material is None or programme_of(material).sessions:
        abort(404)
    answer = may_study(me(), key)
    if not answer:
        g.refused = answer.reason
        abort(403)
    return material


def _study_shelf(material: Material) -> Shelf:
    programme = programme_of(material)
    home = url_for("learning.study", key=material.key)
    title = programmes.text(programme.title, me().language)
    return Shelf(title, home, home, programme, material, lessons.ticks(me(), material))


# --- both ---------------------------------------------------------------------------------------------------


def _lesson_page(shelf: Shelf, slug: str) -> ResponseReturnValue:
    lesson = shelf.programme.lesson(slug)
    if lesson is None:
        abort(404)
    before, after = shelf.beside(lesson)
    spoken = me().language if me().language in lesson.body else "sv"
    return render_template(
        "courses/learning/lesson.html", shelf=shelf, lesson=lesson, before=before, after=after, spoken=spoken
    )


def _tick(shelf: Shelf, slug: str) -> ResponseReturnValue:
    """Write the tick and show what comes next: the following lesson, or the start when this was the last."""
    lesson = shelf.programme.lesson(slug)
    if lesson is None:
        abort(404)
    if request.form.get("read") == "no":
        lessons.untick(me(), shelf.material, slug, by=me())
        db.session.commit()
        return see(shelf.url(lesson))
    lessons.tick(me(), shelf.material, slug, by=me())
    after = shelf.beside(lesson)[1]
    db.session.commit()
    flash(_("Ticked off: %(title)s", title=programmes.text(lesson.title, me().language)), "success")
    return see(shelf.url(after) if after else shelf.home)
