"""
The contract of the queue: a compacted log with one live entry per post. One suite
(`listener.testing.queue_contract`) runs over every engine.

Takes `Cleared`, `Retraction` and `Noted` from the gate by way of intake; gives entries to the consumers in
`listener.tell`. Nothing that is not one of those three can be committed.

Invariants: items, cursor and states of a commit become durable together or not at all; durable means synced. Each
create, update and removal takes the next position and takes the previous body away. A commit that is sent again
with the same `commit_id` is answered from the store and changes nothing. The lease is checked inside the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, NewType, Protocol

from listener.events import Cleared, Name, Noted, PostKey, RemovalReason, Retraction

Position = NewType("Position", str)
"""`<epoch>-<n>`: n counts entries from 1; the epoch changes when the log is made anew."""

Item = Cleared | Retraction | Noted

Outcome = Literal[
    "created",
    "updated",
    "removed",
    "repeat",  # known and unchanged, or expired here and still shown there, or nothing held to take away
    "refused",  # removed before: what was forgotten does not come back
    "seen",  # too old to emit when first seen: keyed, never shown
]

MAX_ITEMS: Final = 900
"""Per commit: NATS takes 1,000 messages in an atomic batch, states and erase orders included (engines.md A)."""

ALIASES_MOST: Final = 16
"""Chosen: a post that goes by so many is given no more when it is only seen again; an edit brings its own, and others
go where there is no room."""

KEY_SLACK: Final = timedelta(days=7)
"""Chosen: a key may outlive `keys_until_at` by this much, so that extending it is written once a week, not per poll."""


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Whose state: one source, one host, or one credential (by a name of ours, never the secret).
    """

    kind: Literal["source", "host", "credential"]
    name: str


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to read for a group (host or credential) until an instant.

    Args:
        group: Host or credential.
        node: Who holds it.
        fence: Larger with each new holder; checked inside every commit.
        until_at: Aware UTC.
    """

    group: str
    node: str
    fence: int
    until_at: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """
    What is stored of a source.

    Args:
        cursor: As its adapter made it.
        next_due_at: When it may be read again.
        memo: Intake's own notes (failures in a row, last reads), opaque to the engine.
    """

    cursor: bytes | None
    next_due_at: datetime
    memo: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """
    One page of one source, and everything that must become durable with it.

    Args:
        commit_id: Random, kept across retries.
        source: Name of the source.
        items: At most `MAX_ITEMS`; see `parts`.
        state: Of the source, after this page.
        states: Of hosts and credentials, after this page.
        lease: Under which the page was read.
        at: Aware UTC; the time of the new entries.
        keys_until_at: Until when the source may still show what it shows now; keys live at least that long.
        asked: Live posts that the source was asked about and that it said something of; see `Queue.asks`.
        answers: None for news. Else these items are answers about stored posts, and this is what was sent for each
            (`Asked.sealed_ask`): the words of a post that was edited, or has gone, since it was asked about are older
            than what is known, and change nothing (`repeat`).
    """

    commit_id: str
    source: str
    items: tuple[Item, ...]
    state: SourceState
    states: Mapping[Scope, bytes]
    lease: Lease
    at: datetime
    keys_until_at: datetime
    asked: tuple[PostKey, ...] = ()
    answers: Mapping[PostKey, bytes] | None = None


def parts(commit: Commit, *, previous_cursor: bytes | None) -> tuple[Commit, ...]:
    """
    The commit in pieces of at most `MAX_ITEMS`; every piece but the last keeps the cursor from before the page.
    """
    if len(commit.items) <= MAX_ITEMS:
        return (commit,)
    starts = range(0, len(commit.items), MAX_ITEMS)
    held = replace(commit.state, cursor=previous_cursor)
    return tuple(
        replace(
            commit,
            commit_id=f"{commit.commit_id}.{start}",
            items=commit.items[start : start + MAX_ITEMS],
            state=commit.state if start == starts[-1] else held,
            asked=commit.asked if start == starts[-1] else (),
        )
        for start in starts
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry of the log, as a consumer may see it.

    Args:
        position: Where it stands.
        type: CloudEvents type, so that a consumer may choose without decoding.
        line: The event as structured CloudEvents JSON.
    """

    position: Position
    type: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Resync:
    """
    The position asked for cannot be continued from.
    """

    reason: Literal["unknown_epoch", "position_too_old", "position_ahead"]
    oldest: Position
    newest: Position


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What follows a position.

    Args:
        entries: In order; empty where there is nothing yet.
        next: Ask after this next time.
        resync: Set where the position asked for cannot be continued from; then there are no entries.
    """

    entries: tuple[Entry, ...]
    next: Position
    resync: Resync | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """
    What is held of one post; nothing of what it says.

    Args:
        key: Its key.
        state: `live`: body held. `removed`, `expired`, `seen`: only the key.
        source: `/<network>/<source>` for a live post.
        expires_at: When the body ends; None where there is none.
        key_until_at: When the key ends.
        revision: States it has had; of a live post, the one that is held (`event.id` ends in it).
    """

    key: PostKey
    state: Literal["live", "removed", "expired", "seen"]
    source: str | None
    expires_at: datetime | None
    key_until_at: datetime
    revision: int


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """
    A live post that its source can be asked about. Prints nothing of itself.

    Args:
        key: Its key.
        sealed_ask: What to send, sealed with the key of the day on which the post was read.
        at: When it was asked about last, or last committed in a new state.
    """

    key: PostKey
    sealed_ask: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class AskCounts:
    """
    How many posts of a source can be asked about.

    Args:
        stored: All of them.
        overdue: Those asked about last before an instant.
        oldest_at: When the one that waits longest was asked about last; None where there is none.
    """

    stored: int
    overdue: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expired:
    """
    What one round of expiry took away.
    """

    bodies: int
    keys: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """
    What an audit asks of an engine: what it is made of, in names and days; nothing of what is stored.

    Args:
        layout: Every container with its fields, in the engine's own words (tables and columns).
        sealing_days: Days whose keys live.
        overdue: Bodies and notes that are stored although their time is over.
    """

    layout: Mapping[str, tuple[str, ...]]
    sealing_days: tuple[date, ...]
    overdue: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """
    What is stored, in numbers.

    Args:
        newest: Position of the latest entry.
        oldest: Position to read after, to see everything that is kept.
        posts: Live posts with a body.
        keys: Keys without a body.
        oldest_body_at: When the oldest body was committed; None where there is none.
        erasures_pending: Bodies that must go and whose bytes may still be on disk: taken away, or past their end.
        erasures_since_at: Since when the first of them must: when its removal became known here, or its end; None where there
            is none.
        size_bytes: On disk, all files.
    """

    newest: Position
    oldest: Position
    posts: int
    keys: int
    oldest_body_at: datetime | None
    erasures_pending: int
    erasures_since_at: datetime | None
    size_bytes: int


TellErased = Callable[[Sequence[float]], None]
"""Told when bytes are gone: for each body, seconds since its removal became known here, or since its end. What a crash left
to be erased is told of by whoever opens the queue next."""


def tell_nobody(_latencies_s: Sequence[float]) -> None:
    """
    Where nobody wants to know.
    """


class Queue(Protocol):
    """
    An engine. Opened by `listener.queues.open_queue`, closed with `aclose`. Every method may raise
    `QueueUnavailable`; those that write may raise `QueueFull`.
    """

    async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        """
        One outcome per item, in order, once everything is synced.

        Raises:
            LeaseLost: nothing was kept.
        """
        ...

    async def source_state(self, source: str) -> SourceState | None:
        """
        What the last commit of that source stored.
        """
        ...

    async def state(self, scope: Scope) -> bytes | None:
        """
        What the last commit stored for a host or credential.
        """
        ...

    async def read(self, after: Position | None, *, limit: int = 256, live: bool = False) -> Batch:
        """
        The entries after a position, at most `limit`. A body whose time is over by the queue's clock is left out,
        even before `expire` took it. A removal notice is kept until its `keys_until_at` and until everything
        older has ended; a position before the newest notice that was dropped is too old to go on from.

        Args:
            after: None reads from the oldest entry kept.
            live: Wait until there is at least one entry (or a resync).
        """
        ...

    async def position(self, consumer: str) -> Position | None:
        """
        Where a named consumer said it was.
        """
        ...

    async def set_position(self, consumer: str, position: Position) -> None:
        """
        Durable when it returns.
        """
        ...

    async def find(self, names: Sequence[Name]) -> tuple[Found, ...]:
        """
        Every post that goes by any of these names; one address may belong to a post in two feeds.
        """
        ...

    async def forget(
        self, names: Sequence[Name], *, reason: RemovalReason, at: datetime, keys_until_at: datetime
    ) -> tuple[PostKey, ...]:
        """
        Erase the live posts that go by any of these names (a key's own name included), each with one removal in
        the log. Each name asked for gets a key of its own too, so that a late create under it is refused.

        Returns:
            Keys of the posts whose bodies were taken away; ask `erased` when the bytes are gone.
        """
        ...

    async def asks(self, source: str, *, asked_before: datetime, limit: int) -> tuple[Asked, ...]:
        """
        Live posts that have an ask and were asked about last before an instant, the longest ago first. Only re-check
        may call this: what it gives away is kept from every consumer, export and log.

        Args:
            source: `/<network>/<source>` of the posts.
            asked_before: Aware UTC; exclusive.
            limit: At most so many.
        """
        ...

    async def count_asks(self, source: str, *, asked_before: datetime) -> AskCounts:
        """
        How many there are; takes as long as counting them, a tenth of a second for a million (measured 2026-11-24).
        """
        ...

    async def expire(self, now: datetime) -> Expired:
        """
        Take away every body and key whose time is over, bytes included. Emits no event.
        """
        ...

    async def erased(self, key: PostKey) -> bool:
        """
        True when no file of this engine holds bytes of an earlier body of that post.
        """
        ...

    async def lease(self, group: str, node: str, *, ttl_s: float, now: datetime) -> Lease | None:
        """
        Take or renew; the fence stays while the same node renews in time. None while another node holds it. An engine
        whose store is held by one process may make it durable later, with the first commit under it at the latest.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """
        Give it back; nothing happens where it is no longer ours.
        """
        ...

    async def sealing_key(self, day: date) -> bytes:
        """
        That day's 32-byte key, made at the first asking.
        """
        ...

    async def sealing_keys(self) -> Mapping[date, bytes]:
        """
        Every living key.
        """
        ...

    async def destroy_sealing_keys(self, *, before: date) -> int:
        """
        How many keys of earlier days were erased, bytes included.
        """
        ...

    async def drop_source(self, source: str) -> None:
        """
        Forget cursor and states of a source that is no longer configured.
        """
        ...

    async def inventory(self, now: datetime) -> Inventory:
        """
        See `Inventory`.
        """
        ...

    async def stats(self) -> QueueStats:
        """
        See `QueueStats`.
        """
        ...

    async def aclose(self) -> None:
        """
        Everything acknowledged is durable; leases end by themselves.
        """
        ...
