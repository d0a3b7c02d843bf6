"""
The commented `listener.toml` that `listener init` writes.
"""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files
from typing import Final

_WRITTEN_ON: Final = date(2026, 11, 24)


def example_config(today: date | None = None) -> str:
    """
    A configuration that loads as it is.

    Args:
        today: The review falls a year later; without it, a year after the example was written.
    """
    review_by = (today or _WRITTEN_ON) + timedelta(days=365)
    text = files("listener.settings").joinpath("example.toml").read_text(encoding="utf-8")
    return text.replace("2027-11-24", review_by.isoformat())
