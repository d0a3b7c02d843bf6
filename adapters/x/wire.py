"""
What is taken off the wire: the fields named here and no others. Who wrote a post, where, with how many followers, never
becomes an object, and is not asked for either.

Takes the bytes of a reply from `api`, gives structs to `normalise`, `counts`, `recheck` and `problems`. A bad item does not
spoil its neighbours.

Both vocabularies are read: since 2026-08-07 the specification says `post` where it said `tweet`, and which of them a server
speaks cannot be told beforehand.

The structs are left out of garbage collection (`gc=False`): they come from JSON, so none of them can lie in a cycle.

Invariant: of people only the handles that a text mentions are read, so that they can be masked there, and no message of
an error is: those quote what was asked.

Source: docs.x.com, fundamentals/data-dictionary, openapi.json 2.167 (Post, PostEntities, Problem), read 2026-11.
"""

from __future__ import annotations

import re
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

Id = str | int
"""A string, by the documentation; a number in programs that do not know better."""


class WireMention(msgspec.Struct, frozen=True, gc=False):
    """
    An account that the text names.
    """

    username: str | None = None


class WireUrl(msgspec.Struct, frozen=True, gc=False):
    """
    An address, as it stands in the text and as it is.
    """

    url: str | None = None
    expanded_url: str | None = None


class WireTag(msgspec.Struct, frozen=True, gc=False):
    """
    A hashtag.
    """

    tag: str | None = None


class WireEntities(msgspec.Struct, frozen=True, gc=False):
    """
    What stands in a text. Where it stands there is not read: the unit of the indices is documented nowhere.
    """

    hashtags: tuple[WireTag, ...] | None = None
    mentions: tuple[WireMention, ...] | None = None
    urls: tuple[WireUrl, ...] | None = None


class WireNote(msgspec.Struct, frozen=True, gc=False):
    """
    The whole of a post that is longer than `text`.
    """

    text: str | None = None
    entities: WireEntities | None = None


class WireReference(msgspec.Struct, frozen=True, gc=False):
    """
    Another post: answered, quoted or repeated.
    """

    id: Id | None = None
    type: str | None = None


class WireWithheld(msgspec.Struct, frozen=True, gc=False):
    """
    That a post, or all of its author's, is withheld somewhere.
    """

    copyright: bool | None = None
    country_codes: tuple[str, ...] | None = None
    scope: str | None = None


class WirePost(msgspec.Struct, frozen=True, gc=False):
    """
    A post, untrusted; its text has `&amp;` for `&`.
    """

    id: Id
    text: str | None = None
    created_at: str | None = None
    lang: str | None = None
    conversation_id: Id | None = None
    edit_history_tweet_ids: tuple[Id, ...] | None = None
    edit_history_post_ids: tuple[Id, ...] | None = None
    entities: WireEntities | None = None
    note_tweet: WireNote | None = None
    note_post: WireNote | None = None
    referenced_tweets: tuple[WireReference, ...] | None = None
    referenced_posts: tuple[WireReference, ...] | None = None
    reply_settings: str | None = None
    withheld: WireWithheld | None = None


class WireCount(msgspec.Struct, frozen=True, gc=False):
    """
    How many posts in an hour.
    """

    start: str
    end: str
    tweet_count: int | None = None
    post_count: int | None = None


class WireMeta(msgspec.Struct, frozen=True, gc=False):
    """
    What a page says of itself.
    """

    newest_id: Id | None = None
    result_count: int | None = None
    next_token: str | None = None


class WireProblem(msgspec.Struct, frozen=True, gc=False):
    """
    One thing that went wrong, in any of X's shapes. Of `parameters`, the names alone are of use.
    """

    title: str | None = None
    type: str | None = None
    reason: str | None = None
    code: int | None = None
    parameter: str | None = None
    parameters: dict[str, msgspec.Raw] | None = None
    resource_type: str | None = None
    resource_id: Id | None = None
    value: msgspec.Raw = msgspec.Raw()


class WireTrouble(msgspec.Struct, frozen=True, gc=False):
    """
    An error reply: a problem, a list of them, or a problem with the list of what it consists of.
    """

    title: str | None = None
    type: str | None = None
    reason: str | None = None
    errors: tuple[WireProblem, ...] | None = None


