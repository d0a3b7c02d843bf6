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

_RUN: Final = re.compile(r"[+(]{0,2}\d(?:[^\w\n]{0,3}\d){6,40}")
"""The library's own candidates end after some twenty digits (ITU-T E.164 allows fifteen)."""

_CONTEXT: Final = 8
"""Characters around a run that the library looks at to tell a number from a part of something longer; chosen."""

_EXTENSION: Final = 18
_NOT_PHONES: Final = re.compile(
    "|".join(
        (
            r"(?<!\d)\d{4}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?:[t ]{1,2}\d{1,2}:\d{2}(?::\d{2})?)?(?!\d)",  # a date
            r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d{2}(?!\d)",
            r"(?<!\d)(?:19|20)\d{2} ?[-–—/] ?(?:19|20)\d{2}(?!\d)",  # years
            r"(?<![\d:])\d{1,2}[:h.]\d{2} ?[-–—] ?\d{1,2}[:h.]\d{2}(?!\d)",  # hours
            rf"{CURRENCY}\s?\d[\d\s.,'’]{{5,20}}",
            rf"(?<![\d+])\d{{1,3}}(?:[ .,'’]\d{{3}}){{1,4}}(?:[.,]\d{{1,2}})?\s?(?:{CURRENCY}|%)",
            r"(?<![\d+])\d{1,3}(?:,\d{3}){2,}(?!\d)",  # 1,234,567
            r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",  # an IP address
            r"-?(?<![\d.])\d{1,3}\.\d{4,}(?:°|[,;]?\s{0,2}-?\d{1,3}\.\d{4,})",  # coordinates
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

    plain = _NOT_PHONES.sub(lambda found: "›" * len(found[0]), text)
    done = 0
    for run in _RUN.finditer(plain):
        start = max(done, run.start() - _CONTEXT)
        window = plain[start : run.end() + _EXTENSION]
        for match in PhoneNumberMatcher(window, country, leniency=Leniency.VALID):
            if start + match.start >= done:
                done = start + match.end
                yield start + match.start, done
