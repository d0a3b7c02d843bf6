"""
The whole daemon on many feeds, beside what a user would pick instead.

    python tests/benchmarks/bench_daemon.py [feeds] [rounds]

Cold: from the start of the process to the last entry durable in the queue, against a script (requests + feedparser,
8 threads) that keeps nothing, and newsboat where it is installed, which keeps entries in a file. Each feed is a
document of 20 KB with 9 entries of its own on a host of its own; the count of entries is asserted for all three.

All-304: CPU for each poll of the running daemon, every poll durable, against bare aiohttp on the same hosts. The server
closes each connection, as when polls are minutes apart. The daemon stands still while aiohttp is measured. The clock of
the daemon runs fast, so that an hourly feed is asked every few seconds.

`requests` has to be installed for this (`pip install requests`). Read the ratios.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.farm import ENTRIES, Farm, clean_environment, configure, cpu_s, farm, many_files, python
from tests.pipeline.daemon_process import Installed

SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
import feedparser, requests
def read(address):
    return len(feedparser.parse(requests.get(address, timeout=30).content).entries)
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(read, open(sys.argv[1]).read().split())))
"""
WINDOW_S = 16.0
SPEED = 240.0
"""An hourly feed is asked every 15 seconds: 130 polls a second with 2,000 feeds. A lease still lasts half a second."""

PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock on the wall and of CPU."""

    wall_s: float
    cpu_s: float


# ---------------------------------------------------------------------------------------------------------- cold


def listener_cold(folder: Path, addresses: list[str]) -> Spent:
    """From nothing to the last entry durable; every entry is counted in the queue afterwards."""
    configure(folder, addresses)
    log = folder / "log.jsonl"
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            python("-m", "listener.cli", "run", "--json"), cwd=folder, env=clean_environment(), stdout=out
        )
    try:
        _until(process, lambda: log.read_bytes().count(b'"page.walked"') == len(addresses))
        spent = Spent(time.monotonic() - began, cpu_s(process.pid))
        assert queued(folder) == len(addresses) * ENTRIES, queued(folder)
    finally:
        process.terminate()
        process.wait()
    return spent


def queued(folder: Path) -> int:
    """Posts that the queue of a running daemon says it holds."""
    socket_path = str(Installed(folder).where.socket_path)
    with httpx.Client(transport=httpx.HTTPTransport(uds=socket_path), base_url="http://localhost") as client:
        said = client.get("/metrics").text
    return int(
        float(next(line for line in said.splitlines() if line.startswith("listener_queue_posts ")).split()[1])
    )


def script_cold(folder: Path, addresses: list[str]) -> Spent:
    """The script of twenty lines that everybody writes first."""
    (folder / "urls").write_text("\n".join(addresses))
    out, spent = _timed(python("-c", SCRIPT, str(folder / "urls")), folder)
    assert int(out) == len(addresses) * ENTRIES, out
    return spent


def newsboat_cold(folder: Path, addresses: list[str]) -> Spent:
    """A reader that keeps what it read."""
    (folder / "urls").write_text("\n".join(addresses) + "\n")
    (folder / "config").write_text("reload-threads 1\nmax-items 0\n")
    files = ["-u", str(folder / "urls"), "-c", str(folder / "cache.db"), "-C", str(folder / "config")]
    _, spent = _timed(["newsboat", *files, "-x", "reload"], folder)
    with sqlite3.connect(folder / "cache.db") as cache:
        items = cache.execute("SELECT count(*) FROM rss_item").fetchone()[0]
    assert items == len(addresses) * ENTRIES, items
    return spent


def _timed(command: list[str], folder: Path) -> tuple[bytes, Spent]:
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment() | {"HOME": str(folder)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return out, Spent(time.monotonic() - began, used.ru_utime + used.ru_stime)


def _until(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not done():
        assert process.poll() is None, "the daemon ended"
        assert time.monotonic() < until, "the daemon never came to its end"
        time.sleep(0.02)


def cold(rounds: int, addresses: list[str]) -> None:
    """Every contender once a round."""
    contenders = {"listener, durable": listener_cold, "requests + feedparser": script_cold}
    if shutil.which("newsboat"):
        contenders["newsboat"] = newsboat_cold
    spent: dict[str, list[Spent]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                spent[name].append(run(Path(folder), addresses))
    print(f"cold, {len(addresses)} feeds, {len(addresses) * ENTRIES} entries, median of {rounds}:")
    ours = spent["listener, durable"]
    for name, theirs in spent.items():
        wall, cpu = (statistics.median(getattr(one, kind) for one in theirs) for kind in ("wall_s", "cpu_s"))
        faster = statistics.median(one.wall_s / our.wall_s for one, our in zip(theirs, ours, strict=True))
        leaner = statistics.median(one.cpu_s / our.cpu_s for one, our in zip(theirs, ours, strict=True))
        print(
            f"{name:>24}: {len(addresses) / wall:7.0f} feeds/s  {cpu / len(addresses) * 1e3:7.2f} ms CPU/feed"
            f"   listener is {faster:5.1f}x as fast, {leaner:5.1f}x as lean"
        )


# ------------------------------------------------------------------------------------------------------- all-304


def unchanged(rounds: int, addresses: list[str], served: Farm) -> None:
    """The daemon and bare aiohttp by turns, each while the other stands still."""
    figures: dict[str, list[float]] = {"whole daemon": [], "bare aiohttp": []}
    with tempfile.TemporaryDirectory() as temporary, _hurried(Path(temporary), addresses, served) as process:
        for _ in range(rounds):
            answered, used = served.answered.value, cpu_s(process.pid)
            time.sleep(WINDOW_S)
            polls = served.answered.value - answered
            figures["whole daemon"].append((cpu_s(process.pid) - used) / polls * 1e6)
            process.send_signal(signal.SIGSTOP)
            figures["bare aiohttp"].append(asyncio.run(_bare(addresses)))
            process.send_signal(signal.SIGCONT)
            time.sleep(WINDOW_S)  # what came due meanwhile
    ratio = statistics.median(ours / bare for ours, bare in zip(*figures.values(), strict=True))
    print(f"all-304, {len(addresses)} hosts: " + ", ".join(
        f"{name} {statistics.median(used):.0f} us CPU/poll [{min(used):.0f}-{max(used):.0f}]"
        for name, used in figures.items()
    ) + f"; ratio {ratio:.2f} (last window {polls / WINDOW_S:.0f} polls/s)")  # fmt: skip


@contextmanager
def _hurried(folder: Path, addresses: list[str], served: Farm) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon whose clock runs fast and which has read everything once."""
    configure(folder, addresses)
    log = folder / "log.jsonl"
    words = [str(folder / "listener.toml"), "--factor", str(SPEED), "--start", datetime.now(UTC).isoformat()]
    words += ["--origin", str(time.monotonic()), "--log", str(log)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            python("-m", "listener.cli.demo.daemon", *words),
            cwd=Path(__file__).parents[2],
            env=clean_environment(),
            stdout=out,
            stderr=out,
        )
    try:
        _until(
            process,
            lambda: served.answered.value >= 2 * len(addresses) and _created(log) == len(addresses) * ENTRIES,
        )
        yield process
    finally:
        process.kill()
        process.wait()


def _created(log: Path) -> int:
    """Entries queued, as the log tells."""
    lines = [
        line for line in log.read_bytes().splitlines() if b'"page.walked"' in line and line.endswith(b"}")
    ]
    return sum(json.loads(line)["created"] for line in lines)


async def _bare(addresses: list[str]) -> float:
    """Microseconds of CPU for each conditional read, 16 in flight; each address was asked once before."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def worker(todo: Iterator[str]) -> None:
            for address in todo:
                async with session.get(address, headers={"if-none-match": '"1"'}) as answer:
                    await answer.read()
                    assert answer.status == 304

        for _ in range(2):
            todo, began = iter(addresses), time.process_time()
            await asyncio.gather(*(worker(todo) for _ in range(16)))
        return (time.process_time() - began) / len(addresses) * 1e6


def main() -> None:
    """Print every table."""
    feeds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    many_files()
    with farm(feeds) as served:
        addresses = [served.address(number) for number in range(feeds)]
        cold(rounds, addresses)
    with farm(feeds, close=True) as served:
        unchanged(rounds, [served.address(number) for number in range(feeds)], served)


if __name__ == "__main__":
    main()
