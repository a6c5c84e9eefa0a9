"""Data Integrity proofs with `eddsa-rdfc-2022` (W3C VC-DI-EdDSA): a document in, the same document with one proof out.

The rule that matters most: JSON-LD drops silently what it cannot place, and what is dropped is not signed. So whatever
would be dropped, or could be read in another way than it was signed, is refused before signing and when verifying.
Contexts are read from this package only; nothing is fetched. `eddsa-jcs-2022` is read, never written.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certificates.standards import jcs, multikey
from lms.message import N_

VC = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CONTEXTS = [VC, OPEN_BADGES, EXTENSIONS]
"""The contexts of every certificate, in this order; no other ones are read."""
SUITE, SUITE_READ = "eddsa-rdfc-2022", "eddsa-jcs-2022"
_ROOM = Path(__file__).parent / "contexts"
_OURS = {OPEN_BADGES: _ROOM / "open-badges-3.0.3.jsonld", EXTENSIONS: _ROOM / "open-badges-extensions.jsonld"}
_UNDEFINED = "urn:undefined:"
_RELATIVE = "relative-to:"
"""A scheme of its own: what begins without one (`x`, `//host/x`) is told by it."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f<>\"{}|\\^`]+")
"""An absolute IRI (RFC 3987), as far as libraries agree on it: what any of them drops is refused."""
_ALIKE = 7
"""Nameless parts that may look alike; ours all differ."""
_ONE_AT_A_TIME = Lock()
"""PyLD keeps contexts in caches that are not made for threads: two at once make it stumble over a good document."""
_UNREADABLE = (SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What the libraries trip over when an address, a number or a value is none."""
Document = dict[str, Any]


class ProofError(ValueError):
    """Why a document cannot be signed or its proof is not accepted: a `code` for tests and lists, words for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def read(text: str | bytes) -> Document:
    """JSON as a document; refuses what another reader may read otherwise: doubled keys, NaN, no object."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()  # half a sign has no bytes: nobody could be shown it
    except (ValueError, RecursionError) as error:
        if isinstance(error, ProofError):
            raise
        raise ProofError("json", N_("This is not JSON.")) from error
    if not isinstance(found, dict):
        raise ProofError("json", N_("This is not a JSON object."))
    return found


def sign(document: Document, key: Ed25519PrivateKey, method: str, created: datetime) -> Document:
    """The document with its proof. `method` is the id of the key in the issuer's DID document; `created` is aware.

    Raises ProofError `undefined` when a word of the document is not defined by its contexts.
    """
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    value = multikey.base58btc(key.sign(_hash_data(unsigned, options)))
    return unsigned | {"proof": [options | {"proofValue": value}]}


def check(document: Document, key: Ed25519PublicKey) -> Mapping[str, Any]:
    """The options of the document's one proof, made with this key. Raises ProofError with the reason."""
    options = dict(proof_of(document))
    signature = multikey.from_base58btc(options.pop("proofValue", ""))
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    if options.get("@context", unsigned.get("@context")) != unsigned.get("@context"):
        raise ProofError("context", N_("The proof uses another vocabulary than the document."))
    data = _hash_data(unsigned, options) if options["cryptosuite"] == SUITE else jcs.hash_data(unsigned, options)
    try:
        key.verify(signature, data)
    except InvalidSignature as error:
        raise ProofError("signature", N_("The signature does not fit: something was changed.")) from error
    return options


def proof_of(document: Document) -> Mapping[str, Any]:
    """The one proof of a document, of our kind and for our purpose."""
    proofs = document.get("proof")
    proofs = proofs if isinstance(proofs, list) else [proofs]
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise ProofError("proof", N_("There must be exactly one proof."))
    proof: Document = proofs[0]
    wanted = {"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"}
    allowed = {*wanted, "cryptosuite", "created", "verificationMethod", "proofValue", "@context", "id"}
    known = {name: proof.get(name) for name in wanted} == wanted and proof.get("cryptosuite") in (SUITE, SUITE_READ)
    if not known or set(proof) - allowed:
        raise ProofError("proof", N_("The proof is of another kind."))
    if not all(isinstance(proof.get(name), str) for name in ("created", "verificationMethod", "proofValue")):
        raise ProofError("proof", N_("The proof lacks something."))
    return proof


def canonical(document: Document) -> bytes:
    """The document as N-Quads in the one order of RDFC-1.0. Raises ProofError when they would not say all of it."""
    _check_plain(document)
    try:
        expanded = _expanded(_with_everything_defined(document))
        _check_whole(expanded)
        return _ordered(_quads(expanded))  # the same as without the copy's `@vocab`: nothing used it
    except ProofError:
        raise
    except _UNREADABLE as error:
        raise ProofError("unreadable", N_("The credential is built in a way that no certificate is.")) from error


def _check_whole(expanded: object) -> None:
    """Refuse names that are no whole addresses: whatever is said with them or about them leaves no trace either."""
    for part in objects(expanded):
        for name, value in part.items():
            for address in [name] if name[:1] != "@" else _named(name, value):
                if address.startswith(_UNDEFINED):
                    raise ProofError("undefined", N_("A word of the document is not defined, so nothing protects it."))
                if address.startswith(_RELATIVE) or not _ADDRESS.fullmatch(address):
                    raise ProofError(
                        "relative", N_("An address of the document is not whole, so nothing protects it.")
                    )


def _named(name: str, value: Any) -> list[str]:
    if name not in ("@id", "@type"):
        return []
    return [each for each in (value if isinstance(value, list) else [value]) if each != "@json"]


def _check_plain(value: object) -> None:
    """Refuse what leaves no trace in the N-Quads (nothing, empty lists, keywords), what an inline vocabulary could
    rename, and what stands twice where order and number mean nothing."""
    if isinstance(value, dict):
        _check_names(value)
        for name, each in value.items():
            if name != "@context":
                _check_plain(each)
    elif isinstance(value, list):
        if _doubled(value):
            raise ProofError("doubled", N_("The same thing stands twice in a list: a signature sees it once."))
        for each in value:
            _check_plain(each)
    if value is None or value == []:
        raise ProofError("empty", N_("Something in the document is empty: a signature does not see it."))


def _check_names(value: Document) -> None:
    given = value.get("@context", VC)
    if not all(isinstance(each, str) for each in (given if isinstance(given, list) else [given])):
        raise ProofError("context", N_("The document brings a vocabulary of its own."))
    if any("@" in name or ":" in name or name[:1].isupper() for name in value if name != "@context"):
        raise ProofError("keyword", N_("A word of the document is none that people and programs read alike."))


def _doubled(values: list[Any]) -> bool:
    """Whether two are the same, or are said about the same thing."""
    written = [json.dumps(value, sort_keys=True) for value in values]
    named = [str(value["id"]) for value in values if isinstance(value, dict) and "id" in value]
    return len(set(written)) < len(written) or len(set(named)) < len(named)


def _hash_data(unsigned: Document, options: Mapping[str, Any]) -> bytes:
    """The hash of the proof's options, then the hash of the document (VC-DI-EdDSA §3.2.4)."""
    configured = {**options, "@context": unsigned.get("@context")}
    return b"".join(hashlib.sha256(canonical(part)).digest() for part in (configured, unsigned))


def _with_everything_defined(document: Document) -> Document:
    """A copy in which words that no context defines become `urn:undefined:` addresses instead of vanishing."""
    copy = deepcopy(document)
    for part in objects(copy):
        if "@context" in part:
            given = part["@context"]
            part["@context"] = [*(given if isinstance(given, list) else [given]), {"@vocab": _UNDEFINED}]
    return copy


def objects(value: object) -> Iterator[Document]:
    """Every object of a document, itself first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def _expanded(document: Document) -> Any:
    """Every word of the document as the address it stands for; those that are not whole begin with `_RELATIVE`."""
    from pyld import jsonld  # noqa: PLC0415  only who signs or verifies needs it

    try:
        with _ONE_AT_A_TIME:
            return jsonld.expand(document, {"base": f"{_RELATIVE}//nowhere/", "documentLoader": _loader()})
    except jsonld.JsonLdError as error:
        raise ProofError("context", N_("The document uses a vocabulary that is not known here.")) from error


def _quads(expanded: Any) -> str:
    from pyld import jsonld  # noqa: PLC0415  see _expanded

    options = {"format": "application/n-quads", "documentLoader": _loader()}
    with _ONE_AT_A_TIME:
        return str(jsonld.to_rdf(expanded, options))


def _ordered(quads: str) -> bytes:
    import pyoxigraph as ox  # noqa: PLC0415  see _expanded

    data = ox.Dataset(ox.parse(quads, format=ox.RdfFormat.N_QUADS))
    _check_told_apart(data)
    data.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = (ox.serialize(data, format=ox.RdfFormat.N_QUADS) or b"").decode().splitlines(keepends=True)
    return "".join(sorted(lines)).encode()


def _check_told_apart(data: Any) -> None:
    """Refuse many nameless parts that nothing but other nameless parts tell apart: each order of them would be tried,
    which is endless work for some hundred (RDFC-1.0 §7.1). What is said of each is its first degree hash (§4.6)."""
    from pyoxigraph import BlankNode  # noqa: PLC0415  see _expanded

    said: dict[Any, list[str]] = {}
    tied = set()
    for quad in data:
        terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        nodes = {each for each in terms if isinstance(each, BlankNode)}
        tied |= nodes if len(nodes) > 1 else set()
        for node in nodes:
            told = ["a" if each == node else "z" if each in nodes else str(each) for each in terms]
            said.setdefault(node, []).append(" ".join(told))
    alike = Counter("\n".join(sorted(said[node])) for node in tied)
    if sum(number for number in alike.values() if number > 1) > _ALIKE:
        raise ProofError("size", N_("The credential is built in a way that no certificate is."))


@cache
def _loader() -> Any:
    from pyld.documentloader.frozen import BUNDLED_CONTEXTS, FrozenDocumentLoader  # noqa: PLC0415  see _expanded

    frozen = FrozenDocumentLoader({VC: BUNDLED_CONTEXTS[VC], **_OURS})

    def load(url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        return {**frozen(url, options), "tag": "static"}  # PyLD keeps what it has read of such a context

    return load


def _once(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProofError("json", N_("A name stands twice in the same place."))
    return found


def _no_constant(_name: str) -> None:
    raise ProofError("json", N_("There is a number that is none."))
