"""A county, a trainer whom it endorsed, and certificates under them, signed with keys of this run."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates.standards import document as documents
from certificates.standards import integrity, multikey, status_list
from certificates.standards.checking import Trust
from certificates.standards.document import Issuer, StatusPlace
from certificates.standards.integrity import Document
from certificates.statement import Certifier, Named, Part, ProgrammeRef, ProjectRef, Statement

BASE = "https://kurs.example"
COUNTY = "did:web:kurs.example"
METHOD = f"{COUNTY}#key-1"
LIST = f"{BASE}/status/1"
TRAINER_LIST = f"{BASE}/status/2"
NOW = datetime(2022, 12, 1, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Keys and the trainer's DID; `endorsed` is when the county gave its word, `until` when it ends."""

    county: Ed25519PrivateKey
    trainer: Ed25519PrivateKey
    endorsed: datetime = NOW - timedelta(days=30)
    until: datetime | None = None

    @property
    def did(self) -> str:
        return multikey.did_key(self.trainer.public_key())

    @property
    def trust(self) -> Trust:
        return Trust(COUNTY, {METHOD: self.county.public_key()})

    def endorsement(self) -> Document:
        made = documents.endorsement(
            self.did,
            name="SMAIL för utbildare: utbildare",
            number="SMA-U-2022-0001",
            issuer=Issuer(COUNTY, "Samordningsförbundet"),
            status=StatusPlace(LIST, 11),
            issued_at=self.endorsed,
            valid_until=self.until,
            identifier=f"{BASE}/credentials/{uuid4()}",
        )
        return integrity.sign(made, self.county, METHOD, self.endorsed)

    def certificate(self, *, level: str = "user", endorsement: Document | None = None, at: datetime = NOW) -> Document:
        """A user certificate by the trainer, or a trainer certificate by the county."""
        county, said = level == "trainer", statement(level)
        issuer = Issuer(COUNTY, "Länet") if county else Issuer(self.did, "Eva Lind", endorsement or self.endorsement())
        made = documents.certificate(
            said,
            identifier=f"{BASE}/credentials/{uuid4()}",
            issuer=issuer,
            subject=self.did if county else f"urn:uuid:{uuid4()}",
            achieved=documents.achievement(said, BASE),
            status=StatusPlace(LIST if county else TRAINER_LIST, 77),
            issued_at=at,
            by_right_of=None if county else f"{BASE}/credentials/{'a' * 26}",
        )
        key, method = (self.county, METHOD) if county else (self.trainer, multikey.method_of(self.did))
        return integrity.sign(made, key, method, at)

    def lists(self, *revoked: int, at: datetime = NOW) -> dict[str, Document]:
        """The county's list and the trainer's; the places are revoked in both."""
        county = status_list.document(LIST, COUNTY, revoked, at)
        trainer = status_list.document(TRAINER_LIST, self.did, revoked, at)
        return {
            LIST: integrity.sign(county, self.county, METHOD, at),
            TRAINER_LIST: integrity.sign(trainer, self.trainer, multikey.method_of(self.did), at),
        }


def world() -> World:
    return World(Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate())


def statement(level: str = "user", **values: object) -> Statement:
    """A statement as certification writes it."""
    day = date(2022, 11, 3)
    given = {
        "format": 1, "number": "SMA-A-2022-0123", "code": "7Q4M9XKD2RTABCDE", "issued_on": NOW.date(),
        "valid_until": None, "language": "sv", "holder_name": "Anna-Karin Öberg Łukasz", "level": level,
        "programme": ProgrammeRef("smail-users", "SMAIL för användare", "SMAIL for users", "2022.1"),
        "competence": "Kan använda skattningen i samtal.", "minutes": 720,
        "parts": (
            Part("session", "Tillfälle 1", day, 240, ("Eva Lind",)),
            Part("assignment", "Hemuppgift", day, 240, ("Eva Lind",)),
        ),
        "first_day": day, "last_day": day + timedelta(days=7), "place": "Enköping",
        "trainers": (Named("Eva Lind", "Enköping"),),
        "certified_by": Certifier("Eva Lind", "Enköping", "SMA-U-2022-0001", "A" * 16),
        "issuer": "Samordningsförbundet", "project": ProjectRef("SMAIL", "2021/00320"), "publicity": "",
    }  # fmt: skip
    return Statement(**{**given, **values})  # type: ignore[arg-type]
