"""
A lease that was given and lost with its process harms nothing.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from listener.errors import LeaseLost
from listener.queues.base import Lease
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import GROUP, cleared, page
from listener.testing.virtual_clock import START
from tests.crash.queue_workload import open_queue_in
from tests.crash.test_queue_crash import ROOT

LAPSED = START + timedelta(seconds=60)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("point", "free_at", "fence", "outcome"),
    [
        ("leased", START, 1, "created"),
        ("commit.before_sync", START, 1, "created"),
        ("commit.synced", LAPSED, 2, "repeat"),
    ],
)
async def test_a_lease_that_dies_with_its_holder(
    tmp_path: Path, point: str, free_at: datetime, fence: int, outcome: str
) -> None:
    """
    Before its first page was durable, a lease is as if it had never been; afterwards it ends by itself and its fence is
    used up. Either way the next holder reads on and the dead one commits nothing.
    """
    command = [sys.executable, "-m", "tests.crash.lease_runner", str(tmp_path), point]
    ended = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: ASYNC221 nothing else runs
    queue = await open_queue_in(tmp_path, Options())
    try:
        taken = [
            await queue.lease(GROUP, "node-2", ttl_s=60, now=now) for now in dict.fromkeys((START, free_at))
        ]
        lease = next(lease for lease in taken if lease is not None)
        with pytest.raises(LeaseLost):
            await queue.commit(page(Lease(GROUP, "node-1", 1, LAPSED), cleared("2"), at=free_at))
        outcomes = await queue.commit(page(lease, cleared("1"), at=free_at))
        posts = (await queue.stats()).posts
    finally:
        await queue.aclose()

    assert ended == -signal.SIGKILL
    assert lease == Lease(GROUP, "node-2", fence, free_at + timedelta(seconds=60))
    assert (len([each for each in taken if each is not None]), outcomes, posts) == (1, (outcome,), 1)


@pytest.mark.anyio
async def test_the_same_node_takes_its_lost_lease_again(tmp_path: Path) -> None:
    """
    A restart at once, under the same name: the fence may be the one that was lost, and the page goes in.
    """
    command = [sys.executable, "-m", "tests.crash.lease_runner", str(tmp_path), "leased"]
    ended = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: ASYNC221 nothing else runs
    queue = await open_queue_in(tmp_path, Options())
    try:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        outcomes = await queue.commit(page(lease, cleared("1")))
    finally:
        await queue.aclose()

    assert (ended, lease.fence, outcomes) == (-signal.SIGKILL, 1, ("created",))
