"""
Events as a reader may see them: chosen by a `Selection`, never expired, in pages (`GET /v1/events`).

Takes entries from `listener.queues.base.Queue`; gives bytes to `app.py` and `stream.py`. Stored bytes are passed
through; of each only the few fields that a choice needs are decoded.

What a choice means. A filter decides about posts. Removals, gaps and counts lack what it asks about and pass where
their network and type do, because they may concern what the reader holds or missed. A post that leaves the
selection by an edit is told as removed (`unselected`): the reader must not keep its old words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from listener.events import PostKey, QueueResync, ResyncData, encode_event, removed
from listener.queues.base import Batch, Entry, Position, Queue, Resync
from listener.tell.api.query import Selection

RESYNC_TYPE: Final = "listener.queue.resync"
_POSTS: Final = frozenset({"listener.post.created", "listener.post.updated"})
_COUNTED: Final = "listener.topic.counted"

_READ_AT_ONCE: Final = 256
_SCAN_MOST: Final = 20_000
"""Chosen: entries looked at for one page, so that a rare filter answers in well under a second with `more`."""


class _GlanceData(msgspec.Struct, frozen=True, gc=False):
    network: str = ""
    kind: str = ""
    lang: str | None = None
    watches: tuple[str, ...] = ()
    watch: str = ""
    hashtags: tuple[str, ...] = ()
    addressed: bool = False


class _Glance(msgspec.Struct, frozen=True, gc=False):
    source: str
    subject: str
    time: datetime
    data: _GlanceData
    expirytime: datetime | None = None


_glance = msgspec.json.Decoder(_Glance).decode


@dataclass(frozen=True, slots=True)
class Told:
    """
    One event on its way out.

    Args:
        position: To go on after.
        type: CloudEvents type.
        line: The event as JSON, one line.
    """

    position: Position
    type: str
    line: bytes


@dataclass(frozen=True, slots=True)
class EventPage:
    """
    One answer.

    Args:
        lines: Events as JSON, in order.
        next: Position to ask after next time.
        more: There is something after it already.
    """

    lines: tuple[bytes, ...]
    next: Position
    more: bool

    def body(self) -> bytes:
        """
        As JSON, the stored bytes untouched.
        """
        more = b"true" if self.more else b"false"
        return b'{"events":[%s],"next":"%s","more":%s}' % (b",".join(self.lines), self.next.encode(), more)


def choose(entry: Entry, selection: Selection, *, now: datetime) -> Told | None:
    """
    The event of an entry, None where the reader did not ask for it or its time is over.

    Args:
        entry: From the queue.
        selection: What the reader asked for.
        now: Aware UTC.
    """
    if selection.types and entry.type not in selection.types and entry.type not in _POSTS:
        return None
    glance = _glance(entry.line)
    if glance.expirytime is not None and glance.expirytime <= now:
        return None
    if selection.networks and glance.data.network not in selection.networks:
        return None
    if entry.type not in _POSTS:
        return _note(entry, glance, selection)
    if not _could_have_been_chosen(glance, selection):
        return None
    if not _is_chosen(glance.data, selection):
        return _unselected(entry, glance, selection, now)
    if selection.types and entry.type not in selection.types:
        return None
    return Told(entry.position, entry.type, entry.line)


def _note(entry: Entry, glance: _Glance, selection: Selection) -> Told | None:
    if entry.type == _COUNTED and selection.watches and glance.data.watch not in selection.watches:
        return None
    return Told(entry.position, entry.type, entry.line)


def _could_have_been_chosen(glance: _Glance, selection: Selection) -> bool:
    """
    Judged by what no edit changes: kind and time.
    """
    if selection.kinds and glance.data.kind not in selection.kinds:
        return False
    if selection.since_at is not None and glance.time < selection.since_at:
        return False
    return selection.until_at is None or glance.time < selection.until_at


def _is_chosen(data: _GlanceData, selection: Selection) -> bool:
    if selection.watches and selection.watches.isdisjoint(data.watches):
        return False
    if selection.hashtags and selection.hashtags.isdisjoint(data.hashtags):
        return False
    if selection.addressed is not None and data.addressed is not selection.addressed:
        return False
    return not selection.langs or _speaks(data.lang, selection.langs)


def _speaks(lang: str | None, ranges: Iterable[str]) -> bool:
    """
    Basic filtering of language ranges. Source: RFC 4647, section 3.3.1.
    """
    if lang is None:
        return False
    tag = lang.lower()
    return any(tag == asked or tag.startswith(asked + "-") for asked in ranges)


def _unselected(entry: Entry, glance: _Glance, selection: Selection, now: datetime) -> Told | None:
    """
    The notice that an edit took a post out of the selection; nothing for one that was never in it.
    """
    if entry.type != "listener.post.updated":
        return None
    gone = "listener.post.removed"
    if selection.types and gone not in selection.types:
        return None
    revision = msgspec.json.decode(entry.line, type=_Identity).id.rpartition(".")[2]
    event = removed(
        key=PostKey(glance.subject),
        revision=int(revision),
        source=glance.source,
        network=glance.data.network,
        reason="unselected",
        observed_at=now,
    )
    return Told(entry.position, gone, encode_event(event))


class _Identity(msgspec.Struct, frozen=True):
    id: str


def resync_event(resync: Resync, *, now: datetime) -> Told:
    """
    The notice that a position cannot be continued from; reading goes on after `oldest`.
    """
    event = QueueResync(
        id=f"resync.{resync.oldest}.{resync.newest}",
        source="/listener/queue",
        subject="queue",
        time=now,
        data=ResyncData(reason=resync.reason, oldest=resync.oldest, newest=resync.newest),
    )
    return Told(resync.oldest, RESYNC_TYPE, encode_event(event))


async def read_page(
    queue: Queue, after: Position | str, selection: Selection, *, limit: int, now: datetime
) -> EventPage:
    """
    The next events after a position that the reader asked for.

    Args:
        queue: The engine.
        after: A position, `start` or `now`.
        selection: What the reader asked for.
        limit: Most events in the page.
        now: Aware UTC; nothing that has expired by then is shown.
    """
    if after == "now":
        return EventPage((), (await queue.stats()).newest, more=False)
    position: Position | None = None if after == "start" else Position(after)
    lines: list[bytes] = []
    scanned = 0
    while True:
        batch = await queue.read(position, limit=_READ_AT_ONCE)
        if batch.resync is not None:
            told = resync_event(batch.resync, now=now)
            return EventPage((told.line,), told.position, more=batch.resync.oldest != batch.resync.newest)
        if not batch.entries:
            return EventPage(tuple(lines), batch.next, more=False)
        taken = _take(batch, selection, lines, room=limit - len(lines), now=now)
        scanned += taken
        if taken:
            position = batch.entries[taken - 1].position if taken < len(batch.entries) else batch.next
        if taken < len(batch.entries) or scanned >= _SCAN_MOST:
            return EventPage(tuple(lines), position or batch.next, more=True)


def _take(batch: Batch, selection: Selection, lines: list[bytes], *, room: int, now: datetime) -> int:
    """
    Add the chosen lines until there is no more room.

    Returns:
        How many entries were looked at.
    """
    for looked_at, entry in enumerate(batch.entries):
        if room == 0:
            return looked_at
        told = choose(entry, selection, now=now)
        if told is not None:
            lines.append(told.line)
            room -= 1
    return len(batch.entries)


def chosen(entries: Sequence[Entry], selection: Selection, *, now: datetime) -> list[Told]:
    """
    Those of the entries that the reader asked for.
    """
    picked = (choose(entry, selection, now=now) for entry in entries)
    return [told for told in picked if told is not None]
