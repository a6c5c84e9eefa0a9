"""Every address crossed with every kind of person: who gets in, who is refused, and nothing that was forgotten."""

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule

from courses import programmes
from tests.sign_in import sign_in
from tests.world import ROLES, World, make_world

pytestmark = pytest.mark.one_engine
SIGNED_IN = frozenset(ROLES) - {"anonymous"}
EVERYBODY = frozenset(ROLES)
NOBODY_HERE = "404"  # Addresses of the demo do not exist outside demo mode.

LEADER = frozenset({"leader"})
TRAINER = frozenset({"trainer"})
MANAGE = frozenset({"trainer", "leader"})
SCHEDULE = frozenset({"trainer", "other_trainer", "county_trainer", "leader"})
READ_RUN = frozenset({"participant", "trainer"})
HOLDER = frozenset({"participant"})
ADMINISTRATOR = frozenset({"administrator"})

MATRIX: dict[str, object] = {
    # Anybody
    **dict.fromkeys(
        [
            "home.index", "public.accessibility", "public.report", "public.health", "public.help", "public.privacy",
            "accounts.sign_in", "accounts.send_code", "accounts.code", "accounts.check_code", "accounts.sign_out",
            "accounts.language", "verify.show", "verify.offline", "verify.worker", "checking.form", "checking.check",
            "invitations.show",
            "published.did", "published.credential", "published.status", "published.achievement",
            "hours.check_code", "hours.code", "hours.mail",
            "invitations.code", "invitations.confirm", "invitations.feed", "offline.worker", "offline.page",
            "phones.typed", "phones.type_code", "phones.phone", "phones.send_code",
        ],
        EVERYBODY,
    ),
    **dict.fromkeys(
        ["demo.personas", "demo.sign_in", "demo.outbox", "demo.letter", "demo.calendar"], NOBODY_HERE
    ),
    # Everybody who is signed in
    **dict.fromkeys(
        [
            "phones.enter", "phones.leave", "own_hours.index",
            "accounts.settings", "accounts.save_settings", "certificates.mine",
            "hours.confirm", "hours.mine", "horizontal.mine", "horizontal.step",
            "learning.shelves", "learning.study", "learning.study_lesson", "learning.study_tick", "projects.index",
        ],
        SIGNED_IN,
    ),
    # Those who run the installation
    **dict.fromkeys(
        ["admin.log", "admin.outbox", "admin.retry", "admin.people", "admin.give", "admin.reveals"], ADMINISTRATOR
    ),
    # The project leader
    **dict.fromkeys(
        [
            "horizontal.project", "horizontal.offer", "confirmations.remind",
            "confirmations.remind_trainers", "confirmations.show",
            "esf.months", "esf.show", "esf.hours", "people.index", "finding.index",
            "closings.review", "closings.close", "closings.ask_sent", "closings.tick_sent", "closings.version",
            "closings.person",
            "people.import_form", "people.upload", "projects.plan", "projects.upload_plan", "roles.index", "roles.give",
            "participations.show", "participations.end", "participations.resume", "participations.placeholder",
            "participations.employer", "participations.employ",
            "numbers.write", "numbers.save", "numbers.remove",
            "people.show", "people.name", "people.personnummer", "people.protect", "people.unprotect",
            "roles.confirm_take", "roles.take", "uploads.show", "uploads.apply", "uploads.discard",
            "revoking.ask", "revoking.revoke", "decisions.index", "decisions.decide",
            "renaming.index", "renaming.show", "renaming.rename", "renaming.keep",
            "exemptions.index", "exemptions.grant",
        ],
        LEADER,
    ),
    **dict.fromkeys(
        [
            "month_files.archive", "month_files.compiled", "month_files.scb_file", "month_files.sheet",
            "month_files.show",
        ],
        LEADER,
    ),
    "month_files.certificate": frozenset({"participant", "leader"}),
    "month_files.follow": SIGNED_IN,
    **dict.fromkeys(["esf.employers", "esf.employers_file"], frozenset({"economist", "leader"})),
    **dict.fromkeys(["ledger.show", "ledger.verify"], frozenset({"administrator", "leader", "other_leader"})),
    **dict.fromkeys(
        ["statistics.show", "statistics.file"], frozenset({"leader", "economist", "steering_group", "evaluator"})
    ),
    **dict.fromkeys(["goals.board"], frozenset({"leader", "steering_group"})),
    **dict.fromkeys(["project.show"], frozenset({"leader", "county_trainer", "steering_group"})),
    **dict.fromkeys(["staff.index"], frozenset({"manager"})),
    **dict.fromkeys(
        ["surveys.overview", "surveys.results", "surveys.export"],
        frozenset({"leader", "evaluator", "county_trainer", "trainer", "other_trainer"}),
    ),
    # Those who teach
    **dict.fromkeys(["activities.index", "activities.new", "activities.call"], SCHEDULE),
    **dict.fromkeys(["runs.index", "runs.new", "runs.create", "deputies.index"], SCHEDULE),
    **dict.fromkeys(["deputies.show", "deputies.sign"], frozenset({"other_trainer", "county_trainer"})),
    **dict.fromkeys(["cascade.show", "renewals.index", "renewals.renew"], frozenset({"leader", "county_trainer"})),
    "renewals.show": frozenset({"participant", "leader", "county_trainer"}),
    **dict.fromkeys(["renaming.ask", "renaming.send"], HOLDER),
    **dict.fromkeys(
        ["approvals.index", "approvals.approve", "approvals.ask", "approvals.refuse"],
        frozenset({"leader", "county_trainer"}),
    ),
    **dict.fromkeys(
        ["own_hours.show", "own_hours.declare"],
        SIGNED_IN - {"outsider", "other_leader", "administrator"},
    ),
    "cascade.branch": frozenset({"leader", "county_trainer", "trainer"}),
    **dict.fromkeys(["certification.show"], frozenset({"trainer", "county_trainer", "leader"})),
    **dict.fromkeys(["runs.show"], frozenset({"trainer", "county_trainer", "leader"})),
    **dict.fromkeys(
        [
            "activities.cancel", "enrolments.register", "enrolments.withdraw", "enrolments.invite",
            "enrolments.send_invitations", "runs.confirm_cancel", "runs.cancel", "runs.edit", "runs.save",
            "horizontal.run", "horizontal.offer_run", "attendance.show", "paper.sheet", "attendance_files.export",
            "certification.fetch",
        ],
        MANAGE,
    ),
    **dict.fromkeys(
        [
            "enrolments.adaptations", "paper.enter", "paper.save", "attendance_files.form",
            "attendance_files.upload", "attendance_files.show", "attendance_files.apply", "attendance_files.discard",
            "attendance.save", "attendance.walk_in", "attendance.add",
            "attendance.correction", "attendance.save_correction", "attendance.confirm", "attendance.sign",
            "offline.state", "offline.receive",
            "moving.show", "moving.move", "own_hours.withdraw",
            "reviews.queue", "reviews.submission", "reviews.decide", "certification.certify",
            "check_ins.settings", "check_ins.save", "check_ins.display", "check_ins.arrivals", "check_ins.count",
        ],
        TRAINER,
    ),
    # Those who learn
    **dict.fromkeys(["learning.course", "learning.lesson", "learning.tick", "assignments.file"], READ_RUN),
    **dict.fromkeys(
        ["assignments.assignment", "assignments.save", "surveys.show", "surveys.send", "certificates.present"], HOLDER
    ),
    **dict.fromkeys(["hours.objection", "hours.send_objection"], HOLDER),
    **dict.fromkeys(["objections.answer", "objections.show"], TRAINER),
    **dict.fromkeys(["countersigning.show", "countersigning.sign"], frozenset()),  # this project asks no manager
    **dict.fromkeys(["hours.send_code"], frozenset({"anonymous", "participant"})),
    **dict.fromkeys(["invitations.answer"], frozenset({"anonymous", "participant"})),
    **dict.fromkeys(
        ["certificates.show", "certificate_files.sealed_pdf", "certificate_files.other"],
        frozenset({"participant", "trainer", "leader"}),
    ),
}  # fmt: skip

