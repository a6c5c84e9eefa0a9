"""Lists of revocations: read with care, signed anew in time, and failing closed whatever is handed in."""

import base64
import gzip
import resource
import zlib
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from certificates.acts import revoking
from certificates.proof import status_lists
from certificates.proof.credentials import StatusList
from certificates.standards import checking, integrity, status_list
from lms import clock
from lms.db import db
from tests.certificates.credentials import LIST, METHOD, NOW, TRAINER_LIST, world
from tests.certificates.test_signing import checked, issue, lists
from tests.factories import make_person


def packed(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).decode().rstrip("=")


@settings(max_examples=20)
@given(st.sets(st.integers(0, status_list.BITS - 1), max_size=30))
def test_exactly_the_revoked_places_are_set(revoked: set[int]) -> None:
    text = status_list.encoded(revoked)
    near = {index + step for index in revoked for step in (-1, 1)} & set(range(status_list.BITS))
    assert {index for index in revoked | near | {0, status_list.BITS - 1} if status_list.is_set(text, index)} == revoked


def test_the_bits_are_counted_from_the_left_as_the_standard_does() -> None:
    assert gzip.decompress(base64.urlsafe_b64decode(status_list.encoded([0, 9])[1:] + "==="))[:2] == b"\x80\x40"


def bomb() -> str:
    """64 MiB of zeros, packed without ever being held whole: that would hide what unpacking takes."""
    packer = zlib.compressobj(9, wbits=31)
    return packed(b"".join(packer.compress(bytes(1 << 20)) for _part in range(64)) + packer.flush())


BROKEN = {
    "a bomb": bomb(),
    "a bit too short": packed(gzip.compress(bytes(status_list.BITS // 8 - 1))),
    "empty": packed(gzip.compress(b"")),
    "cut": status_list.encoded(())[:-8],
    "changed": status_list.encoded(())[:-8] + "AAAAAAAA",
    "no gzip": packed(bytes(2000)),
    "another base": "z" + status_list.encoded(())[1:],
    "nothing": "",
    "no text": "u",
    "signs of no alphabet": "u" + "Å" * 40,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_list_says_nothing_good(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"gzip|short|base64url"):
        status_list.is_set(BROKEN[name], 3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kB: nothing is unpacked to the end"
    here = world()
    listed = status_list.document(TRAINER_LIST, here.did, (), NOW)
    listed["credentialSubject"]["encodedList"] = BROKEN[name]
    method = here.certificate()["proof"][0]["verificationMethod"]
    by_trainer = here.lists() | {TRAINER_LIST: integrity.sign(listed, here.trainer, method, NOW)}
    found = checking.check(here.certificate(), here.trust, by_trainer.get, NOW)
    assert [each.code for each in found.checks if not each.passed] == ["status"]


@pytest.mark.parametrize("index", [-1, status_list.BITS, 10**30])
def test_a_place_outside_of_the_list(index: int) -> None:
    with pytest.raises(ValueError, match="short"):
        status_list.is_set(status_list.encoded(()), index)


def test_a_longer_list_is_a_list() -> None:
    bits = bytearray(status_list.BITS // 4)
    bits[-1] = 1
    assert status_list.is_set(packed(gzip.compress(bytes(bits))), len(bits) * 8 - 1)


def test_a_list_counts_within_its_days_only() -> None:
    here = world()
    document = here.certificate()
    moments = ((0, 0, True), (7, 0, True), (7, 1, False), (0, -300, True), (0, -301, False), (400, 0, False))
    for days, seconds, good in moments:
        at = NOW + timedelta(days=days, seconds=seconds)
        assert checking.check(document, here.trust, here.lists().get, at).passed == good, (days, seconds)


def test_a_list_in_another_place_or_of_another_purpose() -> None:
    here = world()
    document, known = here.certificate(), here.lists()
    wrong = status_list.document(LIST, "did:web:kurs.example", (), NOW)
    wrong["credentialSubject"]["statusPurpose"] = "suspension"
    for lists_ in (
        {LIST: known[TRAINER_LIST], TRAINER_LIST: known[LIST]},
        known | {LIST: integrity.sign(wrong, here.county, METHOD, NOW)},
        {name: listed for name, listed in known.items() if name == LIST},
    ):
        assert not checking.check(document, here.trust, lists_.get, NOW).passed


def test_the_worker_signs_each_list_once_a_day(app: Flask) -> None:
    made = issue(make_person(), "user", issue(make_person(), "trainer"))
    before = db.session.scalars(select(StatusList.text)).all()
    status_lists.renew_due()
    assert db.session.scalars(select(StatusList.text)).all() == before
    with clock.moved(clock.now() + timedelta(hours=24)):
        status_lists.renew_due()
        after = db.session.scalars(select(StatusList.text)).all()
        assert not set(before) & set(after)
        assert checked(made).passed
        status_lists.renew_due()
        assert db.session.scalars(select(StatusList.text)).all() == after


def test_lists_of_a_clock_that_ran_ahead_are_signed_anew(app: Flask) -> None:
    with clock.moved(clock.now() + timedelta(days=1)):
        made = issue(make_person(), "user")
    assert not checked(made).passed, "it is of tomorrow"
    status_lists.renew_due()
    found = checked(made)
    assert [each.code for each in found.checks if not each.passed] == ["dates"], "and says so itself until tomorrow"
    assert {listed["validFrom"] for listed in lists().values()} == {"2022-10-12T10:00:00Z"}


def test_when_half_of_the_countys_places_are_taken_the_next_list_begins(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_list, "BITS", 16)
    rows = [issue(make_person(), "user", ground=f"full {number} ") for number in range(10)]
    assert len(lists()) == 2
    revoking.revoke(rows[0], reason_code="mistake", by=make_person())
    assert [checked(each).passed for each in rows] == [False] + [True] * 9
    with clock.moved(clock.now() + timedelta(days=2)):
        status_lists.renew_due()
        assert [checked(each).passed for each in rows] == [False] + [True] * 9
