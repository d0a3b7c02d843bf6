"""
What intake itself remembers of a source: stored with its cursor, in the same commit. No I/O, nobody in it.

Made and changed by keeping; read by intake and seat. Whatever belongs to one address (a move, an end) counts only as
long as the configuration names that address.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec

from listener.hear.rhythm import Rhythm
from listener.hear.unread import Unread

GONE_SIGHTINGS: Final = 3
GONE_WITHIN: Final = timedelta(hours=48)
"""A server has to say 410 so often, over so long, to be believed. Source: politeness P21."""

MOVE_BACK_AFTER: Final = timedelta(days=7)
"""Chosen: a new address that failed for a week was a mistake; the configured one is tried again."""


class Moved(msgspec.Struct, frozen=True):
    """
    The source is read elsewhere.

    Args:
        to: The address it is read at now; its own, public, and what an operator would have to configure.
        at: Since when.
    """

    to: str
    at: datetime

    def __repr__(self) -> str:
        return "Moved(…)"


class Sightings(msgspec.Struct, frozen=True):
    """
    How often the same thing was seen in a row, and since when.
    """

    count: int
    first_at: datetime


class Memo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    Args:
        failures: Reads that failed in a row.
        failing_since: When the first of them did.
        limited: Answers of "too often" in a row that named no time.
        error_code: Of the last failure; None while it answers.
        last_read_at: When an answer last came.
        last_new_at: When one last brought something new.
        reads: See `listener.hear.reads`.
        note: What was odd in the last answer.
        place: Digest of the configured address that the rest is about.
        moved: Set while it is read at an address it moved to.
        ending: How often it answered 410.
        gone: It was believed.
        via: Hosts asked beside the source's own in its last turn.
        unconditional_at: When an operator last had it read without validators.
        unread: See `listener.hear.unread`; None while every signal can be read.
        rhythm: See `listener.hear.rhythm`; None while it never spoke.
        line: Digest of whom the gate let through when it was last read; None where that was not noted yet.
    """

    failures: int = 0
    failing_since: datetime | None = None
    limited: int = 0
    error_code: str | None = None
    last_read_at: datetime | None = None
    last_new_at: datetime | None = None
    reads: bytes = b""
    note: str | None = None
    place: str = ""
    moved: Moved | None = None
    ending: Sightings | None = None
    gone: bool = False
    via: tuple[str, ...] = ()
    unconditional_at: datetime | None = None
    unread: Unread | None = None
    rhythm: Rhythm | None = None
    line: str | None = None

    def answered(self, now: datetime) -> None:
        """
        An answer came; what counted failures starts anew.
        """
        self.failures = self.limited = 0
        self.failing_since = self.error_code = self.ending = None
        self.last_read_at = now

    def failed(self, code: str, now: datetime) -> None:
        """
        Another read failed.
        """
        self.failures += 1
        self.error_code = code
        self.failing_since = self.failing_since or now

    def ended(self, now: datetime) -> bool:
        """
        The server said 410 once more; whether that is often enough to believe it.
        """
        seen = self.ending or Sightings(0, now)
        self.ending = Sightings(seen.count + 1, seen.first_at)
        self.gone = self.ending.count >= GONE_SIGHTINGS and now - seen.first_at >= GONE_WITHIN
        return self.gone

    def lost_at_new_address(self, now: datetime) -> bool:
        """
        Whether the address it moved to has failed for too long.
        """
        return self.moved is not None and (
            self.failing_since is not None and now - self.failing_since >= MOVE_BACK_AFTER
        )

    def revive(self) -> None:
        """
        Somebody wants it read again, whatever it said.
        """
        self.gone, self.ending = False, None


_decode: Final = msgspec.json.Decoder(Memo).decode
_encode: Final = msgspec.json.Encoder().encode


def memo_from(stored: bytes, *, place: str) -> Memo:
    """
    The stored notes; fresh ones where they cannot be read (another version wrote them). A move or an end of another
    address than `place` is forgotten, and so is how often that one spoke: the operator has given a new one.
    """
    try:
        memo = _decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Memo(place=place)
    if memo.place and memo.place != place:
        memo.moved = memo.rhythm = None
        memo.revive()
    if memo.rhythm is not None and not memo.rhythm.sound:
        memo.rhythm = None
    memo.place = place
    return memo


def place_digest(address: str) -> str:
    """
    Tells whether the configured address changed, and nothing else.
    """
    return hashlib.sha256(address.encode(errors="surrogatepass")).hexdigest()[:16]


def memo_bytes(memo: Memo) -> bytes:
    """
    As it is stored.
    """
    return _encode(memo)
