"""The script of a scanned code, against digits and lists that Python has made: it believes these and nothing else."""

import base64
import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, Route

from certificates.standards import multikey, paper, status_list
from certificates.standards.paper import Paper
from lms.app import STATIC

KEY, SPARE, LOST, OTHER = (Ed25519PrivateKey.generate() for _each in range(4))
PAPER = Paper(
    "SMA-A-2022-0123", "Anna-Karin Öberg Łukasz", "SMAIL för användare", "user", date(2022, 12, 1), None, "k7q2m4xa",
    131_071, b"d" * 16,
)  # fmt: skip
DID = "did:web:kurs.example"


def _fulfil(route: Route, **answer: str) -> None:
    route.fulfill(body=answer["body"], content_type=answer["content_type"])


def did_document() -> dict[str, Any]:
    """What the county publishes: a key in use, a spare, and one that is withdrawn."""
    methods: list[dict[str, str]] = []
    for key in (KEY, SPARE, LOST):
        text = multikey.multikey(key.public_key())
        methods.append({"id": f"{DID}#{text}", "type": "Multikey", "controller": DID, "publicKeyMultibase": text})
    methods[2]["revoked"] = "2022-11-01T00:00:00Z"
    return {"id": DID, "verificationMethod": methods, "assertionMethod": [each["id"] for each in methods[:2]]}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of a site that has the script, and nothing else."""
    context = chromium.new_context(locale="sv-SE")
    script = (STATIC / "paper.js").read_text()
    for path, body, kind in (("", "<!doctype html>", "text/html"), ("paper.js", script, "text/javascript")):
        context.route(f"https://kurs.example/{path}", partial(_fulfil, body=body, content_type=kind))
    made = context.new_page()
    made.goto("https://kurs.example/")
    yield made
    context.close()


def outcomes(page: Page, many: list[str], document: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What the script makes of each of these digits."""
    found: list[dict[str, Any]] = page.evaluate(
        """async ([many, keys]) => {
            const { check } = await import("/paper.js"), found = [];
            for (const digits of many) found.push(await check(digits, keys));
            return found;
        }""",
        [many, document or did_document()],
    )
    return found


def digits(data: bytes) -> str:
    return str(int.from_bytes(data))


def signed(payload: Any, key: Ed25519PrivateKey = KEY, **parts: Any) -> str:
    """Digits that the county has really signed, whatever they say; `parts` take the place of what is usual."""
    head = parts.get("head", cbor2.dumps({1: -8, 4: paper.key_id(key.public_key())}))
    body = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
    proof = key.sign(cbor2.dumps(["Signature1", head, b"", body]))
    message = parts.get("message") or cbor2.dumps([head, parts.get("open", {}), body, parts.get("proof", proof)])
    return digits(parts.get("first", b"\x01") + message + parts.get("after", b""))


def payload(**changed: Any) -> dict[Any, Any]:
    """What `paper.digits` signs; p4=7 makes the fourth value 7."""
    made: dict[Any, Any] = paper._map(PAPER)
    return made | {int(name[1:]): value for name, value in changed.items()}


def test_what_python_signs_is_believed_and_read(page: Page) -> None:
    papers = [
        PAPER,
        replace(PAPER, level="trainer", valid_until=date(2024, 11, 30), status_index=0),
        replace(PAPER, name="Ħ" * 90, programme="Ω" * 60, issued_on=date(1970, 1, 1), status_index=23),
        replace(PAPER, name="Ж" * 20, status_index=24, valid_until=date(9999, 12, 31)),
        replace(PAPER, name="e\u0301 \U0001f9ff", status_index=256),
    ]
    found = outcomes(page, [paper.digits(each, key) for each in papers for key in (KEY, SPARE)])
    assert {each["is"] for each in found} == {"genuine"}
    for each, outcome in zip([each for each in papers for _key in range(2)], found, strict=True):
        assert outcome["said"] == {
            "number": each.number, "name": each.name, "programme": each.programme, "level": each.level,
            "issued": each.issued_on.isoformat(), "until": each.valid_until.isoformat() if each.valid_until else "",
            "place": each.status_index, "list": each.status_list,
        }  # fmt: skip


