"""
Events about a topic or a source: volumes and gaps. Nobody is in them.

Used by clear.py.
"""

from __future__ import annotations

from datetime import datetime

from listener.events import Count, CountData, Gap, GapData, SourceGap, TopicCounted
from listener.keys import KeyRing


def noted_event(
    item: Count | Gap, *, keys: KeyRing, network: str, source: str, now: datetime
) -> TopicCounted | SourceGap:
    """
    The event of a volume (its subject is the watch) or of a gap (its subject is the source). The id is a keyed digest
    of what it says, so that an item read twice is one event and a corrected volume another.
    """
    address = f"/{network}/{source}"
    start = None if item.start_at is None else item.start_at.isoformat()
    bounds = (address, start, item.end_at.isoformat())
    time = min(item.end_at, now)
    if isinstance(item, Count):
        return TopicCounted(
            id=keys.digest("count", *bounds, item.watch, str(item.count)).hex(),
            source=address,
            subject=item.watch,
            time=time,
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
