"""
Events about a topic or a source: volumes, gaps, and what became of the source itself. Nobody is in them.

Used by clear.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from listener.events import (
    Change,
    ChangeKind,
    Count,
    CountData,
    Gap,
    GapData,
    NoteEvent,
    SourceData,
    SourceGap,
    SourceGone,
    SourceMoved,
    SourceSilent,
    TopicCounted,
)
from listener.keys import KeyRing

_SHAPES: Final[Mapping[ChangeKind, type[SourceMoved | SourceGone | SourceSilent]]] = {
    "moved": SourceMoved,
    "gone": SourceGone,
    "silent": SourceSilent,
}


def noted_event(
    item: Count | Gap | Change,
    *,
    keys: KeyRing,
    network: str,
    source: str,
    retention: timedelta,
    now: datetime,
) -> NoteEvent:
    """
    The event of a volume (its subject is the watch), a gap or a change (its subject is the source). The id is a keyed
    digest of what it says, so that an item read twice is one event and a corrected volume another. A volume was read on the
    network's terms, as a post was, and is kept no longer than one.
    """
    address = f"/{network}/{source}"
    if isinstance(item, Change):
        return _SHAPES[item.kind](
            id=keys.digest("change", address, item.kind, item.note, item.at.isoformat()).hex(),
            source=address,
            subject=source,
            time=min(item.at, now),
            data=SourceData(network=network, note=item.note, observed_at=item.at),
        )
    start = None if item.start_at is None else item.start_at.isoformat()
    bounds = (address, start, item.end_at.isoformat())
    time = min(item.end_at, now)
    if isinstance(item, Count):
        return TopicCounted(
            id=keys.digest("count", *bounds, item.watch, str(item.count)).hex(),
            source=address,
            subject=item.watch,
            time=time,
            expirytime=now + retention,
            data=CountData(
                network=network,
                watch=item.watch,
                start_at=item.start_at,
                end_at=item.end_at,
                count=item.count,
            ),
        )
    return SourceGap(
        id=keys.digest("gap", *bounds, item.cause, str(item.suspected)).hex(),
        source=address,
        subject=source,
        time=time,
        data=GapData(
            network=network,
            start_at=item.start_at,
            end_at=item.end_at,
            cause=item.cause,
            suspected=item.suspected,
        ),
    )
