"""Checking a credential without asking anybody: signature, words, dates, status and the chain up to a pinned key.

The rule that matters most: everything is refused that is not known to be good. A trainer's certificate holds when the
county's endorsement of her key was valid at its `validFrom` and has not been revoked; later expiry does not hurt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certificates.standards import integrity, multikey, status_list
from certificates.standards.document import RIGHT
from certificates.standards.integrity import Document, ProofError
from lms.message import N_

REVOKED, EXPIRED = N_("It is revoked."), N_("Its time has run out.")
"""The two refusals that are no fault of the document: it was right once."""

SLACK = timedelta(minutes=5)
"""How much later than our clock another one may be: what was signed a moment ago is not refused for a second."""

_SEVERAL = {"@context", "proof", "credentialSchema", "evidence", "endorsement", "identifier", "alignment", "tag"}
_ALONE = {
    "BitstringStatusListEntry", "BitstringStatusList", "1EdTechJsonSchemaValidator2019", "IdentityObject",
    "DataIntegrityProof",
}  # fmt: skip
"""Members that are lists, and types that stand alone, in every document of ours."""

Lists = Callable[[str], Document | None]
"""Address of a status list → its credential as read, or None when it is not at hand."""


@dataclass(frozen=True)
class Trust:
    """Who is believed without further proof: the issuer's DID and its keys by their ids.

    `withdrawn` are the ids of keys that were the issuer's and count no longer, to be told apart from unknown ones.
    """

    did: str
    keys: Mapping[str, Ed25519PublicKey]
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Check:
    """One thing that was checked: `code` names it, `passed`, and a reason in words when it did not."""

    code: str
    passed: bool
    words: str = ""


@dataclass
class Checked:
    """Every check in its order, and the documents of the chain, the county's word first."""

    checks: list[Check] = field(default_factory=list)
    chain: list[Document] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the credential may be believed: at least the signature was checked and nothing failed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


@dataclass
class _Asked:
    """What one check is made with, and what it has found so far."""

    trust: Trust
    lists: Lists
    at: datetime
    found: Checked


class _Failed(Exception):  # noqa: N818  ends a chain of checks, never leaves this module
    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


def check(document: Document, trust: Trust, lists: Lists, at: datetime) -> Checked:
    """Check a certificate, issued by the county itself or by a trainer whom it endorsed."""
    found = Checked()
    try:
        _certificate(document, _Asked(trust, lists, at, found))
    except _Failed as failure:
        found.checks.append(Check(failure.code, False, failure.words))
    return found


def standing(place: Document, issuer: str, trust: Trust, lists: Lists, at: datetime) -> Check:
    """The bit of a place (a `credentialStatus`) in a list that this issuer signed, for what is no credential itself."""
    asked = _Asked(trust, lists, at, Checked())
    _status({"credentialStatus": place, "issuer": {"id": issuer}}, asked, "status")
    return asked.found.checks[-1]


def _certificate(document: Document, asked: _Asked) -> None:
    _shape(document, "OpenBadgeCredential")
    if document["issuer"]["id"] != asked.trust.did:
        _endorsement(document, asked)
    _signature(document, asked, "signature")
    _dates(document, asked)
    _status(document, asked, "status")
    asked.found.chain.append(document)


def _endorsement(document: Document, asked: _Asked) -> None:
    """The county's word about the trainer who issued the document, valid at its `validFrom`."""
    words = document["issuer"].get("endorsement")
    if not isinstance(words, list) or len(words) != 1 or not isinstance(words[0], dict):
        raise _Failed("chain", N_("The issuer has no endorsement by the county."))
    (word,) = words
    _shape(word, "EndorsementCredential")
    subject = word["credentialSubject"]
    if word["issuer"]["id"] != asked.trust.did:
        raise _Failed("chain", N_("The endorsement is by somebody who is not trusted."))
    if subject.get("id") != document["issuer"]["id"]:
        raise _Failed("chain", N_("The endorsement is about another key."))
    if not str(subject.get("endorsementComment", "")).startswith(f"{RIGHT}: "):
        raise _Failed("chain", N_("The endorsement gives no right to issue."))
    _signature(word, asked, "endorsement")
    made = _moment(document["validFrom"])
    until = _moment(word["validUntil"]) if "validUntil" in word else None
    if _moment(word["validFrom"]) > made or (until is not None and until < made):
        raise _Failed("chain", N_("The endorsement was not valid when the certificate was issued."))
    _status(word, asked, "endorsement-status")
    asked.found.checks.append(Check("chain", True))
    asked.found.chain.append(word)


def _shape(document: Document, kind: str) -> None:
    """What every credential of ours has, and nothing that could be read in two ways."""
    if document.get("type") != ["VerifiableCredential", kind] or not _is_ours(document, integrity.CONTEXTS):
        raise _Failed("shape", N_("This is not such a credential."))
    texts = (document.get("id"), document.get("validFrom"))
    parts = (document.get("issuer"), document.get("credentialSubject"), document.get("credentialStatus"))
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(part, dict) for part in parts):
        raise _Failed("shape", N_("Something is missing."))
    issuer = document["issuer"]
    if not isinstance(issuer.get("id"), str):
        raise _Failed("shape", N_("The issuer is missing."))
    if issuer.get("type") != ["Profile"] or set(issuer) - {"id", "type", "name", "endorsement"}:
        raise _Failed("shape", N_("This is not such a credential."))  # the endorsement speaks of the same node


