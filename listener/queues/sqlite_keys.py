"""
What the SQLite engine knows of a post by its names.

Used by sqlite_page (which decides) and sqlite_store (which finds and expires); knows nothing of pages or events.
`load` tells what is known, `store` writes what became of it.

A key is random, so a table sorted by keys writes one page of its own for each. Therefore recent keys are held in
memory, and when there are `recent_most` of them, all go in order into one of `sqlite_filter.RUNS` sorted runs: the
tables `keys` and `names`, where a key stays until it ends, its aliases in the same run. What is recent is durable all
the same: the first state of a post in its row of `log` (`until` tells how long its key lives; rows after the last seal
count), every other key in the table `recent`. A key stands in one place, never in two.

Memory follows the transaction: `mark` and `restore` for one that fails, `committed` for one that held.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Literal, TypeVar

import apsw
import msgspec

from listener.queues.sqlite_filter import RUNS, Filter
from listener.queues.sqlite_rows import put_rows

T = TypeVar("T")

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
LOAD_FIRST_STATES: Final = (
    f"SELECT l.key, l.seq, 0, l.until, 1, {_BODY} FROM log AS l"  # noqa: S608 constants
    " WHERE l.seq > ? AND l.until IS NOT NULL AND l.digest IS NOT NULL ORDER BY l.seq"
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


class Known(msgspec.Struct, frozen=True, gc=False):
    """
    One key as stored; instants are microseconds since 1970. A struct, because a hundred thousand are made a second,
    and tens of thousands are held for which the garbage collector need not look.

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
        place: Its run; below zero, minus the row that it has in `recent`, or would have there.
    """

    key: bytes
    seq: int | None
    state: KeyState
    until: int
    revision: int
    expiry: int | None
    digest: bytes | None
    source: str | None
    names: bytes | None
    place: int

    def without_body(self, state: KeyState, *, revision: int) -> Known:
        """
        Only the key is left.
        """
        return Known(self.key, None, state, self.until, revision, None, None, None, None, self.place)


@dataclass(frozen=True, slots=True)
class Recent:
    """
    What is not sealed yet; replaced whole by a seal, so that the one before can come back.

    Args:
        posts: By key.
        aliases: Keys of live posts, by alias.
        seals: How many there were; tells which run is next.
    """

    posts: dict[bytes, Known]
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
        self._last = max((-post.place for post in self._recent.posts.values()), default=0)
        self._undo: list[tuple[dict[bytes, Any], Collection[bytes], dict[bytes, Any]]] = []
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
            held, names, before = self._undo.pop()
            for name in names:
                held.pop(name, None)
            held.update(before)

    def committed(self) -> None:
        """
        There is no way back.
        """
        self._undo.clear()

    def _remember(self, held: dict[bytes, T], changed: dict[bytes, T]) -> None:
        """
        Set all these; until the transaction has held it can be undone.
        """
        self._undo.append((held, changed, {name: held[name] for name in changed if name in held}))
        held.update(changed)

    def _lose(self, held: dict[bytes, T], names: Iterable[bytes]) -> None:
        """
        The reverse, for names that are held.
        """
        self._undo.append((held, (), {name: held.pop(name) for name in names}))

    # ------------------------------------------------------------------------------------------------ asking

    def load(self, names: Collection[bytes]) -> dict[bytes, Known]:
        """
        Every post whose key is one of these names.
        """
        posts = self._recent.posts
        known = {name: posts[name] for name in names if name in posts}
        others = [name for name in names if name not in known] if known else names
        for run, some in self._filter.by_run(others, self._blind).items():
            for row in self._connection.execute(LOAD, (apsw.carray(tuple(some)), run)).fetchall():
                known[row[0]] = _known(row)
        return known

    def load_by_alias(self, names: Collection[bytes]) -> list[tuple[bytes, Known]]:
        """
        Every pair of alias and live post that goes by it.
        """
        pairs = [(name, key) for name in names for key in self._recent.aliases.get(name, ())]
        for run, some in self._filter.by_run(names, self._blind).items():
            pairs += self._connection.execute(LOAD_BY_ALIAS, (apsw.carray(tuple(some)), run)).fetchall()
        posts = self.load({key for _, key in pairs})
        return [(name, posts[key]) for name, key in pairs if key in posts]

    # ----------------------------------------------------------------------------------------------- writing

    def new_place(self) -> int:
        """
        For a key that was never stored: the end of `recent`.
        """
        self._last += 1
        return -self._last

    def store(self, posts: Mapping[bytes, Known], *, told: Container[int] = ()) -> None:
        """
        Each key (by key) is as it is now, where it stands.

        Args:
            posts: What changed.
            told: Rows of `log` that tell a first state themselves.
        """
        recent = {key: post for key, post in posts.items() if post.place < 0}
        self._remember(self._recent.posts, recent)
        put_rows(
            self._connection,
            "INSERT OR REPLACE INTO recent (n, key, seq, state, until, revision)",
            [
                (-post.place, key, post.seq, _NUMBER_OF[post.state], post.until, post.revision)
                for key, post in recent.items()
                if post.revision != 1 or post.seq not in told
            ],
        )
        if len(recent) < len(posts):
            sealed = [
                (post.seq, _NUMBER_OF[post.state], post.until, post.revision, post.place, key)
                for key, post in posts.items()
                if post.place >= 0
            ]
            sealed.sort(key=itemgetter(4, 5))  # neighbours share a page
            self._connection.executemany(
                "UPDATE keys SET seq = ?, state = ?, until = ?, revision = ? WHERE run = ? AND key = ?", sealed
            )

    def store_aliases(self, pairs: Iterable[tuple[bytes, Known]]) -> None:
        """
        Let each post (second) go by each name (first). Of a recent post they are durable in its row of `log`.
        """
        held = self._recent.aliases
        recent: dict[bytes, tuple[bytes, ...]] = {}
        sealed = []
        for name, post in pairs:
            if post.place >= 0:
                sealed.append((post.place, name, post.key))
                continue
            keys = recent.get(name) or held.get(name)
            if keys is None:
                recent[name] = (post.key,)
            elif post.key not in keys:
                recent[name] = (*keys, post.key)
        self._remember(held, recent)
        put_rows(self._connection, "INSERT OR IGNORE INTO names (run, name, key)", sorted(sealed))
        for run, name, _ in sealed:
            self._add(run, (name,))

    def drop_aliases(self, pairs: Iterable[tuple[bytes, Known]]) -> None:
        """
        The reverse.
        """
        held = self._recent.aliases
        sealed = []
        for name, post in pairs:
            if post.place >= 0:
                sealed.append((post.place, name, post.key))
            elif name in held:
                left = tuple(key for key in held[name] if key != post.key)
                self._lose(held, (name,))
                if left:
                    self._remember(held, {name: left})
        self._connection.executemany(
            "DELETE FROM names WHERE run = ? AND name = ? AND key = ?", sorted(sealed)
        )

    def drop(self, posts: Iterable[Known]) -> None:
        """
        Nothing is known of these any more.
        """
        recent, sealed = [], []
        for post in posts:
            if post.place < 0:
                recent.append(post)
            else:
                sealed.append((post.place, post.key))
        self._lose(self._recent.posts, [post.key for post in recent])
        self._connection.executemany("DELETE FROM recent WHERE n = ?", [(-post.place,) for post in recent])
        self._connection.executemany("DELETE FROM keys WHERE run = ? AND key = ?", sealed)

    def drop_ended(self, now: int, *, limit: int) -> int:
        """
        How many keys without a body were dropped because their time was over.
        """
        over = [post for post in self._recent.posts.values() if post.state != "live" and post.until <= now]
        recent = over[:limit]
        self.drop(recent)
        sealed = self._connection.execute(DROP_ENDED, (now, limit - len(recent))).fetchall()
        return len(recent) + len(sealed)

    def counts(self) -> tuple[int, int]:
        """
        How many live posts there are, and how many keys without a body.
        """
        live = sum(post.state == "live" for post in self._recent.posts.values())
        rows: list[Any] = self._connection.execute(
            "SELECT (SELECT count(*) FROM keys WHERE state = 0), (SELECT count(*) FROM keys WHERE state <> 0)"
        ).fetchall()
        return live + int(rows[0][0]), len(self._recent.posts) - live + int(rows[0][1])

    # ----------------------------------------------------------------------------------------------- sealing

    def seal(self, head: int) -> None:
        """
        Where memory is full, everything recent goes into the next run, in order.

        Args:
            head: Position of the newest entry.
        """
        recent = self._recent
        if len(recent.posts) < self._recent_most:
            return
        run = recent.seals % RUNS
        posts = [recent.posts[key] for key in sorted(recent.posts)]
        rows = [(run, post.key, post.seq, _NUMBER_OF[post.state], post.until, post.revision) for post in posts]
        names = [(run, name, key) for name in sorted(recent.aliases) for key in recent.aliases[name]]
        put_rows(self._connection, "INSERT INTO keys (run, key, seq, state, until, revision)", rows)
        put_rows(self._connection, "INSERT OR IGNORE INTO names (run, name, key)", names)
        self._connection.execute("DELETE FROM recent")
        self._connection.executemany(
            "UPDATE meta SET value = ? WHERE name = ?", [(recent.seals + 1, "seals"), (head, "sealed")]
        )
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


def _known(row: tuple[Any, ...]) -> Known:
    key, seq, state, until, revision, expiry, digest, source, names, place = row
    return Known(key, seq, STATES[state], until, revision, expiry, digest, source, names, place)


def _read_recent(connection: apsw.Connection) -> Recent:
    """
    As the last process left it.
    """
    meta: dict[str, Any] = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    rows: list[Any] = connection.execute(LOAD_RECENT).fetchall()
    posts = {row[0]: _known(row) for row in rows}
    place = min((post.place for post in posts.values()), default=0)
    rows = connection.execute(LOAD_FIRST_STATES, (meta["sealed"],)).fetchall()
    for row in rows:
        if row[0] not in posts:
            place -= 1
            posts[row[0]] = _known((*row, place))
    by_alias: dict[bytes, tuple[bytes, ...]] = {}
    for key, post in posts.items():
        for name in aliases(post.names):
            by_alias[name] = (*by_alias.get(name, ()), key)
    return Recent(posts, by_alias, int(meta["seals"]))
