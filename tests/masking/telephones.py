"""
Lines with telephone numbers of twenty-one countries.

Numbers: the example number of the country and type in libphonenumber's metadata, its last digits drawn anew as long as the library says
that the result is valid. Writing: ITU-T E.123 (international and national notation, brackets, extensions), E.164 (`+` and digits), RFC 3966
(`tel:`), the library's own formats of the country, and the separators people put instead. Digits of other scripts: Unicode, general category Nd.
National writing only where the deployment is in that country.

What is planted: every five successive digits of the national number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from tests.masking.languages import LANGUAGES
from tests.masking.numbers import windows

Planted = tuple[str, tuple[str, ...], str]
"""Text, planted strings, country of the deployment."""

COUNTRIES: Final = (
    "CA", "US", "FR", "DE", "GB", "ES", "PL", "UA", "GR", "IL", "IN", "CN", "JP", "KR", "TH", "VN", "MX", "BR", "AU", "NL", "EG",
)  # fmt: skip
TYPES: Final = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
AREAS: Final = ("780", "587", "403", "416", "604", "514", "867", "506")
"""Area codes in Canada (cnac.ca, "Canadian Area Code Maps"); the library's example has but one."""
SEPARATORS: Final = (" ", "-", ".", "\u00a0", "\u2011", "\u2009", "")
SCRIPTS: Final = ("٠", "۰", "०", "๐", "０", "০")
"""The digit nought of six scripts; the other nine follow it."""


@cache
def _example(country: str, kind: int) -> PhoneNumber:
    example = phonenumbers.example_number_for_type(country, kind)
    assert example is not None
    return example


def number_of(chance: random.Random, country: str) -> PhoneNumber:
    """A valid number of the country that is not only the example."""
    example = _example(country, chance.choice(TYPES))
    national = phonenumbers.national_significant_number(example)
    kept = chance.choice(AREAS) if country == "CA" else national[:-5]
    for _ in range(50):
        drawn = kept + "".join(chance.choice("0123456789") for _ in range(len(national) - len(kept)))
        number = phonenumbers.parse(f"+{example.country_code}{drawn}")
        if phonenumbers.is_valid_number(number):
            return number
    return example


def _said(chance: random.Random, language: str, written: str, number: PhoneNumber, country: str) -> Planted:
    text = chance.choice(LANGUAGES[language].call).format(written)
    return text, windows(phonenumbers.national_significant_number(number)), country


def _written(number: PhoneNumber, style: int) -> str:
    return phonenumbers.format_number(number, style)


def _international(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, chance.choice(COUNTRIES))
    style = chance.choice(
        (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)
    )
    return _said(chance, language, _written(number, style), number, country)


def _international_otherwise(chance: random.Random, language: str, country: str) -> Planted:
    """Other separators, `(0)`, brackets."""
    number = number_of(chance, chance.choice([each for each in COUNTRIES if each not in ("CA", "US", "MX")]))
    code, *rest = re.split(r"[ -]", _written(number, PhoneNumberFormat.INTERNATIONAL))
    joint = chance.choice(SEPARATORS[:-1])
    written = chance.choice(
        (joint.join((code, *rest)), f"({code}) {joint.join(rest)}", f"{code} {joint.join(rest)}")
    )
    if number.country_code in (33, 49, 44, 31, 61) and chance.random() < 0.4:
        written = f"{code} (0){joint.join(rest)}"
    return _said(chance, language, written, number, country)


def _dialled_from_here(chance: random.Random, language: str, country: str) -> Planted:
    """With the prefix that one dials in the deployment's country: 011 in Canada, 00 in most of Europe."""
    here = chance.choice(("CA", "FR", "DE", "GB", "ES"))
    number = number_of(chance, chance.choice([each for each in COUNTRIES if each not in (here, "CA", "US")]))
    return _said(
        chance, language, phonenumbers.format_out_of_country_calling_number(number, here), number, here
    )


def _other_digits(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, chance.choice(COUNTRIES))
    nought = ord(chance.choice(SCRIPTS))
    written = _written(number, PhoneNumberFormat.INTERNATIONAL).translate(
        {ord("0") + digit: nought + digit for digit in range(10)}
    )
    return _said(chance, language, written, number, country)


