"""
Numbers that stand for a person or for their money in a folded text: identity numbers, bank accounts, payment cards.

A number counts when its check digits are right *and* it is grouped as people write it. Where that says much, it is all:

    IBAN             a country's letters, its length and structure, check digits modulo 97 (ibans.py)
    NIR              15 digits (a letter among them for Corsica), sex and month in their places, key modulo 97
    payment card     an issuer's range, Luhn; as embossed, or 15 or 16 digits in one (cards.py)
    DNI, NIE         eight digits, or X, Y, Z and seven, and the letter that belongs to them

Where it says little (one in ten nine-digit numbers passes Luhn, one in eleven the Dutch test), the text has to say more:

    SIN, BSN         nine digits in one, in threes or four, two, three, that are no amount and have no digits beside
                     them; threes joined by points, which are how thousands are written, only beside a word for it
    payment card     with digits beside it, or of another length: beside a word for it, or before its date of expiry

In 9,926 recorded texts that takes 4 of 21 nine-digit numbers outside addresses, none of them somebody's: 0.04 % of the
texts (2026-11-25). A number that is masked without need costs a reader little, one that stays is a person's.

Checks and structures are python-stdnum's, imported when a text first holds a candidate.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from listener.gate.cards import GROUPINGS, LENGTHS, is_card
from listener.gate.digits import CURRENCY, RUN_HINT, ascii_digits, has_digits
from listener.gate.folding import WORD, is_unspaced, is_word
from listener.gate.ibans import iban_spans, may_hold_iban
from listener.gate.names import any_of, words

_JOINT: Final = r"[ \t.\u2010-\u2015\u2212/-]"
"""What stands between groups of digits, after folding: blanks of any width, points, hyphens and dashes, a stroke."""

_RUN: Final = re.compile(rf"\d(?:{_JOINT}{{0,2}}\d){{6,}}")
_GROUP: Final = re.compile(r"\d+")
_GROUPS_MAX: Final = 7
"""As many as the NIR has."""

_NIR_GROUPINGS: Final = frozenset({(1, 2, 2, 2, 3, 3, 2), (13, 2), (15,)})
_NIR: Final = re.compile(
    r"[123478](?#sex)\d\d(?#year)(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(?#month)(?:\d\d|2[ab])\d{3}(?#place)\d{5}"
)
"""Sex 3, 4, 7, 8 while registering; months past twelve where it is not known. Source: INSEE, "Répertoire national
d'identification des personnes physiques", structure of the NIR."""

_CORSICAN: Final = re.compile(
    rf"(?<![{WORD}])\d{_JOINT}?\d\d{_JOINT}?\d\d{_JOINT}?2[ab]{_JOINT}?\d{{3}}{_JOINT}?\d{{3}}{_JOINT}?\d\d(?![{WORD}])"
)
_CORSICAN_HEAD: Final = len("1 85 05 2a ")

_LETTERED: Final = re.compile(
    r"(?<![a-z0-9_])(?:[xyz][ -]?(?:\d{7}|\d\.\d{3}\.\d{3})|\d{8}|\d{1,2}\.\d{3}\.\d{3})(?: ?- ?| )?[a-z](?![a-z0-9_])"
)
_LETTER_HEAD: Final = len("x-")
_LETTER_TAIL: Final = len(" - k")

_THREES: Final = (3, 3, 3)
_CIVIL_GROUPINGS: Final = frozenset({(9,), _THREES, (4, 2, 3)})
_SIZES: Final = GROUPINGS | _NIR_GROUPINGS | _CIVIL_GROUPINGS | {(8,)}
"""Eight digits: a BSN without the nought in front, beside a word for it."""

_EXPIRY: Final = re.compile(r"[ ,;]{1,2}(?:0\d|1[0-2])[/-](?:20)?\d\d(?!\d)")
_NEAR: Final = 40
"""Chosen: characters on either side of a number in which a word says what it is."""

_APART: Final = re.compile(r"[‹›\n\d]")
"""What ends the neighbourhood of a number: a mark, a line, another number."""

_AMOUNT_BEFORE: Final = re.compile(rf"{CURRENCY}\s?$")
_AMOUNT_BEHIND: Final = re.compile(rf"\s?(?:{CURRENCY}|%)")
_CURRENCY_MAX: Final = 8
"""The longest word for a currency, with a blank."""


def may_hold_number(text: str) -> bool:
    """
    False only where neither `number_spans` nor `phones.phone_spans` finds anything.
    """
    return has_digits(text) and (RUN_HINT.search(text) is not None or may_hold_iban(text))


def number_spans(text: str) -> Iterator[tuple[int, int]]:
    """
    Where numbers of people stand in a folded text from which addresses, mailboxes and handles are blanked; spans may
    overlap.
    """
    for run in _RUN.finditer(text):
        yield from _in_digits(text, run)
        yield from _with_letters(text, run)
    yield from iban_spans(text)


# ------------------------------------------------------------------------------------------------- digits alone


@dataclass(frozen=True, slots=True, repr=False)
class _Groups:
    """
    Neighbouring groups of digits, perhaps one number.

    Args:
        sizes: How many digits each has.
        joints: What stands between them, each kind once.
        digits: All of them, in ASCII.
    """

    start: int
    end: int
    sizes: tuple[int, ...]
    joints: frozenset[str]
    digits: str


