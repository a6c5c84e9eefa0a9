"""Credentials of other issuers: whose they are, and whether they were changed as far as their own key can tell.

The rule that matters most: nothing about them is vouched for here, however right their signature is.
"""

from urllib.parse import unquote

from certificates.examining.facts import text
from certificates.examining.outcome import Line
from certificates.standards import integrity, multikey
from certificates.standards.checking import Trust
from certificates.standards.integrity import Document, ProofError
from lms.message import N_, Message

_OPEN = ("context", "proof", "size")
"""Refusals that tell about what is known here and not about the document."""


def claims(document: Document, trust: Trust) -> bool:
    """Whether a document says anywhere that it comes from the trusted issuer: by its DID, or an address of its host."""
    place = unquote(trust.did.removeprefix("did:web:").replace(":", "/"))
    return any(each.startswith(trust.did) or f"://{place}/" in each for each in _texts(document))


def _texts(value: object) -> list[str]:
    found, waiting = [], [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return found


def checked(document: Document) -> tuple[str, tuple[Line, ...]]:
    """The issuer as it calls itself, and what could be checked: `issuer`, then `signature`."""
    given = document.get("issuer")
    did = given if isinstance(given, str) else text(given, "id")
    name = text(given, "name") or did
    if not did or not isinstance(document.get("credentialSubject"), dict | list):
        return name, (Line("shape", "failed", Message(N_("This is not such a credential."))),)
    values = {"name": name[:120], "did": did[:120]}
    issuer = Message(N_("It is issued by %(name)s (%(did)s), whom this installation does not know."), values)
    return name, (Line("issuer", "open", issuer), _signature(document, did))


def _signature(document: Document, did: str) -> Line:
    """Checked when the issuer's name is its key; where it is an address, nobody is asked."""
    if not did.startswith("did:key:"):
        return Line("signature", "open", Message(N_("The issuer publishes the key, and nothing is fetched.")))
    try:
        key = multikey.from_multikey(did.removeprefix("did:key:"))
        options = integrity.check(document, key)
    except ProofError as error:
        return Line("signature", "open" if error.code in _OPEN else "failed", Message(str(error)))
    except ValueError:
        return Line("signature", "open", Message(N_("The issuer's key cannot be read.")))
    if options["verificationMethod"] != multikey.method_of(did):
        return Line("signature", "failed", Message(N_("The proof names another key than the issuer's.")))
    return Line("signature", "passed")
