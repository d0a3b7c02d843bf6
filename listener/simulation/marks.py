"""
A mark in the words of every synthetic post, by which somebody outside the daemon knows it again without a link.

Written by `listener.simulation.snowstorm` into each version of a post, read by `listener demo` out of events. Links of posts
are sealed, missing, or come in several forms; words pass the gate as they are, but for what names a person. So a mark is a
snowflake and syllables: nothing that looks like a handle, an address, a number or a name, in no language of the city.
Invariant: `read(mark(n, r)) == (n, r)`, whatever stands around it.
"""

from __future__ import annotations

import re
from typing import Final

_CONSONANTS: Final = "bdfghjklmnprstv"
_VOWELS: Final = "aeiou"
_BASE: Final = len(_CONSONANTS) * len(_VOWELS)
_NUMBER: Final = 3
"""Syllables of a number: 421,875 posts of a network."""

_SYLLABLE: Final = f"[{_CONSONANTS}][{_VOWELS}]"
MARK: Final = re.compile(rf"❄((?:{_SYLLABLE}){{{_NUMBER}}})({_SYLLABLE})(?![a-z])")


def mark(number: int, revision: int) -> str:
    """
    Of one version of one post.

    Args:
        number: Of the post within its network's story, from 0 to 421,874.
        revision: From 1 to 74.

    Raises:
        ValueError: there are more than can be told apart.
    """
    if not (0 <= number < _BASE**_NUMBER and 0 < revision < _BASE):
        raise ValueError("no mark for so many posts, or versions of one")
    return f"❄{_spelled(number, _NUMBER)}{_spelled(revision, 1)}"


def read(text: str) -> tuple[int, int] | None:
    """
    Number and revision of the first mark in a text; None where there is none.
    """
    found = MARK.search(text)
    return None if found is None else (_number(found[1]), _number(found[2]))


def _spelled(number: int, syllables: int) -> str:
    said = []
    for _ in range(syllables):
        number, digit = divmod(number, _BASE)
        said.append(_CONSONANTS[digit // len(_VOWELS)] + _VOWELS[digit % len(_VOWELS)])
    return "".join(reversed(said))


def _number(spelled: str) -> int:
    number = 0
    for consonant, vowel in zip(spelled[::2], spelled[1::2], strict=True):
        number = number * _BASE + _CONSONANTS.index(consonant) * len(_VOWELS) + _VOWELS.index(vowel)
    return number
