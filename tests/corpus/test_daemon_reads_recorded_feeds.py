"""
The shipped daemon reads recorded real feeds from a local server, each on a host of its own, and queues their entries.
Runs where LISTENER_CORPUS names a folder of recorded documents; prints what became of them.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio.from_thread
import pytest

from tests.corpus.recorded import NEEDS_CORPUS, documents
from tests.pipeline.daemon_process import Installed

HEAD = """
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Read recorded feeds"
owner = "Tests"
legal_authority = "None needed: recorded documents"
review_by = 2099-01-01
[privacy]
backfill_days = 36500
[http]
port = 0
[reader]
allow_addresses = ["127.0.0.0/8"]
max_bytes = 67108864
"""
SOURCE = """
[[source]]
name = "feed-{number}"
adapter = "feed"
relation = "public"
take = "all"
criterion = "Recorded documents"
address = "http://127.1.{high}.{low}:{port}/{number}"
"""


@asynccontextmanager
async def serving(found: list[Path]) -> AsyncIterator[int]:
    """Document N at path /N; gives the port. Bound to the loopback addresses the documents are read from, no other."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0]
                body = found[int(request.split(b" ")[1][1:])].read_bytes()
                writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    hosts = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(len(found))]
    first = await asyncio.start_server(answer, hosts[0], 0)
    port = first.sockets[0].getsockname()[1]
    rest = await asyncio.start_server(answer, hosts[1:], port)
    try:
        yield port
    finally:
        for server in (first, rest):
            server.close()


@contextmanager
def reading(folder: Path, found: list[Path]) -> Iterator[Installed]:
    """A daemon that reads every document, running."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(found)) as port,
    ):
        sources = [
            SOURCE.format(number=number, high=number // 250, low=number % 250 + 1, port=port)
            for number in range(len(found))
        ]
        (folder / "listener.toml").write_text(HEAD + "".join(sources), "utf-8")
        daemon = Installed(folder)
        daemon.accept()
        daemon.start()
        try:
            yield daemon
        finally:
            daemon.stop()


@NEEDS_CORPUS
@pytest.mark.timeout(600)
def test_the_daemon_queues_the_entries_of_recorded_feeds(tmp_path: Path) -> None:
    """At least a hundred recorded feeds are read and queued; every source ends read or refused for a reason from the closed set."""
    found = documents()
    with reading(tmp_path, found) as daemon:
        daemon.wait(
            lambda: all(
                one["last_read_at"] or one["error_code"] for one in daemon.ask("/v1/sources")["sources"]
            )
        )
        sources = daemon.ask("/v1/sources")["sources"]
        posts, after = Counter[str](), "start"
        while page := daemon.ask(f"/v1/events?limit=1000&after={after}"):
            posts.update(event["type"] for event in page["events"])
            after = page["next"]
            if not page["more"]:
                break
    walked = [json.loads(line) for line in daemon.logs().splitlines() if '"page.walked"' in line]
    withheld, rejected = Counter[str](), Counter[str]()
    for line in walked:
        withheld.update(line["withheld"])
        rejected.update(line["rejected"])
    refused = Counter(one["error_code"] for one in sources if one["error_code"])
    queued = [one for one in sources if one["queued"]]
    rows = {
        "documents": len(found),
        "documents of which entries were queued": len(queued),
        "entries received": sum(line["received"] for line in walked),
        "entries too old, keyed and never shown": sum(line["seen"] for line in walked),
        "entries that repeat another": sum(line["repeat"] for line in walked),
        "entries withheld": dict(withheld),
        "entries rejected": dict(rejected),
        "documents read": sum(1 for one in sources if one["last_read_at"]),
        "entries queued": posts["listener.post.created"] + posts["listener.post.updated"],
        "documents refused, with reason": dict(refused),
    }
    print()
    for what, count in rows.items():
        print(f"{what:>50}  {count}")

    assert len(queued) >= 100
    assert set(refused) <= {
        "not_a_feed",
        "not_well_formed",
        "limits_exceeded",
        "entities_refused",
        "empty",
        "too_large",
    }
    assert refused.total() + sum(1 for one in sources if one["last_read_at"]) == len(found)
