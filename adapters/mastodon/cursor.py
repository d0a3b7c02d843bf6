"""
Where a source's reading stands: opaque bytes to the core, made and read only here.

For each hashtag (as a digest), or for the mentions of an account: the newest id that was read, when the time before it
was last read again, and for servers whose ids do not tell the time a short trail of ids with the times they were the
newest. Names nobody; ids mean something on one instance alone, so that a cursor of another instance is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from listener.adapter import Cursor

VERSION: Final = 1
ID_MAX: Final = 64
"""Characters of an id that is remembered. Chosen: flake ids have 18, ULIDs 26; a longer one is not an id."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """
    How far one hashtag was read.

    Args:
        newest: Id up to which nothing was left out; empty where nothing was ever there.
        swept_at: When the time before `newest` was last read again, or first; seconds since 1970, 0 where never.
        quiet: That reading took one request, so that it can be made every time.
        trail: Newest ids and when they were that, oldest first; of servers whose ids do not tell the time.
    """

    newest: str = ""
    swept_at: int = 0
    quiet: bool = False
    trail: tuple[tuple[int, str], ...] = ()


class MastodonCursor(msgspec.Struct, frozen=True, array_like=True):
    """
    Args:
        version: Of this shape.
        place: Digest of the instance.
        marks: By `key_of` the tag.
    """

    version: int
    place: bytes
    marks: dict[bytes, Mark]

    def __repr__(self) -> str:
        return "MastodonCursor(…)"


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(MastodonCursor)


def encode_cursor(marks: Mapping[bytes, Mark], *, place: str) -> Cursor:
    """
    As bytes for the core.
    """
    return Cursor(_encode(MastodonCursor(VERSION, digest(place), dict(marks))))


def decode_cursor(stored: Cursor | None, *, place: str) -> dict[bytes, Mark]:
    """
    The marks; none where there is no cursor, or it is of another version or instance, or no cursor at all.
    """
    if stored is None:
        return {}
    try:
        cursor = _decoder.decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if cursor.version != VERSION or cursor.place != digest(place):
        return {}
    return cursor.marks


def digest(text: str) -> bytes:
    """
    Tells equal from different, nothing more.
    """
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
