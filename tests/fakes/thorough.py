"""
How long the long ones are. The test command has ten minutes on two cores; with `LISTENER_THOROUGH=1`, as `.ci/run` has it, the
simulated weeks are weeks, and what is tried with many examples is tried with four times as many. Nothing is random either way.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

THOROUGH: Final = os.environ.get("LISTENER_THOROUGH") == "1"

WEEK_DAYS: Final = 7 if THOROUGH else 2
"""Days of a simulated week."""


def examples(most: int) -> int:
    """Of a property, when there is time; a quarter of them otherwise."""
    return most if THOROUGH else most // 4


def sample(everything: Sequence[T]) -> Sequence[T]:
    """All of it, when there is time; every fourth otherwise."""
    return everything if THOROUGH else everything[::4]
