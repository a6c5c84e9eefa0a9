"""Settings from the environment, read here and nowhere else; outside demo mode a missing secret refuses to start."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent


class SettingsError(Exception):
    """The environment does not say what is needed; the message names the variable and what to write."""


@dataclass(frozen=True)
class Settings:
    """Everything the installation can decide. Paths are absolute, addresses without a trailing slash."""

    base_url: str
    database_url: str
    secret_key: str
    key_encryption_key: str
    instance: Path
    demo: bool
    smtp_url: str
    jobs_url: str
    testing: bool = False
    key_encryption_key_old: str = ""

    @property
    def secure(self) -> bool:
        """Whether visitors come over https: then cookies are Secure and HSTS is sent."""
        return self.base_url.startswith("https://")

    @property
    def files(self) -> Path:
        """Where uploads are kept: never below a folder that is served."""
        return self.instance / "uploads"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def cookie(self) -> str:
        """The name of the session cookie: browsers share cookies between the ports of a host, installations do not."""
        port = urlsplit(self.base_url).port
        return f"parlband-{port}" if port else "parlband"


DEMO_SECRET = "demo-only-and-therefore-no-secret"  # noqa: S105  everybody may read it
DEMO_KEY = "ZGVtby1vbmx5LWFuZC10aGVyZWZvcmUtbm8tc2VjcmU="
NEEDED = {
    "LMS_SECRET_KEY": 'python3 -c "import secrets; print(secrets.token_hex(32))"',
    "LMS_KEY_ENCRYPTION_KEY": (
        'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
    ),
}


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables (all named in README). Raises SettingsError."""
    demo = environment.get("LMS_DEMO", "") == "1"
    instance = Path(environment.get("LMS_INSTANCE") or ROOT / "instance").resolve()
    database = environment.get("LMS_DATABASE_URL") or f"sqlite:///{instance / 'parlband.db'}"
    if not database.startswith(("sqlite:", "postgresql+psycopg:")):
        raise SettingsError("LMS_DATABASE_URL starts with sqlite:/// or postgresql+psycopg://")
    smtp, jobs = environment.get("LMS_SMTP_URL", ""), environment.get("LMS_JOBS_URL") or _beside(database, instance)
    if smtp and not (smtp.startswith(("smtp://", "smtp+starttls://", "smtps://")) and urlsplit(smtp).hostname):
        raise SettingsError("LMS_SMTP_URL is written smtp://host:port, smtp+starttls://… or smtps://…")
    if not jobs.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://", "redis://", "rediss://")):
        raise SettingsError("LMS_JOBS_URL starts with sqlite:///, postgresql:// or redis://")
    return Settings(
        base_url=(environment.get("LMS_BASE_URL") or "http://127.0.0.1:8000").rstrip("/"),
        database_url=database,
        secret_key=_secret(environment, "LMS_SECRET_KEY", DEMO_SECRET if demo else ""),
        key_encryption_key=_key(_secret(environment, "LMS_KEY_ENCRYPTION_KEY", DEMO_KEY if demo else "")),
        instance=instance,
        demo=demo,
        smtp_url=smtp,
        jobs_url=jobs,
        key_encryption_key_old=_key(environment.get("LMS_KEY_ENCRYPTION_KEY_OLD", ""), "LMS_KEY_ENCRYPTION_KEY_OLD"),
    )


def _secret(environment: Mapping[str, str], name: str, fallback: str) -> str:
    value = environment.get(name) or fallback
    if not value:
        raise SettingsError(f"{name} is missing. Create one with: {NEEDED[name]}")
    return value


def _key(value: str, name: str = "LMS_KEY_ENCRYPTION_KEY") -> str:
    """The key when it is one (or none): 32 bytes in URL-safe base64; found out now, not at the first personnummer."""
    if not value:
        return ""
    try:
        right = len(urlsafe_b64decode(value)) == 32
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise SettingsError(f"{name} is not a key. Create one with: {NEEDED['LMS_KEY_ENCRYPTION_KEY']}")
    return value


def _beside(database: str, instance: Path) -> str:
    """Jobs wait beside the database: in a file of their own for SQLite, in the same server for PostgreSQL."""
    return f"sqlite:///{instance / 'jobs.db'}" if database.startswith("sqlite:") else database
