"""
What an endurance run may take: `LISTENER_ENDURANCE_S` is for all tests of the folder together, each has an equal share.

`LISTENER_ENDURANCE_SEED` says which run; one seed is drawn for all tests otherwise, and printed by each.
"""

from __future__ import annotations

import os
import secrets

SECONDS = float(os.environ.get("LISTENER_ENDURANCE_S", "300"))
SHARE_S = SECONDS / 5
"""Two of the tests hear feeds, two a network each, one the two networks that charge."""

SEED = int(os.environ.get("LISTENER_ENDURANCE_SEED") or secrets.randbelow(2**31))


def count(name: str, each_s: float) -> int:
    """
    How often something is done.

    Args:
        name: `LISTENER_ENDURANCE_<name>` says it, if it is set.
        each_s: What one of them takes, as measured; otherwise as many as the share has room for, and at least five.
    """
    return int(os.environ.get(f"LISTENER_ENDURANCE_{name}") or max(5, round(SHARE_S / each_s)))
