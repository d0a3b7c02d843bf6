"""
What all watches ask for together, as an adapter gets it from the daemon, without the daemon.
"""

from __future__ import annotations

from dataclasses import dataclass

from listener.adapter import Terms
from listener.hear.watch import Watcher
from listener.testing.canned import Unwatched


@dataclass(frozen=True)
class WatchedInterest(Unwatched):
    """
    `listener.adapter.Interest` over the raw interest of a watcher.
    """

    watcher: Watcher

    @property
    def terms(self) -> Terms:
        """As the watches have them."""
        return self.watcher.interest.terms

    def maybe(self, frame: bytes) -> bool:
        """As the sieve says."""
        return self.watcher.interest.maybe(frame)
