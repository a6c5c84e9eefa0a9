"""Static files on the wire: packed once for who takes it, plain for who does not, not sent again to who has them."""

import gzip

from flask import Flask
from flask.testing import FlaskClient

from lms.app import STATIC

TAKES = {"Accept-Encoding": "gzip, br"}


def test_packed_for_who_takes_it_and_the_same_words_for_all(app: Flask, client: FlaskClient) -> None:
    for name in ("theme.css", "paper.js", "eu.svg"):
        plain = (STATIC / name).read_bytes()
        for _again in range(2):
            with client.get(f"/static/{name}", headers=TAKES) as answer:
                assert answer.headers["Content-Encoding"] == "gzip"
                assert answer.headers["Content-Length"] == str(len(answer.data))
                assert len(answer.data) < len(plain) * 0.6
                assert gzip.decompress(answer.data) == plain
                assert "Accept-Encoding" in answer.headers["Vary"]
                assert "max-age=31536000" in answer.headers["Cache-Control"]
        with client.get(f"/static/{name}") as answer:
            assert answer.data == plain
            assert "Content-Encoding" not in answer.headers
            assert "Accept-Encoding" in answer.headers["Vary"]


def test_who_has_it_is_not_sent_it_again(app: Flask, client: FlaskClient) -> None:
    for headers in (TAKES, {}):
        with client.get("/static/theme.css", headers=headers) as answer:
            mark = answer.headers["ETag"]
        with client.get("/static/theme.css", headers={**headers, "If-None-Match": mark}) as answer:
            assert answer.status_code == 304
            assert answer.data == b""


def test_a_part_of_a_file_and_what_is_too_small_are_sent_plain(app: Flask, client: FlaskClient) -> None:
    with client.get("/static/theme.css", headers={**TAKES, "Range": "bytes=0-9"}) as answer:
        assert (answer.status_code, len(answer.data)) == (206, 10)
        assert "Content-Encoding" not in answer.headers
    with client.get("/static/favicon.svg", headers=TAKES) as answer:
        assert "Content-Encoding" not in answer.headers


def test_pages_are_not_packed(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/v/AAAA", headers=TAKES)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_head_of_a_file_has_no_body(app: Flask, client: FlaskClient) -> None:
    with client.head("/static/theme.css", headers=TAKES) as answer:
        assert answer.status_code == 200
        assert answer.data == b""


def test_who_refuses_it_gets_it_plain(app: Flask, client: FlaskClient) -> None:
    with client.get("/static/theme.css", headers={"Accept-Encoding": "gzip;q=0, identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
