"""
Labelled lines for measuring a masker: what people write, and which strings in it must be gone.

Neighbours: `languages` has the sentences, `handles`, `mailboxes`, `profiles`, `telephones` and `numbers` the traces of people,
`harmless` what is none. Nothing here, and nothing those modules know, was read off the masker: the grammars are the networks' and the
standards' own, named in each docstring. Committed before the masker was changed for what they find.

Every (trick, language) has its own source of chance, so that a new trick, sentence or language leaves the other lines as they were.
The development half has a fixed seed; the test half is drawn when it is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tests.masking import handles, harmless, mailboxes, numbers, profiles, telephones
from tests.masking.languages import LANGUAGES

Kind = Literal["handle", "email", "profile", "phone", "id", "card", "clean", "own"]

DEVELOPMENT_SEED: Final = 6
"""Chosen: the number of the issue."""

EACH: Final = 13
"""Lines of a trick in each language, of the development half; with seventeen languages more than two hundred a trick."""

COUNTRY: Final = "CA"
"""The deployment's, unless a line says another."""

OWN_HANDLES: Final = harmless.OWN_HANDLES
"""What the organisation calls itself in every line."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    Args:
        text: Plain text.
        planted: What must not be found in the masked text, in any form that reads the same; nothing of `clean` and `own`.
        country: ISO 3166 code of the deployment that reads the line.
    """

    text: str
    planted: tuple[str, ...]
    kind: Kind
    trick: str
    language: str
    country: str = COUNTRY


Planted = tuple[str, tuple[str, ...]]
Maker = Callable[[random.Random, str], Planted]

PERSONAL: Final[Mapping[Kind, Mapping[str, Maker]]] = {
    "handle": handles.TRICKS,
    "email": mailboxes.TRICKS,
    "profile": profiles.TRICKS,
    "id": numbers.ID_TRICKS,
    "card": numbers.CARD_TRICKS,
}


def lines(seed: int, *, each: int = EACH) -> Iterator[Line]:
    """
    Every trick in every language, `each` times, then what is harmless.
    """
    for kind, tricks in PERSONAL.items():
        for trick, make in tricks.items():
            for language, chance in _chances(seed, trick):
                for _ in range(each):
                    text, planted = make(chance, language)
                    yield Line(text, planted, kind, trick, language)
    for trick, call in telephones.TRICKS.items():
        for language, chance in _chances(seed, trick):
            for _ in range(each):
                text, planted, country = call(chance, language, COUNTRY)
                yield Line(text, planted, "phone", trick, language, country)
    yield from _without_people(seed, each)


def _without_people(seed: int, each: int) -> Iterator[Line]:
    kinds: tuple[tuple[Kind, Mapping[str, harmless.Maker]], ...] = (
        ("clean", harmless.CLEAN),
        ("own", harmless.OWN),
    )
    for kind, tricks in kinds:
        for trick, say in tricks.items():
            for language, chance in _chances(seed, trick):
                for _ in range(each):
                    yield Line(say(chance, language), (), kind, trick, language)


def _chances(seed: int, trick: str) -> Iterator[tuple[str, random.Random]]:
    return ((language, random.Random(f"{seed}/{trick}/{language}")) for language in LANGUAGES)


def development() -> list[Line]:
    """
    The half that stays the same, which a masker may be developed on.
    """
    return list(lines(DEVELOPMENT_SEED))
