"""
What a document says about others: the pages of its history, where it has moved, and the feeds of its comments.

Used by `rss`, `rdf` and `atom`. Source: RFC 4287, section 4.2.7 (`link`); RFC 5005 (paged and archived feeds, `fh`);
RFC 4685, sections 4 and 5 (`replies`, `thr:count`, `thr:total`); http://wellformedweb.org/CommentAPI/ (`wfw`);
https://web.resource.org/rss/1.0/modules/slash/; Apple's podcast namespace (`itunes:new-feed-url`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypedDict

from lxml import etree

from adapters.feed.elements import NAMESPACES, absolute, text_of

_COUNT: Final = f"{{{NAMESPACES['thr']}}}count"
_FEED_TYPES: Final = frozenset(
    {
        "application/atom+xml",
        "application/rss+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/xml",
        "text/xml",
    }
)
_IANA: Final = "http://www.iana.org/assignments/relation/"
_COUNT_DIGITS: Final = 9
_OF_COMMENTS: Final = frozenset({"comments", "wfw:commentrss", "slash:comments", "thr:total"})
"""Elements that only an entry has which takes comments."""


class Relations(TypedDict):
    """
    Fields of `WireFeed`.
    """

    self_address: str | None
    new_address: str | None
    next_page: str | None
    prev_archive: str | None
    is_archive: bool
    is_complete: bool


class Comments(TypedDict):
    """
    Fields of `WireEntry`.
    """

    takes_comments: bool
    comments_feed: str | None
    comment_count: int | None


def relations(links: Iterable[etree._Element], about: Mapping[str, etree._Element]) -> Relations:
    """
    Args:
        links: Atom's `link` elements of the feed.
        about: Its other elements, by our names.
    """
    addresses: dict[str, str | None] = {}
    for link in links:
        addresses.setdefault(relation(link), absolute(link.get("href"), link))
    moved = about.get("itunes:new-feed-url")
    return {
        "self_address": addresses.get("self"),
        "new_address": None if moved is None else absolute(text_of(moved), moved),
        "next_page": addresses.get("next"),
        "prev_archive": addresses.get("prev-archive"),
        "is_archive": "fh:archive" in about,
        "is_complete": "fh:complete" in about,
    }


def comments(links: Iterable[etree._Element], found: Mapping[str, etree._Element]) -> Comments:
    """
    Args:
        links: Atom's `link` elements of the entry.
        found: Its other elements, by our names.
    """
    replies = [link for link in links if relation(link) == "replies"]
    if not replies and _OF_COMMENTS.isdisjoint(found):
        return {"takes_comments": False, "comments_feed": None, "comment_count": None}
    feeds = [link for link in replies if _is_feed(link)]
    stated = found.get("wfw:commentrss")
    address = None if stated is None else absolute(text_of(stated), stated)
    counts = [_text(found, "slash:comments"), _text(found, "thr:total")]
    counts.extend(link.get(_COUNT) for link in (*feeds, *replies))
    return {
        "takes_comments": True,
        "comments_feed": address
        or next((href for link in feeds if (href := absolute(link.get("href"), link))), None),
        "comment_count": next((count for text in counts if (count := _count(text)) is not None), None),
    }


def relation(link: etree._Element) -> str:
    """
    What a link leads to, lower case; without one, `alternate`.
    """
    return (link.get("rel") or "alternate").strip().lower().removeprefix(_IANA)


def _is_feed(link: etree._Element) -> bool:
    """
    A link without a type leads to a feed. Source: RFC 4685, section 4.
    """
    kind = (link.get("type") or "application/atom+xml").partition(";")[0].strip().lower()
    return kind in _FEED_TYPES


def _text(found: Mapping[str, etree._Element], name: str) -> str | None:
    return text_of(found[name]) if name in found else None


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS else None
