"""
Where a source's reading stands: opaque bytes to the core, made and read only here.

Which threads or videos were seen (as digests), how many replies each thread had when all of them had been read, and a stamp
that changes with it, so that only what changed is told again. No handle, no text, no identity; and bounded: what was met
longest ago leaves first, and once it is forgotten in memory, too, it costs a repeat, not a loss.

Invariant: what was met on a walk that did not reach known ground is `met`, not `settled`: a walk that was broken off leaves a
hole behind its first pages, and only a walk that goes through to what is settled closes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from listener.adapter import Cursor

VERSION: Final = 1
SEEN_MOST: Final = 2_000
"""Chosen: twenty pages of threads, 24 kB."""

BEYOND_MOST: Final = 20_000
"""Chosen: of a channel with more threads than a cursor holds, so many more are remembered until the process ends; 5 MB."""

DIGEST_BYTES: Final = 6
_COUNT_BYTES: Final = 2
_STAMP_BYTES: Final = 4
_COUNTED: Final = DIGEST_BYTES + _COUNT_BYTES
_ENTRY: Final = _COUNTED + _STAMP_BYTES
REPLIES_MOST: Final = 0xFFFE
REPLIES_DUE: Final = 0xFFFF
"""Stands for a number of replies that were not read yet."""


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    version: int
    place: bytes
    read_at: int
    settled: bytes
    met: bytes
    asked: dict[bytes, int]


class Known(NamedTuple):
    """
    What is known of a thread or a video.

    Args:
        replies: How many were read; 0 for a video.
        stamp: See `stamp_of`.
    """

    replies: int
    stamp: int


@dataclass(slots=True)
class Seen:
    """
    What a source has seen.

    Args:
        read_at: When a walk last reached known ground; seconds since 1970, 0 where never.
        settled: What is known, by digest; what was met longest ago first.
        met: The same, of walks that are not through yet.
        asked: When each search was last made, by digest; seconds since 1970.
        beyond: What no longer has room in a cursor; in memory only. Each of them was durable once, so it was told and its
            replies were read: whoever goes through old videos need not do it again.
    """

    read_at: int = 0
    settled: dict[bytes, Known] = field(default_factory=dict)
    met: dict[bytes, Known] = field(default_factory=dict)
    asked: dict[bytes, int] = field(default_factory=dict)
    beyond: dict[bytes, Known] = field(default_factory=dict)

    def note(self, name: bytes, replies: int, stamp: int) -> None:
        """
        It was met, with so many replies, or with replies that are due.
        """
        where = self.settled if name in self.settled else self.met
        where.pop(name, None)
        self.beyond.pop(name, None)
        where[name] = Known(replies if replies == REPLIES_DUE else min(replies, REPLIES_MOST), stamp)

    def known(self, name: bytes) -> Known | None:
        """
        None where it was never met.
        """
        return self.settled.get(name) or self.met.get(name) or self.beyond.get(name)

    def settle(self, now_s: int) -> None:
        """
        A walk is through: whatever was met on the way has nothing unseen before it.
        """
        self.settled |= self.met
        self.met.clear()
        self.read_at = now_s

    def shed(self) -> None:
        """
        What has no room in a cursor any more is beyond it.
        """
        for held in (self.settled, self.met):
            for name in list(held)[: max(0, len(held) - SEEN_MOST)]:
                self.beyond[name] = held.pop(name)
        for name in list(self.beyond)[: max(0, len(self.beyond) - BEYOND_MOST)]:
            del self.beyond[name]

    @property
    def unread(self) -> set[bytes]:
        """
        Threads whose replies were due when the last walk ended.
        """
        return {name for name, known in self.settled.items() if known.replies == REPLIES_DUE}


def encode_cursor(seen: Seen, *, place: str) -> Cursor:
    """
    As bytes for the core.
    """
    stored = _Stored(
        VERSION, digest(place), seen.read_at, _packed(seen.settled), _packed(seen.met), seen.asked
    )
    return Cursor(_encode(stored))


def decode_cursor(stored: Cursor | None, *, place: str) -> Seen:
    """
    Nothing seen where there is no cursor, or it is of another version or place, or no cursor at all.

    Args:
        place: What is read: its channel, or the search.
    """
    if stored is None:
        return Seen()
    try:
        cursor = _decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Seen()
    whole = len(cursor.settled) % _ENTRY == 0 and len(cursor.met) % _ENTRY == 0
    if cursor.version != VERSION or cursor.place != digest(place) or not whole:
        return Seen()
    return Seen(
        cursor.read_at, dict(_entries(cursor.settled)), dict(_entries(cursor.met)), dict(cursor.asked)
    )


def digest(text: str) -> bytes:
    """
    Tells equal from different, nothing more.
    """
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).digest()


def stamp_of(*parts: str | None) -> int:
    """
    A number that is another when any of these is.
    """
    told = "\n".join(part or "" for part in parts).encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=_STAMP_BYTES).digest(), "big")


def _packed(seen: Mapping[bytes, Known]) -> bytes:
    newest = list(seen.items())[-SEEN_MOST:]
    return b"".join(
        name + known.replies.to_bytes(_COUNT_BYTES, "big") + known.stamp.to_bytes(_STAMP_BYTES, "big")
        for name, known in newest
    )


def _entries(packed: bytes) -> Iterator[tuple[bytes, Known]]:
    for at in range(0, len(packed), _ENTRY):
        name, counted = at + DIGEST_BYTES, at + _COUNTED
        replies, stamp = packed[name:counted], packed[counted : at + _ENTRY]
        yield packed[at:name], Known(int.from_bytes(replies, "big"), int.from_bytes(stamp, "big"))


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode
