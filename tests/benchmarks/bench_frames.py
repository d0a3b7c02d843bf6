"""
A firehose from the wire into the queue, against bare receive and a script: `PYTHONPATH=. python tests/benchmarks/bench_frames.py`

Three receivers take turns at the same frames, over loopback, from a server in another process that has them ready as bytes:

- bare: picows counts frames, and nothing else: the limit.
- script: what somebody would write: `websockets` without compression, the same filter (`RawInterest.maybe`), the hits decoded.
- ours: what ships, from the socket to the disk: `ReadOnly.listen`, the adapter of Bluesky, its look-ups, watch, gate, and
  a commit to a SQLite queue, synced. It also does what the script leaves out: deletions (an eighth of the frames) are
  decoded and brought to the queue, and each post is asked about before it is kept.

Look-ups are read over loopback by the reader that ships, from a server in the other process that shows every post it is
asked for (`tests.adapters.bluesky.frames`); their spacing is left out, because only CPU time counts. Every matching post
is counted when it is durable, and the run fails if one is missing. Rates are by CPU time of the receiving process, its
threads included; on a machine that others use, only the ratios mean something.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import multiprocessing
import os
import socket
import ssl
import statistics
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from adapters.bluesky import SPEC
from adapters.bluesky.config import BlueskyConfig
from listener.adapter import Page, Streamer
from listener.clock import SystemClock
from listener.errors import SourceUnavailable
from listener.events import (
    Change,
    Cleared,
    Count,
    Gap,
    Noted,
    Post,
    Removal,
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.gate import Gate, Place
from listener.hear.pace import Pace
from listener.hear.reader import Web
from listener.hear.walk import Asking, walk
from listener.hear.watch import Watcher, WatchTerms
from listener.keys import KeyRing, Sealer
from listener.queues.base import Lease
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.testing.queue_contract import PRESENT, page
from tests.adapters.bluesky.frames import compact, view
from tests.benchmarks.firehose import Firehose, terms
from tests.fakes.interest import WatchedInterest

FRAMES: Final = 50_000
ROUNDS: Final = 5
CASES: Final = ((2, 0.001), (2, 0.04), (1000, 0.001), (1000, 0.04))
NOW: Final = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LOOPBACK: Final = (ip_network("127.0.0.0/8"),)
MONTH: Final = timedelta(days=30)
GOAL_SCRIPT: Final = 3.0
GOAL_BARE: Final = 0.35

# ------------------------------------------------------------------------------------------------------------ server


def serve(listening: socket.socket, wire: bytes) -> None:
    """
    All frames, then a close, to whoever asks; for ever.
    """
    while True:
        connection, _ = listening.accept()
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            connection.sendall(_handshake(head) + wire + b"\x88\x02\x03\xe8")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass


def show_posts(listening: socket.socket) -> None:
    """
    An AppView that has every post, to one connection after the other; for ever.
    """
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_show_posts, args=(connection,), daemon=True).start()


def _show_posts(connection: socket.socket) -> None:
    with connection:
        head = b""
        while part := connection.recv(65_536):
            head += part
            if head.endswith(b"\r\n\r\n"):
                query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
                body = compact({"posts": [view(uri) for uri in query["uris"]]})
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % len(body)
                    + body
                )
                head = b""


def _handshake(head: bytes) -> bytes:
    key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
    digest = hashlib.sha1(key.split(b":", 1)[1].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + base64.b64encode(digest)
        + b"\r\n\r\n"
    )


def on_the_wire(frame: bytes) -> bytes:
    size = (
        struct.pack("!BBH", 0x81, 126, len(frame))
        if len(frame) > 125
        else struct.pack("!BB", 0x81, len(frame))
    )
    return size + frame


# --------------------------------------------------------------------------------------------------------- receivers


class Counting(WSListener):
    """
    The least a receiver can do.
    """

    def __init__(self) -> None:
        self.count = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.count += 1
        else:
            transport.disconnect()


async def bare(address: str) -> int:
    transport, listener = await ws_connect(Counting, address)
    assert isinstance(listener, Counting)
    await transport.wait_disconnected()
    return listener.count


async def script(address: str, maybe: Callable[[bytes], bool]) -> int:
    hits = []
    async with connect(address, compression=None, max_size=None) as socket_:
        try:
            while True:
                message = await socket_.recv(decode=False)
                assert isinstance(message, bytes)
                if maybe(message):
                    hits.append(orjson.loads(message))
        except ConnectionClosed:
            return len(hits)


@dataclass(frozen=True, slots=True)
class Door:
    gate: Gate
    place: Place

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        return self.gate.clear(
            post, place=self.place, watches=watches, shortest=shortest, sealer=sealer, now=now
        )

    def otherwise(self, post: Post) -> WithheldReason | None:
        return self.gate.otherwise(post, place=self.place)

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        return self.gate.retract(removal, place=self.place, now=now)

    def withdraw(self, post: Post, *, reason: RemovalReason, now: datetime) -> Retraction:
        return self.gate.withdraw(post, reason=reason, place=self.place, now=now)

    def note(self, item: Count | Gap | Change, *, now: datetime) -> Noted:
        return self.gate.note(item, place=self.place, now=now)


class Ours:
    """
    The whole way from the socket.

    Args:
        host, appview: Addresses.
    """

    def __init__(
        self, watcher: Watcher, queue: SqliteQueue, lease: Lease, *, host: str, appview: str
    ) -> None:
        self._watcher = watcher
        self._queue = queue
        self._lease = lease
        self._config = BlueskyConfig(hosts=(host,), appview=appview)
        gate = Gate(
            keys=KeyRing([b"current secret of some length"]),
            own_handles=("@cityofex",),
            country="CA",
            consent="objection",
            nobot_tags=("nobot",),
            objections=frozenset(),
        )
        self._door = Door(
            gate, Place(network="bluesky", source="sky", keep="text", retention=MONTH, emit_from=MONTH)
        )
        self._sealer = Sealer(NOW.date(), b"k" * 32)
        self._durable = 0

    async def run(self, web: Web) -> int:
        """
        How many posts are durable.
        """
        reader = web.reader("sky", [replace(reach, spacing_s=0.0) for reach in SPEC.reaches(self._config)])
        source = SPEC.build(self._config, reader, SystemClock(), WatchedInterest(self._watcher))
        assert isinstance(source, Streamer)
        with suppress(SourceUnavailable):  # the server has sent everything, and ends
            await source.run(None, self._commit)
        return self._durable

    async def _commit(self, sent: Page) -> None:
        assert sent.note in (None, "one_host"), sent.note  # which is so once the server has ended
        walked = walk(
            sent,
            asking=Asking(self._watcher.match),
            door=self._door,
            take_all=False,
            sealer=self._sealer,
            now=NOW,
            report=_raise,
        )
        outcomes = await self._queue.commit(
            page(self._lease, *walked.commits, source="sky", at=NOW, cursor=sent.cursor or b"unmoved")
        )
        self._durable += sum(outcome == "created" for outcome in outcomes)


def _raise(error: Exception) -> None:
    raise error


# ------------------------------------------------------------------------------------------------------- measurement


async def timed(work: Awaitable[int]) -> tuple[float, int]:
    began = time.process_time()
    found = await work
    return time.process_time() - began, found


async def measure(host: str, appview: str, asked: tuple[str, ...], frames: list[bytes], rounds: int) -> bool:
    watcher = Watcher([WatchTerms(WatchName("w"), hashtags=asked)], [])
    watcher.interest.prepare()
    expected = sum(
        watcher.match(Post(native="1", kind="post", text=said)) != () for said in map(text_of, frames)
    )
    address = f"{host}/subscribe"
    spent: dict[str, list[float]] = {"bare": [], "script": [], "ours": []}
    for turn in range(-1, rounds):  # the first is not counted: it builds tables
        seconds, count = await timed(bare(address))
        assert count == len(frames)
        spent["bare"].append(seconds)
        seconds, count = await timed(script(address, watcher.interest.maybe))
        assert count >= expected, f"the script heard {count} of {expected}"
        spent["script"].append(seconds)
        with tempfile.TemporaryDirectory() as folder:
            queue = await open_sqlite(Path(folder) / "q.db", fingerprints=PRESENT, clock=SystemClock())
            lease = await queue.lease("sky", "bench", ttl_s=1e6, now=NOW)
            assert lease is not None
            ours = Ours(watcher, queue, lease, host=host, appview=appview)
            async with opened() as web:
                seconds, count = await timed(ours.run(web))
            await queue.aclose()
        assert count == expected, f"{count} of {expected} are durable"
        spent["ours"].append(seconds)
        if turn < 0:
            spent = {name: [] for name in spent}
    return report(spent, len(frames), expected)


def opened() -> Web:
    """
    Once in the life of a daemon; most of what it costs is reading the system's authorities, which is done here.
    """
    return Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        allow=LOOPBACK,
        tls=ssl.create_default_context(),
    )


def text_of(frame: bytes) -> str:
    commit = orjson.loads(frame).get("commit") or {}
    return str((commit.get("record") or {}).get("text", ""))


def report(spent: dict[str, list[float]], count: int, expected: int) -> bool:
    for name, seconds in spent.items():
        rates = sorted(count / each / 1000 for each in seconds)
        print(
            f"  {name:7} {statistics.median(rates):7.0f}k frames/s of CPU [{rates[0]:.0f}-{rates[-1]:.0f}k]"
        )
    goals = []
    for name, goal in (("script", GOAL_SCRIPT), ("bare", GOAL_BARE)):
        ratios = sorted(theirs / ours for theirs, ours in zip(spent[name], spent["ours"], strict=True))
        middle = statistics.median(ratios)
        goals.append(middle >= goal)
        met = "met" if middle >= goal else "NOT met"
        print(f"  ours : {name:7} {middle:.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}], goal {goal}: {met}")
    print(f"  of {count} frames {expected} match, all of them durable")
    return all(goals)


def frames_of(cases: Iterable[tuple[int, float]]) -> dict[tuple[int, float], list[bytes]]:
    made = {}
    for count, share in cases:
        firehose = Firehose(terms(count), share)
        made[count, share] = [firehose.frame() for _ in range(FRAMES)]
    return made


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    frames = frames_of(CASES)
    wires = {case: b"".join(map(on_the_wire, of_case)) for case, of_case in frames.items()}
    sample = next(iter(frames.values()))
    print(
        f"{FRAMES} frames of {sum(map(len, sample)) / FRAMES:.0f} bytes,"
        f" {100 * sum(not frame.isascii() for frame in sample) / FRAMES:.0f} % not ASCII; load {os.getloadavg()[0]:.1f}"
    )
    fork = multiprocessing.get_context("fork")
    met = []
    with socket.create_server(("127.0.0.1", 0)) as views:
        shows = fork.Process(target=show_posts, args=(views,), daemon=True)
        shows.start()
        appview = f"http://127.0.0.1:{views.getsockname()[1]}"
        for count, share in CASES:
            print(f"{count} terms, {100 * share:g} % match")
            with socket.create_server(("127.0.0.1", 0)) as listening:
                server = fork.Process(target=serve, args=(listening, wires[count, share]), daemon=True)
                server.start()
                host = f"ws://127.0.0.1:{listening.getsockname()[1]}"
                met.append(asyncio.run(measure(host, appview, terms(count), frames[count, share], rounds)))
                server.terminate()
        shows.terminate()
    return not all(met)


if __name__ == "__main__":
    raise SystemExit(main())
