"""
Frames a second of CPU: `listen` against a bare picows listener and against `websockets`, interleaved in one run, frames
of a firehose's size from one server process.

    python tests/benchmarks/bench_sockets.py [rounds]

Read the ratios: what the guarded, bounded, watched way costs beside bare receiving, and what it gains on the usual
library. Each contender gets every frame as bytes of its own and counts them.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from picows import WSFrame, WSListener, WSTransport, ws_connect
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parents[2]))

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.hear.pace import Pace
from listener.hear.reader import ReadOnly, Web
from tests.fakes.talker import Talk, frame, talker

FRAMES: Final = 100_000
FRAME_BYTES: Final = 640
TOGETHER: Final = 200
"""Frames the server writes at once."""


def serve(told: Connection) -> None:
    """The server process: whoever comes gets all the frames."""
    said = frame(b'{"kind":"commit"}'.ljust(FRAME_BYTES)) * TOGETHER

    async def speak(talk: Talk) -> None:
        for _ in range(FRAMES // TOGETHER):
            await talk.say(said)

    async def run() -> None:
        async with talker(speak) as server:
            told.send(server.port)
            await asyncio.sleep(3_600)

    asyncio.run(run())


class Bare(WSListener):
    """Keeps every frame until the batch is over, and nothing else."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.count = 0
        self.over = asyncio.Event()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.kept.append(frame.get_payload_as_bytes())
        if frame.last_in_buffer:
            self.count += len(self.kept)
            self.kept.clear()
            if self.count >= FRAMES:
                self.over.set()


async def bare(address: str) -> int:
    """picows with the least there can be."""
    transport, ear = await ws_connect(Bare, address, read_buffer_init_size=65_536, use_aiofastnet=False)
    assert isinstance(ear, Bare)
    await ear.over.wait()
    transport.disconnect(graceful=False)
    return ear.count


async def usual(address: str) -> int:
    """`websockets` as its documentation has it, without compression."""
    count = 0
    async with connect(address, compression=None, proxy=None, max_queue=1_024) as connection:
        while count < FRAMES:
            await connection.recv(decode=False)
            count += 1
    return count


def ours(reader: ReadOnly) -> Callable[[str], Awaitable[int]]:
    """`listen`."""

    async def hear(address: str) -> int:
        count = 0
        async with reader.listen(address, idle_s=30, most_bytes=65_536) as pieces:
            while count < FRAMES:
                count += len(await pieces.next())
        return count

    return hear


async def measure(port: int, rounds: int) -> dict[str, list[float]]:
    """Frames per second of CPU, round after round."""
    web = Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        allow=[ip_network("127.0.0.0/8")],
    )
    async with web:
        hear = ours(web.reader("bench", (Reach("127.0.0.1"),)))
        contenders = {"bare picows": bare, "listen": hear, "websockets": usual}
        figures: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, contender in contenders.items():
                began_s = time.process_time()
                assert await contender(f"ws://127.0.0.1:{port}/") == FRAMES
                figures[name].append(FRAMES / (time.process_time() - began_s))
    return figures


def main() -> None:
    """Print one line per contender and the ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    here, there = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        figures = asyncio.run(measure(here.recv(), rounds))
    finally:
        server.terminate()
        server.join()
    for name, all_of in figures.items():
        middle = statistics.median(all_of)
        print(
            f"{name:>12}: {middle / 1e3:6.0f} k frames/s of CPU [{min(all_of) / 1e3:.0f}-{max(all_of) / 1e3:.0f}]"
        )
    for name in ("bare picows", "websockets"):
        ratio = statistics.median(o / b for o, b in zip(figures["listen"], figures[name], strict=True))
        print(f"{'ratio':>12}: {ratio:.2f} of {name}")


if __name__ == "__main__":
    main()
