"""The command `lms` as operators and their scripts meet it: exit codes, one clear line, nothing half done."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import CliRunner, Result
from sqlalchemy import func, select

import config
from lms import clock, people, projects
from lms.app import create_app
from lms.audit import Audit
from lms.commands import main
from lms.db import db
from lms.people import Person
from tests.conftest import NOON

PLAN = Path(config.ROOT / "lms" / "plans" / "smail.toml")
HEADINGS = "Förnamn;Efternamn;E-post;Personnummer;Kommun;Kön;Befattning"
PEOPLE = (
    f"{HEADINGS}\r\nÅsa;Öberg;asa@habo.example;19800101-9804;Håbo;Kvinna;Coach\r\n"
    "Bo;Ek;bo@habo.example;;Håbo;Man;Coach\r\n"
)
DNR = "2021/00320"


class Installation:
    """A folder with its environment; `run` is the command line, `ask` looks into the database afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        outer = ("LMS_DEMO", "LMS_DATABASE_URL", "LMS_SMTP_URL", "LMS_JOBS_URL")
        self.environment: dict[str, str | None] = dict.fromkeys(outer)
        self.environment |= {
            "LMS_SECRET_KEY": "x", "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY, "LMS_INSTANCE": str(folder / "instance")
        }  # fmt: skip

    def run(self, *arguments: str, typed: str = "", **more: str | None) -> Result:
        with clock.moved(NOON):
            return CliRunner().invoke(main, list(arguments), input=typed, env={**self.environment, **more})

    def ask(self, question: Any) -> Any:
        settings = {name: value for name, value in self.environment.items() if value}
        with create_app(config.read(settings)).app_context():
            try:
                return question()
            finally:
                db.session.remove()
                db.engine.dispose()

    def count(self, table: type, *conditions: Any) -> int:
        return int(self.ask(lambda: db.session.scalar(select(func.count()).select_from(table).where(*conditions))))

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    assert made.run("init").exit_code == 0
    yield made
    made.ask(lambda: None)


@pytest.fixture
def running(place: Installation) -> Installation:
    assert place.run("project", "import", str(PLAN)).exit_code == 0
    return place


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert [word for word in words if word not in result.stderr] == []


