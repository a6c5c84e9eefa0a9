"""Credentials: a statement as Open Badges 3.0 on Verifiable Credentials 2.0, and the endorsement of a trainer's key.

What is made here is unsigned (see integrity.py) and never re-derived: it is signed in the act of issue, stored as text
and served byte by byte. The subject is a random `urn:uuid`; the name is the one on the certificate.
"""

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from certificates.standards.integrity import CONTEXTS, Document
from certificates.statement import Part, Statement
from lms import clock

SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
ENDORSEMENT_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json"
RIGHT = "trainer"
"""The level whose endorsement confers the right to issue; a user certificate never does."""


@dataclass(frozen=True)
class Issuer:
    """Who issues: the DID, the name on the certificate, and for a trainer the county's endorsement (signed)."""

    did: str
    name: str
    endorsement: Document | None = None


@dataclass(frozen=True)
class StatusPlace:
    """A place in a status list: the address of the list credential, and which bit."""

    list_address: str
    index: int


def achievement(statement: Statement, base_url: str) -> Document:
    """What is achieved: a programme level with its material version; criteria in words, and what was asked for.

    Its address ends in a part of its own digest: what has another wording is another achievement.
    """
    words, programme = _words(statement), statement.programme
    made: Document = {
        "type": ["Achievement"],
        "achievementType": "Certification" if statement.level == RIGHT else "CertificateOfCompletion",
        "name": words["name"],
        "description": statement.competence,
        "criteria": {"narrative": words["criteria"]},
        "inLanguage": statement.language,
        "version": programme.material_version,
        "humanCode": programme.key,
        "tag": [statement.level],
    }
    mark = sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:10]
    address = f"{base_url}/achievements/{slug(programme.key)}-{statement.language}-{mark}"
    material = {
        "type": ["Alignment"],
        "targetName": f"{words['title']}, {words['material']} {programme.material_version}",
        "targetUrl": f"{address}#material",
        "targetCode": f"{programme.key}@{programme.material_version}",
    }
    return {"id": address} | made | {"alignment": [material]}


def slug(text: str) -> str:
    """A text as part of an address: small letters of English, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))


def certificate(
    statement: Statement,
    *,
    identifier: str,
    issuer: Issuer,
    subject: str,
    achieved: Document,
    status: StatusPlace,
    issued_at: datetime,
    by_right_of: str | None = None,
    replaces: tuple[str | None, str] | None = None,
) -> Document:
    """The unsigned credential at the address `identifier`. `subject` is a urn:uuid, or the did:key of a trainer;
    `achieved` is what `achievement` made; `by_right_of` the address of the certificate that gave the right to issue,
    `replaces` that of the predecessor (or none) and its number.
    """
    document: Document = {
        "@context": CONTEXTS,
        "id": identifier,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"{achieved['name']}, {statement.number}",
        "issuer": _profile(issuer),
        "validFrom": moment(issued_at),
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [_named(statement.holder_name)],
            "licenseNumber": statement.number,
            "activityStartDate": moment(_midnight(statement.first_day)),
            "activityEndDate": moment(_midnight(statement.last_day)),
            "achievement": achieved,
        },
        "credentialStatus": _status(status),
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }
    evidence = [
        *_once_each([_assessed(part, statement) for part in statement.parts]),
        *([_other(by_right_of, statement.certified_by.certificate_number, "certificate")] if by_right_of else []),
        *([_other(*replaces, "predecessor")] if replaces else []),
    ]
    if evidence:
        document["evidence"] = evidence
    if statement.valid_until is not None:
        document["validUntil"] = moment(clock.at(statement.valid_until, time(23, 59, 59)))
    return document


def endorsement(
    trainer_did: str,
    *,
    identifier: str,
    name: str,
    number: str,
    issuer: Issuer,
    status: StatusPlace,
    issued_at: datetime,
    valid_until: datetime | None,
) -> Document:
    """The unsigned word of the county that the holder of this key is a certified trainer and may certify users."""
    document: Document = {
        "@context": CONTEXTS,
        "id": identifier,
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": f"{name}, {number}",
        "issuer": _profile(issuer),
        "validFrom": moment(issued_at),
        "credentialSubject": {
            "id": trainer_did,
            "type": ["EndorsementSubject"],
            "endorsementComment": f"{RIGHT}: {number}",
        },
        "credentialStatus": _status(status),
        "credentialSchema": [{"id": ENDORSEMENT_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }
    if valid_until is not None:
        document["validUntil"] = moment(valid_until)
    return document


def moment(at: datetime) -> str:
    """An aware moment as credentials write it: UTC, whole seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _midnight(day: date) -> datetime:
    return clock.at(day, time())


def _named(name: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": name, "identityType": "name"}


def _profile(issuer: Issuer) -> Document:
    profile: Document = {"id": issuer.did, "type": ["Profile"], "name": issuer.name}
    return profile if issuer.endorsement is None else profile | {"endorsement": [issuer.endorsement]}


def _status(place: StatusPlace) -> dict[str, str]:
    return {
        "id": f"{place.list_address}#{place.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(place.index),
        "statusListCredential": place.list_address,
    }


def _assessed(part: Part, statement: Statement) -> dict[str, Any]:
    words = {"sv": ("min", "bedömt av"), "en": ("min", "assessed by")}[statement.language]
    by = f", {words[1]} {', '.join(part.by)}" if part.by else ""
    return {
        "type": ["Evidence"],
        "name": part.title,
        "genre": part.kind,
        "narrative": f"{part.day.isoformat()}: {part.minutes} {words[0]}{by}",
    }


def _once_each(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts with numbered names where two would read the same: a signature cannot tell twice from once."""
    said = Counter(part["name"] for part in parts)
    seen: Counter[str] = Counter()
    for part in parts:
        if said[part["name"]] > 1:
            seen[part["name"]] += 1
            part["name"] = f"{part['name']} ({seen[part['name']]})"
    return parts


def _other(address: str | None, number: str | None, kind: str) -> dict[str, Any]:
    """Another certificate that this one rests on or follows, as evidence."""
    named = {"type": ["Evidence"], "name": number or "", "genre": kind}
    return named if address is None else {"id": address} | named


def _words(statement: Statement) -> dict[str, str]:
    """The words of an achievement in the language of the certificate; stored when issued, so never translated later."""
    hours, parts = f"{statement.minutes / 60:g}", "; ".join(dict.fromkeys(part.title for part in statement.parts))
    title = statement.title
    if statement.language == "en":
        level = "trainer" if statement.level == RIGHT else "user"
        return {
            "title": title,
            "name": f"{title}: {level}",
            "criteria": f"{hours} hours attended, assessed by the trainers of the course: {parts}.",
            "material": "material",
        }
    level = "utbildare" if statement.level == RIGHT else "användare"
    return {
        "title": title,
        "name": f"{title}: {level}",
        "criteria": f"{hours.replace('.', ',')} timmar med närvaro, bedömda av kursens utbildare: {parts}.",
        "material": "material",
    }
