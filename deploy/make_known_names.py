"""
Print `listener/settings/people/known.txt` again, from the person providers of Faker.

    pip install Faker && python deploy/make_known_names.py > listener/settings/people/known.txt

Faker is needed here and nowhere else: what is shipped are its words, folded, once each, with what they are used as. Its
lists are of names in use, compiled from public statistics, and of nobody's accounts.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from listener.settings.people.words import folded, words_of

HEAD = """\
# Words that are used as given names (g), family names (f) or both (b), folded and sorted by bytes: see known.py.
# Source: the person providers of Faker {version} (https://github.com/joke2k/faker), {locales} locales, taken on {day} by
# deploy/make_known_names.py. MIT License, Copyright (c) 2012 Daniele Faraglia; its text follows.
#
"""
LICENCE = "faker-{}.dist-info/licenses/LICENSE.txt"
GIVEN = re.compile(r"first_(?:romanized_|kana_)?names?(?!.*initial)|middle_names")
FAMILY = re.compile(r".*last_(?:romanized_|kana_)?names?")


def _spelt(letters: str, latin: str) -> dict[str, str]:
    """Letter to Latin letters, which two blanks make nothing."""
    return dict(zip(letters, latin.split(" "), strict=True))


ROMAN = {
    "uk": _spelt(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'",
        "a b v h g d e ie zh z y i i i k l m n o p r s t u f kh ts ch sh shch  iu ia ",
    ),
    "ru": _spelt(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch  y  e yu ya",
    ),
    "bg": _spelt(
        "абвгдежзийклмнопрстуфхцчшщъьюя",
        "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y yu ya",
    ),
    "el": _spelt("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
}
"""How passports write Ukrainian (2010), Russian, Bulgarian and Greek names in Latin letters, folded."""
PARTICLE_CHARS = 1
"""Single letters are initials. In scripts that write a name in one sign, one sign is a name."""


def _texts(value: object) -> Iterator[str]:
    """Every text in a provider's list, whatever it is nested in; of a mapping its keys, whose values are weights."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value:
            yield from _texts(each)


def _words(text: str) -> Iterator[str]:
    for word in words_of(text):
        if len(word.text) > PARTICLE_CHARS or ord(word.text) >= 0x3000:
            yield folded(word.text)


def _roman(word: str, language: str) -> str:
    """The word in Latin letters, where the language is written in others that passports spell out."""
    letters = ROMAN.get(language, {})
    return "".join(letters.get(letter, letter) for letter in word)


def main() -> None:
    """Write the file to stdout."""
    providers = importlib.import_module("faker.providers.person")
    uses: dict[str, set[str]] = {}
    locales = [found.name for found in pkgutil.iter_modules(providers.__path__) if found.name != "es"]
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for key in dir(provider):
            use = "g" if GIVEN.match(key) else "f" if FAMILY.match(key) else None
            if use is not None and not callable(getattr(provider, key)):
                for text in _texts(getattr(provider, key)):
                    for word in _words(text):
                        uses.setdefault(word, set()).add(use)
                        uses.setdefault(_roman(word, locale[:2]), set()).add(use)
    out = sys.stdout.buffer
    day = datetime.now(UTC).date().isoformat()
    out.write(HEAD.format(version=version("Faker"), locales=len(locales), day=day).encode())
    lines = (f"{word}\t{'b' if len(use) == 2 else min(use)}".encode() for word, use in uses.items())
    licence = (
        Path(importlib.metadata.distribution("Faker").locate_file("")) / LICENCE.format(version("Faker"))
    ).read_text()
    out.write(b"".join(f"# {line}".rstrip().encode() + b"\n" for line in licence.splitlines()[2:]))
    out.write(b"\n".join(sorted(lines)) + b"\n")


if __name__ == "__main__":
    main()
