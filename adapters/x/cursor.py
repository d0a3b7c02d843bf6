"""
Where a source's reading stands: opaque bytes to the core, made and read only here.

For each query (as a digest): the newest id that was read, when, and of a walk that is under way where it stands. For each
watch (as a digest): up to which hour it was counted. And which name of the parameter for fields the server takes, and
until when X lets no more posts be read. Names nobody, no term of a watch, and of posts only ids that bound a search. No
page token either: what X puts into one is X's business, and it would lie in the queue's file while a search stands still.

Bounded: queries that nobody asks for any more leave at the next reading.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from listener.adapter import Cursor

VERSION: Final = 2

SEEN_MAX: Final = 100
DIGEST_BYTES: Final = 4
"""Of an id that was paid for: tells it from a hundred others, and from nothing else."""

Words = Literal["", "tweet", "post"]
"""How the parameter for fields begins; empty while nobody knows."""


class Walk(msgspec.Struct, frozen=True, array_like=True):
    """
    A search of several pages that is under way.

    Args:
        until: Oldest id that was read so far; empty where none was. What comes next is older.
        newest: Newest id of the first page: where the next search goes on from when this one is over.
        since: The `since_id` of every page of it; empty where it goes back to an instant.
        start_at: That instant, in seconds since 1970; 0 where it goes back to an id.
        began_at: Seconds since 1970.
        posts: That it brought so far.
        seen: See `Mark.seen`; of this walk.
    """

    until: str
    newest: str
    since: str
    start_at: int
    began_at: int
    posts: int = 0
    seen: bytes = b""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """
    How far one query was read.

    Args:
        watch: Digest of its watch.
        newest: Id up to which nothing was left out; empty where nothing was ever there.
        read_at: Up to when, in seconds since 1970; 0 where never.
        posts: That the last search brought; how large a page is asked for.
        seen: Digests of the newest ids, which an overlap shows again and X charges once a day.
        refused_at: When X last refused the query, or to count it; 0 where it did not.
        walk: What is under way.
    """

    watch: bytes
    newest: str = ""
    read_at: int = 0
    posts: int = 0
    seen: bytes = b""
    refused_at: int = 0
    walk: Walk | None = None


class State(msgspec.Struct, frozen=True, array_like=True):
    """
    Args:
        version: Of this shape.
        place: Digest of the endpoint and of what is listened to.
        words: See there.
        capped_until: Before that, no post is asked for; seconds since 1970.
        marks: By digest of the query.
        counted: End of the last hour that was told, in seconds since 1970, by digest of the watch.
    """

    version: int
    place: bytes
    words: Words = ""
    capped_until: int = 0
    marks: dict[bytes, Mark] = {}
    counted: dict[bytes, int] = {}

    def __repr__(self) -> str:
        return "State(…)"


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(State)


def encode_cursor(state: State) -> Cursor:
    """
    As bytes for the core.
    """
    return Cursor(_encode(state))


def decode_cursor(stored: Cursor | None, *, place: str) -> State:
    """
    The state; an empty one where there is no cursor, or it is of another version or endpoint, or no cursor at all.
    """
    fresh = State(VERSION, digest(place))
    if stored is None:
        return fresh
    try:
        state = _decoder.decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return fresh
    return state if state.version == VERSION and state.place == fresh.place else fresh


def digest(text: str) -> bytes:
    """
    Tells equal from different, nothing more.
    """
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


def seen_digest(name: str) -> bytes:
    """
    Of an id that was paid for.
    """
    return hashlib.blake2b(name.encode(), digest_size=DIGEST_BYTES).digest()
