"""
CPU for each conditional read at 10,000 hosts over that at 64, from one interleaved run.

    python tests/benchmarks/bench_hosts.py [hosts] [rounds]

As many reads on either side, 64 in flight. The server closes each connection, as it does when polls are minutes apart,
so that either side connects for each read and only what is kept of a host can make a difference.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from ipaddress import ip_network
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.hear.pace import Pace
from listener.hear.reader import ReadOnly, Web
from tests.benchmarks.farm import farm, host, many_files

FEW = 64
HEADERS = {"if-none-match": '"1"'}


async def _read_all(readers: list[tuple[ReadOnly, str]], reads: int) -> float:
    """Microseconds of CPU for each of that many reads, sources in turn."""
    todo = iter(range(reads))

    async def worker() -> None:
        for number in todo:
            reader, address = readers[number % len(readers)]
            assert (await reader.read(address, headers=HEADERS)).status == 304

    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(FEW)))
    return (time.process_time() - began) / reads * 1e6


async def measured(addresses: list[str], rounds: int) -> tuple[list[float], list[float]]:
    """With few hosts and with all of them, round after round."""
    web = Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        allow=[ip_network("127.0.0.0/8")],
    )
    figures: tuple[list[float], list[float]] = ([], [])
    async with web:
        every = [
            (web.reader(f"blog {number}", (Reach(host(number)),)), address)
            for number, address in enumerate(addresses)
        ]
        for turn in range(rounds + 1):
            for into, readers in zip(figures, (every[:FEW], every), strict=True):
                used_us = await _read_all(readers, len(addresses))
                if turn:
                    into.append(used_us)
    return figures


def main() -> None:
    """Print one line for each way of the server."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    many_files()
    with farm(hosts, entries=0, close=True) as served:
        few, many = asyncio.run(measured([served.address(number) for number in range(hosts)], rounds))
    ratio = statistics.median(all_us / few_us for few_us, all_us in zip(few, many, strict=True))
    print(
        f"{FEW} hosts {statistics.median(few):.0f} us CPU/poll, {hosts} hosts {statistics.median(many):.0f} us;"
        f" ratio {ratio:.2f}, goal 1.2"
    )


if __name__ == "__main__":
    main()
