"""
Atom 1.0 and 0.3 to `WireFeed`, with threading and tombstones.

Source: RFC 4287; RFC 4685 (`thr:in-reply-to`, `replies`); RFC 6721 (`at:deleted-entry`);
https://www.mnot.net/drafts/draft-nottingham-atom-format-02.html for 0.3.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from lxml import etree

from adapters.feed.elements import (
    LANG,
    Names,
    absolute,
    distinct,
    guess,
    html,
    inner_html,
    plain,
    relations,
    text_of,
    whole_number,
)
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFeed

_PERSONS: Final = frozenset({"author", "contributor"})
_PERSON_PARTS: Final = frozenset({"name", "email", "uri", "url"})
_NAMED: Final = frozenset({"dc:creator", "dc:contributor", "itunes:author"})
_PUBLISHED: Final = ("published", "issued", "dcterms:issued", "created", "dc:date")
_UPDATED: Final = ("updated", "modified", "dcterms:modified")
_KIND_SCHEME: Final = "http://schemas.google.com/blogger/2008/kind#"
"""Blogger's own category on every entry: a type, not a topic."""

_COUNT: Final = "{http://purl.org/syndication/thread/1.0}count"


def read_atom(root: etree._Element) -> WireFeed:
    """
    A whole feed, or a document that is a single entry.
    """
    names = Names("atom")
    if names[str(root.tag)] == "entry":
        return WireFeed(dialect="atom", entries=(_entry(root, names),))
    about: dict[str, etree._Element] = {}
    entries: list[WireEntry | WireDeletion] = []
    for name, child in names.children(root):
        if name == "entry":
            entries.append(_entry(child, names))
        elif name == "at:deleted-entry":
            entries.extend(_deletion(child))
        else:
            about.setdefault(name, child)
    links = relations(root, names)
    return WireFeed(
        dialect="atom",
        entries=tuple(entries),
        authors=_authors(root, names),
        lang=root.get(LANG) or (text_of(about["language"]) if "language" in about else None),
        home=_link(root, names),
        next_page=links.get("next"),
        prev_archive=links.get("prev-archive"),
        is_archive="fh:archive" in about,
        is_complete="fh:complete" in about,
        self_address=links.get("self"),
    )


def _entry(entry: etree._Element, names: Names) -> WireEntry:
    found: dict[str, etree._Element] = {}
    tags: list[str | None] = []
    replies: etree._Element | None = None
    for name, child in names.children(entry):
        if name in ("category", "dc:subject"):
            if child.get("scheme") != _KIND_SCHEME:
                tags.append(child.get("term") or child.get("label") or text_of(child))
        elif name == "link":
            if child.get("rel") == "replies" and (replies is None or _is_feed(child)):
                replies = child
        elif name != "?":
            found.setdefault(name, child)
    reply = found.get("thr:in-reply-to")
    return WireEntry(
        id=_text(found, "id"),
        link=_link(entry, names),
        title=_construct(found.get("title")) or _media(found, "media:title", names),
        content=_construct(found.get("content")),
        summary=_construct(found.get("summary")) or _media(found, "media:description", names),
        published=_first(found, _PUBLISHED),
        updated=_first(found, _UPDATED),
        lang=entry.get(LANG) or _text(found, "dc:language"),
        categories=distinct(tags),
        authors=_authors(entry, names) or (_authors(found["source"], names) if "source" in found else ()),
        reply_ref=reply.get("ref") if reply is not None else None,
        reply_href=absolute(reply.get("href"), reply) if reply is not None else None,
        comments_feed=absolute(replies.get("href"), replies)
        if replies is not None and _is_feed(replies)
        else None,
        comment_count=whole_number(
            _text(found, "thr:total") or (replies.get(_COUNT) if replies is not None else None)
        ),
        takes_comments=replies is not None
        or any(name in found for name in ("thr:total", "wfw:commentrss", "slash:comments")),
    )


def _is_feed(link: etree._Element) -> bool:
    """
    Whether a `replies` link leads to a feed and not to a page. Source: RFC 4685, section 4.
    """
    return (link.get("type") or "application/atom+xml").lower().startswith("application/atom+xml")


def _deletion(element: etree._Element) -> list[WireDeletion]:
    ref = (element.get("ref") or "").strip()
    return [WireDeletion(ref, element.get("when"))] if ref else []


def _construct(element: etree._Element | None) -> Text | None:
    """
    A text construct or content. Source: RFC 4287, sections 3.1 and 4.1.3; for 0.3, its `mode`.
    """
    if element is None:
        return None
    kind = (element.get("type") or "text").strip().lower()
    mode = (element.get("mode") or "").lower()
    if mode == "base64":
        return _decoded(element)
    if len(element) or kind in ("html", "xhtml", "text/html", "application/xhtml+xml"):
        return html(element)
    if mode == "escaped":
        return guess(element)
    if kind.startswith("text") or kind.endswith(("/xml", "+xml")):
        return plain(element)
    return None  # base64 of a picture or the like


def _decoded(element: etree._Element) -> Text | None:
    try:
        text = base64.b64decode(inner_html(element) or "").decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    return Text(text, "guess") if text.strip() else None


def _media(found: dict[str, etree._Element], wanted: str, names: Names) -> Text | None:
    """
    What video sites say in Media RSS instead of Atom's own elements.
    """
    group = found.get("media:group")
    if group is None:
        return plain(found[wanted]) if wanted in found else None
    return next((plain(child) for name, child in names.children(group) if name == wanted), None)


def _link(element: etree._Element, names: Names) -> str | None:
    """
    The address of the page: `alternate`, HTML before anything else. Source: RFC 4287, section 4.2.7.2.
    """
    candidates = [
        child
        for name, child in names.children(element)
        if name == "link"
        and (child.get("rel") or "alternate").lower()
        in ("alternate", "http://www.iana.org/assignments/relation/alternate")
    ]
    candidates.sort(key=lambda link: "html" not in (link.get("type") or "html"))
    return next(
        (found for link in candidates if (found := absolute(link.get("href") or text_of(link), link))), None
    )


def _authors(element: etree._Element, names: Names) -> tuple[str, ...]:
    found: list[str | None] = []
    for name, child in names.children(element):
        if name in _PERSONS:
            parts = [
                text_of(part)
                for part_name, part in names.children(child)
                if part_name.rpartition(":")[2] in _PERSON_PARTS
            ]
            found.extend(parts or [text_of(child)])
        elif name in _NAMED:
            found.append(text_of(child))
    return distinct(found)


def _text(found: dict[str, etree._Element], name: str) -> str | None:
    element = found.get(name)
    return None if element is None else text_of(element)


def _first(found: dict[str, etree._Element], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(found, name))), None)
