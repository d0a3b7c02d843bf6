"""
Random SIGKILLs of the daemon and random cuts of its lines while two Jetstream hosts are heard at sixty times life.

LISTENER_ENDURANCE_KILLS and LISTENER_ENDURANCE_CUTS say how many, LISTENER_ENDURANCE_SEED which run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.simulation.clock import ScaledClock
from tests.endurance.bluesky_world import BlueskyWorld
from tests.endurance.budget import SEED, count
from tests.endurance.lives import SPEED
from tests.endurance.ordeal import Ordeal
from tests.endurance.told import amiss

KILLS, CUTS = count("KILLS", 4.0), count("CUTS", 5.0)


@pytest.mark.timeout(300 + 10 * (KILLS + CUTS))
def test_every_post_of_bluesky_is_told_exactly_once(tmp_path: Path) -> None:
    """Nothing is lost, nothing told twice, what was deleted is gone and what was edited stands at its last words."""
    world = BlueskyWorld(ScaledClock(SPEED), SEED)
    ordeal = Ordeal("bluesky", world, tmp_path, SEED, KILLS, CUTS)
    fates = ordeal.run()

    assert amiss(fates) == []
    assert ordeal.told.faults == []
    assert (ordeal.created_twice, ordeal.told_twice) == ({}, {})
    assert ordeal.left_over() == []
    assert ordeal.killed >= KILLS
    assert ordeal.cut_count >= CUTS