def test_each_changed_left_out_or_added_digit_is_refused(page: Page) -> None:
    good = paper.digits(PAPER, KEY)
    many = [good[:at] + str((int(good[at]) + 1) % 10) + good[at + 1 :] for at in range(len(good))]
    many += [good[:at] + good[at + 1 :] for at in range(0, len(good), 9)] + [good + "0", "1" + good, good[::-1]]
    assert not [each for each in outcomes(page, many) if each["is"] not in ("broken", "foreign")]


def test_garbage_is_refused(page: Page) -> None:
    good = paper.digits(PAPER, KEY)
    many = ["", "0", "1", "0" + good, good + "x", " " + good, "-" + good, "9" * 1200, "9" * 1201, "7" * 300_000, "12e9",
            "٣" * 400, digits(b"\x01"), digits(b"\x01\x84"), digits(b"\x01" + b"\x9f" * 80)]  # fmt: skip
    assert {each["is"] for each in outcomes(page, many)} == {"broken"}


def test_another_spelling_is_refused_although_the_county_signed_it(page: Page) -> None:
    usual, key = cbor2.dumps(payload()), paper.key_id(KEY.public_key())
    head = cbor2.dumps({1: -8, 4: key})
    proof = KEY.sign(cbor2.dumps(["Signature1", head, b"", usual]))
    many = [
        signed(usual, after=b"\x00"),
        signed(usual, first=b"\x02"),
        signed(usual, open={4: key}),
        signed(usual, proof=proof[:63]),
        signed(usual, proof=proof + b"\0"),
        signed(usual, head=cbor2.dumps({4: key, 1: -8})),
        signed(usual, head=cbor2.dumps({1: -7, 4: key})),
        signed(usual, head=cbor2.dumps({1: -8, 4: key, 5: b""})),
        signed(usual, head=cbor2.dumps({1: -8, 4: key + b"\0"})),
        signed(usual, head=head + b"\x00"),
        signed(usual, message=b"\x98\x04" + cbor2.dumps([head, {}, usual, proof])[1:]),
        signed(usual, message=b"\x9f" + cbor2.dumps([head, {}, usual, proof])[1:] + b"\xff"),
        signed(usual, message=cbor2.dumps(cbor2.CBORTag(18, [head, {}, usual, proof]))),
        signed(usual, message=cbor2.dumps([head, {}, usual, proof, None])),
        signed(usual + b"\x00"),
        signed(dict(reversed(payload().items()))),
        signed(payload(p10="more")),
        signed({name: value for name, value in payload().items() if name != 9}),
        signed(b"\xa9\x18\x01" + usual[2:]),
        signed(usual.replace(b"\x01\x6f", b"\x01\x78\x0f")),
        signed(list(payload().values())),
        *(signed(payload(**{f"p{at}": value})) for at, value in (
            (1, b"SMA"), (1, None), (2, 7), (3, ["x"]), (4, 2), (4, -1), (4, True), (5, None), (5, -1), (5, 1.5),
            (5, 10**9), (5, 2**40), (6, "x"), (6, True), (6, -3), (7, None), (7, 2**33), (8, b"d" * 15), (8, "d" * 16),
            (9, ""), (9, "../did.json"), (9, "a/b"), (9, "x" * 17), (9, "A"),
        )),
        signed(usual.replace(PAPER.number.encode(), b"\xff" + PAPER.number.encode()[1:])),
    ]  # fmt: skip
    assert [number for number, each in enumerate(outcomes(page, many)) if each["is"] != "broken"] == []


