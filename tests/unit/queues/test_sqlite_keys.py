"""
Where a key stands is nobody's business but the engine's: memory, runs and filter never change an outcome.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import apsw
import pytest

from listener.events import Cleared, Name, Retraction
from listener.queues import sqlite_runs
from listener.queues.base import Lease, Queue
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.queues.sqlite_keys import RECENT_MOST
from listener.queues.sqlite_reserve import Reserve
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import GROUP, LOOK_BACK, PRESENT, cleared, name, page, retraction
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

HELD: Final = tuple(str(number) for number in range(60))
"""Few identities, so that they meet again and again."""


@asynccontextmanager
async def queue_in(folder: Path, recent_most: int) -> AsyncIterator[tuple[SqliteQueue, Lease]]:
    """
    An open queue that keeps so many keys in memory, and a lease of it.
    """
    options = Options(reserve=Reserve(folder / "reserve", size_bytes=4096), recent_most=recent_most)
    queue = await open_sqlite(
        folder / "listener.db", fingerprints=PRESENT, clock=VirtualClock(), options=options
    )
    try:
        lease = await queue.lease(GROUP, "node-1", ttl_s=100_000_000, now=START)
        assert lease is not None
        yield queue, lease
    finally:
        await queue.aclose()


@dataclass(frozen=True, slots=True)
class Round:
    """
    One thing that happens to a queue.
    """

    what: str
    items: tuple[Cleared | Retraction, ...]
    names: tuple[Name, ...]
    at: datetime


def life(seed: int, rounds: int) -> list[Round]:
    """
    Posts by changing names, edits, removals by key and alias, forgetting, expiry, and keys that end, in a random order.
    """
    dice = random.Random(seed)
    at = START
    made = []
    for _ in range(rounds):
        at += timedelta(hours=dice.choice([1, 1, 1, 30, 200]))
        items: list[Cleared | Retraction] = []
        for native in dice.choices(HELD, k=dice.choice([1, 3, 25])):
            if dice.random() < 0.15:
                items.append(retraction(dice.choice([native, f"link-{native}"]), at=at))
                continue
            version = dice.choice(["a", "a", "b"])
            link = f"link-{native}"
            identity, aliases = dice.choice(
                [
                    (native, []),
                    (native, [link]),
                    (native, [link, f"late-{native}"]),
                    (link, []),
                    (link, [native]),
                ]
            )
            post = cleared(
                identity,
                f"{native}.{version}",
                aliases=aliases,
                older_secrets=dice.choice([[], ["older"]]),
                under=dice.choice(["present", "present", "older"]),
                seen_at=at,
                expires_at=at + timedelta(days=dice.choice([1, 9, 30])),
                emit=dice.random() < 0.9,
            )
            items.append(post)
        what = dice.choice(["commit"] * 6 + ["forget", "expire", "open again"])
        names = tuple(name(dice.choice([native, f"link-{native}"])) for native in dice.choices(HELD, k=2))
        made.append(Round(what, tuple(items), names, at))
    return made


async def outcome(queue: Queue, lease: Lease, each: Round) -> object:
    """
    What the queue says to that, and everything that can be asked of it afterwards.
    """
    said: object = None
    until = each.at + timedelta(days=12)
    if each.what == "commit":
        said = await queue.commit(page(lease, *each.items, at=each.at, keys_until_at=until))
    elif each.what == "forget":
        said = await queue.forget(each.names, reason="forgotten", at=each.at, keys_until_at=until)
    elif each.what == "expire":
        said = await queue.expire(each.at)
    batch = await queue.read(None, limit=1000)
    stats = await queue.stats()
    found = [await queue.find([name(native), name(f"link-{native}")]) for native in HELD]
    entries = [(entry.position.partition("-")[2], entry.line) for entry in batch.entries]
    return said, entries, found, stats.posts, stats.keys


async def lived(folder: Path, rounds: list[Round], recent_most: int) -> list[object]:
    """
    All that a queue said during such a life.
    """
    said: list[object] = []
    todo = iter(rounds)
    going = True
    while going:
        going = False
        async with queue_in(folder, recent_most) as (queue, lease):
            for each in todo:
                said.append(await outcome(queue, lease, each))
                if each.what == "open again":
                    going = True
                    break
    return said


IN_MEMORY: Final[dict[int, list[object]]] = {}
"""By seed: what a queue said that never sealed a key."""


@pytest.mark.parametrize("recent_most", [1, 7])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_memory_changes_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, recent_most: int
) -> None:
    """
    A queue that seals every few keys and one that never does say the same to the same life, restarts included, also
    while the filter is still being read.
    """
    monkeypatch.setattr(sqlite_runs, "_SCAN_KEYS", 3)
    rounds = life(seed, 60)
    if seed not in IN_MEMORY:
        IN_MEMORY[seed] = await lived(tmp_path / "memory", rounds, RECENT_MOST)
    in_runs = await lived(tmp_path / "runs", rounds, recent_most)

    assert in_runs == IN_MEMORY[seed]
    assert {each.what for each in rounds} == {"commit", "forget", "expire", "open again"}


async def test_runs_are_used_in_turn(tmp_path: Path) -> None:
    """
    The sixty-fifth seal goes into the first run again, and every key is still known.
    """
    async with queue_in(tmp_path, 2) as (queue, lease):
        for number in range(140):
            await queue.commit(page(lease, cleared(f"{number}.1"), cleared(f"{number}.2", aliases=["x"])))
    async with queue_in(tmp_path, 2) as (queue, lease):
        again = [cleared(f"{number}.{each}") for number in range(140) for each in (1, 2)]
        outcomes = await queue.commit(page(lease, *again))
        by_alias = await queue.find([name("x")])
    used = _rows(tmp_path, "SELECT run, count(*) FROM keys GROUP BY run")

    assert set(outcomes) == {"repeat"}
    assert len(by_alias) == 140
    assert [run for run, _ in used] == list(range(64))
    assert sum(count for _, count in used) == 280


async def test_a_page_that_fails_after_a_seal_leaves_memory_right(tmp_path: Path) -> None:
    """
    A transaction seals, one of its pages fails: that page's keys are unknown, all others are known.
    """
    async with queue_in(tmp_path, 2) as (queue, lease):
        await queue.commit(page(lease, cleared("1"), cleared("2", aliases=["link"])))
        lost = replace(lease, fence=lease.fence + 1)
        results: list[object] = []

        async def commit(under: Lease, *items: Cleared) -> None:
            try:
                results.append(await queue.commit(page(under, *items, source=items[0].event.subject)))
            except Exception as error:  # noqa: BLE001 its kind is looked at
                results.append(type(error).__name__)

        async with anyio.create_task_group() as group:
            group.start_soon(commit, lease, cleared("3", aliases=["three"]))
            group.start_soon(commit, lost, cleared("4", aliases=["four"]))
            group.start_soon(commit, lease, cleared("5"))
        outcomes = await queue.commit(page(lease, *[cleared(str(number)) for number in range(1, 6)]))
        aliases = [len(await queue.find([name(alias)])) for alias in ("link", "three", "four")]
        stats = await queue.stats()

    assert sorted(map(str, results)) == ["('created',)", "('created',)", "LeaseLost"]
    assert outcomes == ("repeat", "repeat", "repeat", "created", "repeat")
    assert (aliases, stats.posts, stats.keys) == ([1, 1, 0], 5, 0)


async def test_the_filter_is_made_anew_when_keys_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Keys that ended long ago do not make the filter grow for ever.
    """
    sizes = []
    async with queue_in(tmp_path, 4) as (queue, lease):
        at = START
        for _ in range(300):
            at += timedelta(days=2)
            posts = [cleared(f"{at}.{n}", seen_at=at, expires_at=at + timedelta(days=1)) for n in range(4)]
            await queue.commit(page(lease, *posts, at=at, keys_until_at=at))
            await queue.expire(at + timedelta(days=1))
            sizes.append(queue._writer._store._keys._runs.keys.filter.keys)

    assert max(sizes) <= 100
    assert sizes[-1] < max(sizes) or sizes[-1] < 60


