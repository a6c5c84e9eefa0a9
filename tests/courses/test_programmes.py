"""The programmes that are shipped hold together, and a wrong file is refused by file and key."""

import json
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from courses.programmes import (
    CONTENT,
    ContentError,
    Programme,
    digest,
    from_document,
    load,
    load_all,
    text,
    to_document,
)

SHIPPED = ("horisontella-principer", "smail-anvandare", "smail-chefer", "smail-utbildare", "styrgrupp")
COURSES = ("smail-anvandare", "smail-utbildare")
HEADINGS = {
    "sv": ("## Mål", "## Övning", "## Att fundera på"),
    "en": ("## Goals", "## Exercise", "## To reflect on"),
}

TOML = """\
key = "prov"
version = "1"
leads_to = "user"
led_by = "trainer"
requires = ["attendance", "assignment"]

[title]
sv = "Prov"

[summary]
sv = "Ett prov."

[competence]
sv = "Kan prova."
en = "Can try."

[[sessions]]
number = 1
minutes = 60
mode = "physical"
title = { sv = "Pass" }

[assignment]
minutes = 30
title = { sv = "Uppgift" }
criteria = { sv = ["Visar hur."], en = ["Shows how."] }

[surveys.participant]
title = { sv = "Enkät" }

[[surveys.participant.questions]]
key = "enough"
kind = "scale"
goal = "knows_enough"
text = { sv = "Räcker det?" }
low = { sv = "Nej" }
high = { sv = "Ja" }
"""
LESSON = '+++\ntitle = "Start"\nversion = "1"\nminutes = 20\nsession = 1\n+++\n\nText.\n'
SAMPLE = {"programme.toml": TOML, "01-start.sv.md": LESSON, "assignment.sv.md": "Ett fall."}

