"""The PDF says what the statement says, and carries the signed credential inside."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import typst

from certificates.files.pdf import Layout, missing_glyphs
from certificates.reading import ATTACHMENT
from certificates.statement import Certifier, Named, Part, ProgrammeRef, Statement, to_json
from lms import press
from tests.certificates.examples import example
from tests.certificates.papers import CREDENTIAL, LONG_NAME, printed, read, squeezed, text_of

LAYOUTS: tuple[Layout, ...] = ("portrait", "landscape")
LONG_TITLE = (
    "Systematisk metod för arbetsinriktad lotsning för utbildare i kommuner, myndigheter, ideella föreningar "
    "och arbetsintegrerande sociala företag i hela länet, med fördjupning i horisontella principer och i "
    "handledning av kollegor som möter arbetssökande varje dag"
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_swedish_certificate_says_all_facts(layout: Layout) -> None:
    text = text_of(printed(example(valid_until=date(2028, 11, 20)), layout=layout))
    for fact in (
        "Användarcertifikat", "Elin Forsman", "SMAIL för användare", "12 timmar", "Enköping",
        "22 oktober–19 november 2026", "Kan använda SMAIL i sitt arbete.", "20 november 2028",
        "SMA-A-2026-0096", "7Q4M-9XKD-2RTA-BCDE", "parlband.example/v/7Q4M9XKD2RTABCDE",
        "gå till parlband.example/verify och skriv koden",
        "Eva Dahlgren och Per Blomgren, Enköpings kommun", "SMA-U-2026-0007", "20 november 2026",
        "Samordningsförbundet Uppsala län", "Medfinansieras av Europeiska unionen", "dnr 2021/00320",
        "version 2026-1", "Bedömt av",
        "Tillfälle 1", "Horisontella principer", "Hemuppgift", "Tillfälle 2",
        "12 november 2026", "Eva Dahlgren, Per Blomgren",
    ):  # fmt: skip
        assert squeezed(fact) in text, fact


@pytest.mark.parametrize("layout", LAYOUTS)
def test_english_certificate_speaks_english(layout: Layout) -> None:
    statement = example(language="en", publicity="Co-funded by the European Union", minutes=750, level="trainer")
    pdf = printed(statement, layout=layout)
    text = text_of(pdf)
    for fact in (
        "Trainer certificate", "SMAIL for users", "12 hours 30 minutes", "22 October–19 November 2026",
        "no end date", "Assessed by", "Co-funded by the European Union",
    ):  # fmt: skip
        assert squeezed(fact) in text, fact
    assert read(pdf).root_object["/Lang"] == "en"
    assert "certifikat" not in text.lower().replace("certificate", "")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_statement_gives_same_bytes(layout: Layout) -> None:
    first = printed(example(), layout=layout)
    printed(example(holder_name="Någon Annan"), layout=layout)
    assert printed(example(), layout=layout) == first


def test_threads_do_not_mix_people() -> None:
    people = [example(holder_name=f"Deltagare Nummer {n}") for n in range(12)]
    alone = [printed(person) for person in people]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(printed, people)) == alone


@pytest.mark.parametrize("layout", LAYOUTS)
def test_credential_is_attached_word_for_word(layout: Layout) -> None:
    reader = read(printed(example(), layout=layout))
    assert reader.attachments == {ATTACHMENT: [CREDENTIAL.encode()]}
    (attached,) = reader.root_object["/AF"]
    file = attached.get_object()
    assert file["/AFRelationship"] == "/Alternative"
    assert file["/EF"]["/F"].get_object()["/Subtype"] == "/application/vc+ld+json"


def test_file_claims_both_standards_and_is_tagged() -> None:
    reader = read(printed(example()))
    metadata = reader.root_object["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Användarcertifikat, Elin Forsman"
    assert "D:20261120" in reader.metadata.creation_date_raw


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x")', '"; #eval("1+1") //', "*Elin* _Forsman_ `x` $y$ <z> @w", "\\u{41} \\",
        "{{ 7*7 }} ${x} %s", "<script>alert(1)</script>", "= Rubrik", "'; DROP TABLE certificates; --",
        "/* - + 1. https://x.example",
        "O’Brien-D'Arcy", "#" * 40, "fi ffi fl",
    ],
)  # fmt: skip
def test_markup_in_a_name_is_only_letters(name: str) -> None:
    pdf = printed(example(holder_name=name, place=name, competence=name, number=name))
    assert squeezed(name) in text_of(pdf)
    assert len(read(pdf).pages) == 2


def test_direction_tricks_and_line_breaks_do_not_reach_paper() -> None:
    pdf = printed(example(holder_name="Elin\u202enamsroF\n\nForsman\u2066"))
    assert "ElinnamsroFForsman" in text_of(pdf)


def crowded_statement(**values: object) -> Statement:
    part = "att föra samtal om arbete, hälsa och vardag med den som söker arbete"
    organisations = (
        "Samordningsförbundet Uppsala län",
        "Enköpings kommun",
        "Region Uppsala",
        "Älvkarleby kommun",
    )
    return example(
        holder_name=LONG_NAME,
        programme=ProgrammeRef("long", LONG_TITLE, LONG_TITLE, "2026-1"),
        competence="kan planera, leda och utvärdera utbildningen och handleda kollegor i hela kommunen " * 4,
        parts=tuple(
            Part("session", f"Tillfälle {n}: {part}", date(2026, 10, n), 240, (LONG_NAME,)) for n in range(1, 13)
        ),
        trainers=tuple(Named(LONG_NAME, organisation) for organisation in organisations),
        certified_by=Certifier(LONG_NAME, organisations[0], exemption="beslut av projektledaren " * 5),
        **values,
    )


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_long_texts_leave_the_first_page_whole(layout: Layout, language: str) -> None:
    pdf = printed(crowded_statement(language=language), layout=layout, status="replaced")
    first, second, *_ = (squeezed(page.extract_text()) for page in read(pdf).pages)
    for fact in (LONG_NAME, LONG_TITLE, "7Q4M-9XKD-2RTA-BCDE"):
        assert squeezed(fact) in first
    assert squeezed("vilar på" if language == "sv" else "rests on") in second
    assert squeezed("beslut av projektledaren") in text_of(pdf)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("parts", [0, 1, 4, 5, 6, 7, 30])
def test_any_number_of_parts(layout: Layout, parts: int) -> None:
    chosen = tuple(
        Part("session", f"Tillfälle {n}", date(2026, 10, 1 + n), 45, ("Eva Dahlgren",)) for n in range(parts)
    )
    pdf = printed(example(parts=chosen), layout=layout)
    assert len(read(pdf).pages) == (3 if parts == 30 else 2)
    assert all(f"Tillfälle{n}," in text_of(pdf) for n in range(parts))


def test_status_is_printed_in_words() -> None:
    for status, word in (("revoked", "Återkallat."), ("expired", "Utgånget."), ("replaced", "Ersatt.")):
        assert word in text_of(printed(example(), status=status))
        assert word not in text_of(printed(example()))


def test_project_without_eu_money_has_no_emblem() -> None:
    assert "unionen" not in text_of(printed(example(publicity=""))).lower()


@pytest.mark.parametrize(
    "name",
    ["Åsa Öberg", "Łukasz Żółć", "Ștefan Țăran", "Þórður Æsir", "Ġorġ Ħal", "Ελένη Παπαδοπούλου",
     "Ђорђе Љубић", "Олексій Ґоляк", "Արամ Գրիգորյան", "გიორგი მაისურაძე",
     "שרה כהן", "Đặng Thị Ngọc", "Ŋáŋŋá Čáhppes"],
)  # fmt: skip
def test_scripts_of_europe_can_be_printed(name: str) -> None:
    assert missing_glyphs(name) == set()
    printed(example(holder_name=name))


def test_missing_glyphs_are_named_before_issuing() -> None:
    assert missing_glyphs('Li "漢" \\ 😀 #x') == {"漢", "😀"}
    assert missing_glyphs(to_json(example(place="字"))) == {"字"}
    assert missing_glyphs("") == missing_glyphs(to_json(example())) == set()
    with pytest.raises(typst.TypstError):
        printed(example(place="字"))


def test_typefaces_are_read_once() -> None:
    """Most of the time of a first PDF; how fast the next ones are, `make bench` tells."""
    printed(example())
    before = press._fonts.cache_info().misses, press._compiler.cache_info().misses
    for n in range(5):
        printed(example(number=f"SMA-A-2026-1{n:03}"))
    assert (press._fonts.cache_info().misses, press._compiler.cache_info().misses) == before
