"""
Small numbers are not told (privacy D6): what a public page may say of a count, so that nobody is found behind it.

Used by the public notice and by whoever else shows counts to strangers. Pure.
"""

from __future__ import annotations

from typing import Final

FEWEST: Final = 5
"""k of privacy.md, D6."""


def at_least(count: int) -> int | None:
    """
    The count, rounded down to a multiple of `FEWEST`; None where it is fewer than that.

    Neither the difference of two such numbers at different times, nor of a sum and its parts, tells a count exactly: each
    may stand for `FEWEST` different ones.
    """
    return count - count % FEWEST or None
