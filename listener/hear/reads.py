"""
What the last reads of a source were like: when, which status, how many bytes, how many news, and what was odd.

The reader fills a `Meter` during a turn; keeping makes a `Read` of it and adds it to the packed log that is stored
with the source's cursor. Packed, because ten thousand sources keep theirs in memory. Nobody is in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from listener.status import Read

KEPT: Final = 30
"""Reads per source: a day of an hourly blog, and what an operator can take in. Source: issue "Why is it waiting"."""

_NOTE_MAX: Final = 40
"""Characters; notes come from closed sets, all of them shorter."""

_RECORD: Final = struct.Struct(">IHIHB")
"""Instant (seconds since 1970), status, bytes, news, length of the note that follows."""

_MOST: Final = (2**32 - 1, 2**16 - 1, 2**32 - 1, 2**16 - 1)


@dataclass(slots=True)
class Meter:
    """
    What one turn of a source has asked for so far; filled by the reader, taken by keeping.

    Args:
        requests: Sent, hops included.
        status: Of the last answer; 0 where none came.
        bytes: Of all bodies, on the wire.
        hosts: Asked beside the source's own; holds of theirs have to outlive a restart too.
    """

    requests: int = 0
    status: int = 0
    bytes: int = 0
    hosts: set[str] = field(default_factory=set)

    def sent(self, host: str) -> None:
        """
        A request leaves; nothing has answered it yet.
        """
        self.requests += 1
        self.status = 0
        self.hosts.add(host)

    def clear(self) -> None:
        """
        Another turn begins.
        """
        self.requests = self.status = self.bytes = 0
        self.hosts.clear()


def added(packed: bytes, read: Read) -> bytes:
    """
    The log with one more read, the oldest dropped where there are more than `KEPT`.
    """
    note = (read.note or "").encode("ascii", "replace")[:_NOTE_MAX]
    numbers = (int(read.at.timestamp()), read.status, read.bytes, read.new)
    within = (min(max(0, number), most) for number, most in zip(numbers, _MOST, strict=True))
    packed += _RECORD.pack(*within, len(note)) + note
    starts = _starts(packed)
    return packed[starts[-KEPT] :] if len(starts) > KEPT else packed


def unpacked(packed: bytes) -> tuple[Read, ...]:
    """
    The reads in a log, newest first; those before a damaged piece are given, the rest is dropped.
    """
    reads = []
    for start in _starts(packed):
        at, status, size, new, length = _RECORD.unpack_from(packed, start)
        note = packed[start + _RECORD.size : start + _RECORD.size + length].decode("ascii", "replace")
        reads.append(Read(datetime.fromtimestamp(at, UTC), status, size, new, note or None))
    return tuple(reversed(reads))


def _starts(packed: bytes) -> list[int]:
    """
    Where each whole record begins.
    """
    starts: list[int] = []
    at = 0
    while at + _RECORD.size <= len(packed):
        end = at + _RECORD.size + packed[at + _RECORD.size - 1]
        if end > len(packed):
            break
        starts.append(at)
        at = end
    return starts
