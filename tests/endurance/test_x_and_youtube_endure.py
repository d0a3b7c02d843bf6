"""
Random SIGKILLs of the daemon and random cuts of its lines while YouTube and X are heard at sixty times life, which charge.

LISTENER_ENDURANCE_KILLS and LISTENER_ENDURANCE_CUTS say how many, LISTENER_ENDURANCE_SEED which run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.simulation.clock import ScaledClock
from tests.endurance.budget import SEED, count
from tests.endurance.lives import SPEED
from tests.endurance.metered_ordeal import MeteredOrdeal
from tests.endurance.metered_world import STARTS, MeteredWorld
from tests.endurance.told import amiss

KILLS, CUTS = count("KILLS", 3.5), count("CUTS", 3.5)


@pytest.mark.timeout(300 + 10 * (KILLS + CUTS))
def test_every_post_of_x_and_youtube_is_told_once_and_paid_for_within_the_budget(tmp_path: Path) -> None:
    """
    Nothing is lost, nothing told twice, what was deleted is gone and what was edited stands at its last words; each hour has
    its number; and what the networks charge is never above the budgets, nor above what the daemon says it spent.
    """
    world = MeteredWorld(ScaledClock(SPEED, STARTS[SEED % len(STARTS)]))
    ordeal = MeteredOrdeal("x and youtube", world, tmp_path, SEED, KILLS, CUTS)
    fates = ordeal.run()
    print(
        f"charged and said: {ordeal.last}; {min(ordeal.audits.values())} audits; {ordeal.broken_off} broken off"
    )
    for bill in world.bills:
        print(
            f"  {bill.budget} of {min(bill.sources)}, {bill.limit:g}: {bill.windows()}",
            flush=True,
        )

    assert amiss(fates) == []
    assert ordeal.told.faults == []
    assert (ordeal.created_twice, ordeal.told_twice) == ({}, {})
    assert ordeal.left_over() == []
    assert ordeal.told.gaps == []
    assert ordeal.miscounted() == []
    assert ordeal.cheated == []
    assert ordeal.overdrawn() == []
    assert [served.site.limits.refused for served in world.sites.values()] == [0, 0]
    assert sum(day.refused for day in world.tube.meter.spent()) == 0
    assert ordeal.audits.keys() == ordeal.last.keys()
    assert len(ordeal.audits) == len(world.bills)
    assert ordeal.killed >= KILLS
    assert ordeal.cut_count >= CUTS
