"""
Named places at which a test may kill the process, to prove that a restart loses nothing.

Production code calls `reach`, which costs one comparison. Only a test arms a point; nothing in a configuration
or the environment can.
"""

from __future__ import annotations

import os
import signal
from typing import Final

POINTS: Final = (
    "commit.begun",
    "commit.items_written",
    "commit.states_written",
    "commit.before_sync",
    "commit.synced",
    "erase.begun",
    "erase.rows_deleted",
    "erase.synced",
    "erase.checkpointed",
    "expire.begun",
    "expire.rows_deleted",
    "expire.synced",
    "expire.checkpointed",
    "settle.begun",
    "settle.checkpointed",
    "settle.cleared",
    "settle.truncated",
    "reload.read",
    "reload.checked",
    "reload.sources_stopped",
    "reload.applied",
)
"""Every point there is. The crash matrix walks this tuple; a point that no code reaches fails it."""

_armed: str | None = None
_remaining = 0


def arm(point: str, *, passes: int = 0) -> None:
    """
    Kill this process (SIGKILL) the next time `point` is reached, after letting it pass `passes` times.

    Raises:
        ValueError: `point` is not one of `POINTS`.
    """
    global _armed, _remaining
    if point not in POINTS:
        raise ValueError(f"no fail-point {point!r}")
    _armed, _remaining = point, passes


def reach(point: str) -> None:
    """
    Nothing happens here unless a test armed this point.
    """
    global _remaining
    if _armed is None or _armed != point:
        return
    if _remaining:
        _remaining -= 1
        return
    os.kill(os.getpid(), signal.SIGKILL)