Write = Callable[[dict[str, str | None]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the sample programme with some files changed, added or (None) left out."""

    def write_files(changes: dict[str, str | None]) -> Path:
        directory = tmp_path / "prov"
        directory.mkdir()
        for name, content in (SAMPLE | changes).items():
            if content is not None:
                (directory / name).write_text(content, encoding="utf-8")
        return directory

    return write_files


@pytest.fixture(scope="module")
def shipped() -> dict[str, Programme]:
    return load_all()


def test_five_programmes_are_shipped(shipped: dict[str, Programme]) -> None:
    assert tuple(shipped) == SHIPPED
    assert shipped["smail-utbildare"].leads_to == "trainer"
    assert shipped["smail-utbildare"].led_by == "county_trainer"
    assert shipped["smail-utbildare"].validity_months == 24
    assert shipped["smail-anvandare"].leads_to == "user"
    assert shipped["smail-anvandare"].led_by == "trainer"
    assert shipped["smail-anvandare"].validity_months == 0


@pytest.mark.parametrize("key", SHIPPED)
def test_everything_is_written_in_both_languages(shipped: dict[str, Programme], key: str) -> None:
    def texts(value: object) -> list[dict[str, object]]:
        if isinstance(value, dict):
            if "sv" in value:
                return [value]
            return [found for each in value.values() for found in texts(each)]
        return [found for each in value for found in texts(each)] if isinstance(value, list) else []

    found = texts(to_document(shipped[key]))
    assert len(found) >= 9
    assert all(set(each) == {"sv", "en"} for each in found)


@pytest.mark.parametrize("key", SHIPPED)
def test_every_lesson_has_goals_exercise_and_reflection(shipped: dict[str, Programme], key: str) -> None:
    for lesson in shipped[key].lessons:
        for language, headings in HEADINGS.items():
            places = [lesson.body[language].find(f"{heading}\n") for heading in headings]
            assert -1 not in places, (lesson.slug, language)
            assert places == sorted(places), (lesson.slug, language)
        words = len(lesson.body["sv"].split())
        assert 250 <= words <= 500, (lesson.slug, words)


@pytest.mark.parametrize("key", COURSES)
def test_the_lessons_of_a_session_fill_its_minutes(shipped: dict[str, Programme], key: str) -> None:
    programme = shipped[key]
    assert [session.minutes for session in programme.sessions] == [240, 240]
    for session in programme.sessions:
        assert sum(lesson.minutes for lesson in programme.lessons_of(session.number)) == session.minutes
    assert not programme.lessons_of(0)
    assert programme.assignment is not None
    assert programme.assignment.minutes == 240
    assert programme.minutes == 720


@pytest.mark.parametrize("key", COURSES)
def test_the_minutes_of_the_case_add_up(shipped: dict[str, Programme], key: str) -> None:
    assignment = shipped[key].assignment
    assert assignment is not None
    for case in assignment.case.values():
        assert sum(map(int, re.findall(r"\((\d+) min\)", case))) == assignment.minutes


@pytest.mark.parametrize("key", COURSES)
def test_the_horizontal_principles_are_in_every_lesson(shipped: dict[str, Programme], key: str) -> None:
    assert "horizontal" in shipped[key].requires
    for lesson in shipped[key].lessons:
        assert "## Lika villkor\n" in lesson.body["sv"], lesson.slug
        assert "## Equal terms\n" in lesson.body["en"], lesson.slug


def test_surveys_carry_the_goals_of_the_project(shipped: dict[str, Programme]) -> None:
    def goals(key: str, kind: str) -> list[str]:
        return [question.goal for question in shipped[key].surveys[kind].questions if question.goal]

    assert goals("smail-utbildare", "participant") == ["can_train"]
    assert goals("smail-anvandare", "participant") == ["knows_enough"]
    for key in COURSES:
        assert goals(key, "followup") == ["can_use_daily"]
        assert goals(key, "trainer") == []
        for kind in ("participant", "trainer"):
            assert 5 <= len(shipped[key].surveys[kind].questions) <= 7


def test_trainers_renew_by_leading_or_by_the_network(shipped: dict[str, Programme]) -> None:
    renewal = shipped["smail-utbildare"].renewal
    assert renewal is not None
    assert (renewal.runs_led, renewal.network_meetings) == (1, 2)
    assert shipped["smail-anvandare"].renewal is None


def test_content_holds_no_html_script_link_or_address() -> None:
    forbidden = re.compile(r"<[a-z/!?]|javascript:|data:|@|https?:", re.IGNORECASE)
    for path in CONTENT.rglob("*.*"):
        assert not forbidden.search(path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("key", SHIPPED)
def test_a_document_gives_the_same_programme_back(shipped: dict[str, Programme], key: str) -> None:
    programme = shipped[key]
    document = json.loads(json.dumps(to_document(programme)))
    assert from_document(document) == programme
    assert set(document) == {field.name for field in fields(Programme)}


def test_the_digest_is_stable_and_sees_every_change(shipped: dict[str, Programme]) -> None:
    programme = shipped["smail-anvandare"]
    assert digest(programme) == digest(load(CONTENT / "smail-anvandare"))
    assert digest(from_document(to_document(programme))) == digest(programme)
    turned = dict(reversed(list(to_document(programme).items())))
    assert digest(from_document(turned)) == digest(programme)
    lesson = replace(programme.lessons[0], minutes=programme.lessons[0].minutes - 1)
    assert digest(replace(programme, lessons=(lesson, *programme.lessons[1:]))) != digest(programme)
    assert re.fullmatch(r"[0-9a-f]{64}", digest(programme))


def test_a_programme_cannot_be_changed(shipped: dict[str, Programme]) -> None:
    with pytest.raises(FrozenInstanceError):
        shipped["styrgrupp"].version = "x"  # type: ignore[misc]


def test_lessons_are_found_by_slug(shipped: dict[str, Programme]) -> None:
    lesson = shipped["smail-chefer"].lesson("fem-faktorer")
    assert lesson is not None
    assert lesson.number == 2
    assert shipped["smail-chefer"].lesson("finns-inte") is None
    assert shipped["smail-chefer"].minutes == 90


def test_text_falls_back_to_swedish() -> None:
    assert text({"sv": "Hej", "en": "Hello"}, "en") == "Hello"
    assert text({"sv": "Hej"}, "en") == "Hej"
    assert text({"sv": "Hej"}, "fi") == "Hej"


def test_the_sample_itself_loads(write: Write) -> None:
    programme = load(write({}))
    assert programme.minimum_share == 100
    assert programme.validity_months == 0
    assert programme.lessons[0].title == {"sv": "Start"}
    assert from_document(to_document(programme)) == programme


def test_a_windows_file_reads_like_any_other(write: Write) -> None:
    directory = write({})
    (directory / "01-start.sv.md").write_bytes(LESSON.replace("\n", "\r\n").encode())
    assert load(directory).lessons[0].body == {"sv": "Text."}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('key = "prov"', 'key = "annat"', "key"),
        ('key = "prov"', "", "key"),
        ('key = "prov"', 'key = "Prov 1"', "key"),
        ('version = "1"', "version = 1", "version"),
        ('version = "1"', 'version = "1"\ncolour = "blue"', "colour"),
        ('leads_to = "user"', 'leads_to = "chief"', "leads_to"),
        ('leads_to = "user"', "", "leads_to"),
        ('led_by = "trainer"', 'led_by = "user"', "led_by"),
        ('version = "1"', 'version = "1"\nminimum_share = 101', "minimum_share"),
        ('version = "1"', 'version = "1"\nvalidity_months = -1', "validity_months"),
        ('version = "1"', 'version = "1"\nvalidity_months = true', "validity_months"),
        ('version = "1"', 'version = "1"\nlessons = []', "lessons"),
        ('["attendance", "assignment"]', '["attendance", "survey"]', "requires"),
        ('["attendance", "assignment"]', '["attendance", "attendance"]', "requires"),
        ('["attendance", "assignment"]', '"attendance"', "requires"),
        ('[title]\nsv = "Prov"', '[title]\nen = "Trial"', "title.sv"),
        ('[title]\nsv = "Prov"', '[title]\nsv = "Prov"\nfi = "Koe"', "title.fi"),
        ('[summary]\nsv = "Ett prov."', '[[summary]]\nsv = "Ett prov."', "summary"),
        ('[summary]\nsv = "Ett prov."', "", "summary"),
        ("number = 1", "number = 2", "sessions.number"),
        ("minutes = 60", "minutes = 0", "sessions[1].minutes"),
        ("minutes = 60", 'minutes = "60"', "sessions[1].minutes"),
        ('mode = "physical"', 'mode = "hybrid"', "sessions[1].mode"),
        ('title = { sv = "Pass" }', 'title = { en = "Session" }', "sessions[1].title.sv"),
        ('title = { sv = "Pass" }', 'title = { sv = "Pass" }\nroom = 4', "sessions[1].room"),
        ('criteria = { sv = ["Visar hur."], en', "criteria = { en", "assignment.criteria.sv"),
        ('en = ["Shows how."]', 'en = ["Shows how.", "Says why."]', "assignment.criteria"),
        ("minutes = 30", 'minutes = 30\ncase = "x"', "assignment.case"),
        ("[surveys.participant]", "[surveys.manager]\n[surveys.participant]", "surveys.manager"),
        ('key = "enough"', "", "surveys.participant.questions[1].key"),
        ('kind = "scale"', 'kind = "stars"', "surveys.participant.questions[1].kind"),
        ('kind = "scale"', 'kind = "text"', "surveys.participant.questions[1].goal"),
        ('low = { sv = "Nej" }', "", "surveys.participant.questions[1].low"),
        ('text = { sv = "Räcker det?" }', 'text = { sv = "" }', "surveys.participant.questions[1].text.sv"),
        ('version = "1"', "version = ", "syntax"),
    ],
)
def test_a_wrong_programme_file_is_refused(write: Write, old: str, new: str, key: str) -> None:
    assert old in TOML
    with pytest.raises(ContentError) as refusal:
        load(write({"programme.toml": TOML.replace(old, new, 1)}))
    assert (refusal.value.file, refusal.value.key) == ("prov/programme.toml", key)
    assert refusal.value.expected
    assert str(refusal.value).startswith(f"prov/programme.toml: {key}: expected ")


@pytest.mark.parametrize(
    ("changes", "file", "key"),
    [
        ({"01-start.sv.md": LESSON.replace("session = 1", "session = 3")}, "01-start.sv.md", "session"),
        ({"01-start.sv.md": LESSON.replace("minutes = 20", "minutes = 61")}, "01-start.sv.md", "minutes"),
        ({"01-start.sv.md": LESSON.replace("session", "pass")}, "01-start.sv.md", "session"),
        ({"01-start.sv.md": LESSON.replace("+++\n\n", 'author = "x"\n+++\n\n')}, "01-start.sv.md", "author"),
        ({"01-start.sv.md": LESSON.replace('title = "Start"\n', "")}, "01-start.sv.md", "title"),
        ({"01-start.sv.md": LESSON.replace("Text.", "")}, "01-start.sv.md", "body"),
        ({"01-start.sv.md": "# Start"}, "01-start.sv.md", "front matter"),
        ({"01-start.sv.md": LESSON.replace('"Start"', "Start")}, "01-start.sv.md", "syntax"),
        ({"02-start.sv.md": LESSON}, "02-start.sv.md", "slug"),
        ({"01-ater.sv.md": LESSON}, "01-start.sv.md", "number"),
        ({"02-mer.en.md": LESSON}, "02-mer.sv.md", "sv"),
        ({"01-start.en.md": LESSON.replace("20", "25")}, "01-start.en.md", "minutes"),
        ({"start.md": LESSON}, "start.md", "file name"),
        ({"01-start.fi.md": LESSON}, "01-start.fi.md", "file name"),
        ({"assignment.sv.md": None}, "assignment.sv.md", "sv"),
        ({"assignment.sv.md": ""}, "programme.toml", "assignment.case.sv"),
        ({"programme.toml": None}, "programme.toml", "file"),
    ],
)
def test_a_wrong_lesson_or_case_is_refused(
    write: Write, changes: dict[str, str | None], file: str, key: str
) -> None:
    with pytest.raises(ContentError) as refusal:
        load(write(changes))
    assert (refusal.value.file, refusal.value.key) == (f"prov/{file}", key)


def test_a_requirement_needs_something_to_require(write: Write) -> None:
    without = TOML[: TOML.index("[assignment]")]
    with pytest.raises(ContentError, match="assignment") as refusal:
        load(write({"programme.toml": without}))
    assert refusal.value.key == "requires"


def test_attendance_needs_a_session(write: Write) -> None:
    start, end = TOML.index("[[sessions]]"), TOML.index("[assignment]")
    with pytest.raises(ContentError, match="session") as refusal:
        load(write({"programme.toml": TOML[:start] + TOML[end:]}))
    assert refusal.value.key == "requires"


def test_a_question_key_comes_once(write: Write) -> None:
    again = TOML[TOML.index("[[surveys") :]
    with pytest.raises(ContentError, match="'enough' comes twice") as refusal:
        load(write({"programme.toml": TOML + again}))
    assert refusal.value.key == "surveys.participant.questions"


def test_a_survey_asks_something(write: Write) -> None:
    with pytest.raises(ContentError) as refusal:
        load(write({"programme.toml": TOML[: TOML.index("[[surveys")]}))
    assert refusal.value.key == "surveys.participant.questions"


def test_a_file_in_another_encoding_is_refused(write: Write) -> None:
    directory = write({})
    (directory / "01-start.sv.md").write_bytes(LESSON.replace("Text", "Åter").encode("cp1252"))
    with pytest.raises(ContentError) as refusal:
        load(directory)
    assert (refusal.value.file, refusal.value.key) == ("prov/01-start.sv.md", "file")


def test_a_document_is_checked_like_a_file(shipped: dict[str, Programme]) -> None:
    document = to_document(shipped["smail-anvandare"])
    document["lessons"][0]["session"] = 9
    with pytest.raises(ContentError) as refusal:
        from_document(document)
    assert refusal.value.key == "session"
    with pytest.raises(ContentError) as refusal:
        from_document({**to_document(shipped["styrgrupp"]), "colour": "blue"})
    assert (refusal.value.file, refusal.value.key) == ("document", "colour")
