"""
Commits per page size, the engine against bare apsw: `python tests/benchmarks/bench_commit.py --keys 100000 10000000`.

Three writers take turns, a few pages each, on posts of the same bytes, with an alias each. Every page is one transaction,
synced (WAL, FULL), with `secure_delete`, the same cache, the source's cursor and the check of its lease; the outcome of
each post is known before its row is written; every event is encoded inside the measured time.

- engine: the queue, across its thread, with everything else it promises.
- bare: one thread and plain statements on the same tables; its keys and aliases are *counted up*, so that neighbours in
  time are neighbours on disk. No identity of a post is like that: it is the limit for a table of keys.
- random: the same with keys as they are, 16 random bytes.

`secure_delete` leaves copies of cells that SQLite moved; the engine clears them, the others do not. Read the ratios.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio
import apsw

from listener.clock import SystemClock
from listener.events import Cleared, Name, encode_event
from listener.queues.base import MAX_ITEMS, Commit, Lease
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.queues.sqlite_filter import RUNS
from listener.queues.sqlite_page import micros
from listener.queues.sqlite_schema import MIGRATIONS
from listener.queues.sqlite_writer import WAL_PAGES
from listener.testing.queue_contract import LOOK_BACK, PRESENT, cleared, page
from listener.testing.virtual_clock import START

TEXT: Final = "Words that people might say about a bridge. " * 8
UNTIL: Final = micros(START + LOOK_BACK)
LEASE: Final = Lease("blog.example", "bench", 1, START)
BLOCK_POSTS: Final = {1: 300, 100: 34_000, 1000: 33_000}
"""Enough that each block of long pages holds a seal of the engine's and several checkpoints of everybody's."""

TURN_PAGES: Final = {1: 20, 100: 20, 1000: 3}

BARE_PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",
    "page_size = 4096",
    "auto_vacuum = INCREMENTAL",
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "cache_size = -16384",
    f"wal_autocheckpoint = {WAL_PAGES}",
)
COUNT: Final = "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?)"
SPREAD: Final = (
    "CAST(unhex(printf('%016x', n * ?)) || randomblob(8) AS BLOB)"  # || makes a text, which sorts elsewhere
)
COUNTED: Final = "CAST(zeroblob(8) || unhex(printf('%016x', n)) AS BLOB)"


class Bare:
    """
    The least that keeps a page, its cursor, its keys and their outcomes.

    Args:
        path: Of its file.
        counted: Whether keys are counted up.
    """

    def __init__(self, path: Path, *, counted: bool) -> None:
        self.counted = counted
        self._connection = apsw.Connection(str(path))
        self._head = 0
        for pragma in BARE_PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute(MIGRATIONS[0])
        self._connection.execute("INSERT INTO lease VALUES (?, ?, ?, ?)", (*_lease_row(LEASE), UNTIL))

    def preload(self, keys: int) -> None:
        """
        So many live posts, without their bodies.
        """
        name = COUNTED if self.counted else SPREAD
        step = () if self.counted else (2**64 // keys,)
        with Bulk(self._connection):
            self._connection.execute(
                f"{COUNT} INSERT INTO keys SELECT {name}, n, 0, {UNTIL}, 1 FROM c", (keys, *step)
            )
            self._connection.execute(
                f"{COUNT} INSERT INTO names SELECT {name}, randomblob(16) FROM c", (keys, *step)
            )

    def write(self, items: list[Cleared], commit_id: str) -> int:
        """
        How many of these are new, once they are synced.
        """
        execute, executemany = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        execute("SELECT commit_id, outcomes FROM source WHERE name = 'blog'").fetchall()
        held = execute(
            "SELECT node, fence FROM lease WHERE name = ? AND until > ?", (LEASE.group, 0)
        ).fetchall()
        assert held == [(LEASE.node, LEASE.fence)]
        keys = apsw.carray(tuple([item.provenance.names[0] for item in items]))
        found: list[Any] = execute(
            "SELECT k.key, l.digest FROM carray(?) AS a CROSS JOIN keys AS k ON k.key = a.value"
            " LEFT JOIN log AS l ON l.seq = k.seq",
            (keys,),
        ).fetchall()
        known: dict[bytes, bytes] = dict(found)
        log, new, names = [], [], []
        head = self._head
        for item in items:
            key, alias = item.provenance.names
            if known.get(key) == item.digest:
                continue
            head += 1
            event = item.event
            expiry = micros(event.expirytime) if event.expirytime else None
            body = encode_event(event)
            log.append(
                (head, key, UNTIL, expiry, "listener.post.created", event.source, item.digest, alias, body)
            )
            new.append((key, head, 0, UNTIL, 1))
            names.append((alias, key))
        if log:
            executemany(
                "INSERT INTO log (seq, key, at, expiry, type, source, digest, names, body) VALUES (?,?,?,?,?,?,?,?,?)",
                log,
            )
            executemany("INSERT INTO keys (key, seq, state, until, revision) VALUES (?, ?, ?, ?, ?)", new)
            executemany("INSERT INTO names (name, key) VALUES (?, ?)", names)
        execute(
            "INSERT OR REPLACE INTO source VALUES ('blog', ?, 0, x'00', ?, x'00')", (commit_id, commit_id)
        )
        execute("COMMIT")
        self._head = head
        return len(log)

    def close(self) -> None:
        """
        Its files may go.
        """
        self._connection.close()


class Bulk:
    """
    A connection that is filled fast: nothing of it survives a crash.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "secure_delete = OFF"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute("BEGIN")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("COMMIT")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()


