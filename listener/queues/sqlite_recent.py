"""
Keys that are too new for a run: in memory, and durable.

Used by sqlite_keys alone. The first state of a post is told by its row of `log` (where `until` says how long its key
lives; rows after the last seal count), every other key by a row of `recent`, and aliases by their post's row of `log`.

Memory follows the transaction: `mark` and `restore` for one that fails, `committed` for one that held.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from typing import Any, Final, TypeVar

import apsw

from listener.queues.sqlite_known import BODY, FIRST_STATES, NUMBER_OF, Known, aliases, known
from listener.queues.sqlite_rows import put_rows

T = TypeVar("T")

LOAD: Final = (
    f"SELECT r.key, r.seq, r.state, r.until, r.revision, {BODY}, -r.n"  # noqa: S608 constants
    " FROM recent AS r LEFT JOIN log AS l ON l.seq = r.seq"
)
LOAD_FIRST_STATES: Final = (
    f"SELECT l.key, l.seq, 0, l.until, 1, {BODY} FROM log AS l"  # noqa: S608 constants
    f" WHERE {FIRST_STATES} ORDER BY l.seq"
)

Mark = tuple[dict[bytes, Known], dict[bytes, tuple[bytes, ...]], int]
"""What was held, and how much could be undone."""


class Recent:
    """
    The table `recent` and what is held of it, inside whatever transaction is open.

    Args:
        connection: Opened by sqlite_schema.
        sealed: Position of the newest entry at the last seal.
    """

    __slots__ = ("_connection", "_last", "_undo", "aliases", "posts")

    def __init__(self, connection: apsw.Connection, *, sealed: int) -> None:
        self._connection = connection
        self._undo: list[tuple[dict[bytes, Any], Collection[bytes], dict[bytes, Any]]] = []
        self.posts: dict[bytes, Known] = {}
        """By key."""
        self.aliases: dict[bytes, tuple[bytes, ...]] = {}
        """Keys of live posts, by alias."""
        self._last = 0
        self._read(sealed)

    def _read(self, sealed: int) -> None:
        """
        As the last process left it.
        """
        rows: list[Any] = self._connection.execute(LOAD).fetchall()
        self.posts.update((row[0], known(row)) for row in rows)
        self._last = max((-post.place for post in self.posts.values()), default=0)
        told: list[Any] = self._connection.execute(LOAD_FIRST_STATES, (sealed,)).fetchall()
        for row in told:
            if row[0] not in self.posts:
                self.posts[row[0]] = known((*row, self.new_place()))
        for key, post in self.posts.items():
            for name in aliases(post.names):
                self.aliases[name] = (*self.aliases.get(name, ()), key)

    # ------------------------------------------------------------------------------------------ transactions

    def mark(self) -> Mark:
        """
        A point to come back to with `restore`.
        """
        return self.posts, self.aliases, len(self._undo)

    def restore(self, mark: Mark) -> None:
        """
        Memory is as it was at that mark.
        """
        self.posts, self.aliases, length = mark
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

    def _put(self, held: dict[bytes, T], changed: dict[bytes, T]) -> None:
        """
        Set all these.
        """
        self._undo.append((held, changed, {name: held[name] for name in changed.keys() & held.keys()}))
        held.update(changed)

    def _lose(self, held: dict[bytes, T], names: Iterable[bytes]) -> None:
        """
        The reverse, for names that are held.
        """
        self._undo.append((held, (), {name: held.pop(name) for name in names}))

    # ----------------------------------------------------------------------------------------------- writing

    def new_place(self) -> int:
        """
        For a key that was never stored.
        """
        self._last += 1
        return -self._last

    def store(self, posts: dict[bytes, Known], *, told: Container[int]) -> None:
        """
        These (by key) are as they are now.

        Args:
            posts: Recent ones.
            told: Rows of `log` that tell a first state themselves.
        """
        self._put(self.posts, posts)
        rows = [
            (-post.place, key, post.seq, NUMBER_OF[post.state], post.until, post.revision)
            for key, post in posts.items()
            if post.revision != 1 or post.seq not in told
        ]
        put_rows(
            self._connection,
            "INSERT OR REPLACE INTO recent (n, key, seq, state, until, revision)",
            rows,
        )

    def store_aliases(self, pairs: Collection[tuple[bytes, bytes]]) -> None:
        """
        Let each post (key, second) go by each name (first).
        """
        added: dict[bytes, tuple[bytes, ...]] = {name: (key,) for name, key in pairs}
        if len(added) == len(pairs) and added.keys().isdisjoint(self.aliases.keys()):
            self._put(self.aliases, added)
            return
        for name, key in pairs:  # seldom: a name that several posts go by
            keys = self.aliases.get(name, ())
            if key not in keys:
                self._put(self.aliases, {name: (*keys, key)})

    def drop_aliases(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """
        The reverse.
        """
        for name, gone in pairs:
            if name in self.aliases:
                left = tuple(key for key in self.aliases[name] if key != gone)
                self._lose(self.aliases, (name,))
                if left:
                    self._put(self.aliases, {name: left})

    def drop(self, posts: Collection[Known]) -> None:
        """
        Nothing is known of these any more.
        """
        self._lose(self.posts, [post.key for post in posts])
        self._connection.executemany("DELETE FROM recent WHERE n = ?", [(-post.place,) for post in posts])

    def ended(self, now: int) -> list[Known]:
        """
        Keys without a body whose time is over.
        """
        return [post for post in self.posts.values() if post.state != "live" and post.until <= now]

    def clear(self) -> None:
        """
        All of it stands somewhere else now.
        """
        self._connection.execute("DELETE FROM recent")
        self.posts, self.aliases = {}, {}
