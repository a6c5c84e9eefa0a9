"""What proof costs: signing, checking the whole chain, a list of revocations, thirty certificates in one act, memory.

`python -m benchmarks.credentials` writes a run of thirty people who have earned everything into the instance of the
environment, certifies them, and prints one JSON document. A bare signature over the same bytes is the baseline.
"""

import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import time as clock_time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median

from sqlalchemy import insert, select

from benchmarks import data, strings
from benchmarks.servers import call
from certificates.acts import issuing
from certificates.proof import keys, signing
from certificates.proof.credentials import StatusList, list_address, newest
from certificates.register import Certificate
from courses.assignments import Review, Submission
from courses.certification.deciding import certify
from courses.horizontal import HorizontalStep
from courses.runs import Run
from courses.surveys import Receipt, Survey
from lms import clock
from lms.app import create_app
from lms.db import db
from lms.people import Person

AGAIN = 40
MOST_SIGNING = MOST_CHECKING = 20  # ms
MOST_BULK = 3  # s
MOST_MEMORY = 180
REVOKED = 1_000


def trained(group: data.Group) -> tuple[Run, list[Person]]:
    """A run taught by a certified trainer, and its thirty people, who have done everything."""
    first = clock.today() - timedelta(days=21)
    hers = strings.Issued(0, group.trainer, group.leader.id)
    said = strings.make_statement(group.project, "trainer", hers, clock.today())
    values = {"issuer_certificate": None, "by": group.leader, "holder": group.trainer}
    issuing.issue(said, ground=f"measured:own:{group.trainer.id}", **values)  # type: ignore[arg-type]
    people = data.make_people(data.GROUP, group.organisations)
    data.join(group, people)
    starts = [clock.at(first + timedelta(days=7 * week), clock_time(8, 30)) for week in (0, 1)]
    run = data.make_run(group, group.organisations[0], starts, people)
    for session in run.sessions:
        data.sign(session, data.fill(group, session, people), group.trainer)
    _earn(group, run, people)
    db.session.flush()
    return run, people


def _earn(group: data.Group, run: Run, people: Sequence[Person]) -> None:
    """The home assignment, the module on the horizontal principles and the survey, for everybody."""
    now = clock.now()
    week = clock.today() + timedelta(days=7)
    survey = Survey(run_id=run.id, audience="participant", opens=clock.today(), closes=week)
    made = [
        Submission(run_id=run.id, person_id=each.id, version=1, text="Svar", minutes=240, at=now) for each in people
    ]
    db.session.add_all([survey, *made])
    db.session.flush()
    reviews = [
        {"submission_id": each.id, "outcome": "approved", "feedback": "", "by_id": group.trainer.id, "at": now}
        for each in made
    ]
    db.session.execute(insert(Review), reviews)
    db.session.execute(insert(Receipt), [{"survey_id": survey.id, "person_id": each.id} for each in people])
    steps = [
        {"project_id": run.project_id, "person_id": each.id, "step": step, "day": clock.today(), "recorded_at": now}
        for each in people
        for step in ("offered", "accepted", "completed")
    ]
    db.session.execute(insert(HorizontalStep), steps)


def measure() -> dict[str, float]:
    """Every figure, in ms but for the bulk (s) and the memory (MiB)."""
    group = data.make_group(8_000)
    run, people = trained(group)
    db.session.commit()
    begun = time.perf_counter()
    made = certify(run, people, by=group.trainer)
    db.session.commit()
    found = {"bulk": time.perf_counter() - begun, "people": len(made)}
    found |= _each(made[0])
    db.session.rollback()
    return found | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _each(certificate: Certificate) -> dict[str, float]:
    from certificates.standards import checking, integrity, status_list  # noqa: PLC0415  as those who sign do

    held = newest(certificate)
    assert held is not None
    key, text, at = keys.private(keys.in_use("county")), held.text, clock.now()
    trust = keys.trust()
    lists = {list_address(each.name): each.text for each in db.session.scalars(select(StatusList))}
    unsigned = {name: value for name, value in json.loads(text).items() if name != "proof"}

    def check() -> None:
        known = {address: integrity.read(each) for address, each in lists.items()}
        told = checking.check(integrity.read(text), trust, known.get, at)
        if not told.passed or len(told.chain) != 2:
            raise SystemExit("what was signed is not believed")

    def whole_list() -> None:
        said = status_list.document("https://localhost/status/x", trust.did, range(REVOKED), at)
        integrity.sign(said, key, "did:web:localhost#x", at)

    return {
        "bare": milliseconds(lambda: key.sign(sha256(text.encode()).digest())),
        "sign": milliseconds(lambda: integrity.sign(unsigned, key, "did:web:localhost#x", at)),
        "issue": milliseconds(lambda: signing.sign_anew(certificate)),
        "check": milliseconds(check),
        "list": milliseconds(whole_list),
        "size": len(text.encode()),
    }


def milliseconds(act: Callable[[], object]) -> float:
    """The median CPU of some rounds, after one that fetches what is needed."""
    act()
    rounds = []
    for _round in range(AGAIN):
        begun = time.process_time()
        act()
        rounds.append((time.process_time() - begun) * 1000)
    return median(rounds)


def lines(folder: Path) -> Iterator[tuple[str, str, float, str, float | None]]:
    """What the table shows: key, words, value, unit, goal."""
    found = json.loads(call(folder, "benchmarks.credentials"))
    yield "proof_bare", "A bare Ed25519 signature of as many bytes", found["bare"] * 1000, "µs", None
    yield "proof_sign", "Signing a certificate's credential", found["sign"], "ms", MOST_SIGNING
    yield "proof_sign_share", "… as many bare signatures", found["sign"] / found["bare"], "×", None
    yield "proof_issue", "… with its place, its paper and its row", found["issue"], "ms", MOST_SIGNING
    yield "proof_check", "Checking the whole chain with its lists", found["check"], "ms", MOST_CHECKING
    yield "proof_check_share", "… as many bare signatures", found["check"] / found["bare"], "×", None
    yield "proof_list", f"Signing a list of 131 072 with {REVOKED} revoked", found["list"], "ms", MOST_SIGNING
    yield "proof_bulk", f"Certifying a run of {found['people']:.0f}", found["bulk"], "s", MOST_BULK
    yield "proof_peak", "… memory of the process that signs, at most", found["peak"], "MiB", MOST_MEMORY


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        print(json.dumps(measure()))
