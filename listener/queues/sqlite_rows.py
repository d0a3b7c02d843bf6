"""
Many rows at once, with fewer statements than rows.

Used by sqlite_page and sqlite_keys. A statement of twenty rows takes a fifth less time than twenty of one, because
what SQLite does once for a statement (the table's highest sequence, say) is then done once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import chain, islice
from typing import Any, Final

import apsw

_AT_ONCE: Final = 20
"""Measured 2026-11-24: fifty gain no more."""

_IN_MEMORY: Final = 50 * _AT_ONCE


def put_rows(connection: apsw.Connection, into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Every row is in the table.

    Args:
        connection: With a transaction open.
        into: A statement up to its values, never with a word from outside: `INSERT INTO notes (id, until)`.
        rows: Values in the order of the columns; taken a thousand at a time.
    """
    left = iter(rows)
    while some := list(islice(left, _IN_MEMORY)):
        whole = len(some) - len(some) % _AT_ONCE
        blocks = [
            tuple(chain.from_iterable(some[start : start + _AT_ONCE])) for start in range(0, whole, _AT_ONCE)
        ]
        if blocks:
            connection.executemany(_statement(into, _AT_ONCE, len(some[0])), blocks)
        if whole < len(some):
            connection.executemany(_statement(into, 1, len(some[0])), some[whole:])


@cache
def _statement(into: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * rows)}"
