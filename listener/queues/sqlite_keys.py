"""
What the SQLite engine knows of posts by their names.

Used by sqlite_page (which decides) and sqlite_store (which finds and expires); knows nothing of pages or events. `load`
tells what is known, `store` writes what became of it.

A key is random, so in a table sorted by keys each new one changes a page of its own. Therefore the newest keys are held
in memory (sqlite_recent), and when there are enough of them all go, in order, into one of a few sorted runs
(sqlite_runs), whose pages they share. A key stands in one place, never in two.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from typing import Any, Final

import apsw

from listener.queues.sqlite_filter import RUNS
from listener.queues.sqlite_known import Known
from listener.queues.sqlite_recent import Mark, Recent
from listener.queues.sqlite_runs import Runs

RECENT_MOST: Final = 32_768
"""Chosen: about 20 MB of memory (counted, not measured), and a seal that takes 0.1 to 0.3 s of the thread (2026-11-24)."""


class Keys:
    """
    Every key there is, inside whatever transaction is open.

    Args:
        connection: Opened by sqlite_schema.
        recent_most: How many keys are held in memory before they are sealed into a run.
    """

    __slots__ = ("_connection", "_recent", "_recent_most", "_runs", "new_place")

    def __init__(self, connection: apsw.Connection, *, recent_most: int = RECENT_MOST) -> None:
        self._connection = connection
        self._recent_most = recent_most
        self._recent = Recent(connection, sealed=self._meta("sealed"))
        self._runs = Runs(connection)
        self.new_place = self._recent.new_place

    # ------------------------------------------------------------------------------------------ transactions

    def mark(self) -> Mark:
        """
        A point to come back to with `restore`.
        """
        return self._recent.mark()

    def restore(self, mark: Mark) -> None:
        """
        Memory is as it was at that mark.
        """
        self._recent.restore(mark)

    def committed(self) -> None:
        """
        There is no way back.
        """
        self._recent.committed()

    def seal(self, head: int) -> None:
        """
        Where memory is full, everything recent goes into the next run.

        Args:
            head: Position of the newest entry.
        """
        recent = self._recent
        if len(recent.posts) < self._recent_most:
            return
        seals = self._meta("seals")
        most = max(len(post.names or b"") for post in recent.posts.values()) // 16
        self._runs.add(
            seals % RUNS,
            recent.posts.keys(),
            recent.aliases.keys(),
            aliases_most=most,
            sealed=self._meta("sealed"),
        )
        recent.clear()
        self._connection.executemany(
            "UPDATE meta SET value = ? WHERE name = ?", [(seals + 1, "seals"), (head, "sealed")]
        )

    def tend(self) -> None:
        """
        A little work that nobody waits for; see `Runs.tend`.
        """
        self._runs.tend(slack=8 * self._recent_most)

    # ------------------------------------------------------------------------------------------------ asking

    def load(self, names: Collection[bytes]) -> dict[bytes, Known]:
        """
        Every post whose key is one of these names.
        """
        posts = self._recent.posts
        found = {name: posts[name] for name in names if name in posts}
        others = [name for name in names if name not in found] if found else names
        found.update(self._runs.load(others))
        return found

    def load_by_alias(self, names: Collection[bytes]) -> list[tuple[bytes, Known]]:
        """
        Every pair of alias and live post that goes by it.
        """
        pairs = [(name, key) for name in names for key in self._recent.aliases.get(name, ())]
        pairs += self._runs.load_by_alias(names)
        posts = self.load({key for _, key in pairs})
        return [(name, posts[key]) for name, key in pairs if key in posts]

    def counts(self) -> tuple[int, int]:
        """
        How many live posts there are, and how many keys without a body.
        """
        recent = self._recent.posts.values()
        live = sum(post.state == "live" for post in recent)
        sealed_live, sealed_without_body = self._runs.counts()
        return live + sealed_live, len(recent) - live + sealed_without_body

    # ----------------------------------------------------------------------------------------------- writing

    def store(self, posts: Collection[Known], *, told: Container[int] = ()) -> None:
        """
        Each key is as it is now, where it stands.

        Args:
            posts: What changed, each once.
            told: Rows of `log` that tell a first state themselves.
        """
        recent = {post.key: post for post in posts if post.place < 0}
        self._recent.store(recent, told=told)
        if len(recent) < len(posts):
            self._runs.store([post for post in posts if post.place >= 0])

    def store_aliases(self, pairs: Collection[tuple[bytes, bytes]], posts: Mapping[bytes, Known]) -> None:
        """
        Let each post (by its key, second) go by each name (first).
        """
        recent = [pair for pair in pairs if posts[pair[1]].place < 0]
        self._recent.store_aliases(recent)
        if len(recent) < len(pairs):
            places = [(posts[key].place, name, key) for name, key in pairs]
            self._runs.store_aliases([row for row in places if row[0] >= 0])

    def drop_aliases(self, pairs: Collection[tuple[bytes, Known]]) -> None:
        """
        The reverse.
        """
        self._recent.drop_aliases((name, post.key) for name, post in pairs if post.place < 0)
        self._runs.drop_aliases([(post.place, name, post.key) for name, post in pairs if post.place >= 0])

    def drop(self, posts: Collection[Known]) -> None:
        """
        Nothing is known of these any more.
        """
        self._recent.drop([post for post in posts if post.place < 0])
        self._runs.drop([post for post in posts if post.place >= 0])

    def drop_ended(self, now: int, *, limit: int) -> int:
        """
        How many keys without a body were dropped because their time was over.
        """
        recent = self._recent.ended(now)[:limit]
        self._recent.drop(recent)
        return len(recent) + self._runs.drop_ended(now, limit=limit - len(recent))

    def _meta(self, name: str) -> int:
        rows: list[Any] = self._connection.execute(
            "SELECT value FROM meta WHERE name = ?", (name,)
        ).fetchall()
        return int(rows[0][0])
