"""
CPU per 304: the reader against bare aiohttp, interleaved in one run, 64 hosts in flight, one server process.

    python tests/benchmarks/bench_reader.py [rounds]

Read the ratio, not the microseconds: the policy (guard, turn, deadline, httpx's types) is what it buys.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[2]))

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.hear.pace import Pace
from listener.hear.reader import Web

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 65))
READS_PER_HOST = 50
SAID = b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncache-control: max-age=600\r\n\r\n'
HEADERS = {"if-none-match": '"1"', "accept": "application/rss+xml"}


class NotModified(asyncio.Protocol):
    """Answers every request head with a 304."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(SAID * data.count(b"\r\n\r\n"))


def serve(told: Connection) -> None:
    """The server process: one port on every host."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        first = await loop.create_server(NotModified, HOSTS[0], 0)
        port = first.sockets[0].getsockname()[1]
        others = [await loop.create_server(NotModified, host, port) for host in HOSTS[1:]]
        told.send(port)
        await asyncio.gather(*(server.serve_forever() for server in (first, *others)))

    asyncio.run(run())


async def cpu_us(read: Callable[[str], Awaitable[int]], port: int) -> float:
    """Microseconds of CPU per read, every host read one after the other, all hosts at once."""

    async def one(host: str) -> None:
        for _ in range(READS_PER_HOST):
            status = await read(f"http://{host}:{port}/feed.xml?format=rss")
            assert status == 304

    began_s = time.process_time()
    await asyncio.gather(*(one(host) for host in HOSTS))
    return (time.process_time() - began_s) / (READS_PER_HOST * len(HOSTS)) * 1e6


async def measure(port: int, rounds: int) -> tuple[Sequence[float], Sequence[float]]:
    """Bare aiohttp and the reader, round after round."""
    web = Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        allow=[ip_network("127.0.0.0/8")],
    )
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        web,
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        readers = {host: web.reader(host, (Reach(host),)) for host in HOSTS}

        async def bare(address: str) -> int:
            async with session.get(address, headers=HEADERS) as answered:
                await answered.read()
                return answered.status

        async def ours(address: str) -> int:
            return (await readers[address.split("/")[2].split(":")[0]].read(address, headers=HEADERS)).status

        figures: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 1):
            for into, read in zip(figures, (bare, ours), strict=True):
                used_us = await cpu_us(read, port)
                if number:  # the first round opens the connections
                    into.append(used_us)
        return figures


def main() -> None:
    """Print one line per contender and the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    here, there = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        bare, ours = asyncio.run(measure(here.recv(), rounds))
    finally:
        server.terminate()
        server.join()
    for name, figures in (("bare aiohttp", bare), ("reader", ours)):
        middle = statistics.median(figures)
        print(
            f"{name:>12}: {middle:6.0f} us CPU per 304 [{min(figures):.0f}-{max(figures):.0f}], {1e6 / middle:.0f}/s"
        )
    print(
        f"       ratio: {statistics.median(o / b for o, b in zip(ours, bare, strict=True)):.2f} of bare aiohttp"
    )


if __name__ == "__main__":
    main()
