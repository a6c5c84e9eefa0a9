"""The code on the printed page is read from a picture, and what it says is believed without asking anybody."""

import re
from random import Random
from xml.etree import ElementTree

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageFilter

from certificates.files import qr
from certificates.files.pdf import Layout, verification_url
from certificates.standards import paper
from tests.certificates.examples import example
from tests.certificates.papers import (
    BASE,
    LONG_BASE,
    LONG_NAME,
    LONGEST_NAME,
    believed,
    picture,
    printed,
    proof_of,
    read,
    scanned,
    text_of,
)

LAYOUTS: tuple[Layout, ...] = ("portrait", "landscape")


@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_printed_code_proves_itself_from_the_picture_alone(layout: Layout, dpi: int) -> None:
    page = picture(printed(example(), layout=layout), dpi)
    told = scanned(page)
    assert told.startswith("https://parlband.example/v/7Q4M9XKD2RTABCDE#")
    assert told.partition("#")[0] == verification_url(example(), BASE + "/")
    assert (believed(told).name, believed(told).number) == ("Elin Forsman", "SMA-A-2026-0096")
    assert _smallest_side(page) / dpi * 25.4 > 30 - 2 * 25.4 / dpi


def _smallest_side(page: Image.Image) -> float:
    """Of the code on the page, in dots."""
    (found,) = zxingcpp.read_barcodes(page)
    corners = found.position
    pairs = ((corners.top_left, corners.top_right), (corners.top_left, corners.bottom_left))
    return min(((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5 for one, other in pairs)


@pytest.mark.parametrize(("name", "base_url"), [(LONG_NAME, BASE), (LONGEST_NAME, LONG_BASE)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_code_of_the_longest_name_is_printed_larger(layout: Layout, name: str, base_url: str) -> None:
    pdf = printed(example(holder_name=name), base_url=base_url, layout=layout)
    assert len(read(pdf).pages) == 2
    page = picture(pdf, 150)
    told = scanned(page)
    assert believed(told).name == name
    assert _smallest_side(page) > 150 / 25.4 * max(30.5, 0.49 * _modules(told))
    assert verification_url(example(), base_url).removeprefix("https://") in text_of(pdf)
    assert told.partition("#")[2] not in text_of(pdf)


def _modules(told: str) -> int:
    url, _mark, digits = told.partition("#")
    return len(qr.signed_modules(url, digits)) - 2 * qr.QUIET


def test_digits_are_packed_as_digits() -> None:
    """A usual name needs 61 modules, a long one 69; letters for digits would take a hundred."""
    for name, most in (("Elin Forsman", 61), (LONG_NAME, 69)):
        statement = example(holder_name=name)
        told = f"{verification_url(statement, BASE)}#{proof_of(statement).digits}"
        assert _modules(told) <= most


@pytest.mark.parametrize("layout", LAYOUTS)
def test_code_on_a_bad_photograph_is_believed(layout: Layout) -> None:
    """Held askew, out of focus, grey and noisy, as telephones see it."""
    page = picture(printed(example(holder_name=LONG_NAME), layout=layout), 200).convert("L")
    noise = Image.frombytes("L", page.size, Random(1).randbytes(page.width * page.height))
    askew = Image.blend(page, noise, 0.4).filter(ImageFilter.GaussianBlur(0.8)).rotate(11, expand=True, fillcolor=128)
    width, height = askew.size
    lying = (0, 0, 40, height, width, height - 60, width - 30, 30)
    assert believed(scanned(askew.transform(askew.size, Image.Transform.QUAD, lying))).name == LONG_NAME


def test_another_county_is_not_believed() -> None:
    told = scanned(picture(printed(example()), 150))
    stranger = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(paper.PaperError):
        paper.read(told.partition("#")[2], {paper.key_id(stranger): stranger})
    with pytest.raises(paper.PaperError):
        believed(told[:-1] + str((int(told[-1]) + 1) % 10))


def test_qr_svg_needs_no_style_and_keeps_its_quiet_zone() -> None:
    square = qr.modules("https://parlband.example/v/X")
    drawn = qr.svg(square, title="Öppnar <certifikatet>")
    root = ElementTree.fromstring(drawn)
    assert "style" not in drawn
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Öppnar <certifikatet>"
    size = len(square)
    assert root.attrib["viewBox"] == f"0 0 {size} {size}"
    for edge in range(4):
        assert not any(square[edge] + square[-1 - edge])
        assert not any(row[edge] or row[-1 - edge] for row in square)
    image = Image.new("1", (size, size), 1)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", qr.path(square)):
        for step in range(int(width)):
            image.putpixel((int(x) + step, int(y)), 0)
    (found,) = zxingcpp.read_barcodes(
        image.convert("L").resize((size * 4, size * 4), Image.Resampling.NEAREST)
    )
    assert found.text == "https://parlband.example/v/X"
