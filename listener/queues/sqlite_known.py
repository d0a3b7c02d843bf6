"""
What the SQLite engine knows of one key, as a value.

Made by sqlite_page (new keys) and by sqlite_recent and sqlite_runs (stored ones); shared between memory and whoever
decides, therefore frozen.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec

KeyState = Literal["live", "removed", "expired", "seen", "withdrawn"]
STATES: Final[tuple[KeyState, ...]] = ("live", "removed", "expired", "seen", "withdrawn")
"""By the number each has in the tables; `live` must stay 0, the index of ended keys leaves it out. `withdrawn` is a
removal that refuses nothing: see `Retraction.held_only`."""

NUMBER_OF: Final = {state: number for number, state in enumerate(STATES)}


class Known(msgspec.Struct, frozen=True, gc=False):
    """
    One key as stored; instants are microseconds since 1970. A struct, because a hundred thousand are made a second,
    and tens of thousands are held at which the garbage collector need not look.

    Args:
        key: 16 bytes.
        seq: Log row of the body, or of the notice where the post was only withdrawn; else None.
        state: See `KeyState`.
        until: When the key ends.
        revision: States the post has had.
        expiry: When the body ends; None without a body, and in the next three.
        digest: Of the body; behind it, where they were edited, when (`dated`).
        source: `/<network>/<source>` of the body.
        names: Aliases of the body, 16 bytes each, joined.
        place: Its run; below zero, minus the row that it has in `recent`, or would have there.
    """

    key: bytes
    seq: int | None
    state: KeyState
    until: int
    revision: int
    expiry: int | None
    digest: bytes | None
    source: str | None
    names: bytes | None
    place: int

    def without_body(self, state: KeyState, *, revision: int) -> Known:
        """
        Only the key is left.
        """
        return Known(self.key, None, state, self.until, revision, None, None, None, None, self.place)


_DIGEST_BYTES: Final = 16


def dated(digest: bytes, edited: int | None) -> bytes:
    """
    A digest, with the instant of the edit behind it: microseconds since 1970.
    """
    return digest if edited is None else digest + edited.to_bytes(8, "big", signed=True)


def is_said(digest: bytes | None, *, of: Collection[bytes]) -> bool:
    """
    Whether what is held says the same as one of these.
    """
    return digest is not None and digest[:_DIGEST_BYTES] in of


def edited(digest: bytes | None) -> int | None:
    """
    When what is held was edited.
    """
    if digest is None or len(digest) == _DIGEST_BYTES:
        return None
    return int.from_bytes(digest[_DIGEST_BYTES:], "big", signed=True)


BODY: Final = "l.expiry, l.digest, l.source, l.names"
"""Columns of `log AS l` that a `Known` has."""

FIRST_STATES: Final = "l.seq > ? AND l.until IS NOT NULL AND l.digest IS NOT NULL"
"""Rows of `log AS l` after a position that tell the first state of a post."""


def known(row: tuple[Any, ...]) -> Known:
    """
    From a row with the fields of `Known`, the state by its number.
    """
    key, seq, state, until, revision, expiry, digest, source, names, place = row
    if state and seq is not None:
        source = None  # the row is a notice
    return Known(key, seq, STATES[state], until, revision, expiry, digest, source, names, place)


def aliases(names: bytes | None) -> list[bytes]:
    """
    `Known.names`, taken apart.
    """
    return [names[start : start + 16] for start in range(0, len(names), 16)] if names else []
