"""Made-up people: common Swedish given and family names drawn together at random, addresses that end in .example.

Nobody here exists: names meet by chance, and personnummer use the individual numbers that are never given out.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from lms import personnummer


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words(
    "Agnes Aisha Alva Amina Anna Asta Astrid Beatrice Birgitta Camilla Carina Cecilia Ebba Elin Elisabet Ellen "
    "Elsa Emelie Emma Ester Eva Fatima Frida Gabriella Gunilla Hanna Hedvig Helena Ida Ingela Ingrid Jasmin "
    "Jenny Johanna Josefin Julia Kajsa Karin Kerstin Klara Kristina Leila Lena Linda Linnea Lisa Lovisa Lotta "
    "Madeleine Malin Margareta Maria Marianne Marie Matilda Mariam Mikaela Monika Nadia Nora Olivia Pernilla "
    "Petra Rebecka Ronja Samira Sandra Sara Selma Signe Siri Sofia Stina Susanne Tilda Tove Ulrika Vera "
    "Viktoria Wilma Yasmin Ylva Zahra Åsa"
)
MEN = _words(
    "Adam Ahmed Albin Alexander Ali Amir Anders Anton Arvid Axel Bengt Björn Bo Carl Christer Daniel David "
    "Dennis Elias Emil Erik Felix Filip Fredrik Gabriel Gustav Göran Hampus Hassan Henrik Hugo Håkan Ibrahim "
    "Isak Jakob Jan Jens Jesper Joakim Johan Jonas Jonatan Karim Kenneth Kjell Lars Lennart Leo Linus Ludvig "
    "Magnus Marcus Martin Mattias Mikael Mohamed Nils Noah Ola Olle Omar Oskar Patrik Per Peter Rasmus Rickard "
    "Robert Robin Roger Samuel Sebastian Simon Stefan Sten Sven Theo Thomas Tobias Ulf Valter Viktor Vilhelm "
    "Yusuf"
)
FAMILIES = _words(
    "Abdi Ahlgren Ali Almgren Andersson Arvidsson Axelsson Backlund Bengtsson Berg Bergman Bergqvist Björk "
    "Blom Blomqvist Boström Brandt Carlsson Claesson Dahl Dahlberg Danielsson Edlund Ek Ekberg Eklund Eliasson "
    "Engström Eriksson Falk Fors Forsberg Franzén Fransson Fredriksson Gunnarsson Gustafsson Haddad Haglund "
    "Hansen Hassan Hedberg Hedlund Hellström Henriksson Hermansson Holm Holmberg Holmgren Håkansson Ibrahim "
    "Isaksson Ivarsson Jakobsson Jansson Johansson Jonasson Jonsson Josefsson Karlsson Khalil Larsson Lind "
    "Lindberg Lindgren Lindholm Lindqvist Lindström Ljung Ljungberg Lund Lundberg Lundgren Lundin Lundqvist "
    "Löfgren Magnusson Malm Martinsson Mattsson Mohammed Månsson Mårtensson Nilsson Norberg Nordin Nordström "
    "Nyberg Nyman Nyström Olofsson Olsson Palm Persson Pettersson Rosén Samuelsson Sandberg Sandström Sjöberg "
    "Sjögren Skog Ström Strömberg Sundberg Sundström Svensson Söderberg Söderström Viklund Wallin Wikström "
    "Yusuf Åberg Åkesson Åström Öberg Östlund"
)
TITLES = (
    "Arbetsmarknadskonsulent", "Arbetsmarknadscoach", "Handläggare", "Socialsekreterare", "Studie- och yrkesvägledare",
    "Jobbcoach", "Arbetsterapeut", "Integrationshandläggare", "Arbetskonsulent", "Samordnare",
)  # fmt: skip


@dataclass(frozen=True)
class Someone:
    """One made-up person, as a municipality's list names people."""

    given_name: str
    family_name: str
    email: str
    organisation: str
    gender: str
    job_title: str
    personnummer: str = field(default="", repr=False)


class Crowd:
    """Draws people without drawing the same name, address or personnummer twice; the same seed, the same people."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names: set[str] = set()
        self._addresses: set[str] = set()
        self._numbers: set[str] = set()

    def draw(self, organisation: str, *, email: str = "", job_title: str = "", numbered: bool = True) -> Someone:
        """Somebody of the organisation. `email` is for who must be found again; the rest get their name's."""
        gender = self._chance.choices(("woman", "man", "other", "unknown"), (66, 31, 2, 1))[0]
        given, family = self._name(gender)
        address = email or self._address(given, family, organisation)
        return Someone(
            given_name=given,
            family_name=family,
            email=address,
            organisation=organisation,
            gender=gender,
            job_title=job_title or self._chance.choice(TITLES),
            personnummer=self._number(gender) if numbered else "",
        )

    def _name(self, gender: str) -> tuple[str, str]:
        given_names = {"woman": WOMEN, "man": MEN}.get(gender, WOMEN + MEN)
        for _attempt in range(50):
            given, family = self._chance.choice(given_names), self._chance.choice(FAMILIES)
            if f"{given} {family}" not in self._names:
                break
        self._names.add(f"{given} {family}")
        return given, family

    def _address(self, given: str, family: str, organisation: str) -> str:
        base = f"{ascii_of(given)}.{ascii_of(family)}"
        for address in _numbered(base, domain_of(organisation)):
            if address not in self._addresses:
                self._addresses.add(address)
                return address
        raise AssertionError  # pragma: no cover  the numbers do not end

    def _number(self, gender: str) -> str:
        """A personnummer that fits the gender's digit, of somebody aged about 24 to 62."""
        odd = {"woman": 0, "man": 1}.get(gender, self._chance.randrange(2))
        while True:
            born = date(1964, 1, 1) + timedelta(days=self._chance.randrange(38 * 365))
            digits = personnummer.synthetic(born, 980 + 2 * self._chance.randrange(10) + odd).digits12
            if digits not in self._numbers:
                self._numbers.add(digits)
                return digits


def ascii_of(text: str) -> str:
    """Small letters without marks, as addresses have them: «Åsa Öberg» is asa.oberg."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "".join(ch for ch in plain if ch.isalnum())


def domain_of(organisation: str) -> str:
    """The made-up domain of an organisation; .example belongs to nobody (RFC 2606)."""
    return f"{ascii_of(organisation.split(maxsplit=1)[0])}.example"


def _numbered(base: str, domain: str) -> Iterator[str]:
    yield f"{base}@{domain}"
    number = 2
    while True:
        yield f"{base}{number}@{domain}"
        number += 1
