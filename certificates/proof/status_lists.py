"""Status lists: which bit is whose, and signing them anew: at once on revocation, every day by the worker.

The rule that matters most: what a list says is derived from the register every time; only its signature is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from certificates.proof import keys
from certificates.proof.credentials import Credential, StatusList, list_address, revoked_places
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from certificates.statement import new_code
from lms import clock, jobs
from lms.db import db

if TYPE_CHECKING:
    from certificates.standards.document import StatusPlace

EACH = timedelta(hours=24)
"""How long a list stands before the worker signs it anew; it may be believed for longer (`status_list.FRESH`)."""


@dataclass(frozen=True)
class Place:
    """One bit of a list."""

    listed: StatusList
    index: int

    def entry(self) -> StatusPlace:
        """The place as credentials name it."""
        from certificates.standards.document import StatusPlace  # noqa: PLC0415  few requests sign

        return StatusPlace(list_address(self.listed.name), self.index)


def renew_due() -> None:
    """Sign every list anew that is a day old, or of a time that has not come yet (a clock was wrong)."""
    now = clock.now()
    due = (StatusList.signed_at <= now - EACH) | (StatusList.signed_at > now)
    for each in db.session.scalars(select(StatusList).where(due).order_by(StatusList.id).with_for_update()):
        renew_list(each)


def renew_list(of: StatusList) -> None:
    """Sign the list anew with the bits of today; one whose key is lost stays as it is and is believed no longer."""
    text = signed(of)
    if text is not None:
        of.text, of.signed_at = text, clock.now()


def signed(of: StatusList, fresh: timedelta | None = None) -> str | None:
    """The list with the bits of today, signed now, to be believed for so long (a week); None when its key is lost."""
    from certificates.standards import status_list  # noqa: PLC0415  few requests sign

    key = keys.in_use("county") if of.key_id is None else db.session.get_one(SigningKey, of.key_id)
    if not key.cipher:
        return None
    now = clock.now()
    said = status_list.document(list_address(of.name), keys.did(key), revoked_places(of), now, fresh)
    return keys.signed(said, key, now)


def renew_lists_of(*certificates: Certificate) -> None:
    """Sign the lists anew that name these certificates, each list once: they were revoked in this transaction."""
    ids = [certificate.id for certificate in certificates]
    query = select(StatusList).where(
        exists().where(Credential.list_id == StatusList.id, Credential.certificate_id.in_(ids))
    )
    for each in db.session.scalars(query.order_by(StatusList.id).with_for_update()):
        renew_list(each)


def free_place(key: SigningKey) -> Place:
    """A random free place in the issuer's list; the list is made with its first credential.

    Who signs with the same key in the same moment waits here, so that no place and no first list is made twice.
    """
    from certificates.standards import status_list  # noqa: PLC0415  few requests sign

    db.session.execute(select(SigningKey.id).where(SigningKey.id == key.id).with_for_update(key_share=True))
    owner = None if key.kind == "county" else key.id
    query = select(StatusList).where(StatusList.key_id.is_(None) if owner is None else StatusList.key_id == owner)
    lists = list(db.session.scalars(query.order_by(StatusList.id.desc()).limit(1)))
    if lists:
        taken = set(db.session.scalars(select(Credential.place).where(Credential.list_id == lists[0].id)))
        if owner is not None or len(taken) < status_list.BITS // 2:
            return Place(lists[0], status_list.place(taken))
    made = StatusList(name=new_code()[:8].lower(), key_id=owner, text="", signed_at=clock.now())
    db.session.add(made)
    db.session.flush()
    renew_list(made)
    return Place(made, status_list.place(()))


jobs.EACH_MINUTE.append(renew_due)
