"""
Payment cards: which digits, grouped how, are the number of one.

Used by numbers.py. A card number has an issuer's prefix, a length that belongs to it, and Luhn's check digit; one
ungrouped number of sixteen digits in some forty passes by chance, so shorter and longer ones need a word beside them.
"""

from __future__ import annotations

from typing import Final

GROUPINGS: Final = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (14,), (15,), (16,)})
"""
As embossed: four fours, with three more on cards of nineteen digits; American Express and Diners Club otherwise; or the
two usual lengths in one.
"""

LENGTHS: Final = range(14, 20)
"""Digits of a primary account number that issuers use; ISO/IEC 7812-1 allows ten to nineteen, shorter ones are gone."""

_ISSUERS: Final = (
    ("4", "4", (16, 19)),  # Visa; those of thirteen digits are withdrawn
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", range(14, 20)),  # Diners Club
    ("3095", "3095", range(14, 20)),
    ("36", "36", range(14, 20)),
    ("38", "39", range(14, 20)),
    ("3528", "3589", range(16, 20)),  # JCB
    ("6011", "6011", range(16, 20)),  # Discover
    ("644", "659", range(16, 20)),
    ("62", "62", range(16, 20)),  # UnionPay
    ("81", "82", range(16, 20)),  # UnionPay, RuPay
    ("2200", "2204", range(16, 20)),  # Mir
    ("50", "50", range(16, 20)),  # Maestro, RuPay, Elo
    ("56", "58", range(16, 20)),
    ("60", "61", range(16, 20)),
    ("63", "63", range(16, 20)),
    ("66", "69", range(16, 20)),
    ("9792", "9792", (16,)),  # Troy
)
"""
First and last prefix of a range, and the lengths of numbers in it.

Source: ISO/IEC 7812-1 (structure); the ranges from memory of what the schemes publish for acquirers, as of 2026-11-25.
A range too many masks a number too many; one too few misses a card.
"""


def is_card(digits: str) -> bool:
    """
    Whether ASCII digits without separators can be a card's number.
    """
    from stdnum import luhn

    issued = any(
        len(digits) in lengths and first <= digits[: len(first)] <= last for first, last, lengths in _ISSUERS
    )
    return issued and luhn.is_valid(digits)