LAST = {"roles.take", "runs.cancel", "enrolments.withdraw", "uploads.apply", "uploads.discard",
        "attendance_files.apply", "attendance_files.discard"}  # fmt: skip
QUERY = {
    "cascade.branch": lambda world: {"trainer": world.values["trainer"]},
    "runs.create": lambda _world: {"programme": "smail-anvandare"},
}
SLUGS = {"learning.lesson": "smail-anvandare", "learning.tick": "smail-anvandare"}


@pytest.fixture
def world(app: Flask) -> World:
    return make_world()


def rules(app: Flask) -> list[tuple[Rule, str]]:
    """Reading first: what a writing address changes may decide what others answer."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.endswith("static")
    ]
    return sorted(found, key=lambda pair: (pair[1], pair[0].endpoint in LAST, pair[0].endpoint))


def address_of(rule: Rule, world: World) -> str:
    key = SLUGS.get(rule.endpoint, "horisontella-principer")
    values = {**world.values, "key": key, "slug": programmes.load(programmes.CONTENT / key).lessons[0].slug}
    if rule.endpoint == "invitations.feed":
        values["token"] = world.values["feed_token"]
    if rule.endpoint.startswith("hours.") and "token" in values:
        values["token"] = world.values["hours_token"]
    query = QUERY.get(rule.endpoint, lambda _world: {})(world)
    return url_for(rule.endpoint, **{name: values[name] for name in rule.arguments}, **query)


def test_no_address_is_missing_from_the_matrix(app: Flask) -> None:
    known = {rule.endpoint for rule, _method in rules(app)}
    assert known - set(MATRIX) == set(), "say in MATRIX who may use these"
    assert set(MATRIX) - known == set(), "these addresses are gone"


@pytest.mark.parametrize("role", ROLES)
def test_every_address_with_this_person(app: Flask, world: World, role: str) -> None:
    """Allowed is anything but a refusal; refused is 403, or for strangers the way to the sign-in page."""
    person = world.people[role]
    wrong = []
    for rule, method in rules(app):
        client = app.test_client()
        if person is not None:
            sign_in(client, person)
        with app.test_request_context():
            address = address_of(rule, world)
        answer = client.open(address, method=method, data={} if method == "POST" else None)
        outcome = _outcome(answer.status_code, answer.location or "")
        expected = _expected(rule.endpoint, role)
        if outcome != expected:
            wrong.append(f"{method} {address} ({rule.endpoint}): {answer.status_code} is {outcome}, not {expected}")
    assert wrong == []


def _outcome(status: int, location: str) -> str:
    if status == 403:
        return "refused"
    if status == 303 and location.startswith("/sign-in?next="):
        return "sign in"
    if status == 404:
        return "404"
    return "allowed" if status < 500 else f"broken ({status})"


def _expected(endpoint: str, role: str) -> str:
    allowed = MATRIX[endpoint]
    if allowed == NOBODY_HERE:
        return "404"
    if role in allowed:  # type: ignore[operator]
        return "allowed"
    return "sign in" if role == "anonymous" else "refused"
