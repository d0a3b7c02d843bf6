"""
Taking characters out of a folded text, step by step, and carrying the result over to the original.

Used by redact.py, which says what to take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from listener.gate.folding import Folded

Trace = Literal["handle", "author", "email", "phone", "profile", "number"]


@dataclass(frozen=True, slots=True, repr=False)
class Masked:
    """
    A masked text.

    Args:
        counts: How many traces were masked, by kind; nothing that was not found.
    """

    text: str
    counts: Mapping[Trace, int] = field(default_factory=dict)


NOTHING: Final = Masked("")


@dataclass(frozen=True, slots=True, repr=False)
class Cut:
    """
    Folded characters to take away. `trace` is None where an address is only cleaned.
    """

    start: int
    end: int
    trace: Trace | None
    instead: str


class Cuts:
    """
    A folded text and what was taken away so far; a cut blanks its characters with the edges of a mark, so that
    what follows sees what a reader of the result would.
    """

    __slots__ = ("made", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.made: list[Cut] = []

    def cut(self, spans: Iterable[tuple[int, int]], trace: Trace | None, instead: str) -> bool:
        """
        True when anything was cut. Characters that are gone already are left alone.
        """
        before = len(self.made)
        pieces: list[str] = []
        done = 0
        for start, end in _disjoint(spans):
            self.made.append(Cut(start, end, trace, instead))
            pieces += (self.text[done:start], _blank(end - start))
            done = end
        self.text = "".join([*pieces, self.text[done:]]) if pieces else self.text
        return len(self.made) > before


def _disjoint(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """
    In order, overlapping ones joined.
    """
    start = end = -1
    for next_start, next_end in sorted(spans):
        if next_start < end:
            end = max(end, next_end)
            continue
        if end > start:
            yield start, end
        start, end = next_start, next_end
    if end > start:
        yield start, end


def _blank(length: int) -> str:
    return "‹" + "›" * (length - 1)


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """
    The text with some characters blanked, for one search.
    """
    pieces: list[str] = []
    done = 0
    for start, end in _disjoint(spans):
        pieces += (text[done:start], _blank(end - start))
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def carried_out(view: Folded, made: list[Cut]) -> Masked:
    """
    The original text with every cut carried out.
    """
    pieces: list[str] = []
    counts: dict[Trace, int] = {}
    done = 0
    for cut in sorted(made, key=lambda cut: cut.start):
        start, end = view.span(cut.start, cut.end)
        pieces += (view.original[done : max(done, start)], cut.instead)
        done = max(done, end)
        if cut.trace is not None:
            counts[cut.trace] = counts.get(cut.trace, 0) + 1
    pieces.append(view.original[done:])
    return Masked("".join(pieces), counts)
