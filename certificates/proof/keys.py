"""The keys that sign: the county's and its spare, one for each trainer certificate, and the seal of PDF files.

The rule that matters most: a key is never reused and never disappears. A retired one stays listed, so that what it
signed is believed for ever; only a compromised one is listed as revoked, and what it signed is signed anew
(credentials.md §3.5). Secret parts are stored under LMS_KEY_ENCRYPTION_KEY.
"""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from flask import current_app
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from lms import audit, clock
from lms.db import Base, db
from lms.people import Person
from lms.refusals import Refused
from lms.secrets import decrypted, encrypted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from certificates.standards.checking import Trust
    from certificates.standards.integrity import Document

KINDS = ("county", "trainer", "seal")
Kind = Literal["county", "trainer", "seal"]
_IN_USE = text("kind <> 'trainer' AND used_from IS NOT NULL AND retired_at IS NULL")

_HERS = text("retired_at IS NULL")


class SigningKey(Base):
    """One key. `public` is a Multikey (Ed25519), for a seal its X.509 certificate as PEM; `cipher` the secret part.

    `used_from` is empty for the spare; `retired_at` says when another took over, `revoked_at` that it is compromised.
    An empty cipher is a secret that was lost with LMS_KEY_ENCRYPTION_KEY: the key proves on and never signs again.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("uq_signing_key_in_use", "kind", unique=True, sqlite_where=_IN_USE, postgresql_where=_IN_USE),
        Index(
            "uq_signing_key_of_certificate", "certificate_id", unique=True, sqlite_where=_HERS, postgresql_where=_HERS
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    public: Mapped[str] = mapped_column(Text, unique=True)
    cipher: Mapped[bytes] = mapped_column(LargeBinary)
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), index=True)
    made_at: Mapped[datetime]
    used_from: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


# --- operations ---------------------------------------------------------------------------------------------


def make_missing() -> None:
    """The county's key, its spare and the seal, where they do not exist: `lms init` calls it every time.

    Keys whose secrets are lost are retired first: what they signed is believed on, and others take their places.
    """
    lost = update(SigningKey).where(SigningKey.cipher == b"", SigningKey.retired_at.is_(None))
    db.session.execute(lost.values(retired_at=clock.now()))
    working = SigningKey.used_from.is_not(None) & SigningKey.retired_at.is_(None)
    there = set(db.session.scalars(select(SigningKey.kind).where(working)))
    if "county" not in there:
        _add("county", used_from=clock.now())
    if "seal" not in there:
        make_seal()
    if spare() is None:
        _add("county")
    db.session.flush()


def for_trainer(certificate_id: int) -> SigningKey:
    """The key of a trainer certificate: made when the certificate is issued, named as did:key."""
    hers = (SigningKey.certificate_id == certificate_id) & SigningKey.retired_at.is_(None)
    found = db.session.scalar(select(SigningKey).where(hers).with_for_update())
    return found or _add("trainer", used_from=clock.now(), certificate_id=certificate_id)


def succeed(*, by: Person | None) -> SigningKey:
    """The spare takes over as the county's key, and a new spare is made. Nothing that was signed is touched.

    Not `rotate`: that is the change of the key that encrypts (lms/rotation.py). Refused `no_spare` without a spare.
    """
    _lock()
    old, new = in_use("county"), spare()
    if new is None:
        raise Refused("there is no spare key. Run: lms init", "no_spare")
    old.retired_at = clock.now()
    db.session.flush()
    new.used_from = clock.now()
    _add("county")
    audit.record("key.succeeded", new, by=by, details={"before": old.public, "after": new.public})
    return new


def withdraw(key: SigningKey, *, by: Person | None) -> None:
    """Somebody else may have the key: it counts no longer, and another takes its place. Doing it again does nothing.

    What it signed is not signed anew here: see signing_anew.py. A trainer gets her new key when it is asked for.
    """
    _lock()
    if key.revoked_at is not None:
        return
    if key.kind == "county" and key.used_from is not None and key.retired_at is None:
        succeed(by=by)
    was_in_use, key.revoked_at = key.retired_at is None, clock.now()
    key.retired_at = key.retired_at or clock.now()
    db.session.flush()
    if key.kind == "county" and spare() is None:
        _add("county")
    if key.kind == "seal" and was_in_use:
        make_seal()
    audit.record("key.withdrawn", key, by=by, details={"kind": key.kind, "key": name_of(key)})


def _lock() -> None:
    """Who changes keys at the same moment waits here."""
    query = select(SigningKey).with_for_update()
    db.session.scalars(query.execution_options(populate_existing=True)).all()


def _add(kind: Kind, *, used_from: datetime | None = None, certificate_id: int | None = None) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  few requests sign

    from certificates.standards import multikey  # noqa: PLC0415  goes with it

    secret = Ed25519PrivateKey.generate()
    key = SigningKey(
        kind=kind,
        public=multikey.multikey(secret.public_key()),
        cipher=encrypted(secret.private_bytes_raw().hex()),
        certificate_id=certificate_id,
        made_at=clock.now(),
        used_from=used_from,
    )
    db.session.add(key)
    db.session.flush()
    return key


def make_seal() -> SigningKey:
    """A key of ECDSA P-256 with an own certificate, for the signatures of PDF files (PAdES)."""
    from certificates.files import seal  # noqa: PLC0415  few requests need it

    public, secret = seal.new(current_app.config["SETTINGS"].host, clock.now())
    key = SigningKey(kind="seal", public=public, cipher=encrypted(secret), made_at=clock.now(), used_from=clock.now())
    db.session.add(key)
    db.session.flush()
    return key


# --- questions ----------------------------------------------------------------------------------------------


def in_use(kind: Kind) -> SigningKey:
    """The county's key, or the seal, that signs today. Refused `no_keys` when `lms init` has not made them."""
    query = select(SigningKey).where(
        SigningKey.kind == kind, SigningKey.used_from.is_not(None), SigningKey.retired_at.is_(None)
    )
    found = db.session.scalar(query)
    if found is None:
        raise Refused("the installation has no keys to sign with. Run: lms init", "no_keys")
    return found


