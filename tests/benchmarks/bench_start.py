"""
How long a command and the daemon take to start, interleaved in one run.

    python tests/benchmarks/bench_start.py [rounds]

`--help` over bare Python; and from the start of the process to the first poll on the wire, against a process that only
imports everything: every module of listener and adapters and every library that the project needs. The source's place
in the first spread is a few milliseconds. CPU is printed beside, because a busy machine stretches the wall's clock.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from listener.hear.intake import FIRST_SPREAD_S
from listener.hear.pace import Spread
from tests.benchmarks.farm import HEAD, SOURCE, Farm, clean_environment, cpu_s, farm, python
from tests.pipeline.daemon_process import Installed

EVERYTHING = """
import importlib, importlib.metadata, pkgutil, re
import listener, adapters
for package in (listener, adapters):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
for needed in importlib.metadata.requires("civic-listener") or ():
    if "extra ==" not in needed:
        name = re.match("[A-Za-z0-9_.-]+", needed)[0]
        for top in {file.parts[0].removesuffix(".py") for file in importlib.metadata.files(name) or ()}:
            if top.isidentifier():
                try:
                    importlib.import_module(top)
                except ImportError:
                    pass
"""


def place(*, below_s: float) -> int:
    """The number of a source whose first read comes at once."""
    number = 0
    while Spread(f"feed-{number}").uniform(0, FIRST_SPREAD_S) > below_s:
        number += 1
    return number


def ended(*words: str) -> tuple[float, float]:
    """Milliseconds of the wall's clock and of CPU until the process ended."""
    began = time.perf_counter()
    process = subprocess.Popen(python(*words), env=clean_environment(), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return (time.perf_counter() - began) * 1e3, (used.ru_utime + used.ru_stime) * 1e3


def first_poll(served: Farm, number: int) -> tuple[float, float]:
    """The same until the server had answered the daemon."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = SOURCE.format(number=number, address=served.address(0))
        (folder / "listener.toml").write_text(HEAD + source, "utf-8")
        Installed(folder).accept()
        answered, began = served.answered.value, time.perf_counter()
        process = subprocess.Popen(
            python("-m", "listener.cli", "run", "--json"),
            cwd=folder,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        try:
            while served.answered.value == answered:
                assert process.poll() is None, "the daemon ended"
                time.sleep(0.001)
            return (time.perf_counter() - began) * 1e3, cpu_s(process.pid) * 1e3
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Print every contender and the two ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    number = place(below_s=0.01)
    with farm(1) as served:
        contenders: dict[str, Callable[[], tuple[float, float]]] = {
            "bare Python": lambda: ended("-c", "pass"),
            "listener --help": lambda: ended("-m", "listener.cli", "--help"),
            "everything imported": lambda: ended("-c", EVERYTHING),
            "daemon to first poll": lambda: first_poll(served, number),
        }
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for turn in range(rounds + 1):
            for name, run in contenders.items():
                taken = run()
                if turn:  # the first round fills the caches of the disk
                    spent[name].append(taken)
    wall = {name: statistics.median(one for one, _ in taken) for name, taken in spent.items()}
    cpu = {name: statistics.median(one for _, one in taken) for name, taken in spent.items()}
    for name, each in spent.items():
        low, high = min(one for one, _ in each), max(one for one, _ in each)
        print(f"{name:>22}: {wall[name]:6.0f} ms [{low:.0f}-{high:.0f}], {cpu[name]:6.0f} ms CPU")
    for kind, told in (("wall", wall), ("CPU", cpu)):
        over = told["listener --help"] - told["bare Python"]
        ratio = told["daemon to first poll"] / told["everything imported"]
        print(
            f"{kind:>22}: --help {over:.0f} ms over bare Python; first poll {ratio:.2f} of importing everything"
        )


if __name__ == "__main__":
    main()
