"""
Which comments of single entries are read next. Pure; used by `client`, which keeps the threads in the cursor.

A feed that tells how many comments an entry has (`slash:comments`, `thr:total`) is believed: its comments are read
when that number goes up, and at no other time. Where no number is told, those of young entries are read once a day.
Either way without conditions: a number that went up says more than a validator, which a comment that is approved late
does not move. At most `AT_ONCE` in one reading of the feed, newest entry first; the first reading of a feed reads
none (politeness P12: adding a feed is one request).

Only entries that the feed still shows are followed, and only on the feed's own host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from adapters.feed.config import FOLLOWED_MAX, FeedConfig
from adapters.feed.cursor import place_of, unpacked
from adapters.feed.dates import parse_date
from adapters.feed.probing import DAY_S
from adapters.feed.wire import WireEntry, WireFeed
from listener.events import Post

AT_ONCE: Final = 5
"""Comment feeds read after one reading of the feed. Chosen: half of WordPress's window."""

YOUNG_S: Final = 7 * DAY_S
"""For how long comments without a told number are looked for. Chosen: most come within the first days."""

STALE_MAX: Final = 3
"""How often a comment feed is read in vain after its number went up (a cache in between). Chosen."""

_WINDOW: Final = 10
"""Comments that any feed of them shows at least. Source: WordPress, `posts_per_rss`."""

KEPT: Final = 40
"""Entries whose comments are remembered: the newest. Chosen: four times WordPress's window."""

_LOOKED_AT: Final = 200
"""Entries of a document that are looked at. Chosen; feeds that show more are archives."""

ADDRESSES_MAX: Final = 3000
"""Bytes of addresses in the cursor; older entries wait for the next document to name theirs again. Chosen."""

UNREADABLE: Final = "comments_unreadable"


class Thread(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """
    The comments under one entry.

    Args:
        key: Digest of the address of their feed.
        told: Their number, as told last; -1 where none is told.
        read: Their number when they were read last; -1 before that.
        read_at: When that was; seconds since 1970.
        until: Up to when they are read daily, where no number is told.
        body: Digest of what was read last.
        stale: How often that was the same although the number had gone up.
        address: Their feed; empty while nothing is to be read there.
        entry: Identity of the entry inside its feed; what the comments answer.
    """

    key: bytes
    told: int = -1
    read: int = -1
    read_at: int = 0
    until: int = 0
    body: bytes = b""
    stale: int = 0
    address: str = ""
    entry: str = ""

    @property
    def due_at(self) -> int | None:
        """
        When to read them, seconds since 1970 (0: at once); None where there is nothing to read.
        """
        if self.told >= 0:
            return 0 if self.told > max(self.read, 0) else None
        due_at = self.read_at + int(DAY_S) if self.read_at else 0
        return due_at if due_at < self.until else None


@dataclass(frozen=True, slots=True, repr=False)
class Threads:
    """
    Those of one feed, newest entry first.
    """

    all: tuple[Thread, ...] = ()

    @property
    def due_at(self) -> int:
        """
        When the first of them is to be read, seconds since 1970; 0 where none is.
        """
        due = [thread.due_at for thread in self.all if thread.address]
        return min((max(1, at) for at in due if at is not None), default=0)

    def due(self, now: datetime) -> tuple[Thread, ...]:
        """
        Those to read now, at most `AT_ONCE`.
        """
        ready = [
            thread
            for thread in self.all
            if thread.address and thread.due_at is not None and thread.due_at <= now.timestamp()
        ]
        return tuple(ready[:AT_ONCE])

    def find(self, key: bytes) -> Thread | None:
        """
        The thread of this key, where it is still followed.
        """
        return next((thread for thread in self.all if thread.key == key), None)

    def read(self, key: bytes, body: bytes, shown: int, now: datetime) -> Threads:
        """
        After the comments of this key were read.

        Args:
            key: See `Thread`.
            body: Digest of the document.
            shown: How many comments it showed.
            now: Aware.
        """
        return self._with(key, lambda thread: _read(thread, body, shown, int(now.timestamp())))

    def given_up(self, key: bytes, now: datetime) -> Threads:
        """
        After they could not be read: tried again when their number goes up once more; the next day, where no number
        is told.
        """
        return self._with(key, lambda thread: _done(thread, thread.body, int(now.timestamp())))

    def _with(self, key: bytes, change: Callable[[Thread], Thread]) -> Threads:
        return Threads(tuple(change(thread) if thread.key == key else thread for thread in self.all))


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[Thread, ...]).decode


