"""A programme's directory read into one document: `programme.toml`, the lessons and the home assignment.

The rule that matters most: the Swedish file leads; another language translates words, never minutes.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from courses.content_values import ContentError, Table, split_front_matter

_LESSON_FILE = re.compile(r"(?P<number>\d{2})-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<language>sv|en)\.md")
_ASSIGNMENT_FILE = re.compile(r"assignment\.(?P<language>sv|en)\.md")


def read_programme(directory: Path) -> tuple[str, dict[str, Any]]:
    """Return the name of the file for messages, and everything in the directory as one document."""
    file = f"{directory.name}/programme.toml"
    document = _toml(_read(directory / "programme.toml", file), file)
    if "lessons" in document:
        raise ContentError(file, "lessons", "no such key: lessons are files beside programme.toml")
    document["lessons"] = _lesson_documents(directory)
    assignment = document.get("assignment")
    if isinstance(assignment, dict):
        if "case" in assignment:
            raise ContentError(file, "assignment.case", "no such key: the case is the file assignment.sv.md")
        assignment["case"] = _case(directory)
    return file, document


def _lesson_documents(directory: Path) -> list[dict[str, Any]]:
    lessons: dict[str, dict[str, Any]] = {}
    for path in sorted(directory.glob("*.md"), key=_swedish_first):
        if _ASSIGNMENT_FILE.fullmatch(path.name):
            continue
        file = f"{directory.name}/{path.name}"
        name = _LESSON_FILE.fullmatch(path.name)
        if name is None:
            raise ContentError(file, "file name", "<nn>-<slug>.<sv|en>.md or assignment.<sv|en>.md")
        stem, language = f"{name['number']}-{name['slug']}", name["language"]
        if language != "sv" and stem not in lessons:
            raise ContentError(f"{directory.name}/{stem}.sv.md", "sv", "the lesson in Swedish")
        facts, title, body = _lesson_file(path, file)
        document = {"slug": name["slug"], "number": int(name["number"]), **facts, "title": {}, "body": {}}
        lesson = lessons.setdefault(stem, document)
        for key, value in facts.items():
            if lesson[key] != value:
                raise ContentError(file, key, f"{lesson[key]!r}, as in the Swedish lesson")
        lesson["title"][language], lesson["body"][language] = title, body
    return [lessons[stem] for stem in sorted(lessons)]


def _lesson_file(path: Path, file: str) -> tuple[dict[str, Any], str, str]:
    front, body = split_front_matter(_read(path, file), file)
    table = Table(_toml(front, file), file)
    title = table.string("title")
    facts = {
        "version": table.string("version"),
        "minutes": table.integer("minutes", smallest=1),
        "session": table.integer("session", smallest=0),
    }
    table.done()
    if not body:
        raise ContentError(file, "body", "a text after the front matter")
    return facts, title, body


def _case(directory: Path) -> dict[str, str]:
    found = (_ASSIGNMENT_FILE.fullmatch(path.name) for path in sorted(directory.glob("assignment.*.md")))
    files = {match["language"]: match.string for match in found if match}
    if "sv" not in files:
        raise ContentError(f"{directory.name}/assignment.sv.md", "sv", "the case in Swedish")
    return {
        language: _read(directory / name, f"{directory.name}/{name}").strip()
        for language, name in files.items()
    }


def _swedish_first(path: Path) -> tuple[str, bool]:
    stem, _, language = path.name.removesuffix(".md").rpartition(".")
    return stem, language != "sv"


def _read(path: Path, file: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(file, "file", f"a readable file in UTF-8 ({type(error).__name__})") from error


def _toml(source: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ContentError(file, "syntax", f"valid TOML ({error})") from error
