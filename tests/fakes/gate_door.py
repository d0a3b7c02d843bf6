"""
The real gate with one place, as a source sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.events import (
    Change,
    Cleared,
    Count,
    Gap,
    Noted,
    Post,
    Removal,
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.gate import Gate, Place
from listener.keys import Sealer


@dataclass(frozen=True)
class GateDoor:
    """
    Args:
        gate: Which.
        place: Of the source.
    """

    gate: Gate
    place: Place

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        return self.gate.clear(
            post, place=self.place, watches=watches, shortest=shortest, sealer=sealer, now=now
        )

    def otherwise(self, post: Post) -> WithheldReason | None:
        return self.gate.otherwise(post, place=self.place)

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        return self.gate.retract(removal, place=self.place, now=now)

    def withdraw(self, post: Post, *, reason: RemovalReason, now: datetime) -> Retraction:
        return self.gate.withdraw(post, reason=reason, place=self.place, now=now)

    def note(self, item: Count | Gap | Change, *, now: datetime) -> Noted:
        return self.gate.note(item, place=self.place, now=now)
