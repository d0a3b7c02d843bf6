"""
Where a feed's reading stands: opaque bytes to the core, made and read only here.

Holds the validators of the latest 200 or 304 exactly as they came, what the document said about coming back (a 304
has no document to say it again), and short digests of what it showed last. Names nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from listener.adapter import Cursor

VERSION: Final = 1
_ID_BYTES: Final = 8
WINDOW: Final = 50
"""Newest entries that are remembered to see whether two readings overlap. Chosen: five times WordPress's window."""


class FeedCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """
    Args:
        version: Of this shape; any other is no cursor.
        place: Digest of the address the validators belong to.
        etag: Exactly as received; None where the latest answer gave none.
        last_modified: Likewise.
        body: Digest of the latest document.
        hint_s: See `WireFeed.fresh_for_s`.
        skip_hours: See `WireFeed`.
        skip_days: See `WireFeed`.
        window: Digests of the newest identities of the latest document, one after the other.
        shown: How many posts the latest document showed.
        read_at: When it was read; seconds since 1970.
        versions: See `versions`.
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
    versions: bytes = b""

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
        known = {self.window[at : at + _ID_BYTES] for at in range(0, len(self.window), _ID_BYTES)}
        return any(
            digest(identity.encode(errors="surrogatepass"), _ID_BYTES) in known for identity in identities
        )


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(FeedCursor)


def encode_cursor(cursor: FeedCursor) -> Cursor:
    """
    As bytes for the core.
    """
    return Cursor(_encode(cursor))


def decode_cursor(stored: Cursor | None, *, address: str) -> FeedCursor | None:
    """
    What was stored; None where there is nothing, or it is of another version, or no cursor at all. Validators of
    another address are left out, because they belong to that address alone.
    """
    if stored is None:
        return None
    try:
        cursor = _decoder.decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if cursor.version != VERSION:
        return None
    if cursor.place != place_of(address):
        return msgspec.structs.replace(
            cursor, place=place_of(address), etag=None, last_modified=None, body=b""
        )
    return cursor


def without_validators(stored: Cursor) -> Cursor:
    """
    The cursor whose next read is unconditional; as it was where it cannot be read.
    """
    try:
        cursor = _decoder.decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return stored
    return encode_cursor(msgspec.structs.replace(cursor, etag=None, last_modified=None))


def digest(content: bytes, size: int = 16) -> bytes:
    """
    Tells equal from different, nothing more.
    """
    return hashlib.blake2b(content, digest_size=size).digest()


def place_of(address: str) -> bytes:
    """
    An address as a cursor holds it.
    """
    return digest(address.encode(errors="surrogatepass"), _ID_BYTES)


def window_of(identities: Iterable[str]) -> bytes:
    """
    The first `WINDOW` identities, as a cursor holds them.
    """
    newest = [identity for identity, _ in zip(identities, range(WINDOW), strict=False)]
    return b"".join(digest(identity.encode(errors="surrogatepass"), _ID_BYTES) for identity in newest)
