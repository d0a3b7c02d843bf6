"""
Lines with identity numbers, account numbers and payment cards, valid by their check digits.

- SIN (Canada): nine digits, the last by Luhn; written in threes (canada.ca, "Social Insurance Number"). First digit 1 to 7 or 9.
- NIR (France): sex, year, month, department (2A and 2B in Corsica), commune, order, and 97 minus the rest by 97 as key, 2A counting as 19 and
  2B as 18; written 1-2-2-2-3-3-2 (Insee, "Numéro d'inscription au répertoire").
- BSN (Netherlands): nine digits, weights 9 to 2 and -1, divisible by 11 ("elfproef", Logisch Ontwerp BSN; rvig.nl).
- DNI and NIE (Spain): eight digits and a letter by the remainder of 23; X, Y, Z count as 0, 1, 2 (interior.gob.es, "Cálculo del dígito de control").
- IBAN: ISO 13616 with ISO 7064 MOD 97-10; written in fours (SWIFT, "IBAN Registry"); France with the key of the RIB.
- Cards: ISO/IEC 7812-1 annex B (Luhn); the first digits are those of the schemes' published numbers for tests; written 4-4-4-4, American Express
  4-6-5, Diners 4-6-4.

The algorithms are written here again, so that labels are nobody else's; `test_labels.py` holds them beside python-stdnum.

What is planted: every five successive digits.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from typing import Final

from tests.masking.languages import LANGUAGES

Planted = tuple[str, tuple[str, ...]]
Number = tuple[str, tuple[int, ...]]
"""Without separators, and how many characters stand in each group."""

DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
SEPARATORS: Final = (" ", " ", "-", "\u00a0")


def windows(digits: str, length: int = 5) -> tuple[str, ...]:
    """Every stretch of so many successive digits, once."""
    plain = "".join(sign for sign in digits if sign.isdigit())
    return tuple(dict.fromkeys(plain[at : at + length] for at in range(len(plain) - length + 1)))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the rest (ISO/IEC 7812-1, annex B)."""
    total = 0
    for at, sign in enumerate(reversed(digits)):
        value = int(sign) * (2 if at % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def elfproef(digits: str) -> bool:
    """Whether nine digits are a BSN."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return (
        len(digits) == 9
        and sum(weight * int(sign) for weight, sign in zip(weights, digits, strict=True)) % 11 == 0
    )


def mod_97(text: str) -> int:
    """Remainder of an alphanumeric text, letters counting from 10 (ISO 7064)."""
    return int("".join(str(int(sign, 36)) for sign in text)) % 97


def drawn(chance: random.Random, count: int) -> str:
    """So many digits."""
    return "".join(chance.choice(string.digits) for _ in range(count))


def with_luhn(body: str) -> str:
    """The digits with their check digit behind."""
    return next(body + sign for sign in string.digits if luhn(body + sign))


def sin(chance: random.Random) -> Number:
    """Canada."""
    return with_luhn(chance.choice("12345679") + drawn(chance, 7)), (3, 3, 3)


def nir(chance: random.Random) -> Number:
    """France."""
    department = chance.choice(("75", "13", "69", "59", "33", "2A", "2B", "06", "44"))
    commune, order = f"{chance.randint(1, 400):03}", f"{chance.randint(1, 999):03}"
    body = f"{chance.choice('12')}{drawn(chance, 2)}{chance.randint(1, 12):02}{department}{commune}{order}"
    key = 97 - int(body.replace("2A", "19").replace("2B", "18")) % 97
    return f"{body}{key:02}", (1, 2, 2, 2, 3, 3, 2)


def bsn(chance: random.Random) -> Number:
    """The Netherlands; groups as on cards and forms."""
    while True:
        digits = chance.choice("123456789") + drawn(chance, 8)
        if elfproef(digits):
            return digits, chance.choice(((4, 2, 3), (3, 3, 3)))


def dni(chance: random.Random) -> Number:
    """Spain, citizens."""
    digits = drawn(chance, 8)
    return digits + DNI_LETTERS[int(digits) % 23], (2, 3, 3, 1)


def nie(chance: random.Random) -> Number:
    """Spain, others."""
    first, digits = chance.choice("XYZ"), drawn(chance, 7)
    return first + digits + DNI_LETTERS[int(str("XYZ".index(first)) + digits) % 23], (1, 7, 1)


def iban(chance: random.Random) -> Number:
    """Of eleven countries."""
    letters = "".join(chance.choice(string.ascii_uppercase) for _ in range(4))
    country, account = chance.choice(
        (
            ("DE", drawn(chance, 18)), ("GB", letters + drawn(chance, 14)), ("NL", letters + drawn(chance, 10)), ("CH", drawn(chance, 17)),
            ("IL", drawn(chance, 19)), ("UA", drawn(chance, 25)), ("IE", letters + drawn(chance, 14)), ("AT", drawn(chance, 16)),
            ("LU", drawn(chance, 16)), ("GR", drawn(chance, 23)), ("FR", _rib(drawn(chance, 5), drawn(chance, 5), drawn(chance, 11))),
        )
    )  # fmt: skip
    check = 98 - mod_97(f"{account}{country}00")
    whole = f"{country}{check:02}{account}"
    fours, rest = divmod(len(whole), 4)
    return whole, (4,) * fours + ((rest,) if rest else ())


def _rib(bank: str, branch: str, account: str) -> str:
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    return f"{bank}{branch}{account}{key:02}"


def card(chance: random.Random) -> Number:
    """Of five schemes, in the ranges of their numbers for tests."""
    prefix, length, groups = chance.choice(
        (
            ("424242", 16, (4, 4, 4, 4)), ("401288", 16, (4, 4, 4, 4)), ("555555", 16, (4, 4, 4, 4)), ("222300", 16, (4, 4, 4, 4)), ("510510", 16, (4, 4, 4, 4)),
            ("378282", 15, (4, 6, 5)), ("601111", 16, (4, 4, 4, 4)), ("353011", 16, (4, 4, 4, 4)), ("305693", 14, (4, 6, 4)),
        )
    )  # fmt: skip
    return with_luhn(prefix + drawn(chance, length - 1 - len(prefix))), groups


def grouped(chance: random.Random, number: Number) -> str:
    """As people write it: in its groups, or in one."""
    whole, groups = number
    joint = chance.choice((*SEPARATORS, ""))
    parts, at = [], 0
    for size in groups:
        parts.append(whole[at : at + size])
        at += size
    return joint.join(parts)


def _spanish(chance: random.Random, number: Number) -> str:
    """`12345678Z`, `12345678-Z`, `12.345.678-Z`, `X-1234567-L`."""
    whole, _ = number
    digits, letter = whole[:-1], whole[-1]
    if digits[0].isalpha():
        return chance.choice(
            (
                whole,
                f"{digits}-{letter}",
                f"{digits[0]}-{digits[1:]}-{letter}",
                f"{digits[0]} {digits[1:]} {letter}",
            )
        )
    dotted = f"{digits[:2]}.{digits[2:5]}.{digits[5:]}"
    return chance.choice(
        (whole, f"{digits}-{letter}", f"{digits} {letter}", f"{dotted}-{letter}", f"{dotted} {letter}")
    )


def _dutch(chance: random.Random, number: Number) -> str:
    whole, _ = number
    return chance.choice((whole, f"{whole[:4]}.{whole[4:6]}.{whole[6:]}", grouped(chance, number)))


Draw = Callable[[random.Random], Number]
Write = Callable[[random.Random, Number], str]

_KINDS: Final[Mapping[str, tuple[Draw, Write, tuple[str, ...]]]] = {
    "SIN": (
        sin,
        grouped,
        ("SIN", "SIN:", "NAS", "NAS :", "S.I.N.", "social insurance number", "numéro d'assurance sociale"),
    ),
    "NIR": (nir, grouped, ("NIR", "NIR :", "n° de sécurité sociale", "numéro de sécu :", "INSEE")),
    "BSN": (bsn, _dutch, ("BSN", "BSN:", "burgerservicenummer", "sofinummer")),
    "DNI": (dni, _spanish, ("DNI", "DNI:", "NIF", "D.N.I.", "documento")),
    "NIE": (nie, _spanish, ("NIE", "NIE:", "N.I.E.")),
    "IBAN": (iban, grouped, ("IBAN", "IBAN:", "IBAN :", "account", "Konto", "compte")),
    "card": (
        card,
        grouped,
        ("Visa", "card", "card no.", "carte :", "Karte", "tarjeta", "карта", "カード", "卡号", "بطاقة"),
    ),
}


def _trick(
    draw: Draw, write: Write, labels: tuple[str, ...], *, label: bool
) -> Callable[[random.Random, str], Planted]:
    def make(chance: random.Random, language: str) -> Planted:
        number = draw(chance)
        written = write(chance, number)
        if label:
            written = f"{chance.choice(labels)} {written}"
        return chance.choice(LANGUAGES[language].number).format(written), windows(number[0])

    return make


def _tricks(names: tuple[str, ...]) -> dict[str, Callable[[random.Random, str], Planted]]:
    return {
        f"{name}, {'labelled' if label else 'alone'}": _trick(*_KINDS[name], label=label)
        for name in names
        for label in (True, False)
    }


ID_TRICKS: Final = _tricks(("SIN", "NIR", "BSN", "DNI", "NIE", "IBAN"))
CARD_TRICKS: Final = _tricks(("card",))
