"""
A text folded for comparison, with the way back to where each character came from.

`listener.text.fold` answers whether two terms are equal; masking must also know which characters of the original
to take away. So this fold works character by character: full-width and mathematical letters become plain ones,
case and Latin diacritics go, and what cannot be seen (zero-width characters, soft hyphens, tags) disappears,
because people are hidden behind it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_FOLDED_RANGES: Final = (
    range(0x80, 0x3100),
    range(0xA640, 0xAC00),
    range(0xF900, 0x10000),
    range(0x1D400, 0x1D800),
    range(0x1F100, 0x1F200),
    range(0xE0000, 0xE01F0),
)
"""Blocks that hold letters with another width, case or accent, and what is invisible (Unicode 14, Blocks.txt)."""

_BLANK_LETTERS: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0})
"""Letters and marks by category that nobody sees (Unicode, Default_Ignorable_Code_Point)."""

WORD: Final = r"\w\u064b-\u065f\u0670\u0900-\u0963\u0966-\u109f\u1780-\u17d3"
"""What a word is made of, for a character class: `\\w` misses the vowel signs of Arabic, Indic and Khmer scripts."""


@dataclass(frozen=True, slots=True, repr=False)
class Folded:
    """
    A folded text.

    Args:
        text: What to search in.
        original: What it was.
        starts: For each folded character its place in the original; None where the two run side by side.
    """

    text: str
    original: str
    starts: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """
        The original characters behind folded ones; invisible ones that follow belong to them.
        """
        if self.starts is None:
            return start, end
        last = self.starts[end] if end < len(self.starts) else len(self.original)
        return self.starts[start], max(last, self.starts[end - 1] + 1)


_ASCII: Final = bytes(range(0x80))
_FEW: Final = 8
"""Different characters up to which replacing one after the other is faster than cutting the text (measured 2026-11-24)."""


def fold_for_masking(text: str) -> str:
    """
    The folded text alone; the cheap half of `folded`. Looks for what changes among the characters beyond ASCII only,
    of which most texts hold few.
    """
    if text.isascii():
        return text.lower()
    table, changing = _table()
    beyond = text.encode(errors="surrogatepass").translate(None, _ASCII).decode(errors="surrogatepass")
    found = set(changing.findall(beyond))
    if len(found) > _FEW or not found.isdisjoint(_remade()):
        return changing.sub(lambda found: table[found[0]], text).lower()
    for character in found:
        text = text.replace(character, table[character])
    return text.lower()


@functools.cache
def _remade() -> frozenset[str]:
    """
    Characters that some other one becomes and that change themselves: one after the other would change them twice.
    """
    table, _ = _table()
    return frozenset(character for plain in table.values() for character in plain if character in table)


def folded(text: str) -> Folded:
    """
    The folded text with its way back.
    """
    if text.isascii():
        return Folded(text.lower(), text, None)
    table, changing = _table()
    pieces: list[str] = []
    starts: list[int] = []
    done = 0
    for found in changing.finditer(text):
        at, piece = found.start(), table[found[0]]
        pieces += (text[done:at], piece)
        starts.extend(range(done, at))
        starts.extend([at] * len(piece))
        done = at + 1
    pieces.append(text[done:])
    starts.extend(range(done, len(text)))
    return Folded("".join(pieces).lower(), text, starts)


@functools.cache
def _table() -> tuple[Mapping[str, str], re.Pattern[str]]:
    """
    What each character that changes becomes, and a pattern that finds them. Built once, in some 50 ms.
    """
    changes = {chr(code): _plain(chr(code)) for block in _FOLDED_RANGES for code in block}
    table = {
        character: plain for character, plain in changes.items() if plain != character or character > "\uffff"
    }
    near = "".join(re.escape(character) for character in table if character <= "\uffff")
    # Beyond the first plane as ranges: single characters would cost the pattern its bitmap, a hundredfold.
    far = "".join(f"{chr(block[0])}-{chr(block[-1])}" for block in _FOLDED_RANGES if block[0] > 0xFFFF)
    return table, re.compile(f"[{near}{far}]")


def _plain(character: str) -> str:
    """
    One character without width, case, Latin diacritics or invisibility.
    """
    code = ord(character)
    if unicodedata.category(character) == "Cf" or _is_selector(code) or code in _BLANK_LETTERS:
        return ""
    plain = unicodedata.normalize("NFKC", character).casefold()
    if code < 0x2000 or plain != character:
        plain = "".join(
            mark for mark in unicodedata.normalize("NFKD", plain) if not 0x300 <= ord(mark) <= 0x36F
        )
        plain = unicodedata.normalize("NFKC", plain)
    return plain.replace("ı", "i")


def _is_selector(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0x180B <= code <= 0x180F or 0xE0100 <= code <= 0xE01EF


def is_word(character: str) -> bool:
    """
    Whether a character continues a word.
    """
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"


def is_unspaced(character: str) -> bool:
    """
    Whether a character belongs to a script that is written without spaces, where a name begins anywhere: Thai,
    Lao, Burmese, Khmer, Chinese, Japanese; Korean, too, since particles follow names directly.
    """
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u11ff"
        or "\u1780" <= character <= "\u17ff"
        or "\u3040" <= character <= "\u9fff"
        or "\uac00" <= character <= "\ud7a3"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


_PROCLITICS: Final = frozenset("وفبلكושהבלמכ")
"""One-letter words that Arabic and Hebrew write onto the next: "and NAME", "to NAME"."""


def stands_free(text: str, start: int, end: int) -> bool:
    """
    Whether the folded characters from `start` to `end` are words of their own, in the way of their script.
    """
    return _free_before(text, start) and _free_after(text, end)


def _free_before(text: str, start: int) -> bool:
    if start == 0 or is_unspaced(text[start]):
        return True
    before = text[start - 1]
    if not is_word(before) or is_unspaced(before):
        return True
    return before in _PROCLITICS and (start == 1 or not is_word(text[start - 2]))


def _free_after(text: str, end: int) -> bool:
    if end == len(text) or is_unspaced(text[end - 1]):
        return True
    return not is_word(text[end]) or is_unspaced(text[end])
