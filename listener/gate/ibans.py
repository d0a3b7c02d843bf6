"""
International bank account numbers in a folded text.

Used by numbers.py. Lengths and structures are SWIFT's registry, as python-stdnum brings it. Check digits of single
countries inside the number are not asked for: a mistyped account still leads to somebody.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

from listener.gate.digits import DIGITS_MIN, ascii_digits

_START: Final = re.compile(r"(?<![a-z0-9_])[a-z]{2}\d\d")
_HINT: Final = re.compile(r"\d(?<=[a-z]{2}\d)\d")
_JOINTS: Final = frozenset(" \t.-‐‑‒–—")
_JOINTS_MAX: Final = 2
"""Chosen: signs between two groups, usually one blank."""

_SIZE: Final = re.compile(r"(\d+)!")
_HEAD: Final = 4
"""Country and check digits."""


def may_hold_iban(text: str) -> bool:
    """
    False only where `iban_spans` finds nothing.
    """
    return _HINT.search(text) is not None


def iban_spans(text: str) -> Iterator[tuple[int, int]]:
    """
    Where they stand, however they are grouped.
    """
    if not may_hold_iban(text):
        return
    for found in _START.finditer(text):
        length = _length(found[0][:2])
        taken = _take(text, found.start(), length) if length else None
        if taken is not None and _is_iban(taken[0]):
            yield found.start(), taken[1]


@functools.cache
def _length(country: str) -> int:
    """
    Characters of a number from there; 0 where there are none.
    """
    from stdnum import numdb

    ((_, said), *_) = numdb.get("iban").info(country.upper())
    structure = said.get("bban", "")
    return _HEAD + sum(map(int, _SIZE.findall(structure))) if structure else 0


def _take(text: str, start: int, length: int) -> tuple[str, int] | None:
    """
    So many letters and digits from here on, past what joins groups, and where they end; None where something else
    comes in between or they go on.
    """
    signs: list[str] = []
    at, joints = start, 0
    while len(signs) < length:
        sign = text[at : at + 1]
        if sign in _JOINTS and joints < _JOINTS_MAX:
            joints += 1
        elif sign.isdecimal() or "a" <= sign <= "z":
            signs.append(sign)
            joints = 0
        else:
            return None
        at += 1
    behind = text[at : at + 1]
    return None if behind.isdecimal() or "a" <= behind <= "z" or behind == "_" else ("".join(signs), at)


def _is_iban(signs: str) -> bool:
    from stdnum import iban

    plain = ascii_digits(signs)
    return sum(map(str.isdecimal, plain)) >= DIGITS_MIN and iban.is_valid(plain, check_country=False)
