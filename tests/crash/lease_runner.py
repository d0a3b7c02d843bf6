"""
A holder that dies: `python -m tests.crash.lease_runner FOLDER POINT` takes a lease, and commits a page under it unless
the point is `leased`; killed there.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio

from listener import failpoints
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import GROUP, cleared, page
from listener.testing.virtual_clock import START
from tests.crash.queue_workload import open_queue_in


async def _live(folder: Path, point: str) -> None:
    queue = await open_queue_in(folder, Options())
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    assert lease is not None
    if point == "leased":
        os.kill(os.getpid(), signal.SIGKILL)
    failpoints.arm(point)
    await queue.commit(page(lease, cleared("1")))


if __name__ == "__main__":
    anyio.run(_live, Path(sys.argv[1]), sys.argv[2])
