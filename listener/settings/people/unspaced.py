"""
Names in scripts that write no spaces: a family's sign or two, then what is given.

Used by `likeness`. Chinese and Japanese family names and given names, and Korean ones, are looked up in `known`; what ends
with the sign of a place or a thing (市, 路, 駅, 역) is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from listener.settings.people.known import Known

FAMILY_FIRST: Final = "a family name and a given name"
TITLED: Final = "a name and a title"
_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿々ぁ-ゖァ-ヺー]{2,6}")
_HANGUL: Final = re.compile(r"[가-힣]{2,5}")


@dataclass(frozen=True, slots=True)
class Signs:
    """
    What ends a word in these scripts.

    Args:
        things: Signs of places and things, Chinese and Japanese.
        things_hangul: The same, Korean.
        titles: Whole words.
    """

    things: frozenset[str]
    things_hangul: frozenset[str]
    titles: frozenset[str]


def unspaced_name(text: str, known: Known, signs: Signs) -> str | None:
    """
    What a text looks like, if it looks like one name in such a script; None of everything else.
    """
    joined = "".join(text.split())
    for title in sorted(signs.titles, key=len, reverse=True):
        name = joined.removesuffix(title)
        if name != joined and len(name) > 1 and _family(name, known):
            return TITLED
    if _HAN.fullmatch(joined):
        return FAMILY_FIRST if _is_han_name(joined, known, signs) else None
    if _HANGUL.fullmatch(joined):
        return FAMILY_FIRST if _is_hangul_name(joined, known, signs) else None
    return None


def _family(name: str, known: Known) -> str:
    """
    The family name that a name begins with; empty where none is known.
    """
    return next((name[:size] for size in (3, 2, 1) if known.is_name(name[:size], "family")), "")


def _is_han_name(name: str, known: Known, signs: Signs) -> bool:
    family = _family(name, known)
    given = name.removeprefix(family)
    if not family or not given:
        return False
    if known.is_name(given, "given"):
        return True
    if name[-1] in signs.things:
        return False
    # A family of one sign begins many words; two signs after it are a name unless the whole is a longer word.
    return len(given) == 2 or (len(family) >= 2 and len(given) <= 2)


def _is_hangul_name(name: str, known: Known, signs: Signs) -> bool:
    family = _family(name, known)
    given = name.removeprefix(family)
    if not family or not 1 <= len(given) <= 2:
        return False
    return known.is_name(given, "given") or (len(given) == 2 and name[-1] not in signs.things_hangul)
