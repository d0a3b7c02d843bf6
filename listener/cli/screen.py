"""
What commands print: plain text that cannot steer a terminal, tables where somebody looks, JSON where a program does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any, Final

_STEERING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences start here (ECMA-48)
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls (UAX 9)
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f]"  # separators, annotations, tags
)


def clean(text: str, *, keep: str = "") -> str:
    """
    The text without anything that steers a terminal; line breaks and tabs become spaces.

    Args:
        text: Whatever somebody wrote.
        keep: Characters that stay.
    """

    def plain(match: re.Match[str]) -> str:
        found = match[0]
        return found if found in keep else " " if found in "\t\n\r\u2028\u2029" else ""

    return _STEERING.sub(plain, text)


def clean_json(line: str) -> str:
    """
    The same JSON with everything that steers a terminal escaped; what stands outside strings is never touched,
    because a JSON text has none of it there.
    """
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], line)


def print_json(value: Any) -> None:
    """
    One JSON text on stdout, indented for a person, on one line for a program.
    """
    print(json.dumps(value, indent=2 if sys.stdout.isatty() else None, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """
    A table on a terminal, tab-separated lines elsewhere.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        print("\t".join(columns))
        for row in cells:
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def moment(stamp: str | None, *, otherwise: str = "never") -> str:
    """
    An instant of the API as a person reads it, in UTC, to the second.
    """
    return otherwise if stamp is None else stamp[:19].replace("T", " ")
