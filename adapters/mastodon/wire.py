"""
What is taken off the wire: the fields named here and no others. Everything else that an instance sends (avatars,
biographies' counts, cards with their authors, applications, media) never becomes an object.

Takes the bytes of a reply or of a frame from `api` and `stream`, gives structs to `normalise` and `instance`. A bad item
does not spoil its neighbours.

Invariant: of an account only what consent, masking and `by_us` need is read, and none of it outlives `normalise`.

Source: docs.joinmastodon.org, entities Status, Account, Notification, Instance; methods/streaming; read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

Id = str | int
"""A string, by the documentation; a number in old servers and their fixtures."""


class WireField(msgspec.Struct, frozen=True):
    """
    A line of a profile; people write `#nobot` there, too.
    """

    value: str | None = None


class WireAccount(msgspec.Struct, frozen=True):
    """
    Who wrote a status. Mastodon cannot be asked to leave it out.
    """

    id: Id | None = None
    username: str | None = None
    acct: str | None = None
    display_name: str | None = None
    url: str | None = None
    uri: str | None = None
    note: str | None = None
    fields: tuple[WireField, ...] | None = None
    noindex: bool | None = None
    indexable: bool | None = None
    limited: bool | None = None
    suspended: bool | None = None


class WireMention(msgspec.Struct, frozen=True):
    """
    An account that the text links to.
    """

    acct: str | None = None
    url: str | None = None


class WireTag(msgspec.Struct, frozen=True):
    """
    A hashtag.
    """

    name: str | None = None


class WireOption(msgspec.Struct, frozen=True):
    """
    What may be voted for.
    """

    title: str | None = None


class WirePoll(msgspec.Struct, frozen=True):
    """
    A question; the votes are not read.
    """

    options: tuple[WireOption, ...] | None = None


class WireReference(msgspec.Struct, frozen=True):
    """
    Another status, of which only the name is read.
    """

    id: Id | None = None


class WireQuote(msgspec.Struct, frozen=True):
    """
    What a status quotes: Mastodon's wrapper (4.4), or, in Akkoma and others, the quoted status itself.
    """

    id: Id | None = None
    state: str | None = None
    quoted_status: WireReference | None = None
    quoted_status_id: Id | None = None


class WireRule(msgspec.Struct, frozen=True):
    """
    Who may do something at once, in GoToSocial's words: `always` until 0.18, `automatic_approval` since.
    """

    always: tuple[str, ...] | None = None
    automatic_approval: tuple[str, ...] | None = None


class WirePolicy(msgspec.Struct, frozen=True):
    """
    GoToSocial's interaction policy.
    """

    can_reply: WireRule | None = None


class WireStatus(msgspec.Struct, frozen=True):
    """
    A status, untrusted; its text is HTML.
    """

    id: Id
    account: WireAccount | None = None
    uri: str | None = None
    url: str | None = None
    created_at: str | None = None
    edited_at: str | None = None
    content: str | None = None
    spoiler_text: str | None = None
    visibility: str | None = None
    local_only: bool | None = None
    language: str | None = None
    in_reply_to_id: Id | None = None
    mentions: tuple[WireMention, ...] | None = None
    tags: tuple[WireTag, ...] | None = None
    poll: WirePoll | None = None
    reblog: WireReference | None = None
    quote: WireQuote | None = None
    quote_id: Id | None = None
    interaction_policy: WirePolicy | None = None


class WireNotification(msgspec.Struct, frozen=True):
    """
    That somebody mentioned us.
    """

    id: Id
    type: str | None = None
    created_at: str | None = None
    status: WireStatus | None = None


class WireAccess(msgspec.Struct, frozen=True):
    """
    Who may read a feed: public, authenticated or disabled.
    """

    local: str | None = None
    remote: str | None = None


class WireTimelines(msgspec.Struct, frozen=True):
    """
    Since Mastodon 4.5.
    """

    hashtag_feeds: WireAccess | None = None


class WireUrls(msgspec.Struct, frozen=True):
    """
    Where else the instance is; the second name is that of the older document.
    """

    streaming: str | None = None
    streaming_api: str | None = None


class WireConfiguration(msgspec.Struct, frozen=True):
    """
    Of an instance.
    """

    urls: WireUrls | None = None
    timelines_access: WireTimelines | None = None


class WireInstance(msgspec.Struct, frozen=True):
    """
    What an instance says of itself, in either version of the document.
    """

    version: str
    domain: str | None = None
    uri: str | None = None
    source_url: str | None = None
    urls: WireUrls | None = None
    configuration: WireConfiguration | None = None


class WireFrame(msgspec.Struct, frozen=True):
    """
    A frame of the WebSocket, or, without `stream`, of older relays. Its payload is not looked into before it is known
    what it is.
    """

    event: str | None = None
    payload: msgspec.Raw = msgspec.Raw()
    error: str | None = None
    status: int | None = None


WIRE_TYPES: Final = (
    WireField,
    WireAccount,
    WireMention,
    WireTag,
    WireOption,
    WirePoll,
    WireReference,
    WireQuote,
    WireRule,
    WirePolicy,
    WireStatus,
    WireNotification,
    WireAccess,
    WireTimelines,
    WireUrls,
    WireConfiguration,
    WireInstance,
    WireFrame,
)

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on bytes that are not what they should be; their messages may quote a field's name, no value."""


_ESCAPES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a pair of surrogates, or one that is alone: half an emoji, as servers written in JavaScript cut it."""


class Entity(Generic[T]):
    """
    Reads JSON as one kind of entity. Half a pair of surrogates is read as U+FFFD, because no text can hold it.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, body: bytes | msgspec.Raw) -> T:
        """
        The entity.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: it is none.
        """
        try:
            return self._decode(body)
        except UNREADABLE:
            mended = _mended(bytes(body))
            if mended is None:
                raise
            return self._decode(mended)


def _mended(body: bytes) -> bytes | None:
    """
    With no surrogate alone; None where none is.
    """
    if b"\\u" not in body:
        return None
    mended = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)
    return None if mended == body else mended


class Entries(Generic[T]):
    """
    Reads a JSON list of one kind of entity.
    """

    def __init__(self, kind: type[T]) -> None:
        self._all: Entity[list[T]] = Entity(list[kind])  # type: ignore[valid-type]  # a type that is a value here
        self._one = Entity(kind)

    def read(self, body: bytes) -> list[T | None]:
        """
        The entries in the order of the document; None for each that cannot be read.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: the document is no list.
        """
        try:
            return list(self._all.read(body))
        except UNREADABLE:
            return list(self._each(_PIECES.read(body)))

    def _each(self, pieces: list[msgspec.Raw]) -> Iterator[T | None]:
        for piece in pieces:
            try:
                yield self._one.read(piece)
            except UNREADABLE:
                yield None


_PIECES: Final = Entity(list[msgspec.Raw])

STATUSES: Final = Entries(WireStatus)
NOTIFICATIONS: Final = Entries(WireNotification)

decode_status: Final = Entity(WireStatus).read
decode_instance: Final = Entity(WireInstance).read
decode_frame: Final = Entity(WireFrame).read
decode_text: Final = Entity(str).read
