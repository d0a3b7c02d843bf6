"""
Takes a body away in a child process that a fail-point kills: `python -m tests.crash.erase_runner`.

Reads `engine way folder point then` lines; for each it forks a child that opens the queue, takes the body away and is killed at
`point`. With `then`, a second child opens what the first has left, and is killed at that point while it does. Answers with the
signals. What a child finds wrong while it lives, it says in `said`: that `erased` was true while a file still held the words.
One process for all runs, because importing takes longer than a run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import anyio

from listener import failpoints
from listener.testing.virtual_clock import VirtualClock
from tests.crash.erase_matrix import ACTED_AT, ENGINES, RESTARTED_AT, WAYS, CrashEngine, Way, old_words


async def _take_away(engine: CrashEngine, way: Way, folder: Path, point: str) -> None:
    queue = await engine.open(folder, clock=VirtualClock(ACTED_AT))
    failpoints.arm(point)
    await way.act(queue)
    while not await queue.erased(way.key):  # noqa: ASYNC110 an engine may be asked, it does not tell
        await anyio.sleep(0.001)
    honest = old_words(way.native) not in engine.stored(folder)
    folder.with_suffix(".said").write_text("erased" if honest else "a lie")


async def _open(engine: CrashEngine, folder: Path, point: str) -> None:
    failpoints.arm(point)
    queue = await engine.open(folder, clock=VirtualClock(RESTARTED_AT))
    await queue.aclose()


def _killed(live: Callable[[], Coroutine[object, object, None]]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            anyio.run(live)
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return -os.waitstatus_to_exitcode(ended)


def main() -> None:
    """
    Until the input ends.
    """
    for line in sys.stdin:
        engine, way, folder, point, then = line.rstrip("\n").split("\t")
        where = (ENGINES[engine], Path(folder))
        signals = [_killed(lambda: _take_away(where[0], WAYS[way], where[1], point))]  # noqa: B023 run here
        if then:
            signals.append(_killed(lambda: _open(*where, then)))  # noqa: B023 run here
        print(*signals, flush=True)


if __name__ == "__main__":
    main()
