"""Whatever the order of recording, signing and correcting: the last accepted word counts, and sums stay possible."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import attendance
from courses.activities import Session
from courses.attendance import Mark, correct, latest, record, sign_off
from courses.attendance.marks import presence_of, said_by
from lms.db import db
from lms.refusals import Refused
from tests.courses.sheets import course_day

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["fresh", "old", "resend", "sign"]),
        st.integers(0, 2),
        st.sampled_from(["whole", "part", "absent"]),
        st.integers(-120, 400),
        st.integers(-120, 400),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_the_last_accepted_word_counts(app: Flask, acts: list[tuple[str, int, str, int, int]]) -> None:
    day = course_day()
    session, accepted, sent = day.session, {}, []
    for number, (how, who, state, came, left) in enumerate(acts):
        person = day.people[who]
        if how == "sign":
            with suppress(Refused):  # Somebody has no answer yet.
                sign_off(session, by=day.trainer)
            continue
        nonce = f"nonce-{number:04}"
        seen = latest(session).get(person.id)
        mark = Mark(
            person.id,
            state,
            seen.id if seen and how == "fresh" else None,
            session.starts_at + timedelta(minutes=came),
            session.starts_at + timedelta(minutes=left),
        )
        if how == "resend" and sent:
            nonce, mark = sent[-1]
        try:
            if attendance.is_signed(session):
                done = correct(session, [mark], "Looked at the list", by=day.trainer, nonce=nonce)
            else:
                done = record(session, [mark], by=day.trainer, nonce=nonce)
        except Refused:  # A part outside the session.
            continue
        sent.append((nonce, mark))
        for entry in done.entries:
            accepted[entry.person_id] = presence_of(mark, session)
            assert entry.person_id == mark.person_id
    now = latest(session)
    assert {number: said_by(entry) for number, entry in now.items()} == accepted
    assert all(0 <= entry.minutes <= session.minutes for entry in attendance.entries_of(session))
    for chain in attendance.histories(session).values():
        assert [entry.replaces_id for entry in chain] == [None, *[entry.id for entry in chain[:-1]]]
    signature = attendance.signed(session)
    if signature is not None:
        assert signature.entries_hash == attendance.hash_of(now.values())
        assert signature.minutes == sum(line["minutes"] for line in signature.roster) <= 3 * session.minutes
    db.session.rollback()


@given(came=st.integers(-2000, 2000), left=st.integers(-2000, 2000), length=st.integers(1, 900))
def test_minutes_are_never_negative_and_never_more_than_the_session(came: int, left: int, length: int) -> None:
    start = datetime(2022, 10, 29, 22, tzinfo=UTC)
    session = Session(starts_at=start, ends_at=start + timedelta(minutes=length))
    minutes = attendance.minutes_within(session, start + timedelta(minutes=came), start + timedelta(minutes=left))
    assert 0 <= minutes <= session.minutes
    assert minutes <= max(0, left - came)
