"""
How a term falls into words, and how words are compared: the grammar under the names.

Used by `likeness` and by the maker of `known.txt`, so that both fold alike. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SAME: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ə": "e",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ة": "ه",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
    }
)
"""Letters that are written both ways, in Latin without the diacritics and in Arabic as in Persian."""

_APOSTROPHES: Final = "'’ʼ`´"
_JOINERS: Final = re.compile(r"[\s_/·・.,;:!?()\[\]\"«»“”–—-]+")


@dataclass(frozen=True, slots=True)
class Word:
    """
    One word of a term.

    Args:
        text: As written.
        key: Folded.
        initial: A single capital letter that stands for a name.
        always_capital: Where small letters say nothing, as in an account.
    """

    text: str
    key: str
    initial: bool = False
    always_capital: bool = False

    @property
    def capital(self) -> bool:
        """
        Written as names are: with a capital, or in a script that has none.
        """
        return (
            self.always_capital
            or self.text[0].isupper()
            or not (self.text[0].islower() or self.text[0].isdigit())
        )


def folded(word: str) -> str:
    """
    Case, width, Latin, Greek and Cyrillic diacritics, and the Arabic article taken away.
    """
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word).casefold())
    plain = "".join(
        letter for letter in apart if not "̀" <= letter <= "ͯ" and unicodedata.category(letter) != "Cf"
    )
    plain = unicodedata.normalize("NFC", plain).translate(_SAME)
    return plain[2:] if plain.startswith("ال") and len(plain) > 4 else plain


def words_of(text: str) -> tuple[Word, ...]:
    """
    The words of a phrase, of a tag or of the name of an account.
    """
    return tuple(_words(unicodedata.normalize("NFKC", text)))


def in_humps(text: str) -> str:
    """
    `JusticeForJordan` as three words, `STMinfo` and `yyc` as one.
    """
    return " ".join("".join(_humps(text)).split())


def _humps(text: str) -> Iterator[str]:
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        rises = letter.isupper() and (before.islower() or (before.isupper() and after.islower()))
        # STMinfo is one word and STMInfo two: small letters after a row of capitals belong to nobody's hump
        yield f" {letter}" if rises or (before != " " and before.isdigit() != letter.isdigit()) else letter


def _words(text: str) -> Iterator[Word]:
    for written in _JOINERS.split(text):
        parts = re.split(f"[{_APOSTROPHES}]", written)
        # l'Allier and d'Été are two words, O'Riordan is one
        for part in (
            parts if len(parts) == 2 and parts[0].casefold() in ("l", "d", "qu") else ["".join(parts)]
        ):
            if part:
                alone = len(part) == 1 and part.isupper()
                yield Word(part, folded(part), initial=alone)
