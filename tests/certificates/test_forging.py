"""What a forger does who has no key: words without a trace in the signature, and the same meaning spelled otherwise."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from certificates.standards import integrity, status_list
from certificates.standards.checking import check
from certificates.standards.integrity import Document, ProofError
from tests.certificates.credentials import LIST, NOW, TRAINER_LIST, World, world

SUBJECT = "https://www.w3.org/2018/credentials#credentialSubject"
HIDING = {"hidden": {"@id": SUBJECT, "@type": "@id"}, "encodedList": None, "statusPurpose": None}


@pytest.fixture(scope="module")
def here() -> World:
    return world()


@pytest.fixture(scope="module")
def signed(here: World) -> Document:
    return here.certificate()


def believed(here: World, document: Document, lists: dict[str, Document] | None = None) -> bool:
    return check(document, here.trust, (lists or here.lists()).get, NOW).passed


def _clean(listed: Document) -> Document:
    """A subject that a reader of the JSON takes for the list: nothing is revoked in it."""
    subject = {"statusPurpose": "revocation", "encodedList": status_list.encoded(())}
    return {"id": listed["credentialSubject"]["id"], **subject}


def test_a_list_cannot_hide_its_bits_behind_a_vocabulary_of_its_own(here: World, signed: Document) -> None:
    """The quads of this list are those that were signed; what a program reads in its JSON is the forger's."""
    lists = here.lists(77)
    assert not believed(here, signed, lists)
    for renamed in ("hidden", SUBJECT):
        listed = copy.deepcopy(lists[TRAINER_LIST])
        clean, listed[renamed] = _clean(listed), listed["credentialSubject"]
        listed["credentialSubject"] = clean
        if renamed == "hidden":
            listed["@context"] = [*listed["@context"], HIDING]
        assert not believed(here, signed, lists | {TRAINER_LIST: listed})
        with pytest.raises(ProofError) as refused:
            integrity.check(listed, here.trainer.public_key())
        assert refused.value.code in ("context", "keyword")


def test_a_list_of_another_kind_or_vocabulary_is_no_list(here: World, signed: Document) -> None:
    lists = here.lists()
    for name, value in (("type", ["VerifiableCredential"]), ("@context", integrity.CONTEXTS)):
        listed = {key: each for key, each in lists[LIST].items() if key != "proof"} | {name: value}
        again = integrity.sign(listed, here.county, lists[LIST]["proof"][0]["verificationMethod"], NOW)
        assert not believed(here, signed, lists | {LIST: again}), "the county itself has signed it, and it is none"


Tamper = Callable[[Any], object]
TRACELESS: dict[str, tuple[Tamper, str]] = {
    "nothing": (lambda it: it.update(image=None), "empty"),
    "an empty list": (lambda it: it.update(refreshService=[]), "empty"),
    "a keyword": (lambda it: it.update({"@index": "1"}), "keyword"),
    "what looks like a keyword": (lambda it: it["credentialSubject"].update({"@validUntil": "2030"}), "keyword"),
    "more of it": (lambda it: it.update({"@included": [{"id": "urn:x:1"}]}), "keyword"),
    "an address for a word": (lambda it: it.update({f"{SUBJECT}x": "1"}), "keyword"),
    "a short address": (lambda it: it.update({"cred:name": "1"}), "keyword"),
    "a kind for a word": (
        lambda it: (it := it["credentialSubject"]["achievement"]).update(Criteria=it.pop("criteria")), "keyword"
    ),
    "a vocabulary inside": (lambda it: it["issuer"].update({"@context": {"name": None}}), "context"),
    "a vocabulary for one more word": (lambda it: it["@context"].append({"salary": None}), "context"),
    "half an address": (lambda it: it["evidence"].append({"id": "x", "type": ["Evidence"]}), "relative"),
    "a name again": (lambda it: it["evidence"].append({"id": it["evidence"][-1]["id"]}), "doubled"),
    "a proof of its own inside": (lambda it: it["proof"][0].update(id="urn:x:2"), "signature"),
    "a vocabulary for the proof": (lambda it: it["proof"][0].update({"@context": [integrity.VC]}), "context"),
}


@pytest.mark.parametrize("name", TRACELESS)
def test_what_leaves_no_trace_in_the_signature_is_refused(here: World, signed: Document, name: str) -> None:
    act, code = TRACELESS[name]
    document = copy.deepcopy(signed)
    act(document)
    assert not believed(here, document)
    with pytest.raises(ProofError) as refused:
        integrity.check(document, here.trainer.public_key())
    assert refused.value.code == code
    if code != "signature":
        unsigned = {key: value for key, value in document.items() if key != "proof"}
        if unsigned != {key: value for key, value in signed.items() if key != "proof"}:
            with pytest.raises(ProofError):
                integrity.sign(unsigned, here.trainer, "did:key:x#x", NOW)


SAME_MEANING: dict[str, Tamper] = {
    "a list of one as one": lambda it: it["credentialSubject"].update(
        identifier=it["credentialSubject"]["identifier"][0]
    ),
    "one as a list": lambda it: it["issuer"].update(name=[it["issuer"]["name"]]),
    "a type alone": lambda it: it["issuer"].update(type="Profile"),
    "a type in a list": lambda it: it["credentialStatus"].update(type=["BitstringStatusListEntry"]),
    "a kind from the endorsement": lambda it: it["issuer"]["type"].append("EndorsementSubject"),
    "words from the endorsement": lambda it: it["issuer"].update(
        type=["Profile", "EndorsementSubject"],
        endorsementComment=it["issuer"]["endorsement"][0]["credentialSubject"]["endorsementComment"],
    ),
    "a text for a truth": lambda it: it["credentialSubject"]["identifier"][0].update(hashed="false"),
    "the vocabulary again": lambda it: it["credentialSubject"].update({"@context": integrity.CONTEXTS}),
    "one vocabulary of them": lambda it: it["issuer"].update({"@context": integrity.VC}),
    "the vocabulary in the proof": lambda it: it["proof"][0].update({"@context": integrity.CONTEXTS}),
}


@pytest.mark.parametrize("name", SAME_MEANING)
def test_another_spelling_of_the_same_meaning_is_not_ours(here: World, signed: Document, name: str) -> None:
    document = copy.deepcopy(signed)
    SAME_MEANING[name](document)
    assert integrity.check(document, here.trainer.public_key()), "the signature holds, and readers of JSON differ"
    assert not believed(here, document)


def test_the_order_of_a_set_says_nothing(here: World, signed: Document) -> None:
    document = copy.deepcopy(signed)
    document["evidence"].reverse()
    assert believed(here, document)


def test_contexts_in_another_order_or_number(here: World, signed: Document) -> None:
    contexts = integrity.CONTEXTS
    for given in (contexts[::-1], contexts[:2], [*contexts, contexts[0]], contexts[0], [], None, [contexts]):
        assert not believed(here, signed | {"@context": given}), given
        inside = copy.deepcopy(signed)
        inside["issuer"]["endorsement"][0]["@context"] = given
        assert not believed(here, inside), given
