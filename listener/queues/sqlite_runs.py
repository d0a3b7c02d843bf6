"""
Keys that have settled: the tables `keys` and `names`, cut into sorted runs, and the filters that tell them apart.

Used by sqlite_keys alone. A key stays in its run until it ends, its aliases in the same run. Everything here is what
the transaction says; only the filters are memory, and a key too many in one costs no more than a look. Aliases have a
filter of their own: every new post asks whether its identity is an alias of another, and nearly none is.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from typing import Any, Final

import apsw

from listener.queues.sqlite_filter import RUNS, Filter
from listener.queues.sqlite_known import BODY, FIRST_STATES, NUMBER_OF, Known, known
from listener.queues.sqlite_rows import put_rows

_SCAN_KEYS: Final = 20_000
"""Chosen: read back into the filter in 10 ms, so that nobody waits for it."""

LOAD: Final = (
    f"SELECT k.key, k.seq, k.state, k.until, k.revision, {BODY}, k.run FROM carray(?) AS a"  # noqa: S608 constants
    " CROSS JOIN keys AS k ON k.run = ? AND k.key = a.value LEFT JOIN log AS l ON l.seq = k.seq"
)
LOAD_BY_ALIAS: Final = (
    "SELECT n.name, n.key FROM carray(?) AS a CROSS JOIN names AS n ON n.run = ? AND n.name = a.value"
)
ADD_RECENT: Final = (
    "INSERT INTO keys (run, key, seq, state, until, revision)"
    " SELECT ?, key, seq, state, until, revision FROM recent ORDER BY key"
)
ADD_FIRST_STATES: Final = (  # what stands in `recent` too was extended since
    "INSERT OR IGNORE INTO keys (run, key, seq, state, until, revision)"  # noqa: S608 constants
    f" SELECT ?, l.key, l.seq, 0, l.until, 1 FROM log AS l WHERE {FIRST_STATES} ORDER BY l.key"
)
_ADD_NAMES: Final = "INSERT OR IGNORE INTO names (run, name, key) SELECT ?, substr(l.names, 16 * a.value + 1, 16) AS name, l.key"
ADD_RECENT_NAMES: Final = (
    f"{_ADD_NAMES} FROM recent AS r JOIN log AS l ON l.seq = r.seq CROSS JOIN carray(?) AS a"
    " WHERE 16 * a.value < length(l.names) ORDER BY name"
)
ADD_FIRST_NAMES: Final = (
    f"{_ADD_NAMES} FROM log AS l CROSS JOIN carray(?) AS a"
    f" WHERE {FIRST_STATES} AND 16 * a.value < length(l.names) ORDER BY name"
)
DROP_ENDED: Final = (
    "DELETE FROM keys WHERE (run, key) IN"
    " (SELECT run, key FROM keys WHERE state <> 0 AND until <= ? ORDER BY until LIMIT ?) RETURNING 1"
)
_SLICE_OF_KEYS: Final = "SELECT key FROM keys WHERE run = ? AND key > ? ORDER BY key LIMIT ?"
_SLICE_OF_NAMES: Final = "SELECT name FROM names WHERE run = ? AND name > ? ORDER BY name LIMIT ?"


class Sieve:
    """
    Which runs may hold a name in one of the tables: a filter, and how it is read back.

    Args:
        connection: Opened by sqlite_schema.
        statement: A slice of the names in a run (run, after, how many).
        blind: Runs that hold anything, a bit each; until the filter is read back, all of them are asked.
    """

    __slots__ = ("_blind", "_connection", "_next_filter", "_scan", "_scanned", "_statement", "filter")

    def __init__(self, connection: apsw.Connection, statement: str, *, blind: int) -> None:
        self._connection = connection
        self._statement = statement
        self._blind = blind
        self._scanned = 0
        self._scan: Iterator[tuple[int, list[bytes]]] | None = None
        self.filter = self._next_filter = Filter()
        self._scan_again()

    def by_run(self, names: Collection[bytes]) -> dict[int, list[bytes]]:
        """
        Runs that may hold some of these, with those that they may hold, in order.
        """
        return self.filter.by_run(names, self._blind)

    def add(self, run: int, names: Collection[bytes]) -> None:
        """
        That run holds these too.
        """
        self.filter.add(run, names)
        if self._scan is not None:
            self._next_filter.add(run, names)

    def tend(self, *, slack: int) -> bool:
        """
        Go on reading names back into a fresh filter, a slice at a time: once after the start, and again when half of
        those in the present one may have ended. Whether there was anything to do.

        Args:
            slack: So many more are no matter.
        """
        if self._scan is None and self.filter.keys > 2 * self._scanned + slack:
            self._scan_again()
        if self._scan is None:
            return False
        read = 0
        for run, names in self._scan:
            self._next_filter.add(run, names)
            read += len(names)
            if read >= _SCAN_KEYS:
                return True
        self.filter, self._scan, self._blind = self._next_filter, None, 0
        self._scanned = self.filter.keys
        return True

    def _scan_again(self) -> None:
        self._next_filter = Filter()
        self._scan = self._slices()

    def _slices(self) -> Iterator[tuple[int, list[bytes]]]:
        """
        Every name in every run; no statement stays open between two slices.
        """
        for run in range(RUNS):
            after: bytes | None = b""
            while after is not None:
                rows: list[Any] = self._connection.execute(
                    self._statement, (run, after, _SCAN_KEYS)
                ).fetchall()
                after = rows[-1][0] if len(rows) == _SCAN_KEYS else None
                yield run, [name for (name,) in rows]


class Runs:
    """
    All runs, inside whatever transaction is open.

    Args:
        connection: Opened by sqlite_schema.
    """

    __slots__ = ("_connection", "keys", "names")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        used = sum(1 << run for run in range(RUNS) if self._holds(run))
        self.keys = Sieve(connection, _SLICE_OF_KEYS, blind=used)
        self.names = Sieve(connection, _SLICE_OF_NAMES, blind=used)

    # ------------------------------------------------------------------------------------------------ asking

    def load(self, names: Collection[bytes]) -> dict[bytes, Known]:
        """
        Every post whose key is one of these names.
        """
        found: dict[bytes, Known] = {}
        for run, some in self.keys.by_run(names).items():
            rows: list[Any] = self._connection.execute(LOAD, (apsw.carray(tuple(some)), run)).fetchall()
            found.update((row[0], known(row)) for row in rows)
        return found

    def load_by_alias(self, names: Collection[bytes]) -> list[tuple[bytes, bytes]]:
        """
        Every pair of alias and key of a post that goes by it.
        """
        pairs: list[Any] = []
        for run, some in self.names.by_run(names).items():
            pairs += self._connection.execute(LOAD_BY_ALIAS, (apsw.carray(tuple(some)), run)).fetchall()
        return pairs

    def counts(self) -> tuple[int, int]:
        """
        How many live posts there are, and how many keys without a body.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT (SELECT count(*) FROM keys WHERE state = 0), (SELECT count(*) FROM keys WHERE state <> 0)"
        ).fetchall()
        live, without_body = rows[0]
        return live, without_body

    # ----------------------------------------------------------------------------------------------- writing

    def add(
        self, run: int, keys: Collection[bytes], names: Collection[bytes], *, aliases_most: int, sealed: int
    ) -> None:
        """
        That run holds everything recent too, as the tables tell it: see sqlite_recent.

        Args:
            run: Which.
            keys: Of everything recent.
            names: Aliases of everything recent.
            aliases_most: How many any of them has.
            sealed: Position of the newest entry at the seal before.
        """
        self.keys.add(run, keys)  # before the transaction has held: one too few would let a post in twice
        self.names.add(run, names)
        self._connection.execute(ADD_RECENT, (run,))
        self._connection.execute(ADD_FIRST_STATES, (run, sealed))
        numbers = apsw.carray(array("q", range(max(1, aliases_most))))
        self._connection.execute(ADD_RECENT_NAMES, (run, numbers))
        self._connection.execute(ADD_FIRST_NAMES, (run, numbers, sealed))

    def store(self, posts: Collection[Known]) -> None:
        """
        These are as they are now.
        """
        rows = sorted(
            (post.place, post.key, post.seq, NUMBER_OF[post.state], post.until, post.revision)
            for post in posts
        )  # neighbours share a page
        self._connection.executemany(
            "UPDATE keys SET seq = ?3, state = ?4, until = ?5, revision = ?6 WHERE run = ?1 AND key = ?2",
            rows,
        )

    def store_aliases(self, rows: Collection[tuple[int, bytes, bytes]]) -> None:
        """
        In that run, let each name (second) lead to that key.
        """
        for run, name, _ in rows:
            self.names.add(run, (name,))
        put_rows(self._connection, "INSERT OR IGNORE INTO names (run, name, key)", sorted(rows))

    def drop_aliases(self, rows: Collection[tuple[int, bytes, bytes]]) -> None:
        """
        The reverse.
        """
        self._connection.executemany("DELETE FROM names WHERE run = ? AND name = ? AND key = ?", sorted(rows))

    def drop(self, posts: Collection[Known]) -> None:
        """
        Nothing is known of these any more.
        """
        places = sorted((post.place, post.key) for post in posts)
        self._connection.executemany("DELETE FROM keys WHERE run = ? AND key = ?", places)

    def drop_ended(self, now: int, *, limit: int) -> int:
        """
        How many keys without a body were dropped because their time was over.
        """
        return len(self._connection.execute(DROP_ENDED, (now, limit)).fetchall())

    # ------------------------------------------------------------------------------------------- the filters

    def tend(self, *, slack: int) -> None:
        """
        See `Sieve.tend`; one slice of one table.
        """
        if not self.keys.tend(slack=slack):
            self.names.tend(slack=slack)

    def _holds(self, run: int) -> bool:
        """
        Whether there is anything in a run.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE run = ?1) OR EXISTS (SELECT 1 FROM names WHERE run = ?1)",
            (run,),
        ).fetchall()
        return bool(rows[0][0])