@pytest.mark.parametrize("name", ["LMS_SECRET_KEY", "LMS_KEY_ENCRYPTION_KEY"])
@pytest.mark.parametrize("command", ["init", "serve", "work"])
def test_a_missing_secret_is_one_line_with_what_makes_one(tmp_path: Path, name: str, command: str) -> None:
    result = Installation(tmp_path).run(command, **{name: None})
    refused(result, name, "python3 -c")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LMS_KEY_ENCRYPTION_KEY", "not a key"),
        ("LMS_DATABASE_URL", "mysql://x"),
        ("LMS_SMTP_URL", "mail.example"),
        ("LMS_JOBS_URL", "amqp://x"),
        ("LMS_DATABASE_URL", "postgresql+psycopg://user:hemligt@127.0.0.1:1/nothing"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(tmp_path: Path, name: str, value: str) -> None:
    result = Installation(tmp_path).run("init", **{name: value})
    refused(result)
    assert result.stderr.count("\n") == 1
    assert "hemligt" not in result.stderr


@pytest.mark.parametrize("command", [["serve"], ["work"], ["people", "import", str(PLAN), "--project", DNR]])
def test_a_database_that_was_never_prepared_says_how(tmp_path: Path, command: list[str]) -> None:
    refused(Installation(tmp_path).run(*command), "lms init")


def test_init_twice_and_with_an_administrator(place: Installation) -> None:
    for _time in range(2):
        assert place.run("init", "--administrator", "Karin.Lund@habo.example").exit_code == 0
    assert place.count(Person) == 1
    assert place.ask(lambda: [person.name for person in people.holders("administrator")]) == ["Karin Lund"]
    assert place.run("init", "--administrator", "nobody").exit_code == 2


def test_a_project_twice_changed_and_wrong(place: Installation) -> None:
    dry = place.run("project", "import", str(PLAN), "--dry-run")
    assert (dry.exit_code, place.count(projects.Project)) == (0, 0)
    first = place.run("project", "import", str(PLAN), "--leader", "lena.alm@habo.example")
    assert "imported" in first.stdout
    audits = place.count(Audit)
    again = place.run("project", "import", str(PLAN))
    assert (again.exit_code, again.stdout.strip()) == (0, "nothing to change")
    assert place.count(Audit) == audits
    text = PLAN.read_text()
    changed = place.write("changed.toml", text.replace("planned_participants = 143", "planned_participants = 144"))
    assert Path(changed).read_text() != text, "the key is there"
    shown = place.run("project", "import", changed, "--dry-run")
    assert "143 -> 144" in shown.stdout
    assert place.run("project", "import", str(PLAN)).stdout.strip() == "nothing to change"
    assert "143 -> 144" in place.run("project", "import", changed).stdout
    wrong = place.run("project", "import", place.write("wrong.toml", text.replace(f'dnr = "{DNR}"', "dnr = 7")))
    refused(wrong, "dnr")
    refused(place.run("project", "import", place.write("broken.toml", "dnr = [")))
    refused(place.run("project", "import", place.write("latin.toml", "title = 'Håbo'".encode("cp1252"))), "UTF-8")
    assert place.count(projects.Project) == 1
    assert place.run("project", "import", "nowhere.toml").exit_code == 2


def _workbook() -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(PEOPLE.strip().split("\r\n")):
            sheet.write_row(number, 0, line.split(";"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", PEOPLE),
        ("bom.csv", "\ufeff" + PEOPLE),
        ("tabs.csv", PEOPLE.replace(";", "\t")),
        ("commas.csv", PEOPLE.replace(";", ",")),
        ("windows.csv", PEOPLE.encode("cp1252")),
        ("people.xlsx", _workbook()),
    ],
)
def test_people_as_municipalities_export_them(running: Installation, name: str, content: str | bytes) -> None:
    file = running.write(name, content)
    dry = running.run("people", "import", file, "--project", DNR, "--dry-run")
    assert (dry.exit_code, running.count(Person)) == (0, 0), dry.output
    for _time in range(2):
        done = running.run("people", "import", file, "--project", DNR)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
    names = running.ask(lambda: sorted(db.session.scalars(select(Person.family_name))))
    assert names == ["Ek", "Öberg"]


def test_a_list_with_one_wrong_row_changes_nothing(running: Installation) -> None:
    file = running.write("wrong.csv", PEOPLE + "Eva;Lind;eva-at-habo;19800101-1234;Håbo;Kvinna;\r\n")
    for more in ([], ["--dry-run"]):
        result = running.run("people", "import", file, "--project", DNR, *more)
        refused(result, "4")
        assert "19800101" not in result.stderr, "no message repeats a personnummer"
    assert running.count(Person) == 0
    refused(running.run("people", "import", file, "--project", "2000/1"), "2000/1")
    assert running.run("people", "import", file).exit_code == 2


def test_a_month_for_the_funder(running: Installation) -> None:
    out = running.folder / "out"
    done = running.run("esf", "export", DNR, "2022-11", "--out", str(out))
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    assert sorted(path.suffix for path in out.iterdir()) == [".csv", ".xlsx"]
    assert running.count(Audit, Audit.act == "esf.exported") == 1
    refused(running.run("esf", "export", DNR, "2031-01", "--out", str(out / "none")))
    assert not (out / "none").exists()
    refused(running.run("esf", "export", "1", "2022-11", "--out", str(out)))
    in_the_way = running.write("file", "x")
    refused(running.run("esf", "export", DNR, "2022-11", "--out", f"{in_the_way}/deeper"))
    assert running.run("esf", "export", DNR, "November", "--out", str(out)).exit_code == 2
    assert running.count(Audit, Audit.act == "esf.exported") == 1


def test_the_demo_is_loaded_only_in_demo_mode_and_only_once(running: Installation) -> None:
    refused(running.run("demo", "load"), "LMS_DEMO=1")
    running.run("init", "--administrator", "karin.lund@habo.example")
    result = running.run("demo", "load", LMS_DEMO="1")
    refused(result)
    again = running.run("demo", "load", "--if-empty", LMS_DEMO="1")
    assert (again.exit_code, again.output) == (0, "")
    assert running.count(Person) == 1


@pytest.mark.parametrize("wrong", [["nothing"], ["serve", "--port", "70000"], ["demo", "load", "--scale", "0"]])
def test_wrong_usage_is_two(tmp_path: Path, wrong: list[str]) -> None:
    assert Installation(tmp_path).run(*wrong).exit_code == 2
