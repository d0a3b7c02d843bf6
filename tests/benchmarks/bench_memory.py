"""
Memory and idle CPU of the daemon with many sources, each on a host of its own, after each was read once.

    python tests/benchmarks/bench_memory.py [sources] [idle seconds]

Runs the daemon with that many sources and with twice as many (19,000 at most), and takes the difference for what a further idle one
costs. Prints start-up and reading times on the way. With the usual 10,000 it takes some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.farm import Farm, clean_environment, configure, cpu_s, farm, many_files, python, rss_mb

PATIENCE_S = 3_600.0
MOST = 19_000
"""A listening socket each, within the usual limit of open files."""

SETTLE_S = 20.0
"""Longer than a connection is kept."""


def measured(served: Farm, sources: int, idle_s: float) -> float:
    """Resident MB of a daemon with that many idle sources."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        configure(folder, [served.address(number) for number in range(sources)])
        log = folder / "log.jsonl"
        began = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(
                python("-m", "listener.cli", "run", "--json"), cwd=folder, env=clean_environment(), stdout=out
            )
        try:
            started_s = _logged(process, log, b'"daemon.started"', 1) - began
            started_mb = rss_mb(process.pid)
            read_s = _logged(process, log, b'"page.walked"', sources) - began
            time.sleep(SETTLE_S)
            used_mb, used_s = rss_mb(process.pid), cpu_s(process.pid)
            time.sleep(idle_s)
            idle = (cpu_s(process.pid) - used_s) / idle_s
        finally:
            process.terminate()
            process.wait()
    print(
        f"{sources:6} sources: serving after {started_s:.1f} s with {started_mb:.0f} MB, all read after {read_s:.0f} s;"
        f" idle {used_mb:.1f} MB, {100 * idle:.2f} % of a core over {idle_s:.0f} s",
        flush=True,
    )
    return used_mb


def _logged(process: subprocess.Popen[bytes], log: Path, line: bytes, times: int) -> float:
    """The time at which the log held a line that often."""
    until = time.monotonic() + PATIENCE_S
    while log.read_bytes().count(line) < times:
        assert process.poll() is None, "the daemon ended"
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(0.2)
    return time.monotonic()


def main() -> None:
    """Print both and the difference."""
    sources = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    idle_s = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    many_files()
    one: list[float] = []
    two: list[float] = []
    more = min(2 * sources, MOST)
    for count, into in ((sources, one), (more, two)):
        with farm(count, entries=1, close=True) as served:
            into.append(measured(served, count, idle_s))
    print(f"each further idle source: {(two[0] - one[0]) * 1024 / (more - sources):.2f} KB")


if __name__ == "__main__":
    main()