def threads_of(stored: bytes) -> Threads:
    """
    As the cursor holds them.
    """
    return Threads(unpacked(_decode, stored, ()))


def stored_threads(threads: Threads) -> bytes:
    """
    For the cursor: at most `KEPT` threads with at most `ADDRESSES_MAX` bytes of addresses.
    """
    return _encode(threads.all) if threads.all else b""


def observed(
    threads: Threads, feed: WireFeed, posts: Iterable[Post], config: FeedConfig, now: datetime
) -> Threads:
    """
    The threads of a document just read, with what is known of them.

    Args:
        threads: Known before.
        feed: The document.
        posts: What it shows, for the identities of its entries.
        config: Of the source.
        now: Aware.
    """
    if not config.follows_comments:
        return Threads()
    known = {thread.key: thread for thread in threads.all}
    names = {post.link: post.native.partition("\n")[2] for post in posts}
    seen: dict[bytes, Thread] = {}
    for entry in _newest_first(feed.entries):
        address = (entry.comments_feed or "").partition("#")[0]
        if address == config.address or not config.reaches(address):
            continue
        key = place_of(address)
        if key not in seen and len(seen) < KEPT:
            seen[key] = _told(
                known.get(key) or Thread(key=key), entry, names.get(entry.link, ""), address, now
            )
    return Threads(_within(seen.values()))


def _told(thread: Thread, entry: WireEntry, name: str, address: str, now: datetime) -> Thread:
    """
    What the document says now. A number that went down is where counting goes on from.
    """
    told = -1 if entry.comment_count is None else entry.comment_count
    until = thread.until
    if told < 0 and not until:
        begun = parse_date(entry.published) or now
        until = int(min(begun, now).timestamp() + YOUNG_S)
    thread = msgspec.structs.replace(
        thread,
        told=told,
        read=min(thread.read, told) if told >= 0 else thread.read,
        until=until,
        entry=name if name.isprintable() and len(name.encode()) <= FOLLOWED_MAX else "",
        address=address,
    )
    is_over = thread.due_at is None or (told < 0 and until <= now.timestamp())
    return msgspec.structs.replace(thread, address="", entry="") if is_over else thread


def _read(thread: Thread, body: bytes, shown: int, now: int) -> Thread:
    """
    Read, or to be read once more where the document is older than the number: it is the one before, or shows less.
    """
    is_stale = body == thread.body or shown < min(thread.told, _WINDOW)
    if thread.told >= 0 and is_stale and thread.stale + 1 < STALE_MAX:
        return msgspec.structs.replace(thread, stale=thread.stale + 1)
    return _done(thread, body, now)


def _done(thread: Thread, body: bytes, now: int) -> Thread:
    done = msgspec.structs.replace(thread, read=thread.told, read_at=now, body=body, stale=0)
    return done if done.due_at is not None else msgspec.structs.replace(done, address="", entry="")


def _within(threads: Iterable[Thread]) -> tuple[Thread, ...]:
    """
    With the addresses of the newest alone, as many as `ADDRESSES_MAX` allows.
    """
    kept: list[Thread] = []
    size = 0
    for thread in threads:
        size += len(thread.address.encode()) + len(thread.entry.encode())
        over = size > ADDRESSES_MAX
        kept.append(msgspec.structs.replace(thread, address="", entry="") if over else thread)
    return tuple(kept)


def _newest_first(entries: Iterable[object]) -> list[WireEntry]:
    """
    By the date they state; in the order of the document where they state none.
    """
    followed = [
        entry
        for entry, _ in zip(entries, range(_LOOKED_AT), strict=False)
        if isinstance(entry, WireEntry) and entry.comments_feed
    ]
    followed.sort(key=lambda entry: parse_date(entry.published) or _NEVER, reverse=True)
    return followed


_NEVER: Final = datetime.min.replace(tzinfo=UTC)
