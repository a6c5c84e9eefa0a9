"""Whether somebody has confirmed that LMS_KEY_ENCRYPTION_KEY is kept outside this machine and its backups.

The rule that matters most: the confirmation is of one key. Another key, also after a rotation, asks again.
"""

from flask import current_app

import config
from lms import audit, notes
from lms.notes import InstallationNote
from lms.refusals import Refused
from lms.secrets import fingerprint, keys

LOST = "every personnummer and every key that signs certificates"
"""What nobody can read again without the key."""


# --- operations ---------------------------------------------------------------------------------------------


def confirm(told: str) -> str:
    """Note that the key is kept, by who shows it: the key itself or its fingerprint. Answers with the fingerprint.

    Refused `another_key` when it is the key of something else.
    """
    key = keys()[0]
    if told.strip() != key and _plain(told) != _plain(fingerprint(key)):
        raise Refused(
            "that is neither the LMS_KEY_ENCRYPTION_KEY that is set nor its fingerprint. Look where it is kept: "
            "what stands there does not open this installation",
            "another_key",
        )
    notes.write("key_kept", fingerprint(key))
    audit.record("keys.confirmed_kept", InstallationNote(), by=None, details={"fingerprint": fingerprint(key)})
    return fingerprint(key)


def _plain(told: str) -> str:
    return told.lower().replace("-", "").replace(" ", "").strip()


# --- questions ----------------------------------------------------------------------------------------------


def is_confirmed() -> bool:
    """Whether somebody has confirmed the key that writes today; the demo's key everybody has."""
    settings = current_app.config["SETTINGS"]
    if settings.demo and settings.key_encryption_key == config.DEMO_KEY:
        return True
    note = notes.read("key_kept")
    return note is not None and note.value == fingerprint(keys()[0])


def warning() -> str:
    """One line for who starts or prepares the installation; empty when all is well."""
    if is_confirmed():
        return ""
    return (
        f"warning: nobody has confirmed that LMS_KEY_ENCRYPTION_KEY (fingerprint {fingerprint(keys()[0])}) is kept "
        f"outside this machine. Whoever loses it loses {LOST}. Keep it, and then run: lms keys confirm-kept"
    )
