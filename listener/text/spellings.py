"""
Where a folded character may come from: what `hear.sieve` must know to look for folded words in text that is not folded.

Derived from `clean` and `fold` themselves, when first asked for (some 50 ms), so it cannot fall behind them. Invariant, held
by a test over all of Unicode: a code point outside `_CHANGING` folds to itself, or is a lone surrogate, which no UTF-8 holds.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from listener.text.letters import clean, fold

_CHANGING: Final = (
    range(0x7F, 0x3400),
    range(0xA000, 0xAC00),
    range(0xF900, 0x10000),
    range(0x10000, 0x12000),
    range(0x16A00, 0x17000),
    range(0x1BC00, 0x1F300),
    range(0x1FB00, 0x1FC00),
    range(0x2F800, 0x2FA20),
    range(0xE0000, 0xE1000),
)
_HANGUL: Final = range(0xAC00, 0xD7A4)
"""They fold to themselves, but each is composed."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """
    Args:
        folded: Each code point that does not fold to itself, ASCII left out, to what it folds to.
        vanishing: What can be nothing between two letters, in `folded` or not.
        joining: What may become one with what stands before it, by composition, with all it is made of.
        spaces: What is white space once it is read.
    """

    folded: Mapping[str, str]
    vanishing: frozenset[str]
    joining: Mapping[str, frozenset[str]]
    spaces: frozenset[str]


@cache
def spellings() -> Spellings:
    """
    Of all of Unicode, drawn up once.
    """
    chars = [char for span in _CHANGING for char in map(chr, span) if not "\ud800" <= char <= "\udfff"]
    folded = {char: to for char, to in zip(chars, _each(chars), strict=True) if to != char}
    between = zip(chars, _each([f"a{char}a" for char in chars]), strict=True)
    seconds = {part for char in itertools.chain(chars, map(chr, _HANGUL)) for part in composed_of(char)}
    return Spellings(
        folded=folded,
        vanishing=frozenset(char for char, to in between if to == "aa")
        | {"\u0307"},  # the dot of `i` with a dot
        joining={char: parts for char in chars if (parts := _parts(char, seconds))},
        spaces=frozenset(char for char, to in folded.items() if to.isspace()),
    )


def _parts(char: str, seconds: Collection[str]) -> frozenset[str]:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    joins = char in seconds or (parts and (unicodedata.combining(parts[0]) or parts[0] in seconds))
    return frozenset(parts + char) if joins else frozenset()


def composed_of(char: str) -> str:
    """
    What joins the first part of a composed character; empty where it is not composed.
    """
    return unicodedata.normalize("NFD", char)[1:]


def _each(texts: list[str]) -> list[str]:
    """
    Each text as it is read. In one go, which is twenty times as fast; nothing composes with a tab, and nothing becomes one.
    """
    return fold(clean("\t".join(texts))).split("\t")
