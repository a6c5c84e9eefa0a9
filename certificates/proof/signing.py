"""Signing: the credential of a certificate is made in the act of issue, in the same transaction as its register entry.

The rule that matters most: the county signs trainer certificates and endorses the key of each; a user certificate is
signed by the key of the trainer certificate it was issued under, with that endorsement inside (credentials.md §1).
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from certificates.proof import keys, status_lists
from certificates.proof.credentials import Achievement, Credential, Kind, address, base_url, newest
from certificates.proof.keys import SigningKey
from certificates.proof.status_lists import Place
from certificates.register import Certificate, revocation, statement_of
from certificates.statement import Statement
from lms import clock
from lms.db import db

if TYPE_CHECKING:
    from certificates.standards.document import Issuer
    from certificates.standards.integrity import Document

PRINTED = 60
"""Signs of a programme's title in the QR code, which has to be read; the credential that it names has the whole."""


@dataclass(frozen=True)
class _Right:
    """Who signs: the key, and for a trainer's key the county's word about it and the certificate it belongs to."""

    key: SigningKey
    word: Credential | None = None
    above: Credential | None = None


def sign(certificate: Certificate) -> Credential:
    """The credential of a certificate: the stored one, or made now in the caller's transaction."""
    return newest(certificate) or sign_first(certificate)


def sign_first(certificate: Certificate, *, by_county: bool = False) -> Credential:
    """The first credential of a certificate, made in the caller's transaction.

    A trainer certificate also gets a key of its own and the county's endorsement of it. A user certificate is issued
    by the key of the trainer certificate it was issued under, any other one (or with `by_county`) by the county.
    """
    if certificate.level == "trainer":
        return _with_endorsement(certificate, edition=1)
    return _certificate(certificate, _county() if by_county else _right(certificate), edition=1)


def sign_anew(certificate: Certificate, *, by_county: bool = False) -> Credential:
    """Another edition of what was signed, with the key that is in use now.

    `by_county` when the trainer's own word no longer counts and the county vouches for the certificate itself.
    """
    was = newest(certificate)
    edition = was.edition + 1 if was else 1
    if certificate.level == "trainer":
        return _with_endorsement(certificate, edition)
    by_county = by_county or was is None or db.session.get_one(SigningKey, was.key_id).kind == "county"
    return _certificate(certificate, _county() if by_county else _right(certificate), edition)


def sign_missing() -> int:
    """Sign what was issued before there were keys, trainers first; how many certificates."""
    lacking = select(Certificate).where(~exists().where(Credential.certificate_id == Certificate.id))
    rows = list(db.session.scalars(lacking.order_by(Certificate.level != "trainer", Certificate.id)))
    for certificate in rows:
        sign(certificate)
    status_lists.renew_lists_of(*(each for each in rows if revocation(each)))  # their places are new
    return len(rows)


def _predecessor(certificate: Certificate, statement: Statement) -> tuple[str | None, str] | None:
    """The address and number of what the certificate replaces; only the number when it has another name on it: nobody
    is led from a new name to an old one."""
    if certificate.replaces_id is None:
        return None
    before = db.session.get_one(Certificate, certificate.replaces_id)
    held = newest(before) if statement_of(before).holder_name == statement.holder_name else None
    return address(held.token) if held else None, before.number


def _with_endorsement(certificate: Certificate, edition: int) -> Credential:
    """A trainer certificate, by the county, and the county's word about the key it is issued to."""
    holder_key = keys.for_trainer(certificate.id)
    made = _certificate(certificate, _county(), edition, subject=keys.did(holder_key))
    _endorse(certificate, holder_key)
    return made


def _certificate(certificate: Certificate, right: _Right, edition: int, subject: str | None = None) -> Credential:
    from certificates.standards import document  # noqa: PLC0415  few requests sign

    statement, key = statement_of(certificate), right.key
    place = status_lists.free_place(key)
    token = _token()
    unsigned = document.certificate(
        statement,
        identifier=address(token),
        issuer=_issuer(right, statement),
        subject=subject or f"urn:uuid:{uuid4()}",
        achieved=_achievement(document.achievement(statement, base_url())),
        status=place.entry(),
        issued_at=_begins(certificate),
        by_right_of=address(right.above.token) if right.above else None,
        replaces=_predecessor(certificate, statement),
    )
    made = _stored(certificate, "certificate", edition, (token, place), keys.signed(unsigned, key, clock.now()))
    made.key_id, made.paper = key.id, _paper(statement, place, bytes.fromhex(made.digest))
    return _add(made)


