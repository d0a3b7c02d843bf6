"""
How long the long ones are. The test command has ten minutes on two cores; with `LISTENER_THOROUGH=1`, as `.ci/run` has it, the
simulated weeks are weeks and each property is tried with four times as many examples. Nothing is random either way.
"""

from __future__ import annotations

import os
from typing import Final

THOROUGH: Final = os.environ.get("LISTENER_THOROUGH") == "1"

WEEK_DAYS: Final = 7 if THOROUGH else 2
"""Days of a simulated week."""


def examples(most: int) -> int:
    """Of a property, when there is time; a quarter of them otherwise."""
    return most if THOROUGH else most // 4
