"""
How much of what was planted the masker takes, and what it takes that nobody planted: `python -m tests.masking.measure --seed N [--json]`.

Reads the lines of `lines` through `listener.gate.mask`. A line is recalled when nothing of what was planted in it survives (`judge`); a
line without people is spared when it comes back as it was. The thresholds are those of issue 6.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from listener.gate import mask
from listener.gate.redact import folded_handles
from tests.masking import lines as generator
from tests.masking.judge import survives
from tests.masking.languages import LANGUAGES
from tests.masking.lines import Kind, Line

LEAST: Final[Mapping[Kind, float]] = {
    "handle": 0.999,
    "email": 0.999,
    "profile": 1.0,
    "id": 0.999,
    "card": 0.999,
    "phone": 0.98,
    "clean": 0.999,
    "own": 0.999,
}
"""The least part of lines that must be recalled, or spared, by kind."""

OWN: Final = folded_handles(generator.OWN_HANDLES)

_SHOWN_MAX: Final = 20
"""Chosen: misses a row lists on a terminal; `--json` has all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One trick in one language.

    Args:
        lines: How many.
        missed: Indexes (within the lines measured) of those where something planted survived, or that were changed without need.
    """

    kind: Kind
    trick: str
    language: str
    lines: int
    missed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """Lines of several cells together."""

    lines: int
    missed: int

    @property
    def part(self) -> float:
        """How much was recalled, or spared."""
        return 1 - self.missed / self.lines


def right(line: Line) -> bool:
    """
    Whether the masker does to the line what its label says.
    """
    masked = mask(line.text, author=None, own_handles=OWN, country=line.country).text
    if line.kind in ("clean", "own"):
        return masked == line.text
    return not any(survives(planted, masked) for planted in line.planted)


def measured(lines: Sequence[Line]) -> list[Cell]:
    """
    Every trick in every language, in the order of the lines.
    """
    found: dict[tuple[Kind, str, str], list[tuple[int, bool]]] = defaultdict(list)
    for index, line in enumerate(lines):
        found[line.kind, line.trick, line.language].append((index, right(line)))
    return [
        Cell(kind, trick, language, len(judged), tuple(index for index, good in judged if not good))
        for (kind, trick, language), judged in found.items()
    ]


def share(cells: Iterable[Cell]) -> Share:
    """All of them together."""
    taken = list(cells)
    return Share(sum(cell.lines for cell in taken), sum(len(cell.missed) for cell in taken))


def below(cells: Sequence[Cell]) -> list[str]:
    """
    What is under its threshold: a kind by trick, and a kind by language.
    """
    rows: dict[tuple[Kind, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        rows[cell.kind, cell.trick].append(cell)
        rows[cell.kind, f"in {cell.language}"].append(cell)
    found = []
    for (kind, name), row in rows.items():
        whole = share(row)
        if whole.part < LEAST[kind]:
            found.append(
                f"{kind}, {name}: {whole.missed} of {whole.lines} ({whole.part:.2%}, at least {LEAST[kind]:.1%})"
            )
    return found


def table(cells: Sequence[Cell]) -> str:
    """
    A row a trick: lines, part recalled or spared, and misses by language.
    """
    written = [f"{'':8} {'trick':42} {'lines':>6} {'right':>8}  missed, by language"]
    for kind, trick in dict.fromkeys((cell.kind, cell.trick) for cell in cells):
        row = [cell for cell in cells if (cell.kind, cell.trick) == (kind, trick)]
        whole = share(row)
        missed = " ".join(f"{cell.language}:{len(cell.missed)}" for cell in row if cell.missed)
        written.append(f"{kind:8} {trick:42} {whole.lines:6} {whole.part:8.2%}  {missed}")
    written.append("")
    for kind in dict.fromkeys(cell.kind for cell in cells):
        for language in (*LANGUAGES, "all"):
            whole = share(cell for cell in cells if cell.kind == kind and language in (cell.language, "all"))
            if language == "all" or whole.missed:
                written.append(f"{kind:8} {language:42} {whole.lines:6} {whole.part:8.2%}")
    return "\n".join(written)


def examples(lines: Sequence[Line], cells: Sequence[Cell]) -> str:
    """
    The first misses of each trick, by index, with what the masker made of them; the lines are invented.
    """
    shown: dict[str, int] = defaultdict(int)
    written = []
    for cell in cells:
        for index in cell.missed:
            shown[cell.trick] += 1
            if shown[cell.trick] <= _SHOWN_MAX:
                line = lines[index]
                masked = mask(line.text, author=None, own_handles=OWN, country=line.country).text
                written.append(
                    f"{index:6} {cell.kind}, {cell.trick} ({cell.language}, {line.country}): {_visible(line.text)} → {_visible(masked)}"
                )
    return "\n".join(written)


def _visible(text: str) -> str:
    return "".join(
        sign if sign.isprintable() and unicodedata.category(sign) != "Cf" else f"<{ord(sign):04X}>"
        for sign in text
    )


def as_json(seed: int, lines: Sequence[Line], cells: Sequence[Cell]) -> str:
    """The same for a program, with the text of each missed line."""
    told = [
        {**asdict(cell), "missed": [{"index": index, "text": lines[index].text} for index in cell.missed]}
        for cell in cells
    ]
    return json.dumps({"seed": seed, "below": below(cells), "cells": told}, ensure_ascii=False, indent=1)


def main(arguments: Sequence[str]) -> int:
    """
    Measure and print; 1 where anything is below its threshold.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.masking.measure", description=__doc__)
    parser.add_argument(
        "--seed",
        type=int,
        help=f"which lines; {generator.DEVELOPMENT_SEED} is the development half, otherwise drawn",
    )
    parser.add_argument("--each", type=int, default=generator.EACH, help="lines of a trick in a language")
    parser.add_argument("--trick", help="only tricks whose name has this in it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    every = generator.lines(seed, each=asked.each)
    lines = [line for line in every if asked.trick is None or asked.trick in line.trick]
    cells = measured(lines)
    if asked.json:
        print(as_json(seed, lines, cells))
    else:
        print(
            f"seed {seed}\n{table(cells)}\n\n{examples(lines, cells)}\n\nbelow:\n" + "\n".join(below(cells))
        )
    return 1 if below(cells) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
