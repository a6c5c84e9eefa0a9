"""The files of a closed month: one by one, or many as a stream that tells how far it has come."""

from flask import Blueprint, Response, abort, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from courses.esf import bundle, files, progress, scb, wording
from courses.esf.closings import BundleProgress, MonthClosing
from courses.esf.files import File
from courses.esf.policy import may_lead_month, may_open_month, may_see_hours
from courses.esf.snapshot import Snapshot
from courses.esf.workbook import XLSX
from lms import audit, heap
from lms.db import db
from lms.permissions import guarded, may_be_signed_in
from lms.refusals import Refused
from lms.views import asked_part, me

bp = Blueprint("month_files", __name__)
PER_PAGE = 50


@bp.get("/months/<int:closing_id>")
@guarded(may_lead_month, MonthClosing)
def show(closing: MonthClosing) -> ResponseReturnValue:
    """Every file of this version, how many there are of each, and whose number is missing."""
    month = _snapshot(closing)
    lines = files.lines_by_person(month)
    people, page, pages = asked_part([each for each in month.participants if each.person_id in lines], PER_PAGE)
    return render_template(
        "courses/esf/files.html",
        closing=closing,
        month=month,
        versions=files.versions(closing.project, closing.first),
        missing=scb.missing(month, scb.numbers(closing)) if month.project.scb else [],
        counts={part: files.announced(month, part) for part in files.PARTS},
        rounding=wording.rounding(month, month.minutes, sum(each.reported for each in month.participants)),
        people=people,
        page=page,
        pages=pages,
    )


@bp.get("/months/<int:closing_id>/compiled.xlsx")
@guarded(may_lead_month, MonthClosing)
def compiled(closing: MonthClosing) -> ResponseReturnValue:
    """The compiled list."""
    month = _snapshot(closing)
    _log_files(closing, "compiled")
    return _file(files.compiled(month), XLSX)


@bp.get("/months/<int:closing_id>/scb.xlsx")
@guarded(may_lead_month, MonthClosing)
def scb_file(closing: MonthClosing) -> ResponseReturnValue:
    """The file for SCB; who fetched how many numbers is in the audit log."""
    month = _snapshot(closing)
    if not month.project.scb:
        abort(404)
    digits = scb.numbers(closing)
    _log_numbers(closing, len(digits))
    return _file(files.scb(month, digits), XLSX)


@bp.get("/months/<int:closing_id>/people/<int:person_id>.pdf")
@guarded(may_open_month, MonthClosing)
def certificate(closing: MonthClosing, person_id: int) -> ResponseReturnValue:
    """The certificate of hours of one person: for the leader, and for herself."""
    answer = may_see_hours(me(), closing, person_id)
    if not answer:
        g.refused = answer.reason
        abort(403)
    found = files.certificates(_snapshot(closing, person_id))
    if not found:
        abort(404)
    return _file(found[0], "application/pdf")


@bp.get("/months/<int:closing_id>/sheets/<int:session_id>.pdf")
@guarded(may_lead_month, MonthClosing)
def sheet(closing: MonthClosing, session_id: int) -> ResponseReturnValue:
    """A signed sheet."""
    month = _snapshot(closing)
    found = next((each for each in month.sheets if each.session_id == session_id), None)
    if found is None:
        abort(404)
    return _file(files.sheet(month, found), "application/pdf")


@bp.get("/months/<int:closing_id>/<any(all,certificates,sheets):part>.zip")
@guarded(may_lead_month, MonthClosing)
def archive(closing: MonthClosing, part: files.Part) -> ResponseReturnValue:
    """Many files as one ZIP, sent while it is made; `?follow=` names the row that tells how far it is."""
    month = _snapshot(closing)
    digits = scb.numbers(closing) if part == "all" and month.project.scb else {}
    _log_files(closing, part)
    if digits:
        _log_numbers(closing, len(digits))
    total = files.announced(month, part)
    row = progress.begin(request.args.get("follow", ""), total, by_id=me().id)
    chunks = bundle.zipped(files.files(month, digits, part), total, month.closed_at, row.tell)
    name = wording.base_name(month) + {"all": "", "certificates": "-narvarointyg", "sheets": "-listor"}[part]
    response = Response(progress.followed(chunks, row, heap.give_back), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    return response


@bp.get("/bundles/<token>")
@guarded(may_be_signed_in)
def follow(token: str) -> ResponseReturnValue:
    """How far one's own download has come; nothing is known of others'."""
    row = db.session.get(BundleProgress, token)
    if row is None or row.by_id != me().id:
        return jsonify(made=0, total=0, failed=False)
    return jsonify(made=row.made, total=row.total, failed=row.failed)


def _snapshot(closing: MonthClosing, person_id: int | None = None) -> Snapshot:
    try:
        return files.snapshot_of(closing, person_id)
    except Refused as refused:
        g.refused = str(refused.message)
        abort(409)


def _file(file: File, mimetype: str) -> Response:
    response = Response(file.make(), mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=file.name.rsplit("/", 1)[-1])
    return response


def _log_files(closing: MonthClosing, what: str) -> None:
    details = {"month": f"{closing.first:%Y-%m}", "version": closing.version, "kind": what, "people": closing.people}
    audit.seen("esf.files_downloaded", closing.project, by=me(), details=details)


def _log_numbers(closing: MonthClosing, people: int) -> None:
    details = {"month": f"{closing.first:%Y-%m}", "version": closing.version, "people": people}
    audit.seen("esf.scb_downloaded", closing.project, by=me(), details=details)