def _national(chance: random.Random, language: str, country: str) -> Planted:
    here = chance.choice(COUNTRIES)
    number = number_of(chance, here)
    return _said(chance, language, _written(number, PhoneNumberFormat.NATIONAL), number, here)


def _national_otherwise(chance: random.Random, language: str, country: str) -> Planted:
    here = chance.choice(COUNTRIES)
    number = number_of(chance, here)
    groups = re.findall(r"\d+", _written(number, PhoneNumberFormat.NATIONAL))
    return _said(chance, language, chance.choice(SEPARATORS).join(groups), number, here)


def _canadian(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, "CA")
    plain = phonenumbers.national_significant_number(number)
    area, exchange, line = plain[:3], plain[3:6], plain[6:]
    written = chance.choice(
        (f"({area}) {exchange}-{line}", f"({area}){exchange}-{line}", f"{area}-{exchange}-{line}", f"{area}.{exchange}.{line}", f"{area} {exchange} {line}",
         f"{area} {exchange}-{line}", f"{area}/{exchange}-{line}", f"1-{area}-{exchange}-{line}", f"1 ({area}) {exchange}-{line}", f"+1 {area} {exchange} {line}",
         f"+1 ({area}) {exchange}-{line}", f"+1{plain}", plain, f"1{plain}", f"{area}–{exchange}–{line}", f"{area} - {exchange} - {line}")
    )  # fmt: skip
    return _said(chance, language, written, number, "CA")


def _extension(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, "CA")
    style = chance.choice((PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL))
    inner = chance.choice(("12", "204", "1234"))
    behind = chance.choice(
        (" ext. {}", " x{}", " ext {}", ", ext. {}", " #{}", " poste {}", ";ext={}", " extension {}")
    )
    return _said(chance, language, _written(number, style) + behind.format(inner), number, "CA")


def _address(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, chance.choice(COUNTRIES))
    written = chance.choice(
        (
            _written(number, PhoneNumberFormat.RFC3966),
            f"tel:{_written(number, PhoneNumberFormat.E164)}",
            f"sms:{_written(number, PhoneNumberFormat.E164)}",
        )
    )
    return _said(chance, language, written, number, country)


def _labelled(chance: random.Random, language: str, country: str) -> Planted:
    number = number_of(chance, chance.choice(COUNTRIES))
    written = _written(number, PhoneNumberFormat.INTERNATIONAL)
    around = chance.choice(
        ("Tel.: {}", "Tel:{}", "Tél. {}", "T: {}", "☎{}", "📞 {}", "☎️ {}", "phone={}", "({})", "[{}]", "{}.", "{},", "{}!", "«{}»", "“{}”", "*{}*", "WhatsApp:{}",
         "т. {}", "電話：{}", "电话：{}", "هاتف: {}", "טל׳ {}", "โทร.{}")
    )  # fmt: skip
    return _said(chance, language, around.format(written), number, country)


def _hidden(chance: random.Random, language: str, country: str) -> Planted:
    """Direction marks as phones put them, and joiners within."""
    number = number_of(chance, chance.choice(COUNTRIES))
    written = _written(number, PhoneNumberFormat.INTERNATIONAL)
    at = chance.randint(2, len(written) - 2)
    joiner = chance.choice(("\u200b", "\u2060", "\u200d", "\ufeff", "\u00ad"))
    hidden = chance.choice(
        (
            f"\u202a{written}\u202c",
            f"\u2066{written}\u2069",
            f"\u200e{written}\u200e",
            written[:at] + joiner + written[at:],
        )
    )
    return _said(chance, language, hidden, number, country)


TRICKS: Final[Mapping[str, Callable[[random.Random, str, str], Planted]]] = {
    "international": _international,
    "international, other separators": _international_otherwise,
    "dialled from here": _dialled_from_here,
    "other scripts' digits": _other_digits,
    "national": _national,
    "national, other separators": _national_otherwise,
    "Canadian, every way": _canadian,
    "extension": _extension,
    "tel:": _address,
    "label and punctuation": _labelled,
    "invisible within number": _hidden,
}