def spare() -> SigningKey | None:
    """The county's next key, listed from the first day and never used yet."""
    query = select(SigningKey).where(
        SigningKey.kind == "county", SigningKey.used_from.is_(None), SigningKey.retired_at.is_(None)
    )
    return db.session.scalar(query.order_by(SigningKey.id).limit(1))


def listed() -> list[SigningKey]:
    """Every key of the county there ever was, oldest first."""
    return list(db.session.scalars(select(SigningKey).where(SigningKey.kind == "county").order_by(SigningKey.id)))


def every() -> list[SigningKey]:
    """Every key of every kind, oldest first."""
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.id)))


def named(name: str) -> SigningKey:
    """The key of this name (`name_of`). Refused `unknown_key`."""
    found = next((key for key in every() if name in (name_of(key), method(key))), None)
    if found is None:
        raise Refused(f"there is no key {name}. See: lms keys list", "unknown_key")
    return found


def name_of(key: SigningKey) -> str:
    """The key as people and programs call it: its Multikey; of a seal the SHA-256 of its certificate."""
    if key.kind != "seal":
        return key.public
    lines = key.public.strip().splitlines()[1:-1]
    return f"sha256:{sha256(b64decode(''.join(lines))).hexdigest()}"


def state_of(key: SigningKey) -> tuple[str, datetime]:
    """What the key is today and since when: spare, in use, retired, withdrawn; or its secret is lost."""
    if key.revoked_at is not None:
        return "withdrawn", key.revoked_at
    if key.cipher == b"":
        return "lost", key.retired_at or key.made_at
    if key.retired_at is not None:
        return "retired", key.retired_at
    return ("spare", key.made_at) if key.used_from is None else ("in use", key.used_from)


def private(key: SigningKey) -> Ed25519PrivateKey:
    """The secret part of a county's or trainer's key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  see _add

    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(decrypted(key.cipher)))


def public(key: SigningKey) -> Ed25519PublicKey:
    """The public part of a county's or trainer's key."""
    from certificates.standards import multikey  # noqa: PLC0415  see _add

    return multikey.from_multikey(key.public)


def signed(unsigned: Document, key: SigningKey, at: datetime) -> str:
    """The document as signed text. Raises ProofError for a word that no context defines."""
    from certificates.standards import integrity  # noqa: PLC0415  see _add

    whole = integrity.sign(unsigned, private(key), method(key), at)
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def county_did() -> str:
    """did:web of LMS_BASE_URL (did-method-web §3.1: a port is written %3A, a path with colons)."""
    parts = urlsplit(current_app.config["SETTINGS"].base_url)
    place = parts.netloc.replace(":", "%3A")
    return ":".join(["did:web:" + place, *(quote(part) for part in parts.path.split("/") if part)])


def did(key: SigningKey) -> str:
    """The issuer that signs with the key."""
    return county_did() if key.kind == "county" else f"did:key:{key.public}"


def method(key: SigningKey) -> str:
    """The id of the key in its issuer's DID document; never used for another key."""
    return f"{did(key)}#{key.public}"


def did_document() -> dict[str, Any]:
    """The county's DID document (DID Core 1.0, Multikey): every key there ever was; revoked ones say since when.

    Retired keys prove on: they have neither `expires` nor `revoked`.
    """
    me, methods = county_did(), []
    for key in listed():
        entry = {"id": method(key), "type": "Multikey", "controller": me, "publicKeyMultibase": key.public}
        since = {"revoked": f"{key.revoked_at:%Y-%m-%dT%H:%M:%SZ}"} if key.revoked_at else {}
        methods.append(entry | since)
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": me,
        "verificationMethod": methods,
        "assertionMethod": [entry["id"] for entry in methods if "revoked" not in entry],
    }


def seals() -> tuple[str, ...]:
    """The X.509 certificates (PEM) of every seal there was, but for those that are withdrawn."""
    query = select(SigningKey.public).where(SigningKey.kind == "seal", SigningKey.revoked_at.is_(None))
    return tuple(db.session.scalars(query.order_by(SigningKey.id)))


def trust() -> Trust:
    """Whom this installation believes: its own county, by the keys that are not revoked."""
    from certificates.standards.checking import Trust  # noqa: PLC0415  see _add

    every = listed()
    good = {method(key): public(key) for key in every if key.revoked_at is None}
    return Trust(county_did(), good, frozenset(method(key) for key in every if key.revoked_at is not None))
