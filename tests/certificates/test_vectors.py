"""The examples of W3C (VC-DI-EdDSA, appendix B): their signatures hold here, and each hash on the way is the same.

The files are the examples as published (github.com/w3c/vc-di-eddsa, TestVectors); the hashes stand beside them there.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pyld.jsonld import _resolved_context_cache

from certificates.standards import integrity, jcs, multikey
from certificates.standards.integrity import Document, ProofError

DATA = Path(__file__).parent / "data"
EXAMPLES = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
HASHES = {
    "rdfc": (
        "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0",
        "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017",
    ),
    "jcs": (
        "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db",
        "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19",
    ),
}


@pytest.fixture(autouse=True)
def as_the_standard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example of W3C uses a context that defines every word; ours do not, and that is why they are refused."""
    monkeypatch.setitem(integrity._OURS, "https://www.w3.org/ns/credentials/examples/v2", EXAMPLES)
    monkeypatch.setattr(integrity, "canonical", lambda document: integrity._ordered(integrity._quads(document)))
    integrity._loader.cache_clear()
    yield
    integrity._loader.cache_clear()
    _resolved_context_cache.clear()  # nothing of the example is known afterwards


def example(suite: str) -> Document:
    return integrity.read((DATA / f"w3c-{suite}.json").read_bytes())


def parts(document: Document) -> tuple[Document, dict[str, Any]]:
    """What was signed, and the proof's options."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    return unsigned, {name: value for name, value in document["proof"].items() if name != "proofValue"}


def secret() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(multikey.from_base58btc(SECRET)[2:])


@pytest.mark.parametrize("suite", HASHES)
def test_the_example_is_accepted_and_any_change_of_it_is_not(suite: str) -> None:
    document, key = example(suite), multikey.from_multikey(PUBLIC)
    assert integrity.check(document, key)["created"] == "2023-02-24T23:36:38Z"
    other = Ed25519PrivateKey.generate().public_key()
    proof = document["proof"]
    for changed, by in (
        (document | {"name": "Another"}, key),
        (document | {"proof": proof | {"created": "2024-02-24T23:36:38Z"}}, key),
        (document | {"credentialSubject": document["credentialSubject"] | {"alumniOf": "Another"}}, key),
        (document, other),
    ):
        with pytest.raises(ProofError, match="does not fit"):
            integrity.check(changed, by)


@pytest.mark.parametrize(("suite", "hashed"), [("rdfc", integrity._hash_data), ("jcs", jcs.hash_data)])
def test_each_hash_on_the_way_is_the_published_one(suite: str, hashed: Any) -> None:
    data = hashed(*parts(example(suite)))
    assert (data[:32].hex(), data[32:].hex()) == HASHES[suite]
    value = multikey.base58btc(secret().sign(data))
    assert value == example(suite)["proof"]["proofValue"]
    assert multikey.multikey(secret().public_key()) == PUBLIC


def test_our_own_signature_of_the_example_is_the_published_one() -> None:
    unsigned, options = parts(example("rdfc"))
    from datetime import UTC, datetime  # noqa: PLC0415  only this test tells the time of the example

    made = integrity.sign(
        unsigned, secret(), options["verificationMethod"], datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)
    )
    assert made["proof"] == [example("rdfc")["proof"]]


def test_one_suite_is_not_taken_for_the_other() -> None:
    for suite, other in (("rdfc", "eddsa-jcs-2022"), ("jcs", "eddsa-rdfc-2022")):
        document = example(suite)
        with pytest.raises(ProofError):
            integrity.check(
                document | {"proof": document["proof"] | {"cryptosuite": other}}, multikey.from_multikey(PUBLIC)
            )


def test_a_vocabulary_put_in_after_signing_is_refused() -> None:
    """The standard compares beginnings; here the proof's contexts are the document's, or it has none."""
    document = example("jcs")
    for contexts in ([*document["@context"], "https://elsewhere.example/v1"], document["@context"][:1]):
        with pytest.raises(ProofError):
            integrity.check(document | {"@context": contexts}, multikey.from_multikey(PUBLIC))


def test_the_spelling_of_the_example_of_rfc_8785() -> None:
    """RFC 8785 §3.2.2 and 3.2.3, without its numbers."""
    written = '{"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}'
    assert jcs.canonical(json.loads(written)) == (
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    names = {"\u20ac": "Euro", "\r": "CR", "\ufb33": "Dalet", "1": "One", "\u0080": "Control",
             "\U0001f600": "Smiley", "\u00f6": "o", "</script>": "Script"}  # fmt: skip
    assert list(json.loads(jcs.canonical(names)).values()) == [
        "CR", "One", "Script", "Control", "o", "Euro", "Smiley", "Dalet",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [1, 1.5, {"a": [0]}, "\ud800", {"\udfff": "x"}])
def test_what_has_no_one_spelling_is_not_read(value: object) -> None:
    with pytest.raises(ValueError, match=r"number|surrogates"):
        jcs.canonical(value)
    with pytest.raises(ValueError, match=r"number|surrogates"):
        integrity.check(example("jcs") | {"x": value}, multikey.from_multikey(PUBLIC))


JSON = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), each),
)


@given(JSON)
def test_the_spelling_means_the_same_and_is_the_only_one(value: Any) -> None:
    text = jcs.canonical(value)
    assert json.loads(text) == value
    assert jcs.canonical(json.loads(text)) == text


def test_the_files_are_the_published_ones() -> None:
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in DATA.glob("w3c-*.json")}
    assert len(set(sums.values())) == 2, "the two examples are two"