class WirePosts(msgspec.Struct, frozen=True, gc=False):
    """
    A page of posts. An empty one has no `data`.
    """

    data: tuple[WirePost | None, ...] | None = None
    meta: WireMeta | None = None
    errors: tuple[WireProblem, ...] | None = None


class WireCounts(msgspec.Struct, frozen=True, gc=False):
    """
    A page of numbers.
    """

    data: tuple[WireCount | None, ...] | None = None
    meta: WireMeta | None = None
    errors: tuple[WireProblem, ...] | None = None


class WirePieces(msgspec.Struct, frozen=True, gc=False):
    """
    A page whose parts are looked at one by one, because one of them cannot be read.
    """

    data: tuple[msgspec.Raw, ...] | None = None
    meta: msgspec.Raw = msgspec.Raw()
    errors: tuple[msgspec.Raw, ...] | None = None


WIRE_TYPES: Final = (
    WireMention,
    WireUrl,
    WireTag,
    WireEntities,
    WireNote,
    WireReference,
    WireWithheld,
    WirePost,
    WireCount,
    WireMeta,
    WireProblem,
    WireTrouble,
    WirePosts,
    WireCounts,
    WirePieces,
)

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on bytes that are not what they should be; their messages may quote a field's name, no value."""

_ESCAPES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a pair of surrogates, or one that is alone: half an emoji, where a text was cut."""


class _Reads(Generic[T]):
    """
    Reads JSON as one type; half a pair of surrogates as U+FFFD, because no text can hold it.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def __call__(self, body: bytes | msgspec.Raw) -> T:
        try:
            return self._decode(body)
        except UNREADABLE:
            mended = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], bytes(body))
            if mended == bytes(body):
                raise
            return self._decode(mended)


_posts: Final = _Reads(WirePosts)
_post: Final = _Reads(WirePost)
_counts: Final = _Reads(WireCounts)
_count: Final = _Reads(WireCount)
_meta: Final = _Reads(WireMeta)
_problem: Final = _Reads(WireProblem)
_pieces: Final = _Reads(WirePieces)
_trouble: Final = _Reads(WireTrouble)
_text: Final = _Reads(str)


def read_posts(body: bytes) -> WirePosts:
    """
    A page of posts; None for each that cannot be read.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: it is none.
    """
    try:
        return _posts(body)
    except UNREADABLE:
        pieces = _pieces(body)
        posts: tuple[WirePost | None, ...] | None = _each(pieces.data, _post)
        return WirePosts(posts, _said(pieces.meta), _known(pieces.errors))


def read_counts(body: bytes) -> WireCounts:
    """
    A page of numbers; None for each that cannot be read.

    Raises:
        As `read_posts`.
    """
    try:
        return _counts(body)
    except UNREADABLE:
        pieces = _pieces(body)
        hours: tuple[WireCount | None, ...] | None = _each(pieces.data, _count)
        return WireCounts(hours, _said(pieces.meta), _known(pieces.errors))


def read_trouble(body: bytes) -> WireTrouble:
    """
    An error reply; one that says nothing where it cannot be read.
    """
    try:
        return _trouble(body)
    except UNREADABLE:
        return WireTrouble()


def read_text(value: msgspec.Raw) -> str | None:
    """
    A value that should be a text; None where it is none, or not there.
    """
    try:
        return _text(value) if bytes(value) else None
    except UNREADABLE:
        return None


def _each(pieces: tuple[msgspec.Raw, ...] | None, kind: _Reads[T]) -> tuple[T | None, ...] | None:
    if pieces is None:
        return None
    return tuple(_or_none(piece, kind) for piece in pieces)


def _known(pieces: tuple[msgspec.Raw, ...] | None) -> tuple[WireProblem, ...] | None:
    """
    Of errors, those that cannot be read are there all the same.
    """
    if pieces is None:
        return None
    return tuple(_or_none(piece, _problem) or WireProblem() for piece in pieces)


def _said(meta: msgspec.Raw) -> WireMeta | None:
    return _or_none(meta, _meta) if bytes(meta) else None


def _or_none(piece: msgspec.Raw, read: _Reads[T]) -> T | None:
    try:
        return read(piece)
    except UNREADABLE:
        return None