def preload_engine(path: Path, keys: int) -> None:
    """
    The same posts in the engine's own tables: all its runs, each as long as the next.
    """
    connection = apsw.Connection(str(path))
    each = keys // RUNS
    with Bulk(connection):
        for run in range(RUNS):
            values = (each, run, 2**64 // each)
            connection.execute(
                f"{COUNT} INSERT INTO keys SELECT ?, {SPREAD}, n, 0, {UNTIL}, 1 FROM c", values
            )
            connection.execute(f"{COUNT} INSERT INTO names SELECT ?, {SPREAD}, randomblob(16) FROM c", values)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'seals'", (RUNS,))
    connection.close()


def _lease_row(lease: Lease) -> tuple[str, str, int]:
    return lease.group, lease.node, lease.fence


def posts(start: int, count: int) -> list[Cleared]:
    """
    As many posts as asked for, with an alias each, as the gate would hand them over.
    """
    return [
        cleared(str(n), TEXT + hashlib.md5(str(n).encode()).hexdigest(), aliases=[f"a{n}"])
        for n in range(start, start + count)
    ]


def counted(items: list[Cleared], start: int) -> list[Cleared]:
    """
    The same posts under names that count up.
    """
    return [
        replace(item, provenance=replace(item.provenance, names=(_counter(start + n), _counter(start + n))))
        for n, item in enumerate(items)
    ]


def _counter(number: int) -> Name:
    return Name(number.to_bytes(16, "big"))


@dataclass
class Spent:
    """
    Seconds of one block.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def begin(self) -> None:
        """
        The clock runs.
        """
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def end(self) -> None:
        """
        Until here.
        """
        self.wall_s += time.perf_counter() - self._wall
        self.cpu_s += time.process_time() - self._cpu

    _wall: float = field(default=0.0, repr=False)
    _cpu: float = field(default=0.0, repr=False)


WRITERS: Final = ("engine", "bare", "random", "repeat", "bare repeat")


async def block(
    queue: SqliteQueue, lease: Lease, bare: tuple[Bare, Bare], size: int, start: int
) -> dict[str, Spent]:
    """
    Pages of one size by turns, until the block is full.
    """
    spent = {writer: Spent() for writer in WRITERS}
    for first in range(start, start + BLOCK_POSTS[size], size * TURN_PAGES[size]):
        pages = [posts(first + size * n, size) for n in range(TURN_PAGES[size])]
        by_count = [counted(items, 2**40 + first + size * n) for n, items in enumerate(pages)]
        await timed(spent["engine"], queue, lease, pages, "created")
        timed_bare(spent["bare"], bare[0], by_count, size)
        timed_bare(spent["random"], bare[1], pages, size)
        await timed(spent["repeat"], queue, lease, pages, "repeat")
        timed_bare(spent["bare repeat"], bare[1], pages, 0)
    return spent


async def timed(
    spent: Spent, queue: SqliteQueue, lease: Lease, pages: list[list[Cleared]], expected: str
) -> None:
    """
    Pages of the engine, one after the other, and what its thread does once the last one is answered.
    """
    commits = [commit for items in pages for commit in in_parts(lease, items)]
    outcomes: list[str] = []
    spent.begin()
    for commit in commits:
        outcomes += await queue.commit(commit)
    await queue.stats()  # answered only when the turn before it has cleaned up
    spent.end()
    assert set(outcomes) == {expected}


def timed_bare(spent: Spent, bare: Bare, pages: list[list[Cleared]], expected: int) -> None:
    """
    The same pages, without a thread.
    """
    spent.begin()
    new = [bare.write(items, str(spent.wall_s)) for items in pages]
    spent.end()
    assert set(new) == {expected}


def in_parts(lease: Lease, items: list[Cleared]) -> list[Commit]:
    """
    As intake cuts a long page.
    """
    return [page(lease, *items[first : first + MAX_ITEMS]) for first in range(0, len(items), MAX_ITEMS)]


async def measured(folder: Path, keys: int, sizes: list[int], blocks: int) -> None:
    """
    Fresh files with so many keys; a line of the table for each size.
    """
    path = folder / "listener.db"
    await (await open_sqlite(path, fingerprints=PRESENT, clock=SystemClock())).aclose()
    preload_engine(path, keys)
    bare = Bare(folder / "bare.db", counted=True), Bare(folder / "random.db", counted=False)
    for one in bare:
        one.preload(keys)
    queue = await open_sqlite(path, fingerprints=PRESENT, clock=SystemClock())
    lease = await queue.lease(LEASE.group, LEASE.node, ttl_s=1e6, now=START)
    assert lease is not None
    for _ in range(keys // 5_000):
        await queue.stats()  # the filter is read back between two jobs
    start = 0
    for size in sizes:
        spent = []
        for _ in range(blocks):
            spent.append(await block(queue, lease, bare, size, start))
            start += BLOCK_POSTS[size]
        print_line(keys, size, spent)
    await queue.aclose()
    for one in bare:
        one.close()


def print_line(keys: int, size: int, blocks: list[dict[str, Spent]]) -> None:
    """
    Medians over the blocks.
    """

    def median(figure: Callable[[dict[str, Spent]], float]) -> float:
        return statistics.median(figure(each) for each in blocks)

    def rate(writer: str) -> float:
        return median(lambda each: BLOCK_POSTS[size] / each[writer].wall_s)

    def cpu_us(writer: str) -> float:
        return median(lambda each: each[writer].cpu_s * 1e6 / BLOCK_POSTS[size])

    def ratios(writer: str, over: str) -> str:
        wall = [each[over].wall_s / each[writer].wall_s for each in blocks]
        cpu = median(lambda each: each[over].cpu_s / each[writer].cpu_s)
        return f"{statistics.median(wall):.2f} [{min(wall):.2f}-{max(wall):.2f}], cpu {cpu:.2f}"

    rates = " | ".join(f"{rate(writer):,.0f} ({cpu_us(writer):.0f})" for writer in WRITERS)
    print(
        f"| {keys:.0e} | {size} | {rates} | {ratios('engine', 'bare')} | {ratios('engine', 'random')}"
        f" | {ratios('repeat', 'bare repeat')} |",
        flush=True,
    )


async def crowd(queue: SqliteQueue, lease: Lease, sources: int, rounds: int) -> None:
    """
    Many sources with pages of five, all at once: what group commit is for.
    """
    pages = [
        [
            page(lease, *posts(10_000_000 + (source * rounds + turn) * 5, 5), source=f"s{source}")
            for turn in range(rounds)
        ]
        for source in range(sources)
    ]

    async def follow(source: int) -> None:
        for each in pages[source]:
            await queue.commit(each)

    began = time.perf_counter()
    async with anyio.create_task_group() as group:
        for source in range(sources):
            group.start_soon(follow, source)
    spent = time.perf_counter() - began
    print(f"{sources:4} sources at once, pages of 5: {sources * rounds / spent:8,.0f} commits/s")


async def crowds(folder: Path) -> None:
    """
    On an empty queue.
    """
    queue = await open_sqlite(folder / "listener.db", fingerprints=PRESENT, clock=SystemClock())
    lease = await queue.lease(LEASE.group, LEASE.node, ttl_s=1e6, now=START)
    assert lease is not None
    for sources in (1, 8, 64):
        await crowd(queue, lease, sources, max(1, 640 // sources))
    await queue.aclose()


def folders(parent: Path | None) -> Iterator[Path]:
    """
    Empty ones, gone afterwards.
    """
    while True:
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)


async def main(arguments: Any) -> None:
    """
    Everything, once.
    """
    empty = folders(arguments.folder)
    columns = (*WRITERS, "engine/bare", "engine/random", "repeat/bare repeat")
    print("posts a second (CPU us a post); ratios: median [least-most] of the blocks")
    print(f"| keys | page | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 2)}")
    for keys in arguments.keys:
        # A large file is made once for all sizes; a small one would grow to a multiple of what its line says.
        for sizes in [arguments.pages] if keys > 1_000_000 else [[size] for size in arguments.pages]:
            await measured(next(empty), keys, sizes, arguments.blocks)
    await crowds(next(empty))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, nargs="+", default=[100_000, 10_000_000])
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 100, 1000], choices=sorted(BLOCK_POSTS))
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    anyio.run(main, parser.parse_args())
