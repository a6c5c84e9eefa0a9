"""Surveys on screen: answering, the overview of a project, and the results of what is published."""

from flask import Blueprint, Response, abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from courses import materials, surveys
from courses.forms.surveys import UNSURE, survey_form
from courses.materials import programme_of
from courses.policy import may_answer_survey, may_see_results
from courses.programmes import Programme
from courses.surveys import Receipt, Survey
from courses.surveys.export import KINDS
from lms import clock, filters
from lms.db import db
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("surveys", __name__)
PER_PAGE = 1


@bp.get("/surveys/<int:survey_id>")
@guarded(may_answer_survey, Survey)
def show(survey: Survey) -> ResponseReturnValue:
    """The questions; or thanks, or why they cannot be answered now."""
    receipt = db.session.get_one(Receipt, (survey.id, me().id))
    if receipt.answered_on or survey.closed_at or not survey.opens <= clock.today() <= survey.closes:
        return render_template("courses/survey_done.html", survey=survey, receipt=receipt, **_others(survey))
    return _page(survey, survey_form(survey.questions, filters.spoken())), 200


@bp.post("/surveys/<int:survey_id>")
@guarded(may_answer_survey, Survey)
def send(survey: Survey) -> ResponseReturnValue:
    """Take the answers, once."""
    form = survey_form(survey.questions, filters.spoken())
    if not form.validate():
        return _page(survey, form), 422
    person = me()
    try:
        surveys.answer(survey, person, form.answers(), by=person)
    except Refused as refusal:
        db.session.rollback()
        if refusal.code not in ("wrong", "empty"):
            flash(str(refusal), "info")
            return see(url_for("surveys.show", survey_id=survey.id))
        form.show(refusal.values.get("fields") or {form.asked[0].question.key: str(refusal)})
        return _page(survey, form), 422
    db.session.commit()
    return see(url_for("surveys.show", survey_id=survey.id))


@bp.get("/projects/<int:project_id>/surveys")
@guarded(may_see_results, Project)
def overview(project: Project) -> ResponseReturnValue:
    """Per programme and audience: what is published, what waits to become five, what is open."""
    titles = {row.key: programme_of(row).title for row in materials.latest_of_each()}
    return render_template(
        "courses/surveys.html", project=project, kinds=surveys.overview(project), titles=titles, least=surveys.LEAST
    )


@bp.get("/projects/<int:project_id>/surveys/<programme>/<any(participant, trainer, followup):audience>")
@guarded(may_see_results, Project)
def results(project: Project, programme: str, audience: str) -> ResponseReturnValue:
    """The published results of one kind, newest first, each by itself."""
    taught = _programme(programme, audience)
    whole = surveys.published(project, programme, audience)
    page, pages = asked_page(whole, PER_PAGE)
    found = surveys.results(project, programme, audience, skip=(page - 1) * PER_PAGE, most=PER_PAGE)
    return render_template(
        "courses/survey_results.html",
        project=project,
        programme=taught,
        audience=audience,
        batches=found,
        page=page,
        pages=pages,
        least=surveys.LEAST,
    )


@bp.get(
    "/projects/<int:project_id>/surveys/<programme>/<any(participant, trainer, followup):audience>"
    ".<any(csv, xlsx):kind>"
)
@guarded(may_see_results, Project)
def export(project: Project, programme: str, audience: str, kind: str) -> ResponseReturnValue:
    """What the results page shows, as a file."""
    taught = _programme(programme, audience)
    found = surveys.results(project, programme, audience)
    make, mimetype = KINDS[kind]
    answer = Response(make(found, taught.surveys[audience], filters.spoken()), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{programme}-{audience}.{kind}"'
    return answer


def _programme(key: str, audience: str) -> Programme:
    material = materials.latest(key)
    if material is None or audience not in programme_of(material).surveys:
        abort(404)
    return programme_of(material)


def _page(survey: Survey, form: object) -> str:
    return render_template("courses/survey.html", survey=survey, form=form, unsure=UNSURE, least=surveys.LEAST)


def _others(survey: Survey) -> dict[str, object]:
    return {"others": [each for each in surveys.waiting(me()) if each.id != survey.id]}
