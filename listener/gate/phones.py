"""
Telephone numbers in a folded text, by the maintained rules of the `phonenumbers` library.

Texts without seven digits close together cost one pattern search. Around each such run the library is asked, with
what only looks like a number (dates, prices, decimals, ISBNs, IP addresses, hashtags) taken out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from listener.gate.digits import CURRENCY, RUN_HINT, has_digits

_DIGITS: Final = re.compile(r"\d(?:[^\w\n]{0,3}\d){6,40}")
_RUN: Final = re.compile(r"[+(]{0,2}\d(?:[^\w\n]{0,3}\d){6,40}")
"""The library's own candidates end after some twenty digits (ITU-T E.164 allows fifteen)."""

_CONTEXT: Final = 8
"""Characters around a run that the library looks at to tell a number from a part of something longer; chosen."""

_EXTENSION: Final = 18
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_NOT_PHONES: Final = re.compile(
    "|".join(
        (
            r"(?<!\d)\d{4}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?:[t ]{1,2}\d{1,2}:\d{2}(?::\d{2})?)?(?!\d)",  # a date
            r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d{2}(?!\d)",
            r"(?<!\d)(?<!\d[-./\u2010])(?:19|20)\d{2} ?[-–—/] ?(?:19|20)\d{2}(?!\d)",  # years; not in `+82 10-2001-1978`
            r"(?<![\d:])\d{1,2}[:h.]\d{2} ?[-–—] ?\d{1,2}[:h.]\d{2}(?!\d)",  # hours
            rf"{CURRENCY}\s?\d[\d\s.,'’]{{5,20}}",
            rf"(?<![\d+])\d{{1,3}}(?:[ .,'’]\d{{3}}){{1,4}}(?:[.,]\d{{1,2}})?\s?(?:{CURRENCY}|%)",
            r"(?<![\d+])\d{1,3}(?:,\d{3}){2,}(?!\d)",  # 1,234,567
            rf"(?<![\d.+])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.])",  # an IP address
            r"-?(?<![\d.+])\d{1,3}\.\d{4,}(?:°|(?:[,;]|\s)\s?-?\d{1,3}\.\d{4,})",  # coordinates
            r"(?<![\d.+])\d{1,6}(?:\.\d{1,6}){0,4}\.\d(?:\.\d{1,6}){1,4}(?![\d.])",  # a version: a lone digit between points
            r"(?<![\d+])(?<!\d[ ./-])(?:19|20)\d\d[-/]\d{3,7}(?![\d/-])",  # a file of a year
            r"\bisbn(?:-1[03])?[\s:.-]{0,3}\d(?:[ -]?\d){8}[ -]?[\dx](?!\d)",
            r"(?<!\d)97[89][- ]?(?:\d[- ]?){9}[\dx](?!\d)",  # an ISBN
            r"#\d+",
        )
    )
)


def may_hold_phone(text: str) -> bool:
    """
    False only where `phone_spans` finds nothing.
    """
    return has_digits(text) and RUN_HINT.search(text) is not None


def phone_spans(text: str, *, country: str) -> Iterator[tuple[int, int]]:
    """
    Where numbers that can be dialled stand in a folded text, in order.

    Args:
        text: Addresses already blanked: their digits are identities of posts, not of people.
        country: ISO 3166 code of two capital letters, for numbers written without `+`.
    """
    from phonenumbers import Leniency, PhoneNumberMatcher

    plain = _without_others(text)
    done = 0
    for run in _RUN.finditer(plain):
        start = max(done, run.start() - _CONTEXT)
        window = plain[start : run.end() + _EXTENSION]
        for match in PhoneNumberMatcher(window, country, leniency=Leniency.VALID):
            if start + match.start >= done:
                done = start + match.end
                yield start + match.start, done


_AROUND: Final = 40
"""Characters around a run of digits in which what is no telephone number begins and ends; the longest is a price."""


def _without_others(text: str) -> str:
    """
    The text with what only looks like a number blanked. Looks around runs of digits only: the search is slow, and most of
    a text is none of its business.
    """
    pieces: list[str] = []
    done = begin = 0
    for run in _DIGITS.finditer(text):
        begin = max(begin, run.start() - _AROUND)
        for other in _NOT_PHONES.finditer(text, begin, run.end() + _AROUND):
            pieces += (text[done : other.start()], "›" * (other.end() - other.start()))
            done = begin = other.end()
        begin = max(begin, run.end())
    return "".join([*pieces, text[done:]]) if pieces else text
