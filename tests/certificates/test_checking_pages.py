"""/verify: every file we give out is recognised and not kept; the register speaks beside its proof."""

import json
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certificates import register
from certificates.acts import deciding, issuing, revoking
from certificates.files import making
from certificates.proof import keys, signing, status_lists
from certificates.proof.credentials import StatusList, newest
from certificates.register import Certificate
from certificates.statement import ProgrammeRef
from certificates.views import checking
from lms import clock
from lms.db import db
from lms.limits import limiter
from lms.people import Person
from tests.certificates.baked import attach, saved_anew
from tests.certificates.examples import example
from tests.certificates.papers import LONG_NAME
from tests.conftest import NOON
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries

DAY = NOON.date()


def issue(holder: Person, under: Certificate | None = None, **values: object) -> Certificate:
    given = {"number": register.DRAFT, "holder_name": holder.full_name, "issued_on": DAY} | values
    made = example(**({"first_day": date(2022, 9, 22), "last_day": date(2022, 10, 11)} | given))
    return issuing.issue(
        made, holder=holder, ground=f"g{holder.id}{len(values)}", issuer_certificate=under, by=holder
    )


def chain() -> tuple[Certificate, Certificate]:
    """A trainer's certificate and one that she issued."""
    own = issue(make_person("Eva Dahlgren"), level="trainer")
    return own, issue(make_person("Elin Maria Forsman"), own)


def file_of(certificate: Certificate, kind: str = "json") -> bytes:
    (stored,) = making.stored([certificate])
    return making.sealed_pdf(stored, making.stamp()) if kind == "pdf" else making.file(stored, kind)  # type: ignore[arg-type]


