"""What somebody trusts without asking anybody: a county's DID document in a file, with lists of revocations and seals.

The rule that matters most: the file is the trust. It is fetched once, over a way that is believed, and kept; what is
given beside it (another list) has to prove itself by the keys in it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from certificates.examining import Trusted
from certificates.standards import integrity, multikey
from certificates.standards.checking import Trust
from certificates.standards.document import moment
from certificates.standards.integrity import Document, ProofError

FORMAT = "parlband-trust-1"


class PinnedError(ValueError):
    """The file is no DID document and no trust file; says what is wrong."""


@dataclass
class Pinned:
    """The trust of a file, and the lists at hand. `missing` collects the addresses that were asked for in vain."""

    trusted: Trusted
    own: dict[str, Document]
    given: dict[str, Document] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def at(self, address: str) -> Document | None:
        """The newest list of an address."""
        found = [lists[address] for lists in (self.own, self.given) if address in lists]
        if not found:
            self.missing.append(address)
        return max(found, key=lambda each: str(each.get("validFrom")), default=None)

    def named(self, name: str) -> Document | None:
        """The list that a paper names. Its signer is the county, or who signed it in the file that is trusted."""
        address = self._address(name)
        found = self.at(address)
        known = self.own.get(address, {}).get("issuer")
        issuer = found.get("issuer") if found else None
        return found if issuer in (self.trusted.trust.did, known) else None

    def _address(self, name: str) -> str:
        place = unquote(self.trusted.trust.did.removeprefix("did:web:").replace(":", "/"))
        there = (each for each in (*self.own, *self.given) if each.endswith(f"://{place}/status/{name}"))
        return next(there, f"https://{place}/status/{name}")


def read(text: str | bytes) -> Pinned:
    """The trust of a file: a DID document alone, or what `written` has made. Raises PinnedError."""
    try:
        found = integrity.read(text)
    except ProofError as error:
        raise PinnedError(f"the trust file: {error}") from error
    document = found.get("didDocument", found)
    seals, lists = found.get("seals", []), found.get("statusLists", [])
    if not isinstance(document, dict) or not isinstance(seals, list) or not isinstance(lists, list):
        raise PinnedError("the trust file is neither a DID document nor a trust file")
    if "didDocument" in found and found.get("format") != FORMAT:
        raise PinnedError(f"the trust file is of another format than {FORMAT}")
    return Pinned(Trusted(_trust(document), tuple(str(each) for each in seals)), by_address(lists))


def by_address(lists: Iterable[Any]) -> dict[str, Document]:
    """Lists of revocations by the address that each says it has. Raises PinnedError for what is none."""
    found = {}
    for each in lists:
        kinds = each.get("type") if isinstance(each, dict) else None
        if not isinstance(kinds, list) or "BitstringStatusListCredential" not in kinds:
            raise PinnedError("this is no list of revocations")
        found[str(each.get("id"))] = each
    return found


def written(document: Document, lists: Sequence[str], seals: Sequence[str], at: datetime) -> str:
    """The trust file of an installation: everything that checking its certificates needs, for as long as lists hold."""
    whole = {
        "format": FORMAT,
        "written": moment(at),
        "didDocument": document,
        "statusLists": [json.loads(text) for text in lists],
        "seals": list(seals),
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _trust(document: Document) -> Trust:
    """The keys of a DID document that may assert; withdrawn ones are none."""
    did, methods = document.get("id"), document.get("verificationMethod")
    if not isinstance(did, str) or not did.startswith("did:web:") or not isinstance(methods, list):
        raise PinnedError("the trust file is no DID document of a did:web")
    asserting = document.get("assertionMethod")
    allowed = {each for each in asserting if isinstance(each, str)} if isinstance(asserting, list) else set()
    keys = {}
    for each in methods:
        if isinstance(each, dict) and str(each.get("id")) in allowed and "revoked" not in each:
            try:
                keys[str(each["id"])] = multikey.from_multikey(str(each.get("publicKeyMultibase")))
            except ValueError:
                continue  # a key of another kind signs nothing here
    if not keys:
        raise PinnedError("the trust file has no key that signs certificates")
    withdrawn = (str(each.get("id")) for each in methods if isinstance(each, dict) and "revoked" in each)
    return Trust(did, keys, frozenset(withdrawn))