def _endorse(certificate: Certificate, holder_key: SigningKey) -> Credential:
    """The county's word that the holder of the key may certify users."""
    from certificates.standards import document  # noqa: PLC0415  few requests sign

    statement, county = statement_of(certificate), keys.in_use("county")
    place, token = status_lists.free_place(county), _token()
    before = newest(certificate, "endorsement")
    last = statement.valid_until
    unsigned = document.endorsement(
        keys.did(holder_key),
        identifier=address(token),
        name=statement.holder_name,
        number=statement.number,
        issuer=_issuer(_Right(county), statement),
        status=place.entry(),
        issued_at=_begins(certificate),
        valid_until=clock.at(last, time(23, 59, 59)) if last else None,
    )
    edition = before.edition + 1 if before else 1
    made = _stored(certificate, "endorsement", edition, (token, place), keys.signed(unsigned, county, clock.now()))
    made.key_id = county.id
    return _add(made)


def _begins(certificate: Certificate) -> datetime:
    """The moment that it holds from: that of the issue, or, when it took over the days of its predecessor, the start of
    the day that is printed. The day in the file is the day on the page.
    """
    if certificate.replaces_id is None or clock.local(certificate.issued_at).date() == certificate.issued_on:
        return certificate.issued_at
    return clock.at(certificate.issued_on, time())


def _stored(certificate: Certificate, kind: Kind, edition: int, at: tuple[str, Place], text: str) -> Credential:
    token, place = at
    return Credential(
        certificate_id=certificate.id,
        kind=kind,
        edition=edition,
        token=token,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        list_id=place.listed.id,
        place=place.index,
        signed_at=clock.now(),
    )


def _add(made: Credential) -> Credential:
    db.session.add(made)
    db.session.flush()
    return made


def _paper(statement: Statement, place: Place, digest: bytes) -> str:
    """The digits of the QR code, signed by the county whoever issued the certificate."""
    from certificates.standards import paper  # noqa: PLC0415  few requests sign

    programme = statement.title
    said = paper.Paper(
        number=statement.number,
        name=statement.holder_name,
        programme=programme if len(programme) <= PRINTED else f"{programme[: PRINTED - 1]}…",
        level=statement.level,
        issued_on=statement.issued_on,
        valid_until=statement.valid_until,
        status_list=place.listed.name,
        status_index=place.index,
        digest=digest[:16],
    )
    return paper.digits(said, keys.private(keys.in_use("county")))


def _issuer(right: _Right, statement: Statement) -> Issuer:
    from certificates.standards import document, integrity  # noqa: PLC0415  few requests sign

    if right.word is None:
        return document.Issuer(keys.did(right.key), statement.issuer)
    return document.Issuer(keys.did(right.key), statement.certified_by.name, integrity.read(right.word.text))


def _county() -> _Right:
    return _Right(keys.in_use("county"))


def _right(certificate: Certificate) -> _Right:
    """The key of the trainer certificate it was issued under, else the county's."""
    above = certificate.issuer_certificate
    if above is None or above.level != "trainer":
        return _county()
    own = sign(above)
    key, word = keys.for_trainer(above.id), newest(above, "endorsement")
    if word is None or key.public not in word.text:  # her key is a new one
        own = sign_anew(above)
        word = newest(above, "endorsement")
    return _Right(key, word, own)


def _achievement(made: Document) -> Document:
    """The achievement as it is stored: the first of its kind is kept, and every later one is the same."""
    slug = str(made["id"]).rpartition("/")[2]
    if db.session.get(Achievement, slug) is None:
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        with suppress(IntegrityError), db.session.begin_nested():  # somebody else writes it in this moment
            db.session.add(Achievement(slug=slug, text=text, made_at=clock.now()))
    return made


def _token() -> str:
    """130 random bits in signs that survive every mail program."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(26))


