"""
What the SQLite engine knows of a post by its names: one plain table of keys and one of aliases.

Used by sqlite_page (which decides) and sqlite_store (which finds and expires); knows nothing of pages or events. A
faster layout (sorted runs, a filter in memory) can take its place behind the same verbs: `load` tells what is
known, `store` writes what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import apsw

KeyState = Literal["live", "removed", "expired", "seen"]
STATES: Final[tuple[KeyState, ...]] = ("live", "removed", "expired", "seen")
"""By the number each has in the table; `live` must stay 0, the index of ended keys leaves it out."""

_COLUMNS: Final = "k.key, k.seq, k.state, k.until, k.revision, l.expiry, l.digest, l.source, l.names"
_JOIN: Final = "JOIN keys AS k ON k.key = {0} LEFT JOIN log AS l ON l.seq = k.seq"

LOAD: Final = f"SELECT {_COLUMNS} FROM carray(?) AS a CROSS {_JOIN.format('a.value')}"  # noqa: S608 constants
LOAD_BY_ALIAS: Final = (
    f"SELECT n.name, {_COLUMNS} FROM carray(?) AS a"  # noqa: S608 constants
    f" CROSS JOIN names AS n ON n.name = a.value {_JOIN.format('n.key')}"
)
STORE: Final = (
    "INSERT INTO keys (key, seq, state, until, revision) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET"
    " seq = excluded.seq, state = excluded.state, until = excluded.until, revision = excluded.revision"
)


@dataclass(slots=True)
class Known:
    """
    One key as stored; instants are microseconds since 1970.

    Args:
        key: 16 bytes.
        seq: Log row of the body; None without a body.
        state: See `KeyState`.
        until: When the key ends.
        revision: States the post has had.
        expiry: When the body ends; None without a body, and in the next three.
        digest: Of the body.
        source: `/<network>/<source>` of the body.
        names: Aliases of the body, 16 bytes each, joined.
    """

    key: bytes
    seq: int | None
    state: KeyState
    until: int
    revision: int
    expiry: int | None = None
    digest: bytes | None = None
    source: str | None = None
    names: bytes | None = None


class Keys:
    """
    The tables `keys` and `names`, inside whatever transaction is open.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def load(self, names: Collection[bytes]) -> dict[bytes, Known]:
        """
        Every post whose key is one of these names.
        """
        if not names:
            return {}
        rows: list[Any] = self._connection.execute(LOAD, (apsw.carray(tuple(names)),)).fetchall()
        return {row[0]: _known(row) for row in rows}

    def load_by_alias(self, names: Collection[bytes]) -> list[tuple[bytes, Known]]:
        """
        Every pair of alias and live post that goes by it.
        """
        if not names:
            return []
        rows: list[Any] = self._connection.execute(LOAD_BY_ALIAS, (apsw.carray(tuple(names)),)).fetchall()
        return [(row[0], _known(row[1:])) for row in rows]

    def store(self, posts: Iterable[Known]) -> None:
        """
        Write each key as it is now; in key order, so that neighbours share a page.
        """
        rows = sorted(
            (post.key, post.seq, STATES.index(post.state), post.until, post.revision) for post in posts
        )
        self._connection.executemany(STORE, rows)

    def store_aliases(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """
        Let each post (second) go by each name (first).
        """
        self._connection.executemany("INSERT OR IGNORE INTO names (name, key) VALUES (?, ?)", sorted(pairs))

    def drop_aliases(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """
        The reverse.
        """
        self._connection.executemany("DELETE FROM names WHERE name = ? AND key = ?", sorted(pairs))

    def drop(self, keys: Iterable[bytes]) -> None:
        """
        Nothing is known of these any more.
        """
        self._connection.executemany("DELETE FROM keys WHERE key = ?", [(key,) for key in keys])

    def drop_ended(self, now: int, *, limit: int) -> int:
        """
        How many keys without a body were dropped because their time was over.
        """
        return len(
            self._connection.execute(
                "DELETE FROM keys WHERE key IN"
                " (SELECT key FROM keys WHERE state <> 0 AND until <= ? ORDER BY until LIMIT ?) RETURNING 1",
                (now, limit),
            ).fetchall()
        )


def aliases(names: bytes | None) -> list[bytes]:
    """
    The column `names` of the log, taken apart.
    """
    return [names[start : start + 16] for start in range(0, len(names), 16)] if names else []


def _known(row: tuple[Any, ...]) -> Known:
    key, seq, state, until, revision, expiry, digest, source, names = row
    return Known(key, seq, STATES[state], until, revision, expiry, digest, source, names)