def give(client: FlaskClient, data: bytes, language: str = "en") -> TestResponse:
    """Send a file as a browser does; the body is put together here: the client of the tests writes long ones down."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.bin"\r\n\r\n'
    headers = {"Accept-Language": language, "Content-Type": "multipart/form-data; boundary=x"}
    return client.post("/verify", data=head + data + b"\r\n--x--\r\n", headers=headers)


def told(client: FlaskClient, data: bytes) -> str:
    answer = give(client, data)
    assert answer.status_code == 200, answer.text
    assert "Set-Cookie" not in answer.headers
    return answer.text


@pytest.mark.parametrize("kind", ["json", "pdf", "png", "svg"])
def test_every_file_that_we_give_out_is_genuine(app: Flask, client: FlaskClient, kind: str) -> None:
    own, made = chain()
    for certificate in (own, made):
        page = told(client, file_of(certificate, kind))
        assert "Genuine and valid" in page
        assert "Not right" not in page
        assert "Could not be checked" not in page
        assert certificate.holder.full_name in page
        assert certificate.number in page
        assert certificate.code not in page.replace("-", ""), "who has a file has no code"
    assert "Eva Dahlgren" in page
    assert own.number in page


@pytest.mark.one_engine
@pytest.mark.parametrize(("layout", "spoken"), [("portrait", "sv"), ("portrait", "en"), ("landscape", "sv")])
def test_what_we_print_stands_on_the_page(app: Flask, client: FlaskClient, layout: str, spoken: str) -> None:
    title = "Systematisk metod för arbetsinriktad lotsning för utbildare i kommuner, myndigheter och sociala företag"
    long = ProgrammeRef("long", title, "A systematic method of job-oriented guidance for trainers", "1")
    for number, (name, programme) in enumerate(
        [
            ("Bo Å", example().programme), (LONG_NAME, long), ("Zoë Ffion Fjällström-Çelik", long),
            ("Ελένη Παπαδοπούλου", example().programme), ("Наталія Їжакевич", example().programme),
        ]
    ):  # fmt: skip
        holder = make_person("Bo Å")
        made = issue(
            holder, holder_name=name, programme=programme, language=spoken,
            valid_until=DAY + timedelta(days=100 * number),
        )
        (stored,) = making.stored([made])
        for band in ("valid", "expired") if number == 0 else ("valid",):
            pdf = making.sealed_pdf(replace(stored, state=band), making.stamp(), layout)  # type: ignore[arg-type]
            page = told(client, pdf)
            assert "does not stand there" not in page, name
            assert "Genuine and valid" in page


def test_a_page_with_another_name_is_exposed_beside_what_was_signed(app: Flask, client: FlaskClient) -> None:
    _own, made = chain()
    (stored,) = making.stored([made])
    forged = replace(stored, statement=replace(stored.statement, holder_name="Bo Falk"))
    page = told(client, making.sealed_pdf(forged, making.stamp()))
    assert "The page has been changed" in page
    assert "Elin Maria Forsman" in page
    assert "does not stand there" in page
    assert "Bo Falk" in page, "the text of the page can be read"
    swapped = saved_anew(file_of(made, "pdf"), lambda file: attach(file, file_of(_own).decode()))
    assert "The page has been changed" in told(client, swapped)


def test_the_register_speaks_beside_the_proof(app: Flask, client: FlaskClient) -> None:
    project = make_project()
    own, made = chain()
    _other, kept = chain()[0], issue(make_person("Ida Berg"), own)
    held, others, last = file_of(made, "png"), file_of(kept), file_of(own)
    revoking.revoke(own, reason_code="conduct", public_text="After a decision.", by=make_person())
    page = told(client, held)
    assert "Genuine, but the trainer" in page
    assert "is under review" in page
    leader = make_role("project_leader", project)
    deciding.decide(project, {kept.id: "keep", made.id: "revoke"}, by=leader)
    page = told(client, others)
    assert "<h1>Genuine, and confirmed by the county</h1>" in page
    assert "confirmed it on" in page
    assert "Ask the holder to download" in page
    assert "Genuine and valid" in told(client, file_of(kept))
    assert "<h1>Revoked</h1>" in told(client, held)
    page = told(client, last)
    assert "<h1>Revoked</h1>" in page
    assert "After a decision." in page


def test_a_replaced_certificate_names_its_successor(app: Flask, client: FlaskClient) -> None:
    _own, made = chain()
    draft = example(number=register.DRAFT, holder_name="Elin Berg", issued_on=DAY)
    later = issuing.issue(
        draft, holder=made.holder, ground="name:1", issuer_certificate=None, by=made.holder, replaces=made
    )
    page = told(client, file_of(made))
    assert "Genuine, but replaced" in page
    assert later.number in page
    assert "Elin Berg" not in page


def test_expired_is_amber_and_a_key_that_was_withdrawn_is_not_ours(app: Flask, client: FlaskClient) -> None:
    made = issue(make_person(), valid_until=DAY + timedelta(days=3))
    held = file_of(made)
    with clock.moved(NOON + timedelta(days=5)):
        assert 'class="verdict pagar"' in told(client, held)
        assert "its time has run out" in told(client, held)
    withdrawn = keys.in_use("county")
    withdrawn.revoked_at = clock.now()
    assert "Not genuine" in told(client, held)


def test_without_a_fresh_list_nothing_is_called_good(app: Flask, client: FlaskClient) -> None:
    own, made = chain()
    held = file_of(made)
    with clock.moved(NOON + timedelta(days=8)):
        page = told(client, held)
        assert "We cannot tell whether it is valid" in page
        assert "is valid." in page, "the register still knows"
        status_lists.renew_due()
        assert "Genuine and valid" in told(client, held)
    with clock.moved(NOON - timedelta(days=1)):
        assert "the clock here is slow" in told(client, held)
    for each in db.session.query(StatusList):
        each.text = each.text.replace('"revocation"', '"suspension"')
    assert "We cannot tell" in told(client, held)
    assert own.id


def test_a_paper_that_was_scanned(app: Flask, client: FlaskClient) -> None:
    own, made = chain()
    digits = {each.id: newest(each).paper for each in (own, made)}  # type: ignore[union-attr]

    def pasted(code: str, behind: str) -> TestResponse:
        return client.post("/verify", data={"code": f"http://localhost/v/{code}#{behind}"},
                           headers={"Accept-Language": "en"})  # fmt: skip

    page = pasted(made.code, digits[made.id]).text
    assert "Genuine and valid" in page
    assert "Elin Maria Forsman" in page
    swapped = pasted(own.code, digits[made.id]).text
    assert "it was moved from another paper" in swapped
    assert "<h1>The QR code does not belong to this certificate</h1>" in swapped
    assert "does not belong to this certificate</h1>" in pasted("A" * 16, digits[made.id]).text
    last = str((int(digits[made.id][-1]) + 1) % 10)
    assert "something was changed" in pasted(made.code, digits[made.id][:-1] + last).text
    assert "scan the code again" in pasted(made.code, "123").text
    assert pasted(made.code, "").location == f"/v/{made.code}"
    get = client.get("/verify", query_string={"code": f"http://localhost/v/{made.code}"})
    assert get.location == f"/v/{made.code}"
    revoking.revoke(made, reason_code="holder", by=make_person())
    assert "<h1>Revoked</h1>" in pasted(made.code, digits[made.id]).text


def test_a_paper_under_a_revoked_trainer_and_one_that_was_signed_anew(app: Flask, client: FlaskClient) -> None:
    own, made = chain()
    paper = newest(made).paper  # type: ignore[union-attr]
    address = {"code": f"http://localhost/v/{made.code}#{paper}"}
    signing.sign_anew(made, by_county=True)
    page = client.post("/verify", data=address, headers={"Accept-Language": "en"}).text
    assert "Genuine and valid" in page
    assert "Ask the holder to download" in page
    revoking.revoke(own, reason_code="conduct", by=make_person())
    assert "is under review" in client.post("/verify", data=address, headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Choose a file"), (b"hello", "This is no PDF"), (b"%PDF-1.7 broken", "The PDF is damaged"),
        (b"\x89PNG\r\n\x1a\n", "The picture is damaged"), (b"<svg", "The picture is damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so_at_the_field(app: Flask, client: FlaskClient, data: bytes, words: str) -> None:
    answer = give(client, data)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_request_of_a_stranger(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """No field, too much, another shape, doubled keys; with the protection against forged forms as in life."""
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/verify", headers={"Accept-Language": "en"}).status_code == 200
        assert client.post("/verify", data={}, content_type="multipart/form-data").status_code == 422
        assert client.post("/verify", data=b"x", content_type="application/octet-stream").status_code == 200
        assert "Not genuine" in told(client, b'{"a":1,"a":2}')
        big = give(client, b"x" * (21 * 1024 * 1024))
        assert (big.status_code, "larger than 20 MB" in big.text) == (413, True)
        assert "larger than 20 MB" in give(client, b"{" + b" " * (20 * 1024 * 1024)).text
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever opens a temporary file fails; the place for them is empty."""

    def refuse(*_values: object, **_named: object) -> None:
        raise AssertionError("a file of a stranger was written to a disk")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    monkeypatch.setattr("werkzeug.formparser.TemporaryFile", refuse, raising=False)


