"""
What was measured of masking, erasure and the lint of names: read from `figures.toml`, which ships with the program.

The long version stands in `deploy/measured.md`; a test holds the two together, so that whoever measures anew edits both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec


class Masking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Of lines that were labelled before the masker was changed for them.

    Args:
        kind: Key in the words, and words of the row in `deploy/measured.md`.
        lines: So many.
        right: Share of lines in which all was as it should be, in per cent.
        wanted: The goal, in per cent.
    """

    kind: str
    lines: int
    right: float
    wanted: float


class Erasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Milliseconds from the moment a removal is known until no file holds a byte of the body.

    Args:
        case: Key in the words, and words of the row in `deploy/measured.md`.
        half, slowest: Half of them took no longer; the slowest of the rounds. Each with a thousand posts.
        half_of_a_million, slowest_of_a_million: The same with a million posts.
    """

    case: str
    half: float
    slowest: float
    half_of_a_million: float
    slowest_of_a_million: float


class Lint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How many persons' names the check of the watches sees.

    Args:
        persons, refused: On labelled lists: entries, and how many of them were refused.
        places, wrongly: The same of what is no person.
        others, seen: Well-known people typed from memory by another route, and how many of them are seen.
    """

    persons: int
    refused: int
    places: int
    wrongly: int
    others: int
    seen: int


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    The whole.

    Args:
        measured_on: Day of the last measurement.
        machine: On what, by language.
        version: Of the program.
        repeat: Commands that print it again.
    """

    measured_on: date
    version: str
    machine: Mapping[str, str]
    repeat: tuple[str, ...]
    lint: Lint
    masking: tuple[Masking, ...]
    erasure: tuple[Erasure, ...]


@cache
def figures() -> Figures:
    """
    What was measured last.
    """
    text = files(__package__).joinpath("figures.toml").read_bytes()
    return msgspec.toml.decode(text, type=Figures)
