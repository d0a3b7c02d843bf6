"""
The process is killed at every step of commit, erasure and expiry; whoever starts next finds what was acknowledged.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import anyio
import pytest

from listener.failpoints import POINTS
from listener.queues.sqlite_keys import RECENT_MOST
from tests.crash.queue_workload import Dump, check_recovery, undisturbed

ROOT: Final = Path(__file__).parents[2]
QUEUE_POINTS: Final = tuple(
    point for point in POINTS if point.partition(".")[0] in {"commit", "erase", "expire"}
)
MATRIX: Final = [
    (point, passes, recent_most)
    for recent_most in (RECENT_MOST, 2)
    for point in QUEUE_POINTS
    for passes in {"commit": (0, 1, 2, 3, 4), "erase": (0, 1, 2), "expire": (0,)}[point.partition(".")[0]]
]


@pytest.fixture(scope="module")
def runner() -> Iterator[subprocess.Popen[str]]:
    """
    See queue_runner.
    """
    command = [sys.executable, "-m", "tests.crash.queue_runner"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        _pipe(process.stdin).close()
        process.wait(20)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dump, ...]:
    """
    What an undisturbed run holds after each step.
    """
    return anyio.run(undisturbed, tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.anyio
@pytest.mark.parametrize(("point", "passes", "recent_most"), MATRIX)
async def test_a_killed_process_loses_nothing(
    runner: subprocess.Popen[str],
    dumps: tuple[Dump, ...],
    tmp_path: Path,
    point: str,
    passes: int,
    recent_most: int,
) -> None:
    """
    Killed at this point for the given time, with all keys in memory or hardly any: acknowledged steps are there once, cursors with their posts, erased bytes
    are not, and the rest of the script ends as if nothing had happened.
    """
    folder = tmp_path / "queue"
    folder.mkdir()
    _pipe(runner.stdin).write(f"{folder}\t{point}\t{passes}\t{recent_most}\n")
    _pipe(runner.stdin).flush()
    ended_by = int(_pipe(runner.stdout).readline())
    done = len(folder.with_suffix(".done").read_bytes())

    assert ended_by == signal.SIGKILL
    await check_recovery(folder, done, dumps, recent_most=recent_most)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
