"""
Whether a planted string is still there, in any form that reads the same. Used by `measure`, by the tests here and by those of recorded data.

Knows nothing of the gate: its folding is written here again, from Unicode's own words (UAX #15, NFKC and case folding;
`Default_Ignorable_Code_Point`; decimal digits of every script), so that what the masker overlooks is not overlooked here, too.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

_IGNORABLE: Final = frozenset(
    chr(point)
    for first, last in (
        (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E),
        (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    )
    for point in range(first, last + 1)
)  # fmt: skip
"""Unicode, DerivedCoreProperties.txt, `Default_Ignorable_Code_Point`, version 15."""


@lru_cache(maxsize=4096)
def _read(sign: str) -> str:
    if sign in _IGNORABLE or unicodedata.category(sign) == "Cf":
        return ""
    decimal = unicodedata.decimal(sign, None)
    return sign if decimal is None else str(decimal)


def folded(text: str) -> str:
    """
    As a reader takes it: compatibility forms and case folded, invisible characters gone, digits of every script as ours.
    """
    plain = unicodedata.normalize("NFKC", "".join(map(_read, text)))
    return unicodedata.normalize("NFKC", "".join(map(_read, plain.casefold())))


def forms(text: str) -> tuple[str, ...]:
    """
    The folded text, the same with percent-encoding undone, and its digits alone.
    """
    plain = folded(text)
    undone = folded(unquote(plain)) if "%" in plain else plain
    return plain, undone, "".join(sign for sign in undone if sign.isdigit())


def survives(planted: str, text: str) -> bool:
    """
    Whether the string is in the text: a string of digits anywhere in the text's digits, whatever stands between them.
    """
    sought, (plain, undone, digits) = folded(planted), forms(text)
    return sought in plain or sought in undone or (sought.isdigit() and sought in digits)
