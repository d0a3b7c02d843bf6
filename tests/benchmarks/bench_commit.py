"""
Commits per page size, the engine against bare apsw: `python tests/benchmarks/bench_commit.py [rounds] [folder]`.

Both write the same log rows, the same random keys and one cursor in one synced transaction; the engine also tells
outcomes, checks its lease, keeps aliases, encodes events and answers across threads. The two take turns, page by
page, so that a slow disk slows both. Read the ratio, not the rates.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import apsw

from listener.clock import SystemClock
from listener.events import Cleared, encode_event
from listener.queues.base import Lease
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.testing.queue_contract import PRESENT, cleared, page
from listener.testing.virtual_clock import START

TEXT = "Words that people might say about a bridge. " * 8


def bare(folder: Path) -> Callable[[list[Cleared]], None]:
    """
    The least that keeps a page, its cursor and its keys.
    """
    connection = apsw.Connection(str(folder / "bare.db"))
    for pragma in ("page_size = 4096", "journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB, body BLOB)")
    connection.execute("CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE TABLE cursor (source TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def write(items: list[Cleared]) -> None:
        rows = [(item.provenance.names[0], encode_event(item.event)) for item in items]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO log (key, body) VALUES (?, ?)", rows)
        connection.executemany("INSERT OR IGNORE INTO keys (key) VALUES (?)", [(key,) for key, _ in rows])
        connection.execute("INSERT OR REPLACE INTO cursor VALUES ('blog', ?)", (rows[-1][0],))
        connection.execute("COMMIT")

    return write


def posts(start: int, count: int) -> list[Cleared]:
    """
    As many posts as asked for, with an alias each, as the gate would hand them over.
    """
    return [cleared(str(n), TEXT + hashlib.md5(str(n).encode()).hexdigest(), aliases=[f"a{n}"]) for n in range(start, start + count)]  # fmt: skip


async def one_size(queue: SqliteQueue, lease: Lease, write: Callable[[list[Cleared]], None], size: int, rounds: int, start: int) -> None:  # fmt: skip
    """
    Pages of one size, by turns.
    """
    engine_s = bare_s = repeat_s = 0.0
    for turn in range(rounds):
        items = posts(start + turn * size, size)
        pages = [page(lease, *items[first : first + 900]) for first in range(0, size, 900)]
        began = time.perf_counter()
        for each in pages:
            await queue.commit(each)
        engine_s += time.perf_counter() - began
        began = time.perf_counter()
        write(items)
        bare_s += time.perf_counter() - began
        again = [page(lease, *each.items) for each in pages]
        began = time.perf_counter()
        for each in again:
            await queue.commit(each)
        repeat_s += time.perf_counter() - began
    done = size * rounds
    print(
        f"page {size:5}: engine {done / engine_s:9,.0f}/s   bare {done / bare_s:9,.0f}/s"
        f"   engine/bare {bare_s / engine_s:5.2f}   repeats {done / repeat_s:9,.0f}/s"
    )


async def crowd(queue: SqliteQueue, lease: Lease, sources: int, rounds: int) -> None:
    """
    Many sources with pages of five, all at once: what group commit is for.
    """
    pages = [
        [page(lease, *posts(10_000_000 + (source * rounds + turn) * 5, 5), source=f"s{source}") for turn in range(rounds)]
        for source in range(sources)
    ]  # fmt: skip

    async def follow(source: int) -> None:
        for each in pages[source]:
            await queue.commit(each)

    began = time.perf_counter()
    async with anyio.create_task_group() as group:
        for source in range(sources):
            group.start_soon(follow, source)
    spent = time.perf_counter() - began
    print(f"{sources:4} sources at once, pages of 5: {sources * rounds / spent:8,.0f} commits/s")


async def main(rounds: int, folder: Path) -> None:
    """
    Everything, once.
    """
    queue = await open_sqlite(folder / "listener.db", fingerprints=PRESENT, clock=SystemClock())
    lease = await queue.lease("blog.example", "bench", ttl_s=1e6, now=START)
    assert lease is not None
    write = bare(folder)
    start = 0
    for size, share in ((1, 10), (100, 2), (1000, 1)):
        await one_size(queue, lease, write, size, rounds * share, start)
        start += size * rounds * share
    for sources in (1, 8, 64):
        await crowd(queue, lease, sources, max(1, rounds * 4 // sources))
    await queue.aclose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as temporary:
        anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 20, Path(temporary))
