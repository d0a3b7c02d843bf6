"""
What phones.py and numbers.py both ask of a text first: does it hold enough digits, and which of them are an amount?
"""

from __future__ import annotations

import re
from typing import Final

DIGITS_MIN: Final = 7
"""Fewer are no telephone number (`phonenumbers`' shortest that is valid in running text), and no number of a person."""

RUN_HINT: Final = re.compile(r"\d(?:[^\w\n]{0,3}\d){6}")
"""Seven digits close together."""

CURRENCY: Final = (
    r"(?:[$€£¥₹₽₴₪₺₩฿₫]|\b(?:cad|usd|aud|nzd|eur|gbp|chf|jpy|cny|krw|inr|thb|vnd|brl|mxn|sek|nok|dkk|pln|czk|huf|uah|fcfa"
    r"|dollars?|euros?|pounds?|pesos?|kr|rs|zł|đ|руб|грн)\b)"
)

_NO_DIGIT: Final = bytes(
    byte
    for byte in range(256)
    if not 0x30 <= byte <= 0x39 and byte not in b"\xd9\xdb\xdf\xe0\xe1\xea\xef\xf0"
)
"""Bytes of UTF-8 that begin no digit of any script (Unicode 14, category Nd)."""


def has_digits(text: str) -> bool:
    """
    False only where the text holds fewer than `DIGITS_MIN` digits; told at the speed of C.
    """
    return len(text.encode(errors="surrogatepass").translate(None, _NO_DIGIT)) >= DIGITS_MIN


def ascii_digits(text: str) -> str:
    """
    The same with the digits of every script as ASCII; folding leaves those of Arabic or Devanagari as they are.
    """
    if text.isascii():
        return text
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)
