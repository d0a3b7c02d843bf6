"""
Where the reading of the streams stands: opaque bytes to the core, made and read only here.

For each host the time of the last *post* event, in microseconds since 1970 (`time_us`), which is a cursor of Jetstream
as it stands. Sequence numbers, the other kind of cursor (below 10^15), belong to one host's one archive and are neither
kept nor sent. `account` and `identity` events do not move it: a host went on sending these while it served no posts
(platform facts, 3.1), and where it is left, one wants to go on from its last post. Names nobody.

A cursor is inclusive: the last event comes again. On every connection the position is put back by `REWIND_S`, because
hosts lose and reorder events where replay turns into live (bluesky-social/jetstream-legacy#42).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from adapters.bluesky.wire import UNREADABLE
from listener.adapter import Cursor

VERSION: Final = 1

SEQUENCES_END: Final = 10**15
"""Smaller values are sequence numbers. Source: bluesky-social/jetstream, internal/subscribe/cursor.go, read 2026-11-24."""

TIMES_END: Final = 10**16
"""The year 2286 in microseconds."""

REWIND_S: Final = 60
"""Chosen: six times the least that was advised (platform facts, 3.1); at 60 events a second 3,600 frames."""

LOOK_BACK_S: Final = 36 * 3600
"""What hosts still have; an older position is taken for the oldest they have, silently. Source: as above."""

_HOSTS_MAX: Final = 8


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    version: int
    positions: dict[str, int]


_encode: Final = msgspec.msgpack.Encoder(order="sorted").encode
_decoder: Final = msgspec.msgpack.Decoder(_Stored)


def encode_cursor(positions: Mapping[str, int]) -> Cursor | None:
    """
    As bytes for the core; None where no host has brought a post yet.
    """
    return Cursor(_encode(_Stored(VERSION, dict(positions)))) if positions else None


def decode_cursor(stored: Cursor | None, *, hosts: tuple[str, ...]) -> Mapping[str, int]:
    """
    The position of each host that is read. One that is new goes on from where the others stand; empty where there is
    nothing to go on from. A value that is no time in microseconds is none: a host would take a number of seconds or
    milliseconds for a sequence number of the future, and show what is live without a word.
    """
    if stored is None:
        return {}
    try:
        read = _decoder.decode(stored)
    except UNREADABLE:
        return {}
    known = {host: at for host, at in read.positions.items() if is_time(at)}
    if read.version != VERSION or not known or len(read.positions) > _HOSTS_MAX:
        return {}
    latest = max(known.values())
    return {host: known.get(host, latest) for host in hosts}


def is_time(value: int) -> bool:
    """
    Whether a host reads this as an instant.
    """
    return SEQUENCES_END <= value < TIMES_END


def rewound(position_us: int) -> int:
    """
    What to ask a host for, so that nothing is missed.
    """
    return max(position_us - REWIND_S * 1_000_000, SEQUENCES_END)
