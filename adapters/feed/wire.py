"""
The shapes a feed may take off the wire. What is not a field here is never copied out of a document.

Filled by the dialects (`rss`, `rdf`, `atom`, `jsonfeed`); read by `normalise`. Personal fields are only those that
the gate needs in memory, for the objection test and to mask the author's own name. Nothing here prints content. What there
is many of in a document is a `Struct`, made in a fifth of the time of a dataclass (measured 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from listener.events import RejectedReason

Dialect = Literal["rss", "rdf", "atom", "json"]


class Text(msgspec.Struct, frozen=True, gc=False):
    """
    A piece of text as it stands, before it is made plain.

    Args:
        value: Characters, with every escape of the outer format undone.
        markup: `html`: certainly. `plain`: certainly not. `guess`: the format leaves it open, as RSS does.
        base: What relative links in it are relative to; None where it has none.
    """

    value: str
    markup: Literal["html", "plain", "guess"]
    base: str | None = None

    def __repr__(self) -> str:
        return "Text(…)"


class WireEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One entry of a feed, in the words every dialect shares. Addresses are absolute where the document allows it.

    Args:
        authors: Every string that names a person, wherever the entry has it; nowhere else does one stand.
        comments_feed: Address of the feed of this entry's own comments.
        comment_count: How many comments the entry says it has.
        expired: The source says that the entry is gone.
    """

    id: str | None = None
    link: str | None = None
    title: Text | None = None
    content: Text | None = None
    summary: Text | None = None
    published: str | None = None
    updated: str | None = None
    lang: str | None = None
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    reply_ref: str | None = None
    reply_href: str | None = None
    takes_comments: bool = False
    comments_feed: str | None = None
    comment_count: int | None = None
    expired: bool = False

    def __repr__(self) -> str:
        return "WireEntry(…)"


@dataclass(frozen=True, slots=True, repr=False)
class WireDeletion:
    """
    A tombstone. Source: RFC 6721, section 3 (`at:deleted-entry`).
    """

    ref: str
    when: str | None


@dataclass(frozen=True, slots=True)
class WireFault:
    """
    An entry that could not be decoded; its neighbours go on.
    """

    reason: RejectedReason


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class WireFeed:
    """
    One document.

    Args:
        dialect: Family of formats.
        entries: In the order of the document, tombstones and faults in their places.
        authors: Who the whole feed is by, for entries that name nobody.
        lang: Of entries that state none.
        home: Address of the site the feed belongs to.
        fresh_for_s: Longest hint inside the document: `ttl`, `sy:updatePeriod` by `sy:updateFrequency`.
        skip_hours: GMT, 0 to 23.
        skip_days: Monday is 0.
        self_address: Where the document says it is read. A claim: believed only with proof (politeness P21).
        new_address: Where it says it has moved to. Likewise.
        next_page: The page of older entries after this one.
        prev_archive: The archive before this document. Source: RFC 5005, section 4.
        is_archive: This document is an archive and never changes.
        is_complete: It holds every entry there is: one that is not here is no more. Source: RFC 5005, section 2.
        ended: Nothing more will come.
    """

    dialect: Dialect
    entries: tuple[WireEntry | WireDeletion | WireFault, ...]
    authors: tuple[str, ...] = ()
    lang: str | None = None
    home: str | None = None
    fresh_for_s: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    self_address: str | None = None
    new_address: str | None = None
    next_page: str | None = None
    prev_archive: str | None = None
    is_archive: bool = False
    is_complete: bool = False
    ended: bool = False


# ------------------------------------------------------------------------------------------------------ JSON Feed
# Source: https://www.jsonfeed.org/version/1.1/ and /version/1/. Numbers as ids occur in the wild.


class JsonAuthor(msgspec.Struct, frozen=True):
    """
    An author object; only what names the person.
    """

    name: str | None = None
    url: str | None = None

    def __repr__(self) -> str:
        return "JsonAuthor(…)"


class JsonItem(msgspec.Struct, frozen=True):
    """
    One item.
    """

    id: str | int | float | None = None
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    language: str | None = None
    tags: tuple[str, ...] | None = None
    authors: tuple[JsonAuthor, ...] | None = None
    author: JsonAuthor | None = None
    expired: bool | None = None

    def __repr__(self) -> str:
        return "JsonItem(…)"


class JsonDocument(msgspec.Struct, frozen=True):
    """
    The top of a document; items are decoded one by one, so that a bad one harms no other.
    """

    version: str | None = None
    home_page_url: str | None = None
    feed_url: str | None = None
    next_url: str | None = None
    language: str | None = None
    authors: tuple[JsonAuthor, ...] | None = None
    author: JsonAuthor | None = None
    items: tuple[msgspec.Raw, ...] | None = None
    expired: bool | None = None

    def __repr__(self) -> str:
        return "JsonDocument(…)"


