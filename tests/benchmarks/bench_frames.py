"""
A firehose from the wire into the queue, against bare receive and a script: `PYTHONPATH=. python tests/benchmarks/bench_frames.py`

Three receivers take turns at the same frames, over loopback, from a server in another process that has them ready as bytes:

- bare: picows counts frames, and nothing else: the limit.
- script: what somebody would write: `websockets` without compression, the same filter (`RawInterest.maybe`), the hits decoded.
- ours: picows, the filter, the hits decoded, matched, cleared by the gate and committed to a SQLite queue, synced.

Ours receives and decodes by stand-ins (`Ear`, `post_of`) for `Reader.listen` and the adapter of Bluesky: the least that does
the same work. Every matching post is counted when it is durable, and the run fails if one is missing. Rates are by CPU time
of the receiving process, its threads included; on a machine that others use, only the ratios mean something.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import multiprocessing
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from listener.adapter import Page
from listener.clock import SystemClock
from listener.events import Cleared, Post, WatchName, Withheld
from listener.gate import Gate, Place
from listener.hear.walk import Asking, walk
from listener.hear.watch import Watcher, WatchTerms
from listener.keys import KeyRing, Sealer
from listener.queues.base import Lease
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.testing.queue_contract import PRESENT, page
from tests.benchmarks.firehose import Firehose, terms

FRAMES: Final = 50_000
ROUNDS: Final = 5
CASES: Final = ((2, 0.001), (2, 0.04), (1000, 0.001), (1000, 0.04))
PAGE: Final = 100
"""Hits of a page: the adapter sends one when so many have come, or when a second has passed."""

NOW: Final = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MONTH: Final = timedelta(days=30)
GOAL_SCRIPT: Final = 3.0
GOAL_BARE: Final = 0.35

# ------------------------------------------------------------------------------------------------------------ server


def serve(listening: socket.socket, wires: dict[str, bytes]) -> None:
    """
    All frames of the case that the path names, then a close, to whoever asks; for ever.
    """
    while True:
        connection, _ = listening.accept()
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            connection.sendall(
                _handshake(head) + wires[head.split(b" ", 2)[1].decode()] + b"\x88\x02\x03\xe8"
            )
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass


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


class Ear(WSListener):
    """
    A stand-in for what `Reader.listen` gives: whole messages, in order, as many as have come.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._come = asyncio.Event()
        self._ended = False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._pieces.append(frame.get_payload_as_bytes())
            self._come.set()
        else:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._ended = True
        self._come.set()

    async def next(self) -> list[bytes]:
        """
        Nothing where the connection has ended.
        """
        if not self._pieces and not self._ended:
            self._come.clear()
            await self._come.wait()
        taken, self._pieces = self._pieces, []
        return taken


class Record(msgspec.Struct):
    text: str = ""
    langs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Commit(msgspec.Struct):
    operation: str
    rkey: str
    record: Record = msgspec.field(default_factory=Record)


class Event(msgspec.Struct):
    did: str
    time_us: int
    commit: Commit | None = None


DECODE: Final = msgspec.json.Decoder(Event).decode


def post_of(frame: bytes) -> Post | None:
    """
    A stand-in for the adapter: what the gate needs of a creation.
    """
    event = DECODE(frame)
    if event.commit is None or event.commit.operation != "create":
        return None
    record = event.commit.record
    uri = f"at://{event.did}/app.bsky.feed.post/{event.commit.rkey}"
    return Post(
        native=uri,
        kind="post",
        text=record.text,
        lang=record.langs[0] if record.langs else None,
        tags=record.tags,
        published_at=NOW,
        link=f"https://bsky.app/profile/{event.did}/post/{event.commit.rkey}",
    )


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

    def retract(self, removal: object, *, now: datetime) -> object:
        raise AssertionError("no removals here")

    note = retract


class Ours:
    """
    The whole way behind the socket.
    """

    def __init__(self, watcher: Watcher, queue: SqliteQueue, lease: Lease) -> None:
        self._watcher = watcher
        self._queue = queue
        self._lease = lease
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

    async def run(self, address: str) -> int:
        """
        How many posts are durable.
        """
        maybe = self._watcher.interest.maybe
        _, ear = await ws_connect(Ear, address)
        assert isinstance(ear, Ear)
        durable = 0
        waiting: list[Post] = []
        while pieces := await ear.next():
            waiting += [post for frame in pieces if maybe(frame) and (post := post_of(frame))]
            while len(waiting) >= PAGE:
                durable += await self._commit(waiting[:PAGE])
                waiting = waiting[PAGE:]
        return durable + await self._commit(waiting)

    async def _commit(self, posts: list[Post]) -> int:
        walked = walk(
            Page(items=tuple(posts)),
            asking=Asking(self._watcher.match),
            door=self._door,  # type: ignore[arg-type]  # retracts and notes nothing
            take_all=False,
            sealer=self._sealer,
            now=NOW,
            report=_raise,
        )
        outcomes = await self._queue.commit(page(self._lease, *walked.items, source="sky", at=NOW))
        return sum(outcome == "created" for outcome in outcomes)


def _raise(error: Exception) -> None:
    raise error


# ------------------------------------------------------------------------------------------------------- measurement


async def timed(work: Awaitable[int]) -> tuple[float, int]:
    began = time.process_time()
    found = await work
    return time.process_time() - began, found


async def measure(address: str, asked: tuple[str, ...], frames: list[bytes], rounds: int) -> bool:
    watcher = Watcher([WatchTerms(WatchName("w"), hashtags=asked)], [])
    watcher.interest.maybe(b"")  # makes the sieve
    expected = sum(watcher.match(post) != () for frame in frames if (post := post_of(frame)))
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
            ours = Ours(watcher, queue, lease)
            seconds, count = await timed(ours.run(address))
            await queue.aclose()
        assert count == expected, f"{count} of {expected} are durable"
        spent["ours"].append(seconds)
        if turn < 0:
            spent = {name: [] for name in spent}
    return report(spent, len(frames), expected)


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


def wires_of(cases: Iterable[tuple[int, float]]) -> dict[str, list[bytes]]:
    made = {}
    for count, share in cases:
        firehose = Firehose(terms(count), share)
        made[f"/{count}/{share}"] = [firehose.frame() for _ in range(FRAMES)]
    return made


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    frames = wires_of(CASES)
    wires = {path: b"".join(map(on_the_wire, of_case)) for path, of_case in frames.items()}
    sample = next(iter(frames.values()))
    print(
        f"{FRAMES} frames of {sum(map(len, sample)) / FRAMES:.0f} bytes,"
        f" {100 * sum(not frame.isascii() for frame in sample) / FRAMES:.0f} % not ASCII"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = multiprocessing.get_context("fork").Process(
            target=serve, args=(listening, wires), daemon=True
        )
        server.start()
        met = []
        for count, share in CASES:
            path = f"/{count}/{share}"
            print(f"{count} terms, {100 * share:g} % match")
            met.append(
                asyncio.run(measure(f"ws://127.0.0.1:{port}{path}", terms(count), frames[path], rounds))
            )
        server.terminate()
    return not all(met)


if __name__ == "__main__":
    raise SystemExit(main())
