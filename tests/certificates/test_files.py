"""The files of a certificate for those who may see it: sealed, verbatim, the same bytes each time."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from asn1crypto import pem, x509
from flask import Flask
from flask.testing import FlaskClient
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from certificates import register
from certificates.acts import revoking
from certificates.files import linkedin, making
from certificates.proof import credentials, keys
from certificates.reading import images
from certificates.register import Certificate
from certificates.standards import paper
from certificates.statement import to_json
from lms import clock
from lms.db import db
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.certificates.papers import picture, scanned
from tests.certificates.test_verify import chain
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries

TYPES = {
    "pdf": "application/pdf",
    "json": "application/vc+ld+json",
    "png": "image/png",
    "svg": "image/svg+xml; charset=utf-8",
}


def held(certificate: Certificate) -> credentials.Credential:
    found = credentials.newest(certificate)
    assert found is not None
    return found


@pytest.mark.parametrize("extension", TYPES)
def test_files_are_for_those_who_may_see_it(app: Flask, client: FlaskClient, browser_of, extension: str) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    made, _own, holder, trainer = chain()
    leader, elsewhere = make_role("project_leader", project), make_role("project_leader", make_project(dnr="2023/1"))
    address = f"/certificates/{made.id}.{extension}"
    bodies = set()
    for person in (holder, trainer, leader):
        answer = browser_of(person).get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == TYPES[extension]
        assert answer.headers["Content-Disposition"] == f"attachment; filename={made.number}.{extension}"
        assert answer.headers["Cache-Control"] == "no-store"
        bodies.add(answer.data)
    assert len(bodies) == 1, "the same bytes for everybody"
    for person in (make_person(), elsewhere, make_role("trainer", project)):
        assert browser_of(person).get(address).status_code == 403
    assert client.get(address).status_code == 303
    assert browser_of(holder).get(f"/certificates/{made.id}.gif").status_code == 404


def test_each_file_carries_what_was_signed_word_for_word(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    browser, text = browser_of(holder), held(made).text
    address = f"/certificates/{made.id}"
    assert browser.get(f"{address}.json").text == text == client.get(f"/credentials/{held(made).token}").text
    assert images.svg(browser.get(f"{address}.svg").data) == text
    assert images.png(browser.get(f"{address}.png").data) == text.encode()
    pdf = PdfReader(BytesIO(browser.get(f"{address}.pdf").data))
    assert pdf.attachments == {"credential.json": [text.encode()]}


def test_the_pdf_is_sealed_with_the_seal_of_the_installation(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    data = browser_of(holder).get(f"/certificates/{made.id}.pdf?layout=landscape").data
    (signature,) = PdfFileReader(BytesIO(data)).embedded_signatures
    root = x509.Certificate.load(pem.unarmor(keys.in_use("seal").public.encode())[2])
    told = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], moment=clock.now()))
    assert told.bottom_line
    assert told.coverage.name == "ENTIRE_FILE"
    assert signature.sig_object["/Reason"] == f"Intygar certifikat {made.number}"
    assert signature.sig_object["/Location"] == "localhost"


def test_the_printed_code_names_what_is_attached(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    address, _mark, digits = scanned(
        picture(browser_of(holder).get(f"/certificates/{made.id}.pdf").data, 150)
    ).partition("#")
    said = paper.read(digits, {paper.key_id(keys.public(key)): keys.public(key) for key in keys.listed()})
    assert address == f"http://localhost/v/{made.code}"
    assert (said.number, said.name) == (made.number, "Elin Maria Forsman")
    assert said.digest == bytes.fromhex(held(made).digest)[:16]


def test_same_bytes_later_and_other_ones_when_it_no_longer_holds(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    address = f"/certificates/{made.id}.pdf"
    first = browser_of(holder).get(address).data
    with clock.moved(clock.now() + timedelta(days=40)):
        assert browser_of(holder).get(address).data == first
        revoking.revoke(made, reason_code="mistake", by=make_person())
        later = browser_of(holder).get(address).data
        moment = PdfFileReader(BytesIO(later)).embedded_signatures[0].self_reported_timestamp
        assert moment == clock.now().replace(microsecond=0)
    assert later != first
    assert "Återkallat" in PdfReader(BytesIO(later)).pages[0].extract_text()


def test_one_query_for_any_number(app: Flask) -> None:
    made, own, *_rest = chain()
    db.session.commit()
    rows = [db.session.get_one(Certificate, each.id) for each in (made, own)]
    assert all(row.events == [] and row.holder for row in rows)
    with count_queries() as queries:
        found = making.stored(rows)
    assert len(queries) == 1
    assert [each.statement.number for each in found] == [made.number, own.number]


def test_what_is_not_signed_is_refused(app: Flask) -> None:
    made, own, *_rest = chain()
    never = Certificate(
        number="X", code="A" * 16, project_dnr="1", holder_id=made.holder_id, level="user", programme_key="x",
        issued_at=clock.now(), issued_on=clock.today(), statement=to_json(example()), digest="", ground="never",
        issued_by_id=own.issued_by_id,
    )  # fmt: skip
    db.session.add(never)
    db.session.flush()
    with pytest.raises(Refused) as refused:
        making.stored([made, never])
    assert refused.value.code == "unsigned"


def test_a_lost_seal_is_told_and_what_needs_none_is_there(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    keys.in_use("seal").cipher = b""
    browser, address = browser_of(holder), f"/certificates/{made.id}"
    answer = browser.get(f"{address}.pdf")
    assert answer.status_code == 409
    assert "lms init" in answer.text
    assert browser.get(f"{address}.json").status_code == browser.get(f"{address}.png").status_code == 200
    keys.make_missing()
    assert browser.get(f"{address}.pdf").status_code == 200


def test_names_of_files_are_safe() -> None:
    number = "SMA-A-2026-0096"
    assert making.name(example(), "pdf") == f"{number}.pdf"
    assert making.name(example(), "pdf", holder="Åsa Ö'Brien / ../..\\x") == f"{number}-asa-o-brien-x.pdf"
    assert making.name(example(), "pdf", holder="Олена") == f"{number}.pdf"
    assert making.name(example(number="../a b:c"), "json") == "A-B-C.json"


def test_linkedin_is_a_plain_link_for_the_holder(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, trainer = chain()
    address = f"/certificates/{made.id}"
    assert "linkedin.com" in browser_of(holder).get(address).text
    assert "linkedin.com" not in browser_of(trainer).get(address).text
    holder.protected, holder.alias = True, "Deltagare 1"
    assert "linkedin.com" not in browser_of(holder).get(address).text
    holder.protected = False
    revoking.revoke(made, reason_code="holder", by=trainer)
    assert register.state(made, clock.today()) == "revoked"
    assert "linkedin.com" not in browser_of(holder).get(address).text


def test_linkedin_is_told_what_the_page_says() -> None:
    found = linkedin.address(example(valid_until=example().issued_on + timedelta(days=400)), "https://a.example/v/X")
    assert urlsplit(found)[:3] == ("https", "www.linkedin.com", "/profile/add")
    assert {name: value for name, (value,) in parse_qs(urlsplit(found).query).items()} == {
        "startTask": "CERTIFICATION_NAME", "name": "SMAIL för användare", "certId": "SMA-A-2026-0096",
        "organizationName": "Samordningsförbundet Uppsala län", "issueYear": "2026", "issueMonth": "11",
        "expirationYear": "2027", "expirationMonth": "12", "certUrl": "https://a.example/v/X",
    }  # fmt: skip
    assert "expiration" not in linkedin.address(example(), "https://a.example")
    assert "Forsman" not in found
