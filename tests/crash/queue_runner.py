"""
Runs the scripted life of a queue in a child process that a fail-point kills: `python -m tests.crash.queue_runner`.

Reads `folder point passes recent_most` lines; for each it forks, lets the child live until it is killed, and answers with the
signal (or `0` where the child came to its end). The child notes each finished step in `done`. One process for all
runs, because importing takes longer than a run.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

from listener import failpoints
from listener.queues.sqlite_writer import Options
from tests.crash.queue_workload import STEPS, open_queue_in


async def _live(folder: Path, point: str, passes: int, recent_most: int) -> None:
    queue = await open_queue_in(folder, Options(recent_most=recent_most))
    failpoints.arm(point, passes=passes)
    ledger = os.open(folder.with_suffix(".done"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for step in STEPS:
        await step(queue)
        os.write(ledger, b".")
    await queue.aclose()


def _run(folder: Path, point: str, passes: int, recent_most: int) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            anyio.run(_live, folder, point, passes, recent_most)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return -os.waitstatus_to_exitcode(status)


def main() -> None:
    """
    Until the input ends.
    """
    for line in sys.stdin:
        folder, point, passes, recent_most = line.split("\t")
        print(_run(Path(folder), point, int(passes), int(recent_most)), flush=True)


if __name__ == "__main__":
    main()
