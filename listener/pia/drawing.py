"""
Where the data goes, as a picture: boxes from top to bottom, an arrow between them, and beside each what leaves or ends there.

Takes steps in words; gives SVG that stands in a page (SVG 2, https://www.w3.org/TR/SVG2/), in the colours of the page, without
scripts, styles or addresses. Pure. Invariant: every word is escaped here, and none is wider than its box.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 600
_BOX: Final = 372
"""Width of a box; what is left is for what stands beside it."""
_LINE: Final = 19
_PAD: Final = 12
_GAP: Final = 30
_IN_BOX, _BESIDE = 46, 23
"""Characters in a line: chosen for letters half as wide as they are high, at 14 and 13 px."""
_MOST_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """
    One box.

    Args:
        title: What it is.
        text: What happens there.
        aside: What leaves the flow there; None where nothing does.
    """

    title: str
    text: str
    aside: str | None = None


def flow(title: str, description: str, steps: Sequence[Step]) -> str:
    """
    The whole picture.

    Args:
        title: Its name.
        description: Where the same stands in words.
    """
    parts, y = list[str](), 1
    for index, step in enumerate(steps):
        text, height = _box(step, y)
        parts += text
        y += height
        if index < len(steps) - 1:
            parts += [_arrow_down(y)]
            y += _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 1}" role="img" '
        'aria-labelledby="flow-title flow-description" font-family="system-ui, sans-serif" fill="currentColor">'
        f'<title id="flow-title">{escape(title)}</title><desc id="flow-description">{escape(description)}</desc>'
    )
    return head + "".join(parts) + "</svg>"


def _box(step: Step, y: int) -> tuple[list[str], int]:
    """
    The parts of one box, and how high it is.
    """
    titles, lines = _lines(step.title, _IN_BOX - 4), _lines(step.text, _IN_BOX)
    aside = [] if step.aside is None else _lines(step.aside, _BESIDE)
    height = max(len(titles) + len(lines), len(aside)) * _LINE + 2 * _PAD
    parts = [
        f'<rect x="1" y="{y}" width="{_BOX}" height="{height}" rx="6" fill="none" stroke="currentColor"/>',
        *(_text(line, 14, y + index, size=14, bold=True) for index, line in _at(titles)),
        *(_text(line, 14, y + index + len(titles) * _LINE, size=14) for index, line in _at(lines)),
        *(_text(line, _BOX + 44, y + index, size=13) for index, line in _at(aside)),
    ]
    if aside:
        middle = y + _PAD + _LINE // 2
        parts += [
            f'<path d="M{_BOX + 2} {middle}h32m-7-5l7 5l-7 5" fill="none" stroke="currentColor" stroke-dasharray="4 3"/>'
        ]
    return parts, height


def _at(lines: Sequence[str]) -> list[tuple[int, str]]:
    return [(_PAD + 14 + index * _LINE, line) for index, line in enumerate(lines)]


def _text(line: str, x: int, y: int, *, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight}>{escape(line)}</text>'


def _arrow_down(y: int) -> str:
    middle = _BOX // 2
    return f'<path d="M{middle} {y + 2}v{_GAP - 5}m-5-7l5 7l5-7" fill="none" stroke="currentColor"/>'


def _lines(text: str, width: int) -> list[str]:
    """
    A text in lines that fit; what is too long ends in an ellipsis, for the whole stands below the picture. Wide letters (UAX 11)
    count twice.
    """
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in text)
    return textwrap.wrap(
        text, width // 2 if wide else width, max_lines=_MOST_LINES, placeholder=" …", break_on_hyphens=False
    )
