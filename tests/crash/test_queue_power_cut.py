"""
The power fails at every sync, and the disk forgets what was not synced, wholly or in part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from listener.queues.sqlite_keys import RECENT_MOST
from listener.queues.sqlite_writer import Options
from listener.testing.power_cut import Lose, PowerCut
from tests.crash.queue_workload import STEPS, check_recovery, open_queue_in, undisturbed

CUTS: Final[tuple[tuple[Lose, int], ...]] = (("all", 512), ("tail", 512), ("sectors", 512), ("sectors", 4096))


@pytest.mark.anyio
@pytest.mark.parametrize("recent_most", [RECENT_MOST, 2])
async def test_a_power_cut_at_any_sync_loses_nothing_acknowledged(tmp_path: Path, recent_most: int) -> None:
    """
    Whatever the disk forgets at whichever sync: acknowledged steps are there, erased bytes are not, the file verifies.
    """
    dumps = await undisturbed(tmp_path / "undisturbed")
    images: list[tuple[Path, int]] = []
    done = 0

    def cut() -> None:
        for lose, sector_bytes in CUTS:
            into = tmp_path / "cuts" / f"{power.syncs}-{lose}-{sector_bytes}"
            power.image(into, lose=lose, seed=power.syncs, sector_bytes=sector_bytes)
            images.append((into, done))

    power = PowerCut("power-cut", on_sync=cut)
    queue = await open_queue_in(
        tmp_path / "run",
        Options(vfs="power-cut", sync=power.synced, settle_after_s=60, recent_most=recent_most),
    )
    for step in STEPS:
        await step(queue)
        done += 1
    await queue.aclose()

    assert power.syncs > 2 * len(STEPS)
    for folder, acknowledged in images:
        await check_recovery(folder, acknowledged, dumps, recent_most=recent_most)
    power.unregister()
