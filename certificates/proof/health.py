"""What `lms doctor` asks about certificates: the keys that sign, lists of revocations, the address that is signed."""

from sqlalchemy import func, select

from certificates.proof import keys, signing_anew
from certificates.proof.credentials import Credential, StatusList
from certificates.proof.keys import SigningKey
from certificates.proof.status_lists import EACH
from lms import clock, doctor
from lms.db import db
from lms.doctor import Finding
from lms.secrets import is_under
from lms.secrets import keys as encryption_keys

NEEDED = {
    "the county's key": ("county", "in use"), "its spare": ("county", "spare"), "the seal": ("seal", "in use")
}  # fmt: skip
FRESH = 7
"""Days that a list may be believed: `status_list.FRESH`, which would bring the libraries of signing along."""


def signing_keys() -> Finding:
    """Whether county, spare and seal are there and can sign, and nothing rests on a key that was withdrawn."""
    about, every = "signing keys", keys.every()
    working = [(key.kind, keys.state_of(key)[0]) for key in every if _signs(key)]
    lacking = [name for name, needed in NEEDED.items() if needed not in working]
    if lacking:
        remedy = "With the right LMS_KEY_ENCRYPTION_KEY set, run: lms init"
        return Finding("fault", about, f"{', '.join(lacking)} cannot sign", remedy)
    for key in every:
        if key.revoked_at is not None and (left := len(signing_anew.resting_on(key))):
            remedy = f"Run: lms keys compromise {keys.name_of(key)}"
            return Finding("fault", about, f"{left} certificates rest on a key that is withdrawn", remedy)
    lost = sum(keys.state_of(key)[0] == "lost" for key in every)
    told = f"county, spare, seal and {working.count(('trainer', 'in use'))} trainers can sign"
    return Finding("ok", about, told + (f"; {lost} are lost and have successors" if lost else ""))


def _signs(key: SigningKey) -> bool:
    return bool(key.cipher) and any(is_under(each, key.cipher) for each in encryption_keys())


def status_lists() -> Finding:
    """Whether every list of revocations was signed during the last day: an older one is soon believed by nobody."""
    about, now = "lists of revocations", clock.now()
    query = select(func.count(), func.min(StatusList.signed_at), func.max(StatusList.signed_at))
    live = query.outerjoin(SigningKey, SigningKey.id == StatusList.key_id)
    number, oldest, newest = db.session.execute(live.where(func.coalesce(SigningKey.cipher, b"-") != b"")).one()
    if not number:
        return Finding("ok", about, "there is none yet")
    if newest > now:
        told = f"one was signed at {newest:%Y-%m-%d %H:%M} UTC, and it is {now:%Y-%m-%d %H:%M}"
        return Finding("fault", about, told, "Set the clock of this machine right, and let the worker run")
    days = (now - oldest).days
    if days >= FRESH:
        told = f"one is {days} days old: certificates under it are believed by nobody"
        return Finding("fault", about, told, "Start the worker: lms work, or lms serve --with-worker")
    if now - oldest > EACH + EACH / 12:
        told = f"one has waited {(now - oldest).total_seconds() / 3600:.0f} hours for its new signature"
        return Finding("warning", about, told, "Is the worker running? See its log")
    return Finding("ok", about, f"{number} are fresh")


def signed_address() -> Finding:
    """Whether what is signed names the county as LMS_BASE_URL does: under another address nobody finds its keys."""
    about, did = "address in certificates", keys.county_did()
    signed = select(func.count()).select_from(Credential).join(SigningKey, SigningKey.id == Credential.key_id)
    named = Credential.text.contains(f'"{did}#', autoescape=True)
    others = db.session.scalar(signed.where(SigningKey.kind == "county", ~named)) or 0
    if others:
        remedy = "Set LMS_BASE_URL back, or keep what was published answering at the earlier address: see docs/keys.md"
        return Finding("warning", about, f"{others} signed texts do not name {did}", remedy)
    return Finding("ok", about, did)


doctor.CHECKS.extend([signing_keys, status_lists, signed_address])
