"""
Where a feed's reading stands: opaque bytes to the core, made and read only here.

Holds the validators of the latest 200 or 304 exactly as they came, what the document said about coming back (a 304
has no document to say it again), short digests of what it showed last, and what the planners beside this file keep
between readings (`probing`, `moving`, `archives`, `threads`, `identities`), each in its own bytes, so that a 304 does
not unpack them. Names nobody. Addresses stand in it only where the feed itself published them and they still have to
be asked: the feed's new address, the next archive, the comments of a few entries.

Invariant: at most `CURSOR_MAX` bytes, whatever a feed shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

from adapters.feed.identities import Ids
from listener.adapter import Cursor

T = TypeVar("T")

VERSION: Final = 2
_READABLE: Final = frozenset({1, VERSION})

CURSOR_MAX: Final = 16 * 1024
"""Bytes; the sum of the bounds below and of those of the planners lies under it, and a test fills each of them."""

VALIDATOR_MAX: Final = 1024
"""Bytes of one validator. Chosen: no honest one is longer; a longer one cannot be cut, so it is not kept."""

ID_BYTES: Final = 8
WINDOW: Final = 50
"""Newest entries that are remembered to see whether two readings overlap. Chosen: five times WordPress's window."""


class FeedCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """
    Args:
        version: Of this shape. Version 1 ended with `read_at`; its cursors are taken over.
        place: Digest of the address the validators belong to.
        etag: Exactly as received; None where the latest answer gave none.
        last_modified: Likewise.
        body: Digest of the latest document.
        hint_s: See `WireFeed.fresh_for_s`.
        skip_hours: See `WireFeed`.
        skip_days: See `WireFeed`.
        window: Digests of the newest identities of the latest document, one after the other.
        shown: How many posts the latest document showed.
        read_at: When it was read and given to the queue; seconds since 1970.
        rhythm_s: See `rhythm`.
        whole_at: When the server last answered whole, or was asked without conditions; seconds since 1970.
        active: The feed was alive when the latest document was read (`rhythm.is_active`).
        comments: The latest document showed comments, mostly.
        doubt: How often the validators still have to prove right before they are trusted again (`probing`).
        said: Digest of what the latest document said, whatever its bytes.
        ids: By what entries are identified (`identities`).
        marks: What `identities` compares two readings by.
        wants: `FeedConfig.wants` when the latest document was read; what is wanted since then was not looked for in it.
        move: See `moving`.
        history: See `archives`.
        threads: See `threads`.
        threads_due_at: When the first of them is to be read; seconds since 1970, 0 where none is.
        versions: See `versions`.
        valid_at: Digest of the address that gave the validators, where that was not the one asked for but one it
            redirects to; empty otherwise.
    """

    version: int
    place: bytes
    etag: str | None
    last_modified: str | None
    body: bytes
    hint_s: float | None
    skip_hours: tuple[int, ...]
    skip_days: tuple[int, ...]
    window: bytes
    shown: int
    read_at: int
    rhythm_s: float | None = None
    whole_at: int = 0
    active: bool = False
    comments: bool = False
    doubt: int = 0
    said: bytes = b""
    ids: Ids = "stated"
    marks: bytes = b""
    wants: int = 0
    move: bytes = b""
    history: bytes = b""
    threads: bytes = b""
    threads_due_at: int = 0
    versions: bytes = b""
    valid_at: bytes = b""

    def __repr__(self) -> str:
        return "FeedCursor(…)"

    @property
    def has_validators(self) -> bool:
        """
        Whether the next read can be conditional.
        """
        return self.etag is not None or self.last_modified is not None

    def overlaps(self, identities: Iterable[str]) -> bool:
        """
        Whether any of these was in the latest document.
        """
        return overlaps(self.window, identities)


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(FeedCursor)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def encode_cursor(cursor: FeedCursor) -> Cursor:
    """
    As bytes for the core.
    """
    return Cursor(_encode(cursor))


def decode_cursor(stored: Cursor | None, *, address: str) -> FeedCursor | None:
    """
    What was stored; None where there is nothing, or it is of a later version, or no cursor at all. Validators of
    another address are left out, because they belong to that address alone, and so is what was planned there;
    identities stay. A feed that moved to where its validators came from keeps them.
    """
    cursor = None if stored is None else _decoded(stored)
    place = place_of(address)
    if cursor is None or cursor.place == place:
        return cursor
    stays = cursor.valid_at == place
    return msgspec.structs.replace(
        cursor,
        place=place,
        etag=cursor.etag if stays else None,
        last_modified=cursor.last_modified if stays else None,
        valid_at=b"",
        body=cursor.body if stays else b"",
        move=b"",
        threads=b"",
        threads_due_at=0,
    )


def without_validators(stored: Cursor) -> Cursor:
    """
    The cursor whose next read is unconditional, and whose answer is read even where it is the same document again; as it
    was where it cannot be read.
    """
    cursor = _decoded(stored)
    if cursor is None:
        return stored
    return encode_cursor(msgspec.structs.replace(cursor, etag=None, last_modified=None, body=b""))


def _decoded(stored: Cursor) -> FeedCursor | None:
    try:
        cursor = _decoder.decode(stored)
    except _UNREADABLE:
        return None
    if cursor.version not in _READABLE:
        return None
    if cursor.version < VERSION:  # whether the feed was alive is not known, so that its validators are probed
        return msgspec.structs.replace(cursor, version=VERSION, whole_at=cursor.read_at, active=True)
    return cursor


def unpacked(decode: Callable[[bytes], T], stored: bytes, nothing: T) -> T:
    """
    What a planner keeps in the cursor; `nothing` where there is nothing, or nothing it can read.
    """
    if not stored:
        return nothing
    try:
        return decode(stored)
    except _UNREADABLE:
        return nothing


def kept_validator(value: str | None) -> str | None:
    """
    A validator as the cursor holds it: verbatim, or not at all. Bytes that are no text cannot be sent back as they
    came.
    """
    try:
        fits = bool(value) and len((value or "").encode()) <= VALIDATOR_MAX
    except UnicodeEncodeError:
        return None
    return value if fits else None


def digest(content: bytes, size: int = 16) -> bytes:
    """
    Tells equal from different, nothing more.
    """
    return hashlib.blake2b(content, digest_size=size).digest()


def place_of(address: str) -> bytes:
    """
    An address as a cursor holds it.
    """
    return digest(address.encode(errors="surrogatepass"), ID_BYTES)


def window_of(identities: Iterable[str]) -> bytes:
    """
    The first `WINDOW` identities, as a cursor holds them.
    """
    newest = [identity for identity, _ in zip(identities, range(WINDOW), strict=False)]
    return b"".join(map(place_of, newest))


def overlaps(window: bytes, identities: Iterable[str]) -> bool:
    """
    Whether any of these is in a window.
    """
    known = {window[at : at + ID_BYTES] for at in range(0, len(window), ID_BYTES)}
    return any(place_of(identity) in known for identity in identities)