def _in_digits(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """
    Numbers made of neighbouring groups, the longest first.
    """
    spans = [found.span() for found in _GROUP.finditer(text, *run.span())]
    sizes = [end - start for start, end in spans]
    at = 0
    while at < len(spans):
        for count in range(min(_GROUPS_MAX, len(spans) - at), 0, -1):
            shape = tuple(sizes[at : at + count])
            if shape in _SIZES or (count == 1 and shape[0] in LENGTHS):
                groups = _groups(text, spans[at : at + count], shape)
                if _is_number(text, groups, alone=count == len(spans)):
                    yield groups.start, groups.end
                    at += count
                    break
        else:
            at += 1


def _groups(text: str, spans: list[tuple[int, int]], sizes: tuple[int, ...]) -> _Groups:
    pairs = itertools.pairwise(spans)
    return _Groups(
        start=spans[0][0],
        end=spans[-1][1],
        sizes=sizes,
        joints=frozenset(text[before[1] : behind[0]] for before, behind in pairs),
        digits=ascii_digits("".join(text[start:end] for start, end in spans)),
    )


def _is_number(text: str, groups: _Groups, *, alone: bool) -> bool:
    """
    Whether these groups are one number.

    Args:
        alone: No other digits stand beside them.
    """
    start, end = groups.start, groups.end
    if not _stands_apart(text, start, end):
        return False
    if groups.sizes in _NIR_GROUPINGS and _is_nir(groups.digits):
        return True
    if is_card(groups.digits):
        usual = groups.sizes in GROUPINGS and (alone or _EXPIRY.match(text, end) is not None)
        return usual or _is_called("card", text, start, end)
    return any(
        passes(groups.digits)
        and (_is_called(kind, text, start, end) or (alone and _looks_civil(text, groups)))
        for kind, passes in _civil().items()
    )


@functools.cache
def _civil() -> dict[str, Callable[[str], bool]]:
    """
    Numbers of nine digits whose check digits say little.
    """
    from stdnum.ca import sin
    from stdnum.nl import bsn

    return {"sin": sin.is_valid, "bsn": bsn.is_valid}


def _looks_civil(text: str, groups: _Groups) -> bool:
    """
    Whether nine digits are grouped alike, as no amount is, and are no end of a longer name (`…chem.2010.11.165`).
    """
    if groups.sizes not in _CIVIL_GROUPINGS or len(groups.joints) > 1:
        return False
    if (groups.sizes == _THREES and groups.joints == {"."}) or text[
        max(0, groups.start - 1) : groups.start
    ] == ".":
        return False
    before = text[max(0, groups.start - _CURRENCY_MAX) : groups.start]
    return _AMOUNT_BEFORE.search(before) is None and _AMOUNT_BEHIND.match(text, groups.end) is None


def _is_nir(digits: str) -> bool:
    from stdnum.fr import nir

    return _NIR.fullmatch(digits) is not None and nir.is_valid(digits)


# ------------------------------------------------------------------------------------------- digits and letters


def _with_letters(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """
    Spanish numbers with their letter, and French ones from Corsica, around a run of digits.
    """
    start = max(0, run.start() - _LETTER_HEAD)
    for found in _LETTERED.finditer(text, start, run.end() + _LETTER_TAIL + 1):
        if _is_spanish(text, found):
            yield found.span()
    start = max(0, run.start() - _CORSICAN_HEAD)
    for found in _CORSICAN.finditer(text, start, run.end() + 1):
        if _is_nir(_bare(found[0])):
            yield found.span()


def _is_spanish(text: str, found: re.Match[str]) -> bool:
    from stdnum.es import dni, nie

    if not _stands_apart(text, *found.span()):
        return False
    number = _bare(found[0]).upper()
    return nie.is_valid(number) if number[0] in "XYZ" else dni.is_valid(number.zfill(9))


def _bare(written: str) -> str:
    return ascii_digits("".join(sign for sign in written if sign.isalnum()))


# ------------------------------------------------------------------------------------------- what stands around


def _stands_apart(text: str, start: int, end: int) -> bool:
    """
    Whether neither a word, a dialling prefix nor more digits of the same figure go on at either end.
    """
    before, behind = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (before[-1] == "+" or _goes_on(before[-1], before[:-1])):
        return False
    return not (behind and _goes_on(behind[0], behind[1:]))


def _goes_on(sign: str, beyond: str) -> bool:
    if is_word(sign):
        return not is_unspaced(sign)
    return not sign.isspace() and sign not in "‹›" and beyond.isdecimal()


@functools.cache
def _called(kind: str, *, short: bool) -> re.Pattern[str]:
    """
    Words that say what a number is, as words of their own; in scripts without spaces anywhere.
    """
    every = words(f"{kind}_words")
    free = frozenset(word for word in every if is_unspaced(word[0]))
    bounded = frozenset(word for word in every - free if short or len(word) > _SHORT)
    either = [rf"(?<![{WORD}])(?:{any_of(bounded)})(?![{WORD}])"] + ([any_of(free)] if free else [])
    return re.compile("|".join(either))


_SHORT: Final = 3
"""Letters of abbreviations that are words, too (`sin` is Spanish for `without`): they say something only in front."""


def _is_called(kind: str, text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _NEAR) : start]
    if _called(kind, short=True).search(_APART.split(before)[-1]):
        return True
    behind = text[end : end + _NEAR]
    return _called(kind, short=False).search(_APART.split(behind)[0]) is not None
