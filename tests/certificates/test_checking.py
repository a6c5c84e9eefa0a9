"""Checking without asking anybody: the chain holds or the reason is named, and no tampered copy is believed."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates.standards import integrity, status_list
from certificates.standards.checking import Checked, check
from certificates.standards.integrity import Document
from tests.certificates.credentials import COUNTY, LIST, METHOD, NOW, World, world

SCHEMA = json.loads((Path(__file__).parent / "data" / "ob_v3p0_achievementcredential_schema.json").read_text())


def checked(here: World, document: Document, *revoked: int, **values: Any) -> Checked:
    return check(document, here.trust, here.lists(*revoked).get, values.get("at", NOW))


def codes(found: Checked) -> list[tuple[str, bool]]:
    return [(each.code, each.passed) for each in found.checks]


@pytest.mark.parametrize("level", ["user", "trainer"])
def test_both_kinds_hold_and_fit_the_schema(level: str) -> None:
    here = world()
    document = here.certificate(level=level)
    found = checked(here, document)
    assert found.passed
    assert found.chain[-1] == document
    assert len(found.chain) == (2 if level == "user" else 1)
    assert list(jsonschema.Draft201909Validator(SCHEMA).iter_errors(document)) == []


@pytest.mark.parametrize(("revoked", "code"), [(77, "status"), (11, "endorsement-status")])
def test_a_revoked_certificate_or_trainer_is_seen(revoked: int, code: str) -> None:
    here = world()
    found = checked(here, here.certificate(), revoked)
    assert not found.passed
    assert (code, False) in codes(found)


def test_a_trainer_whose_time_has_run_out_since_does_not_hurt() -> None:
    here = replace(world(), until=NOW + timedelta(days=1))
    assert checked(here, here.certificate(), at=NOW + timedelta(days=3)).passed


@pytest.mark.parametrize("change", [{"until": NOW - timedelta(days=1)}, {"endorsed": NOW + timedelta(seconds=1)}])
def test_a_trainer_who_could_not_issue_then(change: dict[str, Any]) -> None:
    here = replace(world(), **change)
    found = checked(here, here.certificate())
    assert codes(found)[-1] == ("chain", False)


def test_without_a_fresh_list_of_the_county_nothing_is_believed() -> None:
    here, other = world(), world()
    document = here.certificate()
    short = status_list.document(LIST, COUNTY, (), NOW)
    short["credentialSubject"]["encodedList"] = status_list.encoded(())[:20]
    bad: list[dict[str, Document]] = [
        {}, here.lists(at=NOW - timedelta(days=8)), here.lists(at=NOW + timedelta(days=1)), other.lists(),
        here.lists() | {LIST: integrity.sign(short, here.county, METHOD, NOW)},
        here.lists() | {LIST: here.certificate(level="trainer")},
    ]  # fmt: skip
    for lists in bad:
        found = check(document, here.trust, lists.get, NOW)
        assert not found.passed
        assert ("endorsement-status", False) in codes(found)


def test_a_user_certificate_gives_no_right_to_issue() -> None:
    """Somebody certified as a user signs with an own key, her own certificate in place of the county's word."""
    here = world()
    thief = replace(here, trainer=Ed25519PrivateKey.generate())
    for word in (here.certificate(), here.endorsement(), thief.endorsement() | {"issuer": {"id": here.did}}):
        assert not checked(here, thief.certificate(endorsement=word)).passed


def test_another_county_is_not_trusted() -> None:
    here, other = world(), world()
    assert not check(other.certificate(), here.trust, other.lists().get, NOW).passed


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from _places(each, (*path, key))


def tampered(document: Document) -> Iterator[tuple[str, Document]]:
    """Every leaf and branch deleted, changed, doubled; re-dated, re-contexted."""
    for path in _places(document):
        for act in ("delete", "change", "double"):
            made = copy.deepcopy(document)
            place: Any = made
            for key in path[:-1]:
                place = place[key]
            key = path[-1]
            if act == "delete":
                del place[key]
            elif act == "change" and isinstance(place[key], str | bool):
                place[key] = not place[key] if isinstance(place[key], bool) else place[key] + "x"
            elif act == "double":
                if isinstance(place, list):
                    place.insert(key, copy.deepcopy(place[key]))
                else:
                    place[key] = [place[key], place[key]]
            else:
                continue
            yield f"{act} {path}", made


@pytest.mark.parametrize("level", ["user", "trainer"])
def test_no_tampered_copy_is_believed(level: str) -> None:
    here = world()
    document, lists = here.certificate(level=level), here.lists()
    copies = list(tampered(document))
    assert len(copies) > 150
    believed = [name for name, made in copies if check(made, here.trust, lists.get, NOW).passed]
    assert believed == []


def test_the_list_has_room_and_hides_who() -> None:
    assert status_list.is_set(status_list.encoded([0, 131_071]), 131_071)
    assert not status_list.is_set(status_list.encoded([0, 131_071]), 1)
    assert status_list.encoded([5]) == status_list.encoded([5])
    assert status_list.place(set(range(131_071))) == 131_071
    for text in ("", "x", "uAAAA", status_list.encoded(())[:-10]):
        with pytest.raises(ValueError, match=r"base64url|gzip|short"):
            status_list.is_set(text, 3)
