"""
Whether a feed has moved for good (politeness P20). Pure; used by `client`, which keeps `Move` in the cursor.

A redirect is believed when every hop of it is permanent (301, 308), it was seen `SIGHTINGS` times over `SPAN_S` to the
same address, and what stands there is this feed: it shows entries that were seen at the configured address, or that
hang together with those from reading to reading. A domain that was sold, a maintenance page or a portal's front page
never is. Only http to https of the same address is believed at once: nobody else can stand there.

What a document says about itself (`itunes:new-feed-url`, `rel="self"`) proves nothing as long as nobody asked there,
and asking there would be a request that nobody wants: it counts only in so far as the redirect that leads there does.

Source: RFC 9110, sections 15.4.2 and 15.4.9 (permanent), 15.4.3, 15.4.4 and 15.4.8 (not).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from adapters.feed.config import is_web_address
from adapters.feed.cursor import overlaps, unpacked
from listener.adapter import Reply

PERMANENT: Final = frozenset({301, 308})
SIGHTINGS: Final = 3
SPAN_S: Final = 48 * 3600.0
"""Source: politeness P20."""

TARGET_MAX: Final = 1024
"""Bytes of an address that is remembered. Chosen; a longer one is nothing a feed moves to."""


class Move(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """
    What is known of a redirect so far.

    Args:
        target: Where it leads; empty before the first sighting that counts.
        first_at: When that was; seconds since 1970.
        count: Sightings that counted, up to `SIGHTINGS`.
        proof: The window seen before the redirect first led to something that does not hang together with it; empty
            where everything does.
    """

    target: str = ""
    first_at: int = 0
    count: int = 0
    proof: bytes = b""


_NOTHING: Final = Move()
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Move).decode


def sighted(
    stored: bytes, *, window: bytes, shown: Sequence[str] | None, reply: Reply, address: str, now: datetime
) -> tuple[bytes, str | None]:
    """
    What is remembered after an answer that was read as a feed, and where the feed has moved to once that is proved.

    Args:
        stored: What was remembered before; empty where nothing was.
        window: `FeedCursor.window` of the reading before; empty where there was none.
        shown: Identities of this document; None where it is byte for byte the one before.
        reply: The answer, with its hops.
        address: Where the feed is configured.
        now: Aware.
    """
    if not reply.hops:
        return b"", None
    move = unpacked(_decode, stored, _NOTHING)
    target = reply.address.partition("#")[0]
    usable = is_web_address(target) and len(target.encode()) <= TARGET_MAX and target != address
    permanent = usable and all(status in PERMANENT for status, _ in reply.hops)
    if permanent and _is_upgrade(address, target):
        return b"", target
    move = _hangs_together(move, window, shown)
    if permanent and not move.proof and (window or shown):
        move = _counted(move, target, int(now.timestamp()), first=not window)
    moved = move.count >= SIGHTINGS and now.timestamp() - move.first_at >= SPAN_S and move.target == target
    return b"" if move == _NOTHING else _encode(
        move
    ), target if moved and permanent and not move.proof else None


def _hangs_together(move: Move, window: bytes, shown: Sequence[str] | None) -> Move:
    """
    With the window to prove against put aside while the redirect shows something else.
    """
    before = move.proof or window
    if shown is None:
        return move  # the same document hangs together as well, or as badly, as it did
    if not before or overlaps(before, shown):
        return msgspec.structs.replace(move, proof=b"")
    return msgspec.structs.replace(move, proof=before)


def _counted(move: Move, target: str, now: int, *, first: bool) -> Move:
    """
    One sighting more; the first reading ever is none, because nothing was known that it could show again.
    """
    if first:
        return move
    if move.target != target:
        return Move(target=target, first_at=now, count=1)
    return msgspec.structs.replace(move, count=min(move.count + 1, SIGHTINGS))


def _is_upgrade(address: str, target: str) -> bool:
    """
    http to https, everything else the same, byte for byte.
    """
    before, after = urlsplit(address), urlsplit(target)
    return (
        (before.scheme, after.scheme) == ("http", "https")
        and before.hostname == after.hostname
        and _port(before, 80) == _port(after, 443) == 0
        and (before.path or "/", before.query) == (after.path or "/", after.query)
    )


def _port(parts: SplitResult, default: int) -> int:
    """
    The port, 0 where it is the scheme's own.
    """
    return 0 if parts.port in (None, default) else parts.port or 0