@pytest.mark.usefixtures("no_files")
def test_nothing_of_a_file_is_left(app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    _own, made = chain()
    held = file_of(made, "pdf")
    db.session.commit()
    before = _everything(app)
    with count_queries() as queries:
        page = told(client, held + b"\n%" + b" " * 3_000_000)
    assert "The page has been changed" in page
    assert [query for query in queries if not query.startswith(("SELECT", "WITH", "BEGIN", "ROLLBACK"))] == []
    assert len(queries) < 20
    assert _everything(app) == before
    assert made.number not in caplog.text


def _everything(app: Flask) -> set[Path]:
    places = [Path(app.config["SETTINGS"].instance), Path(tempfile.gettempdir())]
    return {path for place in places for path in place.rglob("*")}


def test_one_address_may_not_ask_for_many(app: Flask) -> None:
    limits = limiter.limit_manager.decorated_limits(f"{checking.__name__}.check.check")
    assert [str(each.limit) for each in limits] == ["20 per 1 minute", "200 per 1 hour"]


def test_others_are_named_and_nothing_of_theirs_is_fetched(app: Flask, client: FlaskClient) -> None:
    theirs = json.loads(file_of(issue(make_person()))) | {"issuer": {"id": "did:web:lan.example", "name": "Länet"}}
    text = json.dumps(theirs).replace("http://localhost/", "https://lan.example/")
    text = text.replace("web:localhost", "web:lan.example")
    page = told(client, text.encode())
    assert "Another issuer" in page
    assert "did:web:lan.example" in page
    assert "without proof" in page
    assert "Genuine" not in page


def test_what_a_file_says_is_text_and_no_page(app: Flask, client: FlaskClient) -> None:
    """Names that would be markup, or places for values, on both kinds of pages."""
    evil = "<script>alert(1)</script> %(name)s %s {{ 7 * 7 }}"
    ours = json.loads(file_of(issue(make_person())))
    ours["issuer"]["name"] = ours["name"] = evil
    ours["credentialSubject"]["identifier"][0]["identityHash"] = evil
    theirs = {"issuer": {"id": f"did:web:{evil}", "name": evil}, "credentialSubject": {"licenseNumber": evil}}
    for document, words in ((ours, "Not genuine"), (theirs, "Another issuer")):
        page = told(client, json.dumps(document).encode())
        assert words in page
        assert "<script>alert" not in page
        assert "49" not in page.partition("<main")[2].partition("</main")[0]
