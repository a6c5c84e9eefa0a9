"""What the shell's files hold: the emblem's geometry, the colours' contrast, and nothing the content policy refuses."""

import re
from pathlib import Path

import pytest

from lms.emblem import EU_BLUE, EU_YELLOW, eu_flag_svg

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "lms" / "static"
TEMPLATES = ROOT / "templates"
OWN = sorted(path for path in TEMPLATES.rglob("*.html") if path.parent.name != "mail")


# The emblem


def test_static_emblem_is_what_the_function_draws() -> None:
    assert (STATIC / "eu.svg").read_text() == eu_flag_svg(60)


def test_emblem_follows_the_public_geometry() -> None:
    svg = eu_flag_svg(90)
    assert 'width="90" height="60"' in svg
    assert 'viewBox="0 0 54 36"' in svg
    assert set(re.findall(r"#[0-9A-F]{6}", svg)) == {EU_BLUE, EU_YELLOW} == {"#003399", "#FFCC00"}
    stars = re.findall(r'points="([^"]+)"', svg)
    assert len(stars) == 12
    for hour, star in enumerate(stars):
        points = [complex(*map(float, pair.split(","))) for pair in star.split()]
        centre = sum(points) / 5
        assert abs(abs(centre - (27 + 18j)) - 36 / 3) < 0.01, hour
        assert all(abs(abs(point - centre) - 36 / 18) < 0.01 for point in points), hour
        assert min(points, key=lambda point: point.imag) == points[0], "one point straight up"


def test_emblem_of_no_width_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        eu_flag_svg(0)


# What no page may hold


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_template_needs_no_exception_from_the_content_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\bstyle=|<style|\son\w+=|javascript:|[\"'(]data:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"(src|action)=\"https?:", text)


def test_static_files_hold_no_foreign_or_inline_sources() -> None:
    for path in STATIC.iterdir():
        if path.suffix in {".css", ".js", ".svg"}:
            text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert not re.search(r"url\(|data:\w+/|https?:|@import|innerHTML|\bstyle=", text), path.name


TOKENS = {
    name: (light, dark) for name, light, dark in
    re.findall(r"--pb-([\w-]+):\s*light-dark\((#\w{6}),\s*(#\w{6})\)", (STATIC / "theme.css").read_text())
}
PAIRS = [
    ("ink", "paper", 4.5), ("ink", "surface", 4.5), ("ink", "sunken", 4.5), ("ink-2", "paper", 4.5),
    ("ink-2", "surface", 4.5), ("ink-2", "sunken", 4.5), ("ink-2", "saknas-soft", 4.5),
    ("link", "surface", 4.5), ("link", "paper", 4.5), ("link", "sunken", 4.5), ("on-action", "action", 4.5),
    ("on-action", "action-hover", 4.5), ("on-lake", "lake", 4.5), ("on-lake-2", "lake", 4.5),
    ("line-strong", "surface", 3), ("line-strong", "paper", 3), ("line-strong", "sunken", 3),
    ("kommande", "kommande-soft", 4.5), ("klar", "klar-soft", 4.5), ("pagar", "pagar-soft", 4.5),
    ("saknas", "saknas-soft", 4.5), ("saknas", "surface", 4.5), ("ink", "klar-soft", 4.5),
    ("ink", "pagar-soft", 4.5), ("ink", "saknas-soft", 4.5), ("on-state", "klar", 3),
    ("focus-out", "paper", 3), ("focus-out", "surface", 3), ("focus-in", "focus-out", 3),
]


def luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("front", "ground", "need"), PAIRS)
def test_contrast_holds_in_light_and_dark(front: str, ground: str, need: float) -> None:
    for mode in (0, 1):
        low, high = sorted((luminance(TOKENS[front][mode]), luminance(TOKENS[ground][mode])))
        assert (high + 0.05) / (low + 0.05) >= need, ("light", "dark")[mode]
