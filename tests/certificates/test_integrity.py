"""Proofs: what is signed and checked, what is refused, and the same signature for the same words."""

import json
import re
import sys
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from certificates.standards import integrity, multikey
from certificates.standards.checking import check
from certificates.standards.integrity import ProofError
from tests.certificates.credentials import METHOD, NOW, world


def test_signed_and_checked() -> None:
    here = world()
    document = here.certificate()
    assert integrity.check(document, here.trainer.public_key())["proofPurpose"] == "assertionMethod"
    assert integrity.read(json.dumps(document)) == document
    with pytest.raises(ProofError, match="does not fit"):
        integrity.check(document, here.county.public_key())


def test_the_same_words_give_the_same_signature() -> None:
    here = world()
    document = here.endorsement()
    again = dict(reversed(document.items()))
    assert integrity.sign(again, here.county, METHOD, NOW) == integrity.sign(document, here.county, METHOD, NOW)


@pytest.mark.parametrize("where", [(), ("credentialSubject",), ("issuer",)])
def test_words_that_no_context_defines_are_never_signed(where: tuple[str, ...]) -> None:
    here = world()
    document: Any = here.certificate()
    part = document
    for name in where:
        part = part[name]
    part["salary"] = "1"
    with pytest.raises(ProofError) as refused:
        integrity.sign(document, here.trainer, METHOD, NOW)
    assert refused.value.code == "undefined"
    with pytest.raises(ProofError):
        integrity.check(document, here.trainer.public_key())


def test_contexts_are_never_fetched() -> None:
    here = world()
    document = here.certificate()
    document["@context"] = [*document["@context"], "https://elsewhere.example/context.json"]
    with pytest.raises(ProofError) as refused:
        integrity.sign(document, here.trainer, METHOD, NOW)
    assert refused.value.code == "context"


@pytest.mark.parametrize("proofs", [None, [], "x", [{}], [{"type": "Ed25519Signature2020"}]])
def test_no_proof_of_ours(proofs: object) -> None:
    here = world()
    with pytest.raises(ProofError) as refused:
        integrity.check(here.certificate() | {"proof": proofs}, here.trainer.public_key())
    assert refused.value.code == "proof"


def test_two_proofs_are_one_too_many() -> None:
    here = world()
    document = here.certificate()
    with pytest.raises(ProofError):
        integrity.check(document | {"proof": document["proof"] * 2}, here.trainer.public_key())


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', "[]", "", "{", '{"a": NaN}', "[" * 100_000, b"\xff\xfe"])
def test_what_two_readers_could_read_differently_is_not_read(text: str | bytes) -> None:
    with pytest.raises(ProofError):
        integrity.read(text)


@given(st.binary(max_size=80))
def test_base58_there_and_back(data: bytes) -> None:
    assert multikey.from_base58btc(multikey.base58btc(data)) == data


@pytest.mark.parametrize("text", ["", "z0", "zO", "u12", "z" + "1" * 300, "zå"])
def test_no_base58(text: str) -> None:
    with pytest.raises(ValueError, match="base58"):
        multikey.from_base58btc(text)


def test_a_key_as_text_and_back() -> None:
    key = Ed25519PrivateKey.generate().public_key()
    assert multikey.from_multikey(multikey.multikey(key)) == key
    assert multikey.did_key(key).startswith("did:key:z6Mk")
    with pytest.raises(ValueError, match="no Ed25519"):
        multikey.from_multikey(multikey.base58btc(b"\x12\x00" + key.public_bytes_raw()))
    assert isinstance(key, Ed25519PublicKey)


def test_the_vocabulary_is_the_one_that_was_signed_with() -> None:
    """A changed file would change what every signature means."""
    room = Path(integrity.__file__).parent / "contexts"
    sums = dict(re.findall(r"`([\w.-]+\.jsonld)`.*`([0-9a-f]{64})`", (room / "README.md").read_text(encoding="utf-8")))
    assert sums == {file.name: sha256(file.read_bytes()).hexdigest() for file in room.glob("*.jsonld")}
    assert len(sums) == 2


def test_many_threads_sign_and_check_at_once() -> None:
    """A server has several: what one of them reads must not make another stumble over a good document."""
    worlds = [world() for _each in range(3)]
    signed = [(here, here.certificate(), here.lists()) for here in worlds]
    before, wrong = sys.getswitchinterval(), []

    def work(number: int) -> None:
        for each in range(12):
            here, document, lists = signed[(each + number) % 3]
            try:
                if not check(document, here.trust, lists.get, NOW).passed:
                    wrong.append("refused")
                here.endorsement()
            except Exception as error:
                wrong.append(repr(error))

    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []
