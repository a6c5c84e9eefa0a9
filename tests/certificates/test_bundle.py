"""The bundle: files alone answer every certificate, what is signed in them holds for years, none is left half made."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from certificates import bundle, register
from certificates.acts import revoking
from certificates.bundle import folder
from certificates.proof import keys
from certificates.proof.credentials import Credential, StatusList, newest
from certificates.register import Certificate
from certificates.standards import checking, integrity
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.refusals import Refused
from tests.certificates.test_signing import issue
from tests.factories import make_person
from tests.queries import connections, count_queries

Two = tuple[Certificate, Certificate]


@pytest.fixture
def issued(app: Flask) -> Two:
    """A trainer's certificate and a user's below it."""
    own = issue(make_person("Eva Dahlgren"), "trainer")
    both = own, issue(make_person("Elin Forsman"), "user", own)
    db.session.commit()
    return both


@pytest.fixture
def made(issued: Two, tmp_path: Path) -> Path:
    return bundle.make(tmp_path / "kvar").goal


def files(root: Path) -> set[str]:
    return {str(each.relative_to(root)) for each in root.rglob("*") if each.is_file()}


def page(root: Path, certificate: Certificate) -> str:
    return (root / "v" / certificate.code / "index.html").read_text()


def test_every_address_of_the_live_site_has_its_file(made: Path, issued: Two) -> None:
    there = files(made)
    tokens = set(db.session.scalars(select(Credential.token)))
    assert {f"credentials/{token}" for token in tokens} | {"credentials/index.html"} == {
        each for each in there if each.startswith("credentials/")
    }
    assert {f"status/{name}" for name in db.session.scalars(select(StatusList.name))} <= there
    assert {f"v/{each.code}/index.html" for each in issued} <= there
    assert {".well-known/did.json", "did.json", "index.html", "verify/index.html", "404.html", "README.md"} <= there
    assert {"static/paper.js", "static/theme.css", "static/eu.svg", "v/sw.js", "v/offline/index.html"} <= there
    assert sum(each.startswith("achievements/") and each.endswith(".json") for each in there) == 2


def test_a_verifier_with_the_files_alone_believes_it_in_nineteen_years_and_not_in_twenty_one(
    made: Path, issued: Two
) -> None:
    held = newest(issued[1])
    assert held is not None
    text = (made / "credentials" / held.token).read_text()
    assert text == held.text
    lists = {}
    for place in (made / "status").iterdir():
        if place.suffix != ".html":
            listed = integrity.read(place.read_text())
            lists[listed["id"]] = listed
    for years, believed in ((0, True), (19, True), (21, False)):
        at = clock.now() + timedelta(days=365.25 * years, minutes=1)
        checked = checking.check(integrity.read(text), keys.trust(), lists.get, at)
        assert checked.passed is believed, years
    assert json.loads((made / ".well-known/did.json").read_text()) == keys.did_document()


def test_a_revoked_certificate_is_revoked_in_page_and_list(issued: Two, tmp_path: Path) -> None:
    revoking.revoke(issued[1], reason_code="grounds", public_text="Ny prövning.", by=make_person())
    db.session.commit()
    made = bundle.make(tmp_path / "kvar").goal
    told = page(made, issued[1])
    assert "Revoked certificate" in told
    assert "Ny prövning." in told
    held = newest(issued[1])
    assert held is not None
    listed = {each["id"]: each for each in map(integrity.read, _lists(made))}
    assert not checking.check(integrity.read(held.text), keys.trust(), listed.get, clock.now()).passed


def _lists(made: Path) -> Iterator[str]:
    return (each.read_text() for each in (made / "status").iterdir() if each.suffix != ".html")


def test_a_page_says_of_which_day_it_is_and_shows_no_more_than_the_live_one(made: Path, issued: Two) -> None:
    told = page(made, issued[1])
    assert "Genuine and in force on" in told
    assert "This is what the register said on" in told
    assert "E.\u00a0F." in told
    assert "Elin" not in told
    assert "Forsman" not in told
    assert "EU emblem" in told


def test_the_holder_who_chose_the_name_is_named_and_the_protected_never(issued: Two, tmp_path: Path) -> None:
    trainer, user = issued
    register.present(user, full_name=True, by=user.holder)
    trainer.holder.protected, trainer.holder.alias = True, "Deltagare Ett"
    db.session.commit()
    made = bundle.make(tmp_path / "kvar").goal
    assert "Elin Forsman" in page(made, user)
    assert "Eva" not in page(made, trainer)
    for path in files(made):
        text = (made / path).read_bytes()
        if b"Eva Dahlgren" in text:
            assert f"credentials/{newest(user).token}" == path, path  # type: ignore[union-attr]


def test_what_nobody_decided_about_is_told_before_it_is_too_late(issued: Two, tmp_path: Path) -> None:
    revoking.revoke(issued[0], reason_code="conduct", by=make_person())
    db.session.commit()
    made = bundle.make(tmp_path / "kvar")
    assert made.undecided == 1
    told = page(made.goal, issued[1])
    assert "it was not decided whether this one stands" in told
    assert "is being decided" not in told


def test_pages_name_no_host_and_ask_no_server(made: Path) -> None:
    for path in (made / each for each in files(made) if each.endswith(".html")):
        text = path.read_text()
        for word in ("csrf", "/sign-in", 'method="post', '/demo"'):
            assert word not in text, (path, word)
        links = [part.split('"')[0] for name in ('href="', 'src="') for part in text.split(name)[1:]]
        for link in links:
            assert not link.startswith("http"), (path, link)
            target = made / link.partition("#")[0].partition("?")[0].strip("/")
            assert link[:1] in ("", "#") or target.is_file() or (target / "index.html").is_file(), (path, link)


def test_no_folder_can_be_listed_and_no_file_in_it_names_the_others(made: Path, issued: Two) -> None:
    for name in (".well-known", "credentials", "status", "achievements", "static", "v"):
        assert (made / name / "index.html").is_file()
    held = newest(issued[1])
    assert held is not None
    public = "".join((made / each).read_text() for each in ("README.md", "bundle.json", "index.html", "404.html"))
    assert held.token not in public
    assert issued[1].code not in public


def test_the_sums_beside_it_are_right(made: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "kvar.sha256"], cwd=made.parent, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout
    assert len((made.parent / "kvar.sha256").read_text().splitlines()) == len(files(made))


def test_web_servers_may_read_it(made: Path) -> None:
    assert all(each.stat().st_mode & 0o444 == 0o444 for each in [made, *made.rglob("*")])


# --- where it may be written --------------------------------------------------------------------------------


def test_a_folder_with_other_things_in_it_is_left_alone(issued: Two, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Hej")
    for replacing in (False, True):
        with pytest.raises(Refused) as refusal:
            bundle.make(tmp_path / "mine", replace=replacing)
        assert refusal.value.code == "not_empty"
    assert files(tmp_path) == {"mine/letter.txt"}
    with pytest.raises(Refused) as refusal:
        bundle.make(tmp_path / "no" / "such")
    assert refusal.value.code == "no_parent"


def test_an_earlier_bundle_is_replaced_when_that_is_said(made: Path, issued: Two) -> None:
    with pytest.raises(Refused) as refusal:
        bundle.make(made)
    assert refusal.value.code == "bundle"
    third = issue(make_person("Per Blomgren"), "user", issued[0])
    db.session.commit()
    (made / "v" / "old.html").write_text("from before")
    bundle.make(made, replace=True)
    assert (made / "v" / third.code / "index.html").is_file()
    assert not (made / "v" / "old.html").exists()
    assert {each.name for each in made.parent.iterdir()} == {"kvar", "kvar.sha256"}


def test_an_empty_folder_and_a_link_to_one_are_filled(issued: Two, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made = bundle.make(tmp_path / "link")
    assert made.goal == tmp_path / "real"
    assert (tmp_path / "link" / "index.html").is_file()


@pytest.mark.parametrize("replacing", [False, True])
def test_what_stops_in_the_middle_leaves_what_was_there(
    issued: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replacing: bool
) -> None:
    goal = tmp_path / "kvar"
    before = files(bundle.make(goal).goal) if replacing else set()

    def stop(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bundle.make(goal, replace=replacing, say=stop)
    assert (files(goal) if goal.exists() else set()) == before
    assert {each.name for each in tmp_path.iterdir()} <= {"kvar", "kvar.sha256"}

    def cannot(source: object, target: object) -> None:
        if str(target) == str(goal) and "unfinished" in str(source) and "earlier" not in str(source):
            raise OSError("no room")
        rename(source, target)

    rename = folder.os.rename  # type: ignore[attr-defined]
    monkeypatch.setattr(folder.os, "rename", cannot)  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="no room") as refusal:
        bundle.make(goal, replace=replacing)
    assert refusal.value.code == "disk"
    assert (files(goal) if goal.exists() else set()) == before


def test_two_at_once_leave_one_whole_bundle_and_a_refusal(issued: Two, tmp_path: Path) -> None:
    goal = tmp_path / "kvar"

    def another(done: int, _of: int) -> None:
        if done == 1:
            bundle.make(goal, years=7)

    with pytest.raises(Refused) as refusal:
        bundle.make(goal, say=another)
    assert refusal.value.code == "bundle"
    assert json.loads((goal / "bundle.json").read_text())["lists_until"] < str(clock.now() + timedelta(days=365 * 8))
    assert {each.name for each in tmp_path.iterdir()} == {"kvar", "kvar.sha256"}


def test_a_register_that_changes_meanwhile_is_refused(issued: Two, tmp_path: Path) -> None:
    def interfere(done: int, _of: int) -> None:
        if done == 1:
            revoking.revoke(issued[1], reason_code="mistake", by=make_person())
            db.session.commit()

    with pytest.raises(Refused) as refusal:
        bundle.make(tmp_path / "kvar", say=interfere)
    assert refusal.value.code == "changed"
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_is_told_and_not_papered_over(issued: Two, tmp_path: Path) -> None:
    db.session.execute(update(keys.SigningKey).where(keys.SigningKey.kind == "trainer").values(cipher=b""))
    db.session.expire_all()
    with pytest.raises(Refused) as refusal:
        bundle.make(tmp_path / "kvar")
    assert refusal.value.code == "lost_key"


def test_an_installation_below_a_path_links_below_it(app: Flask, issued: Two, tmp_path: Path) -> None:
    ordinary = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(ordinary, base_url=f"{ordinary.base_url}/larande")
    try:
        made = bundle.make(tmp_path / "kvar").goal
    finally:
        app.config["SETTINGS"] = ordinary
    told = page(made, issued[1])
    assert 'href="/larande/static/theme.css' in told
    assert 'data-keys="/larande/.well-known/did.json"' in told
    assert "location /larande/credentials/" in (made / "README.md").read_text()


def test_many_certificates_take_no_more_questions_each(issued: Two, tmp_path: Path) -> None:
    asked = [_queries(tmp_path / "one")]
    for number in range(3):
        issue(make_person(f"Person Nummer{number}"), "user", issued[0])
    db.session.commit()
    asked.append(_queries(tmp_path / "two"))
    assert asked[1][0] - asked[0][0] == 2 * 3, "one for each page, and one for what its file proves"
    assert asked[0][1] == asked[1][1]


def _queries(goal: Path) -> tuple[int, int]:
    """Connections that are taken, each for one question or for many, and the questions that the engine sees."""
    with connections() as used, count_queries() as queries:
        bundle.make(goal)
    return len(used), len(queries)


def test_the_command_says_what_it_made_and_writes_it_into_the_log(
    app: Flask, issued: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def here() -> Iterator[Flask]:
        yield app

    command = import_module("lms.commands.certificates")
    monkeypatch.setattr(command, "application", here)
    done = CliRunner().invoke(command.certificates, ["export-bundle", str(tmp_path / "kvar"), "--years", "3"])
    assert done.exit_code == 0, done.output
    assert "2 certificates" in done.output
    assert json.loads((tmp_path / "kvar" / "bundle.json").read_text())["certificates"] == 2
    assert db.session.scalar(select(Audit.act).order_by(Audit.id.desc()).limit(1)) == "bundle.made"
    for wrong in ([], [str(tmp_path / "kvar"), "--years", "0"]):
        assert CliRunner().invoke(command.certificates, ["export-bundle", *wrong]).exit_code == 2
    assert bundle.YEARS == 20