def test_other_keys_are_told_apart(page: Page) -> None:
    ours = paper.key_id(KEY.public_key())
    many = [
        paper.digits(PAPER, OTHER),
        paper.digits(PAPER, LOST),
        signed(payload(), OTHER, head=cbor2.dumps({1: -8, 4: ours})),
        signed(payload(), OTHER, head=cbor2.dumps({1: -8, 4: paper.key_id(LOST.public_key())})),
    ]
    assert [each["is"] for each in outcomes(page, many)] == ["foreign", "withdrawn", "broken", "broken"]
    document = did_document()
    document["assertionMethod"] = document["assertionMethod"][1:]
    assert outcomes(page, [paper.digits(PAPER, KEY)], document) == [{"is": "withdrawn"}]


def test_keys_that_are_none_say_nothing_about_the_paper(page: Page) -> None:
    good = paper.digits(PAPER, KEY)
    for wrong in ({}, {"verificationMethod": 1}, {"verificationMethod": [{"publicKeyMultibase": "z0OIl"}]}):
        assert outcomes(page, [good], wrong | {"id": DID}) == [{"is": "keyless"}]
    for multibase in ("u7QF", "z", "z6Mk", "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"):
        document = did_document()
        document["verificationMethod"][0]["publicKeyMultibase"] = multibase
        assert outcomes(page, [good], document) == [{"is": "keyless"}]


@pytest.mark.parametrize("lack", [
    "Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })",
    "crypto.subtle.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'))",
])  # fmt: skip
def test_a_browser_that_cannot_says_so_and_believes_nothing(chromium: Browser, page: Page, lack: str) -> None:
    other = page.context.new_page()
    other.goto("https://kurs.example/")
    other.evaluate(f"() => {{ {lack} }}")
    good = paper.digits(PAPER, KEY)
    assert outcomes(other, [good, good + "1"]) == [{"is": "unable"}, {"is": "broken"}]
    other.close()


def bits(page: Page, lists: list[dict[str, Any]], place: int) -> list[Any]:
    """The bit at the place in each list; None for a list that says nothing."""
    found: list[Any] = page.evaluate(
        """async ([lists, place]) => {
            const { bit } = await import("/paper.js"), found = [];
            for (const list of lists) found.push(await bit(list, "/status/k7q2m4xa", place).catch(() => null));
            return found;
        }""",
        [lists, place],
    )
    return found


def test_the_bit_of_a_list_is_read_as_python_writes_it(page: Page) -> None:
    address = "https://kurs.example/status/k7q2m4xa"
    revoked = {0, 7, 8, 77, 131_071}
    made = status_list.document(address, DID, revoked, datetime(2022, 12, 1, tzinfo=UTC))
    for place in (0, 1, 6, 7, 8, 9, 76, 77, 78, 131_070, 131_071):
        assert bits(page, [made], place) == [place in revoked], place
    assert bits(page, [made], 131_072) == [None]


def test_a_list_that_says_nothing_is_not_believed(page: Page) -> None:
    address = "https://kurs.example/status/k7q2m4xa"
    made = status_list.document(address, DID, (), datetime(2022, 12, 1, tzinfo=UTC))
    subject = made["credentialSubject"]

    def changed(**values: Any) -> dict[str, Any]:
        return made | {"credentialSubject": subject | values}

    wrong = [
        made | {"id": f"{address}x"}, made | {"id": None}, made | {"credentialSubject": None}, {},
        changed(statusPurpose="suspension"), changed(encodedList=""), changed(encodedList="uAAAA"),
        changed(encodedList=subject["encodedList"][1:]), changed(encodedList=subject["encodedList"][:-9]),
        changed(encodedList=packed(bytes(status_list.BITS // 8 - 1))), changed(encodedList=packed(bytes(4_000_000))),
    ]  # fmt: skip
    assert bits(page, wrong, 9) == [None] * len(wrong)


def packed(bits: bytes) -> str:
    """Any bytes as the text of a list."""
    return "u" + base64.urlsafe_b64encode(gzip.compress(bits)).decode().rstrip("=")
