"""
D10 to D13: what the network forgets, we forget, and everybody who was told of it hears of that.

Here each item is proved once from end to end. Every change of every network at every moment: tests/pipeline/test_deletion_matrix.
Every way a body goes, killed at every step: tests/crash/test_erase_crash. The rules of an engine: listener.testing.queue_contract.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import orjson
import pytest
from starlette.applications import Starlette

from listener import registry
from listener.events import Cleared, RemovalReason, key_of
from listener.hear.upkeep import EXPIRE_EVERY_S
from listener.queues.base import Position, Queue, Resync
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_writer import Options
from listener.simulation.exchange import Request, Response
from listener.telemetry import Telemetry
from listener.tell.api import Access, build_api
from listener.testing.queue_contract import until_erased
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.feed.reading import rss
from tests.fakes import daemon
from tests.fakes.api_client import get, served, streaming
from tests.fakes.daemon import AT, KEPT_UNTIL, FakeControl, gone, name, put

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

SLO_S: Final = {"x": 24 * 3600.0, "youtube": 30 * 86_400.0}
"""Within which a deletion that nobody tells has to be found; seven days elsewhere."""


@asynccontextmanager
async def opened(folder: Path, now: datetime = AT) -> AsyncIterator[Queue]:
    """The queue of that folder, as whoever starts then finds it."""
    queue = await open_sqlite(
        folder / "queue.sqlite",
        fingerprints=("present",),
        clock=VirtualClock(now),
        options=Options(settle_after_s=0.01),
    )
    try:
        yield queue
    finally:
        await queue.aclose()


def post(number: int, text: str, **changed: Any) -> Cleared:
    """The post of that number, with a digest of the size the gate makes."""
    item = daemon.post(number, text, **changed)
    return replace(item, digest=hashlib.sha256(item.digest).digest()[:16])


def stored(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def lines(queue: Queue, after: Position | None = None, limit: int = 256) -> list[dict[str, Any]]:
    """What a consumer reads."""
    return [orjson.loads(entry.line) for entry in (await queue.read(after, limit=limit)).entries]


async def test_d10_a_removal_is_told_once_with_its_reason_and_no_content(tmp_path: Path) -> None:
    """Whatever the reason, a consumer is told exactly one removal, by key and reason and nothing else; an edit is told once, as
    such; both twice said are told once. Per network and change: tests/pipeline/test_deletion_matrix."""
    reasons = get_args(RemovalReason)
    posts = [post(number, f"planted{number}words") for number in range(len(reasons) + 1)]
    retractions = [replace(gone(number), reason=reason) for number, reason in enumerate(reasons)]
    edited = post(len(reasons), "other words")
    async with opened(tmp_path) as queue:
        await put(queue, *posts)
        start = (await queue.stats()).newest
        await put(queue, *retractions, edited)
        await put(queue, *retractions, edited, commit_id="said again")
        told = await lines(queue, start)

    assert [(event["type"], event["subject"]) for event in told] == [
        *(("listener.post.removed", name(number).hex()) for number in range(len(reasons))),
        ("listener.post.updated", name(len(reasons)).hex()),
    ]
    for event, reason in zip(told, reasons, strict=False):
        assert event["data"].keys() == {"network", "reason", "observed_at"}
        assert event["data"]["reason"] == reason
        assert "planted" not in json.dumps(event)
    assert len({event["id"] for event in told}) == len(told)


async def test_d11_a_deletion_before_its_post_keeps_it_out_and_silent_ones_are_asked_for_in_time(
    tmp_path: Path,
) -> None:
    """A post that comes after its deletion is refused, across a restart, and no byte of it is stored; whoever tells no deletions
    is asked within the clock that its terms or we set. Deletions during an outage and out of order, per network:
    tests/pipeline/test_deletion_matrix; the clocks in the daemon: tests/pipeline/test_recheck."""
    async with opened(tmp_path) as queue:
        await put(queue, gone(1))
    async with opened(tmp_path) as queue:
        await put(queue, post(1, "late-planted-words"), post(2, "other words"))
        types = [(event["type"], event["subject"]) for event in await lines(queue)]
        found = [each.state for each in await queue.find([name(1)])]
    within = {
        network: terms.within_s
        for network in registry.names()
        if (terms := registry.spec(network).recheck) is not None
    }

    assert types == [
        ("listener.post.removed", name(1).hex()),
        ("listener.post.created", name(2).hex()),
    ]
    assert found == ["removed"]
    assert (b"late-planted-words" in stored(tmp_path), b"other words" in stored(tmp_path)) == (False, True)
    assert set(registry.names()) - within.keys() == {
        "feed"
    }  # which tells by tombstones, and by what it shows
    assert {name for name, s in within.items() if s > SLO_S.get(name, 7 * 86_400.0)} == set()


async def test_d12_no_file_holds_a_byte_of_what_had_to_go(tmp_path: Path) -> None:
    """Removed, edited, forgotten, ended: of neither the words nor what would be asked with is a byte left in database, log or
    reserve once `erased` says so, while the daemon runs; what stays is whole. Killed at any step: tests/crash; rebalanced
    trees and torn disks: tests/unit/queues/test_sqlite_erase, tests/crash/test_queue_power_cut."""

    def words(number: int) -> str:
        return f"planted-{number:03}-words " * (1 + number % 7 * 60)

    end = AT + timedelta(hours=1)
    posts = [post(n, words(n), expirytime=end if n % 5 == 3 else KEPT_UNTIL) for n in range(100)]
    new = [post(n, "new words") for n in range(100)]
    going = [number for number in range(100) if number % 5]
    async with opened(tmp_path, AT) as queue:
        await put(queue, *posts)
        await put(queue, *(gone(n) for n in range(100) if n % 5 == 1), commit_id="removed")
        await put(queue, *(new[n] for n in range(100) if n % 5 == 2), commit_id="edited")
        await queue.expire(end)
        forgotten = [name(n) for n in range(100) if n % 5 == 4]
        await queue.forget(forgotten, reason="forgotten", at=AT, keys_until_at=KEPT_UNTIL)
        for number in going:
            await until_erased(queue, key_of(name(number)))
        left = stored(tmp_path)

    held = {number for number in range(100) if f"planted-{number:03}-words".encode() in left}
    assert held == {number for number in range(100) if number % 5 == 0}


# --------------------------------------------------------------------------------------- D13: who was away


def api(queue: Queue, clock: VirtualClock) -> Starlette:
    """As the daemon serves it."""
    return build_api(
        queue=queue,
        control=FakeControl(),
        telemetry=Telemetry(),
        clock=clock,
        access=Access(door="loopback"),
        version="1",
    )


OTHERS: Final = 10_000


async def test_d13_who_was_away_meets_the_removal_or_is_told_to_begin_again(tmp_path: Path) -> None:
    """A consumer that left before a removal and comes back after a restart, the end of its neighbours and ten thousand other
    posts meets it; when even the notice is over, it is told to begin again, with bounds. By the API's pages, its stream, and a
    position kept by name. Webhooks do not exist yet: their half (retried until acknowledged) comes with them."""
    soon = AT + timedelta(days=1)
    much_later = AT + timedelta(days=40)
    async with opened(tmp_path) as queue:
        await put(queue, *(post(n, "words", expirytime=soon if n % 2 else KEPT_UNTIL) for n in range(1, 9)))
        left_at = (await queue.stats()).newest
        await queue.set_position("dashboard", left_at)
        await put(queue, gone(4), commit_id="removal")
        await queue.forget([name(6)], reason="forgotten", at=AT, keys_until_at=KEPT_UNTIL)
    async with opened(tmp_path, soon + timedelta(hours=1)) as queue:
        for start in range(100, 100 + OTHERS, 900):
            until = min(start + 900, 100 + OTHERS)
            others = (post(number, "w", expirytime=AT + timedelta(days=90)) for number in range(start, until))
            await put(queue, *others, commit_id=f"others from {start}")
        await queue.expire(soon + timedelta(hours=1))
        met = await _by_every_way(tmp_path, queue, left_at)
    async with opened(tmp_path, much_later) as queue:
        await queue.expire(much_later)
        stats = await queue.stats()
        late = await queue.read(await queue.position("dashboard"))
        told_again = await _by_every_way(tmp_path, queue, left_at)

    removals = [("listener.post.removed", name(number).hex()) for number in (4, 6)]
    assert met == dict.fromkeys(("pages", "stream", "position"), removals)
    assert late.resync == Resync("position_too_old", stats.oldest, stats.newest)
    assert stats.posts == OTHERS
    for way in ("pages", "stream"):
        assert told_again[way][0] == ("listener.queue.resync", stats.oldest, stats.newest)


async def _by_every_way(folder: Path, queue: Queue, left_at: Position) -> dict[str, list[tuple[str, ...]]]:
    """The first two things that each consumer is told who comes back."""
    app = api(queue, VirtualClock())
    async with served(app, folder=folder) as where:
        page = (await get(where, f"/v1/events?limit=2&after={left_at}")).json()["events"]
        async with streaming(where, "/v1/events/stream", last_event_id=left_at) as stream:
            streamed = [(await stream.event())[2] for _ in range(2)]
    position = await queue.position("dashboard")
    return {
        "pages": [_short(event) for event in page],
        "stream": [_short(event) for event in streamed],
        "position": [_short(event) for event in await lines(queue, position, limit=2)],
    }


def _short(event: dict[str, Any]) -> tuple[str, ...]:
    if event["type"] == "listener.queue.resync":
        return (event["type"], event["data"]["oldest"], event["data"]["newest"])
    return (event["type"], event["subject"])


async def test_d13_how_long_erasing_took_and_what_waits_is_measured() -> None:
    """In the shipped daemon a post that is forgotten is counted once among the latencies; nothing waits; one that ended while
    nobody expired it waits, with its true age. What was asked to be forgotten stands in no file, log line or metric. The rules that alarm: tests/surfaces/test_alerts."""

    async def feed(_: Request) -> Response:
        item = "<item><guid>g1</guid><link>http://blog.example/1</link><title>Snow</title></item>"
        other = item.replace("1<", "2<")
        return Response(headers=(("Content-Type", "application/rss+xml"),), body=rss(item, other))

    def figures(page: bytes) -> dict[str, float]:
        found = (line.rsplit(" ", 1) for line in page.decode().splitlines() if not line.startswith("#"))
        return {key: float(value) for key, value in found if "erasure" in key or "retention" in key}

    async with rig(source("blog", "http://blog.example/feed"), hosts={"blog.example": feed}) as house:
        await house.pass_s(120)
        before = figures(await house.get("/metrics"))
        forgot = await house.forget("https://www.blog.example/1/")
        missed = await house.forget("https://river.example/@planted_person/42?by=planted_person")
        after = figures(await house.get("/metrics"))
        await house.clock.advance(31 * 86_400)
        overdue = figures(await house.get("/metrics"))
        told = house.log("queue.erased")
        left = stored(house.folder) + house.out.getvalue().encode() + await house.get("/metrics")

    count, waits, age = (
        "listener_erasure_latency_seconds_count",
        "listener_erasures_pending",
        "listener_erasures_oldest_pending_age_seconds",
    )
    assert (len(forgot["keys"]), missed["keys"]) == (1, [])
    assert b"planted_person" not in left
    assert (before[count], before[waits], before["listener_retention_seconds"]) == (0, 0, 30 * 86_400)
    assert (after[count], after[waits], after[age]) == (1, 0, 0)
    assert overdue[waits] == 1
    assert 86_400 <= overdue[age] <= 86_400 + 120  # it was read within the first two minutes
    assert [(line["bodies"], sum(line["within"].values())) for line in told] == [(1, 1)]
    assert EXPIRE_EVERY_S <= 60
