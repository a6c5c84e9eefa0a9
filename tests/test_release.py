"""The version is the same wherever it is written."""

import re
import tomllib

import config


def test_the_newest_entry_of_the_changelog_is_the_version() -> None:
    entries = re.findall(r"^## (\S+)", (config.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
    assert entries[0] == project["version"]
    assert entries == sorted(entries, reverse=True)
