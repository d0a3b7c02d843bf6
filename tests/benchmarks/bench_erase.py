"""
How long erasing takes in a queue that is small, and in one that is large: `python tests/benchmarks/bench_erase.py --posts 1000 1000000`.

Each figure is from the moment the queue is told until `erased` says that no file holds a byte of the old words: of one post
that is forgotten, of one that its source removed or edited, of one that ended. Posts are chosen all over the queue. What ordinary
pages erase waits up to a second for others, so that they share a cleaning (`Options.settle_after_s`); what ends waits for
upkeep besides, up to a minute, which is not in these figures. With `busy`, pages of new posts come all the while.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio

from listener.events import Cleared
from listener.queues.base import MAX_ITEMS, Commit, Lease, Queue
from listener.queues.sqlite import open_sqlite
from listener.testing.queue_contract import LOOK_BACK, PRESENT, cleared, key, name, page, retraction
from listener.testing.virtual_clock import START, VirtualClock

TEXT: Final = "Words that people might say about a bridge. " * 8
LEASE: Final = Lease("blog.example", "bench", 1, START + timedelta(days=300))
SEED: Final = 7

Act = Callable[[Queue, int], Awaitable[object]]


def _end(number: int) -> datetime:
    """No two posts end at once, and none while the benchmark runs."""
    return START + timedelta(days=200, seconds=number)


def _post(number: int, version: int = 1) -> Cleared:
    return cleared(
        str(number), f"{TEXT}{number}.{version}", aliases=(f"link-{number}",), expires_at=_end(number)
    )


def _commit(*items: object) -> Commit:
    return replace(page(LEASE, *items), keys_until_at=START + timedelta(days=400))  # type: ignore[arg-type]  # items of a page


async def _forget(queue: Queue, number: int) -> object:
    return await queue.forget(
        [name(f"link-{number}")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
    )


async def _removed(queue: Queue, number: int) -> object:
    return await queue.commit(_commit(retraction(str(number))))


async def _edited(queue: Queue, number: int) -> object:
    return await queue.commit(_commit(_post(number, 2)))


async def _page_removed(queue: Queue, number: int) -> object:
    return await queue.commit(_commit(*(retraction(str(number + each)) for each in range(100))))


async def _ended(queue: Queue, number: int) -> object:
    return await queue.expire(_end(number))


async def _took_s(queue: Queue, act: Act, number: int) -> float:
    started = time.perf_counter()
    await act(queue, number)
    while not await queue.erased(key(str(number))):  # noqa: ASYNC110 an engine may be asked, it does not tell
        await anyio.sleep(0.002)
    return time.perf_counter() - started


@asynccontextmanager
async def _busy(queue: Queue) -> AsyncIterator[None]:
    """Ten pages of a hundred new posts a second."""

    async def write() -> None:
        for start in range(10**8, 2 * 10**8, 100):
            await queue.commit(_commit(*(_post(number) for number in range(start, start + 100))))
            await anyio.sleep(0.1)

    async with anyio.create_task_group() as group:
        group.start_soon(write)
        yield
        group.cancel_scope.cancel()


async def _measured(queue: Queue, what: str, act: Act, numbers: list[int]) -> None:
    took = sorted([await _took_s(queue, act, number) for number in numbers])
    p50, p99 = statistics.median(took), took[min(len(took) - 1, len(took) * 99 // 100)]
    print(f"  {what:42} {len(took):5} {p50 * 1e3:9.1f} {p99 * 1e3:9.1f} {took[-1] * 1e3:9.1f}", flush=True)


async def _bench(folder: Path, posts: int, rounds: int) -> None:
    queue = await open_sqlite(folder / "listener.db", fingerprints=PRESENT, clock=VirtualClock())
    await queue.lease(LEASE.group, LEASE.node, ttl_s=300 * 86_400, now=START)
    for start in range(0, posts, MAX_ITEMS):
        await queue.commit(
            _commit(*(_post(number) for number in range(start, min(posts, start + MAX_ITEMS))))
        )
    size = (await queue.stats()).size_bytes
    print(f"{posts} posts, {size / 2**20:.0f} MiB; milliseconds:     count       p50       p99       max")
    chosen = random.Random(SEED).sample(range(rounds * 2, posts - 100), 5 * rounds)
    parts = [chosen[start::5] for start in range(5)]
    await _measured(queue, "forgotten by link", _forget, parts[0])
    await _measured(queue, "removal told by the source", _removed, parts[1])
    await _measured(queue, "edit told by the source", _edited, parts[2])
    await _measured(queue, "one ended, of many", _ended, list(range(rounds)))
    if posts > 100 * rounds:
        pages = list(range(posts // 2, posts // 2 + 100 * min(rounds, 20), 100))
        await _measured(queue, "a page of 100 removals", _page_removed, pages)
    async with _busy(queue):
        await _measured(queue, "forgotten by link, busy", _forget, parts[3])
        await _measured(queue, "removal told by the source, busy", _removed, parts[4])
    started = time.perf_counter()
    gone = await queue.expire(_end(posts // 2))
    took_s = time.perf_counter() - started
    print(f"  {gone.bodies} ended at once: {took_s:.2f} s, {gone.bodies / took_s:.0f} a second", flush=True)
    await queue.aclose()


def main() -> None:
    """
    Each size after the other, in a folder of its own.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, nargs="+", default=[1000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=100)
    asked = parser.parse_args()
    for posts in asked.posts:
        with tempfile.TemporaryDirectory(prefix="bench-erase-") as folder:
            anyio.run(_bench, Path(folder), posts, min(asked.rounds, posts // 10))


if __name__ == "__main__":
    main()
