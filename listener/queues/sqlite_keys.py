"""
What the SQLite engine knows of a post by its names.

Used by sqlite_page (which decides) and sqlite_store (which finds and expires); knows nothing of pages or events.
`load` tells what is known, `store` writes what became of it.

A key is random, so a table sorted by keys writes one page of its own for each. Therefore new keys are only appended,
to the table `recent`, and held in memory; when there are `recent_most` of them, all go in order into one of
`sqlite_filter.RUNS` sorted runs. A key stands in one place, never in two, and stays in its run until it ends. The
aliases of a recent post are told by its row of `log`; the sealed ones stand in `names`, in the run of their key.

Memory follows the transaction: `mark` and `restore` for one that fails, `committed` for one that held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import apsw

from listener.queues.sqlite_filter import RUNS, Filter

KeyState = Literal["live", "removed", "expired", "seen"]
STATES: Final[tuple[KeyState, ...]] = ("live", "removed", "expired", "seen")
"""By the number each has in the table; `live` must stay 0, the index of ended keys leaves it out."""

RECENT_MOST: Final = 32_768
"""Chosen: about 20 MB of memory, and a seal of 0.2 s at ten million keys."""

_NUMBER_OF: Final = {state: number for number, state in enumerate(STATES)}
_SCAN_NAMES: Final = 20_000
"""Chosen: read back into the filter in 10 ms, so that nobody waits for it."""

_BODY: Final = "l.expiry, l.digest, l.source, l.names"
LOAD: Final = (
    f"SELECT k.key, k.seq, k.state, k.until, k.revision, {_BODY}, k.run FROM carray(?) AS a"  # noqa: S608 constants
    " CROSS JOIN keys AS k ON k.run = ? AND k.key = a.value LEFT JOIN log AS l ON l.seq = k.seq"
)
LOAD_RECENT: Final = (
    f"SELECT r.key, r.seq, r.state, r.until, r.revision, {_BODY}, -r.n"  # noqa: S608 constants
    " FROM recent AS r LEFT JOIN log AS l ON l.seq = r.seq"
)
LOAD_BY_ALIAS: Final = (
    "SELECT n.name, n.key FROM carray(?) AS a CROSS JOIN names AS n ON n.run = ? AND n.name = a.value"
)
DROP_ENDED: Final = (
    "DELETE FROM keys WHERE (run, key) IN"
    " (SELECT run, key FROM keys WHERE state <> 0 AND until <= ? ORDER BY until LIMIT ?) RETURNING 1"
)
_SLICES: Final = (
    "SELECT key FROM keys WHERE run = ? AND key > ? ORDER BY key LIMIT ?",
    "SELECT name FROM names WHERE run = ? AND name > ? ORDER BY name LIMIT ?",
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
        place: Its run; below zero, minus its row in `recent`; None where it was never stored.
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
    place: int | None = None

    def lose_body(self, state: KeyState) -> None:
        """
        Only the key is left.
        """
        self.state = state
        self.seq = self.expiry = self.digest = self.source = self.names = None


Row = tuple[
    bytes, int | None, KeyState, int, int, int | None, bytes | None, str | None, bytes | None, int | None
]
"""The fields of `Known`, in their order."""


@dataclass(frozen=True, slots=True)
class Recent:
    """
    What is not sealed yet; replaced whole by a seal, so that the one before can come back.

    Args:
        posts: By key.
        aliases: Keys of live posts, by alias.
        seals: How many there were; tells which run is next.
    """

    posts: dict[bytes, Row]
    aliases: dict[bytes, tuple[bytes, ...]]
    seals: int


Mark = tuple[Recent, int]


class Keys:
    """
    The tables `recent`, `keys` and `names`, inside whatever transaction is open.

    Args:
        connection: Opened by sqlite_schema.
        recent_most: How many keys are held in memory before they are sealed into a run.
    """

    __slots__ = (
        "_blind",
        "_connection",
        "_filter",
        "_last",
        "_next_filter",
        "_recent",
        "_recent_most",
        "_scan",
        "_scanned",
        "_undo",
    )

    def __init__(self, connection: apsw.Connection, *, recent_most: int = RECENT_MOST) -> None:
        self._connection = connection
        self._recent_most = recent_most
        self._recent = _read_recent(connection)
        self._last = max((-row[9] for row in self._recent.posts.values() if row[9]), default=0)
        self._undo: list[tuple[dict[bytes, Any], bytes, Any]] = []
        self._filter = Filter()
        self._blind = sum(1 << run for run in range(RUNS) if self._holds(run))
        self._scan_again()

    # ------------------------------------------------------------------------------------------ transactions

    def mark(self) -> Mark:
        """
        A point to come back to with `restore`.
        """
        return self._recent, len(self._undo)

    def restore(self, mark: Mark) -> None:
        """
        Memory is as it was at that mark.
        """
        self._recent, length = mark
        while len(self._undo) > length:
            held, name, before = self._undo.pop()
            if before is None:
                held.pop(name, None)
            else:
                held[name] = before

    def committed(self) -> None:
        """
        There is no way back.
        """
        self._undo.clear()

    def _remember(self, held: dict[bytes, Any], name: bytes, value: Any) -> None:
        """
        Set or, with None, take away; until the transaction has held it can be undone.
        """
        self._undo.append((held, name, held.get(name)))
        if value is None:
            held.pop(name, None)
        else:
            held[name] = value

    # ------------------------------------------------------------------------------------------------ asking

    def load(self, names: Iterable[bytes]) -> dict[bytes, Known]:
        """
        Every post whose key is one of these names.
        """
        posts = self._recent.posts
        known: dict[bytes, Known] = {}
        others: list[bytes] = []
        for name in names:
            row = posts.get(name)
            if row is None:
                others.append(name)
            else:
                known[name] = Known(*row)
        for run, some in self._by_run(others):
            for row in self._connection.execute(LOAD, (apsw.carray(tuple(some)), run)).fetchall():
                known[row[0]] = Known(*row[:2], STATES[row[2]], *row[3:])
        return known

    def load_by_alias(self, names: Collection[bytes]) -> list[tuple[bytes, Known]]:
        """
        Every pair of alias and live post that goes by it.
        """
        pairs = [(name, key) for name in names for key in self._recent.aliases.get(name, ())]
        for run, some in self._by_run(names):
            pairs += self._connection.execute(LOAD_BY_ALIAS, (apsw.carray(tuple(some)), run)).fetchall()
        posts = self.load({key for _, key in pairs})
        return [(name, posts[key]) for name, key in pairs if key in posts]

    def _by_run(self, names: Iterable[bytes]) -> Iterable[tuple[int, list[bytes]]]:
        """
        Runs that may hold some of these, with those that they may hold, in order.
        """
        maybe, blind = self._filter.runs, self._blind
        asked: dict[int, list[bytes]] = {}
        for name in names:
            runs = maybe(name) | blind
            while runs:
                run = runs.bit_length() - 1
                asked.setdefault(run, []).append(name)
                runs ^= 1 << run
        for run, some in asked.items():
            some.sort()
            yield run, some

    # ----------------------------------------------------------------------------------------------- writing

    def store(self, posts: Iterable[Known]) -> None:
        """
        Each key is as it is now: a new one at the end of `recent`, any other where it stands.
        """
        held = self._recent.posts
        appended = []
        changed = []
        for post in posts:
            if post.place is None:
                self._last += 1
                post.place = -self._last
            number = _NUMBER_OF[post.state]
            if post.place < 0:
                row = (
                    post.key, post.seq, post.state, post.until, post.revision,
                    post.expiry, post.digest, post.source, post.names, post.place,
                )  # fmt: skip
                self._remember(held, post.key, row)
                appended.append((-post.place, post.key, post.seq, number, post.until, post.revision))
            else:
                changed.append((post.seq, number, post.until, post.revision, post.place, post.key))
        if appended:
            self._connection.executemany(
                "INSERT OR REPLACE INTO recent (n, key, seq, state, until, revision) VALUES (?, ?, ?, ?, ?, ?)",
                appended,
            )
        if changed:
            changed.sort(key=lambda row: row[4:])  # neighbours share a page
            self._connection.executemany(
                "UPDATE keys SET seq = ?, state = ?, until = ?, revision = ? WHERE run = ? AND key = ?", changed
            )

    def store_aliases(self, pairs: Iterable[tuple[bytes, Known]]) -> None:
        """
        Let each post (second) go by each name (first). Of a recent post they are durable in its row of `log`.
        """
        held = self._recent.aliases
        sealed = []
        for name, post in pairs:
            assert post.place is not None, "store the post first"
            if post.place >= 0:
                sealed.append((post.place, name, post.key))
            elif post.key not in (keys := held.get(name, ())):
                self._remember(held, name, (*keys, post.key))
        self._put_names(sealed)

    def drop_aliases(self, pairs: Iterable[tuple[bytes, Known]]) -> None:
        """
        The reverse.
        """
        held = self._recent.aliases
        sealed = []
        for name, post in pairs:
            if post.place is not None and post.place >= 0:
                sealed.append((post.place, name, post.key))
            elif name in held:
                self._remember(held, name, tuple(key for key in held[name] if key != post.key) or None)
        self._connection.executemany(
            "DELETE FROM names WHERE run = ? AND name = ? AND key = ?", sorted(sealed)
        )

    def drop(self, posts: Iterable[Known]) -> None:
        """
        Nothing is known of these any more.
        """
        for post in posts:
            if post.place is not None and post.place >= 0:
                self._connection.execute("DELETE FROM keys WHERE run = ? AND key = ?", (post.place, post.key))
            else:
                self._drop_recent(post.key, post.place)

    def drop_ended(self, now: int, *, limit: int) -> int:
        """
        How many keys without a body were dropped because their time was over.
        """
        recent = [row for row in self._recent.posts.values() if row[2] != "live" and row[3] <= now][:limit]
        for row in recent:
            self._drop_recent(row[0], row[9])
        sealed = self._connection.execute(DROP_ENDED, (now, limit - len(recent))).fetchall()
        return len(recent) + len(sealed)

    def _drop_recent(self, key: bytes, place: int | None) -> None:
        if place is not None:
            self._remember(self._recent.posts, key, None)
            self._connection.execute("DELETE FROM recent WHERE n = ?", (-place,))

    def _put_names(self, rows: list[tuple[int, bytes, bytes]]) -> None:
        """
        Aliases (run, name, key) stand in their runs.
        """
        rows.sort()
        self._connection.executemany("INSERT OR IGNORE INTO names (run, name, key) VALUES (?, ?, ?)", rows)
        for run, name, _ in rows:
            self._add(run, (name,))

    # ----------------------------------------------------------------------------------------------- sealing

    def seal(self) -> None:
        """
        Where memory is full, everything recent goes into the next run, in order.
        """
        recent = self._recent
        if len(recent.posts) < self._recent_most:
            return
        run = recent.seals % RUNS
        rows = [
            (run, key, row[1], _NUMBER_OF[row[2]], row[3], row[4]) for key, row in sorted(recent.posts.items())
        ]
        names = sorted((run, name, key) for name, keys in recent.aliases.items() for key in keys)
        self._connection.executemany(
            "INSERT INTO keys (run, key, seq, state, until, revision) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        self._connection.executemany("INSERT OR IGNORE INTO names (run, name, key) VALUES (?, ?, ?)", names)
        self._connection.execute("DELETE FROM recent")
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'seals'", (recent.seals + 1,))
        self._add(run, recent.posts.keys())
        self._add(run, recent.aliases.keys())
        self._recent = Recent({}, {}, recent.seals + 1)
        if self._scan is None and self._filter.names > 2 * self._scanned + 8 * self._recent_most:
            self._scan_again()

    def _add(self, run: int, names: Collection[bytes]) -> None:
        """
        Before the transaction has held: a name too many costs a look, a name too few would cost a repeat.
        """
        self._filter.add(run, names)
        if self._scan is not None:
            self._next_filter.add(run, names)

    def tend(self) -> None:
        """
        Go on reading names back into a fresh filter, a slice at a time; done once, and again when half of the present
        one may be names that ended. Until it is done the first time, every run that holds anything is asked.
        """
        if self._scan is None:
            return
        read = 0
        for run, names in self._scan:
            self._next_filter.add(run, names)
            read += len(names)
            if read >= _SCAN_NAMES:
                return
        self._filter, self._scan, self._blind = self._next_filter, None, 0
        self._scanned = self._filter.names

    def _scan_again(self) -> None:
        self._next_filter = Filter()
        self._scan: Iterator[tuple[int, list[bytes]]] | None = self._slices()
        self._scanned = 0

    def _slices(self) -> Iterator[tuple[int, list[bytes]]]:
        """
        Every name in every run; no statement stays open between two slices.
        """
        for run in range(RUNS):
            for statement in _SLICES:
                after = b""
                more = True
                while more:
                    rows: list[Any] = self._connection.execute(statement, (run, after, _SCAN_NAMES)).fetchall()
                    yield run, [name for name, in rows]
                    more = len(rows) == _SCAN_NAMES
                    after = rows[-1][0] if rows else b""

    def _holds(self, run: int) -> bool:
        """
        Whether there is anything in a run.
        """
        found = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE run = ?) OR EXISTS (SELECT 1 FROM names WHERE run = ?)",
            (run, run),
        ).fetchall()
        return bool(found[0][0])


def aliases(names: bytes | None) -> list[bytes]:
    """
    The column `names` of the log, taken apart.
    """
    return [names[start : start + 16] for start in range(0, len(names), 16)] if names else []


def _read_recent(connection: apsw.Connection) -> Recent:
    """
    As the last process left it.
    """
    posts: dict[bytes, Row] = {}
    by_alias: dict[bytes, tuple[bytes, ...]] = {}
    rows: list[Any] = connection.execute(LOAD_RECENT).fetchall()
    for row in rows:
        posts[row[0]] = (*row[:2], STATES[row[2]], *row[3:])
        for name in aliases(row[8]):
            by_alias[name] = (*by_alias.get(name, ()), row[0])
    found: list[Any] = connection.execute("SELECT value FROM meta WHERE name = 'seals'").fetchall()
    return Recent(posts, by_alias, int(found[0][0]))