WIRE_TYPES: Final = (
    Text,
    WireEntry,
    WireDeletion,
    WireFault,
    WireFeed,
    JsonAuthor,
    JsonItem,
    JsonDocument,
)

_IDENTITY: Final = "identity of the post; hashed with our secret before it is stored"
_LINK: Final = "opens the conversation; the gate decides whether it may be kept"
_SAID: Final = "what was said; masked by the gate"
_WHEN: Final = "when it was said or changed"
_AUTHOR: Final = "in memory only: objection test and masking of the author's own name"
_LANG: Final = "language as stated; BCP 47"
_TAGS: Final = "categories: what watches for hashtags look at"
_PARENT: Final = "which post it answers; hashed with our secret before it is stored"
_PACE: Final = "when the source wishes to be read again"
_MOVED: Final = "where the feed says it is; believed only with proof"
_HISTORY: Final = "where more of the same source may be read, if it is asked for"
_SHAPE: Final = "tells how to read the rest; never kept"

WIRE_FIELDS: Final[Mapping[str, str]] = {
    "Text.value": _SAID,
    "Text.markup": _SHAPE,
    "Text.base": "makes the links in a text lead somewhere; kept only as part of them",
    "WireEntry.id": _IDENTITY,
    "WireEntry.link": _LINK,
    "WireEntry.title": _SAID,
    "WireEntry.content": _SAID,
    "WireEntry.summary": _SAID,
    "WireEntry.published": _WHEN,
    "WireEntry.updated": _WHEN,
    "WireEntry.lang": _LANG,
    "WireEntry.categories": _TAGS,
    "WireEntry.authors": _AUTHOR,
    "WireEntry.reply_ref": _PARENT,
    "WireEntry.reply_href": _PARENT,
    "WireEntry.takes_comments": "whether an answer is invited",
    "WireEntry.comments_feed": _HISTORY,
    "WireEntry.comment_count": "tells whether that feed is worth a read; never kept",
    "WireEntry.expired": "the source says that the post is gone",
    "WireDeletion.ref": _IDENTITY,
    "WireDeletion.when": _WHEN,
    "WireFault.reason": "why an entry was not read; from a closed set",
    "WireFeed.dialect": _SHAPE,
    "WireFeed.entries": _SHAPE,
    "WireFeed.authors": _AUTHOR,
    "WireFeed.lang": _LANG,
    "WireFeed.home": "tells a permalink from the address of the whole site; never kept",
    "WireFeed.fresh_for_s": _PACE,
    "WireFeed.skip_hours": _PACE,
    "WireFeed.skip_days": _PACE,
    "WireFeed.self_address": _MOVED,
    "WireFeed.new_address": _MOVED,
    "WireFeed.next_page": _HISTORY,
    "WireFeed.prev_archive": _HISTORY,
    "WireFeed.is_archive": _SHAPE,
    "WireFeed.is_complete": _SHAPE,
    "WireFeed.ended": "the feed has ended; nothing more will come",
    "JsonAuthor.name": _AUTHOR,
    "JsonAuthor.url": _AUTHOR,
    "JsonItem.id": _IDENTITY,
    "JsonItem.url": _LINK,
    "JsonItem.external_url": _LINK,
    "JsonItem.title": _SAID,
    "JsonItem.content_html": _SAID,
    "JsonItem.content_text": _SAID,
    "JsonItem.summary": _SAID,
    "JsonItem.date_published": _WHEN,
    "JsonItem.date_modified": _WHEN,
    "JsonItem.language": _LANG,
    "JsonItem.tags": _TAGS,
    "JsonItem.authors": _AUTHOR,
    "JsonItem.author": _AUTHOR,
    "JsonItem.expired": "the source says that the post is gone",
    "JsonDocument.version": _SHAPE,
    "JsonDocument.home_page_url": "tells a permalink from the address of the whole site; never kept",
    "JsonDocument.feed_url": _MOVED,
    "JsonDocument.next_url": _HISTORY,
    "JsonDocument.language": _LANG,
    "JsonDocument.authors": _AUTHOR,
    "JsonDocument.author": _AUTHOR,
    "JsonDocument.items": _SHAPE,
    "JsonDocument.expired": "the feed has ended; nothing more will come",
}
"""The closed allow-list: every field that may be decoded, and why. A test walks the types against it."""
