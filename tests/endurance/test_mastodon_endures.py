"""
Random SIGKILLs of the daemon and random cuts of its lines while three federated instances are heard at sixty times life.

LISTENER_ENDURANCE_KILLS and LISTENER_ENDURANCE_CUTS say how many, LISTENER_ENDURANCE_SEED which run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.simulation.clock import ScaledClock
from tests.endurance.budget import SEED, count
from tests.endurance.fediverse_world import FediverseWorld
from tests.endurance.lives import SPEED
from tests.endurance.ordeal import Ordeal
from tests.endurance.told import amiss

KILLS, CUTS = count("KILLS", 3.0), count("CUTS", 3.0)


@pytest.mark.timeout(300 + 10 * (KILLS + CUTS))
def test_every_post_of_a_fediverse_is_told_exactly_once(tmp_path: Path) -> None:
    """Nothing is lost, nothing told twice, what was deleted is gone and what was edited stands at its last words."""
    world = FediverseWorld(ScaledClock(SPEED), SEED)
    ordeal = Ordeal("mastodon", world, tmp_path, SEED, KILLS, CUTS)
    fates = ordeal.run()

    assert amiss(fates) == []
    assert ordeal.told.faults == []
    assert (ordeal.created_twice, ordeal.told_twice) == ({}, {})
    assert ordeal.left_over() == []
    assert ordeal.killed >= KILLS
    assert ordeal.cut_count >= CUTS
    assert [site.limits.refused for site in world.sites.values()] == [0, 0, 0]
