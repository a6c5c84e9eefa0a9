"""Short codes of people on paper lists: what stands before a name, and what is typed afterwards for who signed.

The rule that matters most: a code belongs to the person, not to the row, so a list printed before somebody came onto
the sheet is still right afterwards. Letter, digit, letter: what is read wrongly is rarely somebody else's.
"""

import re

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"  # not I, O, Q and Z, which look like figures
_ONE_ROUND = len(_LETTERS) * 10 * len(_LETTERS)
_STEP = 2741  # neighbours of the register stand far apart; any number without a factor of _ONE_ROUND will do
_CODE = re.compile(r"([A-Z])([0-9OIL])([A-Z])(\d{0,6})", re.ASCII)
_READ_AS = str.maketrans("OIL", "011")


def code_of(person_id: int) -> str:
    """The code of a person, «K7M»; a figure more from person 4 841 on."""
    rounds, place = divmod(person_id - 1, _ONE_ROUND)
    first, rest = divmod(place * _STEP % _ONE_ROUND, 10 * len(_LETTERS))
    digit, last = divmod(rest, len(_LETTERS))
    return f"{_LETTERS[first]}{digit}{_LETTERS[last]}{rounds or ''}"


def person_of(code: str) -> int | None:
    """Whose code it is (nobody needs to have that number), or None when it is no code at all."""
    found = _CODE.fullmatch(code.upper())
    if not found or found[1] not in _LETTERS or found[3] not in _LETTERS:
        return None
    digit = int(found[2].translate(_READ_AS))
    place = (_LETTERS.index(found[1]) * 10 + digit) * len(_LETTERS) + _LETTERS.index(found[3])
    return int(found[4] or 0) * _ONE_ROUND + place * pow(_STEP, -1, _ONE_ROUND) % _ONE_ROUND + 1


def read(text: str) -> tuple[set[int], list[str]]:
    """The people whose codes somebody typed, apart by spaces, commas or lines, and the words that are no codes."""
    words = [word for word in re.split(r"[\s,;.]+", text) if word]
    people = {word: person_of(word) for word in words}
    return {found for found in people.values() if found}, [word for word, found in people.items() if found is None]