def _is_ours(document: Document, contexts: list[str]) -> bool:
    """Whether it is written as we write: these contexts and no part with any other, lists where lists belong.

    The signature holds for the meaning alone, which other spellings share; a reader of the JSON meets only this one.
    """
    words = _part(document, "issuer").get("endorsement")
    inside = words if isinstance(words, list) else []  # each of them is checked by itself
    parts = [each for each in integrity.objects(document) if each is not document and each not in inside]
    own = document.get("@context") == contexts and not any("@context" in each for each in parts)
    return own and all(_spelled(name, value) for each in (document, *parts) for name, value in each.items())


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _spelled(name: str, value: object) -> bool:
    if isinstance(value, list) and any(isinstance(each, list) for each in value):
        return False  # a list in a list means what the list means
    if name == "type":
        kinds = {str(each) for each in value} if isinstance(value, list) else set()
        return value in _ALONE if isinstance(value, str) else bool(kinds) and not kinds & _ALONE
    return isinstance(value, list) == (name in _SEVERAL) and isinstance(value, bool) == (name == "hashed")


def _key(document: Document, trust: Trust) -> Ed25519PublicKey:
    """The key that must have signed: one of the trusted issuer's, or the only one that a did:key names."""
    issuer, method = document["issuer"], _method(document)
    did = issuer if isinstance(issuer, str) else issuer["id"]
    if did == trust.did:
        if method in trust.withdrawn:
            raise _Failed("signature", N_("The key that signed it was withdrawn. A new file can be fetched."))
        if method not in trust.keys:
            raise _Failed("signature", N_("The key is not one of the trusted issuer."))
        return trust.keys[method]
    try:
        key = multikey.from_multikey(did.removeprefix("did:key:"))
    except ValueError as error:
        raise _Failed("signature", N_("The issuer's key cannot be read.")) from error
    if did != multikey.did_key(key) or method != multikey.method_of(did):
        raise _Failed("signature", N_("The proof names another key than the issuer's."))
    return key


def _method(document: Document) -> str:
    try:
        return str(integrity.proof_of(document)["verificationMethod"])
    except ProofError as error:
        raise _Failed("signature", str(error)) from error


def _signature(document: Document, asked: _Asked, code: str) -> None:
    try:
        options = integrity.check(document, _key(document, asked.trust))
    except (ProofError, ValueError) as error:
        raise _Failed(code, str(error)) from error
    _moment(options["created"])
    asked.found.checks.append(Check(code, True))


def _dates(document: Document, asked: _Asked) -> None:
    if _moment(document["validFrom"]) > asked.at + SLACK:
        raise _Failed("dates", N_("It is not valid yet, unless the clock here is slow."))
    passed = "validUntil" not in document or _moment(document["validUntil"]) >= asked.at
    asked.found.checks.append(Check("dates", passed, "" if passed else EXPIRED))


def _status(document: Document, asked: _Asked, code: str) -> None:
    """Anything but a clear bit is a refusal; the other checks are made all the same, so that each can be told."""
    try:
        asked.found.checks.append(_bit(document, asked, code))
    except _Failed as failure:
        asked.found.checks.append(Check(code, False, failure.words))


def _bit(document: Document, asked: _Asked, code: str) -> Check:
    """The bit of the document in a list that its own issuer signed a short while ago."""
    place = document["credentialStatus"]
    wanted = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    index, address = place.get("statusListIndex"), place.get("statusListCredential")
    if {name: place.get(name) for name in wanted} != wanted or not isinstance(index, str) or not index.isdecimal():
        raise _Failed(code, N_("The place in the list of revocations cannot be read."))
    listed = asked.lists(address) if isinstance(address, str) else None
    if listed is None:
        raise _Failed(code, N_("The list of revocations is not at hand."))
    _fresh(listed, document, asked, code)
    try:
        revoked = status_list.is_set(listed["credentialSubject"]["encodedList"], int(index))
    except (ValueError, KeyError, AttributeError) as error:
        raise _Failed(code, N_("The list of revocations cannot be read.")) from error
    return Check(code, not revoked, REVOKED if revoked else "")


def _fresh(listed: Document, document: Document, asked: _Asked, code: str) -> None:
    subject = listed.get("credentialSubject")
    address, issuer = document["credentialStatus"]["statusListCredential"], document["issuer"]["id"]
    right = listed.get("id") == address and listed.get("issuer") == issuer and _is_ours(listed, [integrity.VC])
    right = right and listed.get("type") == ["VerifiableCredential", "BitstringStatusListCredential"]
    if not right or not isinstance(subject, dict) or subject.get("statusPurpose") != "revocation":
        raise _Failed(code, N_("The list of revocations is another's."))
    try:
        integrity.check(listed, _key(listed, asked.trust))
    except (ProofError, ValueError, _Failed) as error:
        raise _Failed(code, N_("The list of revocations is not genuine.")) from error
    if _moment(listed.get("validFrom")) > asked.at + SLACK:
        raise _Failed(code, N_("The list of revocations is of a time to come: the clock here is slow."))
    if _moment(listed.get("validUntil")) < asked.at:
        raise _Failed(code, N_("The list of revocations is too old, unless the clock here is fast."))


def _moment(text: Any) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        raise _Failed("dates", N_("A moment is not written as it should be.")) from error
