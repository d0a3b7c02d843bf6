"""
What the SQLite engine can do, one plain function per job; each runs inside a transaction of sqlite_writer.

Takes jobs from sqlite through sqlite_writer, lets sqlite_page decide about items, and answers with values of
`queues.base`. Instants are stored as microseconds since 1970, keys and names as their 16 bytes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, get_args

import apsw

from listener.events import Name, PostKey, RemovalReason, key_of
from listener.failpoints import reach
from listener.keys import SECRET_BYTES
from listener.queues.base import (
    AskCounts,
    Asked,
    Batch,
    Commit,
    Entry,
    Expired,
    Found,
    Inventory,
    Lease,
    Outcome,
    Position,
    QueueStats,
    Resync,
    Scope,
    SourceState,
)
from listener.queues.sqlite_keys import RECENT_MOST, Keys
from listener.queues.sqlite_known import Known, aliases
from listener.queues.sqlite_leases import Leases
from listener.queues.sqlite_page import Page, instant, micros
from listener.queues.sqlite_recent import Mark

_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_NUMBER_OF: Final = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
_POSITION: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")
_TRIM_ROWS: Final = 1000
_VACUUM_PAGES: Final = 2000
"""45 ms on a loaded file (engines.md C)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What is counted in memory and goes back with a transaction that fails.

    Args:
        head: Position of the newest entry, kept or not.
        floor: Position of the newest removal notice that was dropped.
        posts: Live posts.
        keys: Keys without a body.
        erased: How many entries `Store.erased` has.
        mark: Of the keys in memory.
    """

    head: int
    floor: int
    posts: int
    keys: int
    erased: int = 0
    mark: Mark | None = None


class Store:
    """
    The tables. Not thread-safe: owned by the writer's thread.

    Args:
        connection: Opened by sqlite_schema.
        recent_most: See `Keys`.
    """

    def __init__(self, connection: apsw.Connection, *, recent_most: int = RECENT_MOST) -> None:
        self._connection = connection
        self._keys = Keys(connection, recent_most=recent_most)
        self.epoch = str(self._value("SELECT value FROM meta WHERE name = 'epoch'"))
        self.leases = Leases(self._stored_leases())
        """Change between transactions only."""
        self.erased: list[tuple[bytes, int | None]] = []
        """Keys whose bodies this transaction takes away, and since when they must go."""
        self.pending: dict[bytes, int | None] = {}
        """The same of transactions that are durable, as long as a file may hold their bytes."""
        self._under_way: tuple[int, int] | None = None
        """Since when the first of how many must go, of those in `pending`: counted along, because a round of expiry has a hundred
        transactions and a hundred thousand bodies."""
        self._noting: tuple[int, int] | None = None
        self._noted_pending = self.interrupted() is not None
        posts, keys = self._keys.counts()
        self.tally = Tally(
            head=int(self._value("SELECT seq FROM sqlite_sequence WHERE name = 'log'") or 0),
            floor=int(self._value("SELECT value FROM meta WHERE name = 'floor'") or 0),
            posts=posts,
            keys=keys,
        )

    # ------------------------------------------------------------------------------------------ transactions

    def mark(self) -> Tally:
        """
        A point to come back to with `restore`.
        """
        return replace(self.tally, erased=len(self.erased), mark=self._keys.mark())

    def restore(self, mark: Tally) -> None:
        """
        Nothing since `mark` happened.
        """
        del self.erased[mark.erased :]
        if mark.mark is not None:
            self._keys.restore(mark.mark)
        self.tally = mark
        self._noting = self._under_way
        self._noted_pending = True  # perhaps; whether there is a note is not worth a question

    def committed(self) -> None:
        """
        The transaction is durable; what it erased waits for the files to be cleaned.
        """
        for key, since in self.erased:
            self.pending.setdefault(key, since)
        self.erased.clear()
        self._under_way = self._noting
        self._keys.committed()
        self.leases.written()

    def begin(self, *, pages: bool) -> None:
        """
        Before the first job of a transaction: leases that changed go with it, and memory gets room for new keys.

        Args:
            pages: Whether there may be new keys; upkeep has to need little room on the disk.
        """
        self._put_leases()
        if self._noted_pending and not self.pending:
            self._connection.execute("DELETE FROM meta WHERE name = 'erasing'")
            self._noted_pending = False
        if pages:
            self._keys.seal(self.tally.head)

    def finish(self) -> None:
        """
        After the last job of a transaction: what it takes away is noted in it, so that whoever opens the file after a crash
        knows since when those bytes must go.
        """
        new = [since for _, since in self.erased if since is not None]
        if new:
            first, count = min(new), len(new)
            if self._under_way is not None:
                first, count = min(first, self._under_way[0]), count + self._under_way[1]
            self._connection.execute(
                "INSERT OR REPLACE INTO meta (name, value) VALUES ('erasing', ?)", (f"{first} {count}",)
            )
            self._noting = first, count
            self._noted_pending = True

    def interrupted(self) -> tuple[int, int] | None:
        """
        Since when the first of how many bodies had to go that were on their way when the file was written last.
        """
        noted = self._value("SELECT value FROM meta WHERE name = 'erasing'")
        if noted is None:
            return None
        since, _, count = str(noted).partition(" ")
        return int(since), int(count)

    def settled(self, now: datetime) -> list[float]:
        """
        No file holds bytes of what was pending; seconds that each of it took.
        """
        over = micros(now)
        took = [max(0, over - since) / 1e6 for since in self.pending.values() if since is not None]
        self.pending.clear()
        self._under_way = self._noting = None
        return took

    def tend(self) -> None:
        """
        A little work that nobody waits for, outside a transaction.
        """
        self._keys.tend()

    # ------------------------------------------------------------------------------------------------- pages

    def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        """
        See `Queue.commit`.
        """
        stored = self._row("SELECT commit_id, outcomes FROM source WHERE name = ?", commit.source)
        if stored is not None and stored[0] == commit.commit_id:
            return tuple(_OUTCOMES[number] for number in stored[1])
        self.leases.check(commit.lease, commit.at)
        page = self._page(commit.at, commit.keys_until_at)
        if commit.answers is not None:
            page.answers(commit.answers)
        page.load(commit.items)
        outcomes = tuple([page.apply(item) for item in commit.items])
        if commit.asked:
            page.asked(commit.asked)
        self._write(page)
        reach("commit.items_written")
        self._put_states(commit, bytes([_NUMBER_OF[outcome] for outcome in outcomes]))
        reach("commit.states_written")
        return outcomes

    def forget(
        self, names: Sequence[Name], reason: RemovalReason, at: datetime, keys_until_at: datetime
    ) -> tuple[PostKey, ...]:
        """
        See `Queue.forget`.
        """
        page = self._page(at, keys_until_at)
        page.load_names(names, names)
        keys = page.forget(names, reason, at)
        self._write(page)
        reach("erase.rows_deleted")
        return keys

    def _page(self, at: datetime, keys_until_at: datetime) -> Page:
        return Page(self._connection, self._keys, head=self.tally.head, at=at, keys_until_at=keys_until_at)

    def _write(self, page: Page) -> None:
        page.write()
        self.erased.extend((key, page.at) for key in page.erased)
        self.tally = replace(
            self.tally,
            head=page.head,
            posts=self.tally.posts + page.posts_more,
            keys=self.tally.keys + page.keys_more,
        )

    def _put_states(self, commit: Commit, outcomes: bytes) -> None:
        state = commit.state
        self._connection.execute(
            "INSERT OR REPLACE INTO source (name, cursor, due, memo, commit_id, outcomes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (commit.source, state.cursor, micros(state.next_due_at), state.memo, commit.commit_id, outcomes),
        )
        if commit.states:
            self._connection.executemany(
                "INSERT OR REPLACE INTO state (kind, name, value) VALUES (?, ?, ?)",
                [(scope.kind, scope.name, value) for scope, value in commit.states.items()],
            )

    # ------------------------------------------------------------------------------------------------ states

    def source_state(self, source: str) -> SourceState | None:
        """
        See `Queue.source_state`.
        """
        row = self._row("SELECT cursor, due, memo FROM source WHERE name = ?", source)
        return None if row is None else SourceState(row[0], instant(row[1]), row[2])

    def state(self, scope: Scope) -> bytes | None:
        """
        See `Queue.state`.
        """
        row = self._row("SELECT value FROM state WHERE kind = ? AND name = ?", scope.kind, scope.name)
        return None if row is None else bytes(row[0])

    def drop_source(self, source: str) -> None:
        """
        See `Queue.drop_source`.
        """
        self._connection.execute("DELETE FROM source WHERE name = ?", (source,))
        self._connection.execute("DELETE FROM state WHERE kind = 'source' AND name = ?", (source,))

    # ----------------------------------------------------------------------------------------------- reading

    def position_of(self, seq: int) -> Position:
        """
        As consumers know it.
        """
        return Position(f"{self.epoch}-{seq}")

    def read(self, after: Position | None, limit: int, now: datetime) -> Batch:
        """
        See `Queue.read`.
        """
        tally = self.tally
        start = tally.floor
        if after is not None:
            known = _POSITION.fullmatch(after)
            if known is None or known[1] != self.epoch:
                return self._resync(Resync("unknown_epoch", *self._ends()))
            start = int(known[2])
            if start > tally.head:
                return self._resync(Resync("position_ahead", *self._ends()))
            if start < tally.floor:
                return self._resync(Resync("position_too_old", *self._ends()))
        rows: list[Any] = self._connection.execute(
            "SELECT seq, type, body FROM log WHERE seq > ? AND (expiry IS NULL OR expiry > ?)"
            " ORDER BY seq LIMIT ?",
            (start, micros(now), limit),
        ).fetchall()
        prefix = f"{self.epoch}-"
        entries = tuple([Entry(Position(f"{prefix}{seq}"), kind, body) for seq, kind, body in rows])
        return Batch(entries, entries[-1].position if len(rows) == limit else self.position_of(tally.head))

    def _ends(self) -> tuple[Position, Position]:
        return self.position_of(self.tally.floor), self.position_of(self.tally.head)

    def _resync(self, resync: Resync) -> Batch:
        return Batch((), resync.oldest, resync)

    def position(self, consumer: str) -> Position | None:
        """
        See `Queue.position`.
        """
        row = self._row("SELECT position FROM position WHERE consumer = ?", consumer)
        return None if row is None else Position(row[0])

    def set_position(self, consumer: str, position: Position) -> None:
        """
        See `Queue.set_position`.
        """
        self._connection.execute(
            "INSERT OR REPLACE INTO position (consumer, position) VALUES (?, ?)", (consumer, position)
        )

    def find(self, names: Sequence[Name]) -> tuple[Found, ...]:
        """
        See `Queue.find`.
        """
        wanted = set(names)
        posts: dict[bytes, Known] = self._keys.load(wanted)
        for _, post in self._keys.load_by_alias(wanted):
            posts.setdefault(post.key, post)
        return tuple(_found(posts[key]) for key in sorted(posts))

    # ---------------------------------------------------------------------------------------------- re-check

    def asks(self, source: str, asked_before: datetime, limit: int) -> tuple[Asked, ...]:
        """
        See `Queue.asks`.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT key, ask, asked FROM log INDEXED BY log_asked WHERE source = ? AND asked < ? ORDER BY asked LIMIT ?",
            (source, micros(asked_before), limit),
        ).fetchall()
        return tuple([Asked(key_of(Name(key)), ask, instant(asked)) for key, ask, asked in rows])

    def count_asks(self, source: str, asked_before: datetime) -> AskCounts:
        """
        See `Queue.count_asks`.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT count(*), count(iif(asked < ?, 1, NULL)), min(asked) FROM log INDEXED BY log_asked"
            " WHERE source = ? AND asked IS NOT NULL",
            (micros(asked_before), source),
        ).fetchall()
        stored, overdue, oldest = rows[0]
        return AskCounts(stored, overdue, None if oldest is None else instant(oldest))

    # ------------------------------------------------------------------------------------------------ expiry

    def expire(self, now: datetime, limit: int) -> tuple[Expired, bool]:
        """
        At most `limit` bodies, keys, notes and notices each; whether there may be more.
        """
        over = micros(now)
        bodies, ended, notes = self._expire_bodies(over, limit)
        keys = self._keys.drop_ended(over, limit=limit)
        lapsed = len(
            self._connection.execute(
                "DELETE FROM notes WHERE id IN (SELECT id FROM notes WHERE until <= ? LIMIT ?) RETURNING 1",
                (over, limit),
            ).fetchall()
        )
        dropped = self._drop_notices(over, min(limit, _TRIM_ROWS))
        self.tally = replace(
            self.tally,
            posts=self.tally.posts - bodies,
            keys=self.tally.keys + bodies - ended - keys,
        )
        reach("expire.rows_deleted")
        more = max(bodies + notes, keys, lapsed) >= limit or dropped >= min(limit, _TRIM_ROWS)
        return Expired(bodies, keys + ended), more

    def _expire_bodies(self, over: int, limit: int) -> tuple[int, int, int]:
        """
        Bodies taken away, how many of their keys ended with them, and notes taken away.
        """
        rows: list[Any] = self._connection.execute(
            "DELETE FROM log WHERE seq IN"
            " (SELECT seq FROM log WHERE expiry <= ? ORDER BY expiry LIMIT ?) RETURNING key, names, expiry",
            (over, limit),
        ).fetchall()
        names = {key: names for key, names, _ in rows if key is not None}
        posts = self._keys.load(names).values()
        ended = [post for post in posts if post.until <= over]
        kept = [post for post in posts if post.until > over]
        self._keys.drop_aliases([(name, post) for post in posts for name in aliases(names[post.key])])
        self._keys.store([post.without_body("expired", revision=post.revision) for post in kept])
        self._keys.drop(ended)
        self.erased.extend((key, expiry) for key, _, expiry in rows if key is not None)
        return len(names), len(ended), len(rows) - len(names)

    def _drop_notices(self, over: int, limit: int) -> int:
        """
        Take removal notices off the old end of the log, as far as they are over and nothing else stands before
        them: so everything kept stands after the floor, and whoever resumes from before it is told to resync.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT seq, iif(digest IS NULL, until, NULL) FROM log ORDER BY seq LIMIT ?", (limit,)
        ).fetchall()
        floor = 0
        dropped = 0
        for seq, until in rows:
            if until is None or until > over:
                break
            floor, dropped = seq, dropped + 1
        if dropped:
            self._connection.execute("DELETE FROM log WHERE seq <= ?", (floor,))
            self._connection.execute("UPDATE meta SET value = ? WHERE name = 'floor'", (floor,))
            self.tally = replace(self.tally, floor=floor)
        return dropped

    def give_pages_back(self) -> None:
        """
        The file shrinks by what was deleted.
        """
        self._connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()

    def is_erased(self, key: PostKey) -> bool:
        """
        See `Queue.erased`.
        """
        try:
            return bytes.fromhex(key) not in self.pending
        except ValueError:
            return True

    # ------------------------------------------------------------------------------------------------ leases

    def _stored_leases(self) -> list[Lease]:
        rows: list[Any] = self._connection.execute("SELECT name, node, fence, until FROM lease").fetchall()
        return [Lease(group, node, fence, instant(until)) for group, node, fence, until in rows]

    def _put_leases(self) -> None:
        changed = [
            (lease.group, lease.node, lease.fence, micros(lease.until_at)) for lease in self.leases.changed
        ]
        if changed:
            self._connection.executemany(
                "INSERT OR REPLACE INTO lease (name, node, fence, until) VALUES (?, ?, ?, ?)", changed
            )

    # ----------------------------------------------------------------------------------------------- sealing

    def sealing_key(self, day: date) -> bytes:
        """
        See `Queue.sealing_key`.
        """
        row = self._row("SELECT key FROM sealing WHERE day = ?", day.toordinal())
        if row is not None:
            return bytes(row[0])
        key = secrets.token_bytes(SECRET_BYTES)
        self._connection.execute("INSERT INTO sealing (day, key) VALUES (?, ?)", (day.toordinal(), key))
        return key

    def sealing_keys(self) -> Mapping[date, bytes]:
        """
        See `Queue.sealing_keys`.
        """
        rows: list[Any] = self._connection.execute("SELECT day, key FROM sealing ORDER BY day").fetchall()
        return {date.fromordinal(day): key for day, key in rows}

    def destroy_sealing_keys(self, before: date) -> int:
        """
        See `Queue.destroy_sealing_keys`.
        """
        rows: list[Any] = self._connection.execute(
            "DELETE FROM sealing WHERE day < ? RETURNING 1", (before.toordinal(),)
        ).fetchall()
        self.erased.extend(
            (b"sealing key of a day", None) for _ in rows[:1]
        )  # so that a failed clean-up is tried again
        reach("erase.rows_deleted")
        return len(rows)

    # ------------------------------------------------------------------------------------------------- stats

    def stats(self, size_bytes: int, now: datetime) -> QueueStats:
        """
        See `Queue.stats`.
        """
        oldest = self._value("SELECT at FROM log WHERE digest IS NOT NULL ORDER BY seq LIMIT 1")
        overdue = self._row(
            "SELECT count(*), min(expiry) FROM log WHERE expiry <= ? AND digest IS NOT NULL", micros(now)
        ) or (0, None)
        since = [each for each in (*self.pending.values(), overdue[1]) if each is not None]
        return QueueStats(
            newest=self.position_of(self.tally.head),
            oldest=self.position_of(self.tally.floor),
            posts=self.tally.posts,
            keys=self.tally.keys,
            oldest_body_at=None if oldest is None else instant(oldest),
            erasures_pending=len(self.pending) + overdue[0],
            erasures_since_at=instant(min(since)) if since else None,
            size_bytes=size_bytes,
        )

    def inventory(self, now: datetime) -> Inventory:
        """
        See `Queue.inventory`.
        """
        rows: list[Any] = self._connection.execute(
            "SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c"
            " WHERE m.type IN ('table', 'view') AND m.name NOT GLOB 'sqlite_*' ORDER BY m.name, c.cid"
        ).fetchall()
        layout: dict[str, tuple[str, ...]] = {}
        for table, column in rows:
            layout[table] = (*layout.get(table, ()), column)
        return Inventory(
            layout=layout,
            sealing_days=tuple(self.sealing_keys()),
            overdue=int(self._count_overdue(micros(now))),
        )

    def _count_overdue(self, over: int) -> int:
        row = self._row("SELECT count(*) FROM log WHERE expiry <= ?", over)
        return 0 if row is None else row[0]

    # ---------------------------------------------------------------------------------------------- one row

    def _row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """
        The first row; the statement is finished, so that it cannot hold a checkpoint up.
        """
        rows: list[Any] = self._connection.execute(statement, values).fetchall()
        return rows[0] if rows else None

    def _value(self, statement: str) -> Any:
        row = self._row(statement)
        return None if row is None else row[0]


def _found(post: Known) -> Found:
    return Found(
        key=key_of(Name(post.key)),
        state="removed" if post.state == "withdrawn" else post.state,
        source=post.source,
        expires_at=None if post.expiry is None else instant(post.expiry),
        key_until_at=instant(post.until),
        revision=post.revision,
    )
