"""
Many rows at once, with fewer statements than rows.

Used by sqlite_page and sqlite_keys. A statement of twenty rows takes a fifth less time than twenty of one, because
what SQLite does once for a statement (the table's highest sequence, say) is then done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

import apsw

_AT_ONCE: Final = 20
"""Measured 2026-11-24: fifty gain no more."""


def put_rows(connection: apsw.Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """
    Every row is in the table.

    Args:
        connection: With a transaction open.
        into: A statement up to its values, never with a word from outside: `INSERT INTO notes (id, until)`.
        rows: Values in the order of the columns.
    """
    if not rows:
        return
    whole = len(rows) - len(rows) % _AT_ONCE
    if whole:
        connection.executemany(
            _statement(into, _AT_ONCE, len(rows[0])),
            [
                tuple(chain.from_iterable(rows[start : start + _AT_ONCE]))
                for start in range(0, whole, _AT_ONCE)
            ],
        )
    if whole < len(rows):
        connection.executemany(_statement(into, 1, len(rows[0])), rows[whole:])


@cache
def _statement(into: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * rows)}"
