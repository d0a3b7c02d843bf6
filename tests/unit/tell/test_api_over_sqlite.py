"""
The API over the real engine: its positions are understood, resumption is exact, and a resync is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from listener.queues.sqlite import open_sqlite
from listener.telemetry import Telemetry
from listener.tell.api import Access, build_api
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.api_client import get, served, streaming
from tests.fakes.daemon import FakeControl, gone, name, post, put

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def house(folder: Path, *, posts: int) -> AsyncIterator[Starlette]:
    """
    The API over a file with that many posts.
    """
    clock = VirtualClock()
    queue = await open_sqlite(folder / "queue.sqlite", fingerprints=("present",), clock=clock)
    try:
        await put(queue, *(post(number) for number in range(1, posts + 1)))
        await put(queue, gone(1), commit_id="removal")
        yield build_api(
            queue=queue,
            control=FakeControl(),
            telemetry=Telemetry(),
            clock=clock,
            access=Access(door="loopback"),
            version="1",
        )
    finally:
        await queue.aclose()


async def test_pages(tmp_path: Path) -> None:
    """
    Pages joined are every post once, the removed one as its removal, last.
    """
    got: list[tuple[str, str]] = []
    async with house(tmp_path, posts=25) as app, served(app, folder=tmp_path) as where:
        after, more = "start", True
        while more:
            page = (await get(where, f"/v1/events?limit=7&after={after}")).json()
            got += [(event["type"], event["subject"]) for event in page["events"]]
            after, more = page["next"], page["more"]

    assert got == [
        *(("listener.post.created", name(number).hex()) for number in range(2, 26)),
        ("listener.post.removed", name(1).hex()),
    ]


async def test_stream_resumes(tmp_path: Path) -> None:
    """
    A stream that is cut off every seven events tells each exactly once.
    """
    got: list[int] = []
    last_id = ""
    async with house(tmp_path, posts=25) as app, served(app, folder=tmp_path) as where:
        while len(got) < 25:
            async with streaming(where, "/v1/events/stream?after=start", last_event_id=last_id) as stream:
                for _ in range(min(7, 25 - len(got))):
                    last_id, _, event = await stream.event()
                    got.append(int(event["subject"], 16))

    assert got == [*range(2, 26), 1]


@pytest.mark.parametrize("last_id", ["00000000-1", "garbage"])
async def test_stream_resync(tmp_path: Path, last_id: str) -> None:
    """
    The position of another log is answered by a resync, and everything that is kept follows.
    """
    async with house(tmp_path, posts=2) as app, served(app, folder=tmp_path) as where:
        async with streaming(where, last_event_id=last_id) as stream:
            told = [(await stream.event())[1] for _ in range(3)]
        page = (await get(where, "/v1/events?after=00000000-1")).json()

    assert told == ["listener.queue.resync", "listener.post.created", "listener.post.removed"]
    assert [event["data"]["reason"] for event in page["events"]] == ["unknown_epoch"]