async def test_a_page_of_repeats_writes_next_to_nothing(tmp_path: Path) -> None:
    """
    Nine hundred posts that are shown again cost one page of the WAL: the source's row.
    """
    async with queue_in(tmp_path, RECENT_MOST) as (queue, lease):
        posts = [cleared(str(number), aliases=[f"a{number}"]) for number in range(900)]
        await queue.commit(page(lease, *posts))
        await queue.forget([name("nobody")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
        wal = tmp_path / "listener.db-wal"
        before = wal.stat().st_size
        outcomes = await queue.commit(page(lease, *posts))
        after = wal.stat().st_size

    assert (set(outcomes), before) == ({"repeat"}, 0)
    assert (after - 32) // 4120 == 1


async def test_aliases_are_asked_for_where_they_may_be(tmp_path: Path) -> None:
    """
    Repeats ask for no alias at all, and of new posts only the one whose identity is an alias reaches the disk.
    """
    asked: list[int] = []

    def trace(_cursor: apsw.Cursor, statement: str, _values: apsw.Bindings | None) -> bool:
        if statement == sqlite_runs.LOAD_BY_ALIAS:
            asked.append(1)
        return True

    posts = [cleared(str(number), aliases=[f"a{number}"]) for number in range(100)]
    async with queue_in(tmp_path, 1) as (queue, lease):
        await queue.commit(page(lease, *posts))
        await queue.commit(page(lease))  # sealed, and read back by now
        await queue.stats()
        queue._writer._connection.exec_trace = trace
        counts = []
        for items in (posts, [cleared(f"new{number}") for number in range(50)], [cleared("a7", "7")]):
            outcomes = await queue.commit(page(lease, *items))
            counts.append((set(outcomes), len(asked)))
        queue._writer._connection.exec_trace = None

    assert counts == [({"repeat"}, 0), ({"created"}, 0), ({"updated"}, 1)]


def _rows(folder: Path, statement: str) -> list[tuple[int, ...]]:
    """
    From a closed file.
    """
    connection = apsw.Connection(str(folder / "listener.db"))
    rows: list[tuple[int, ...]] = connection.execute(statement).fetchall()  # type: ignore[assignment]
    connection.close()
    return rows
