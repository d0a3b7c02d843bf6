"""
Atom 1.0 and 0.3 to `WireFeed`, with threading and tombstones.

Source: RFC 4287; RFC 4685 (`thr:in-reply-to`); RFC 6721 (`at:deleted-entry`);
https://www.mnot.net/drafts/draft-nottingham-atom-format-02.html for 0.3.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from lxml import etree

from adapters.feed.elements import (
    LANG,
    Names,
    absolute,
    distinct,
    guess,
    html,
    media_element,
    plain,
    text_of,
    web_address,
)
from adapters.feed.people import authors_of, people_among, people_in
from adapters.feed.relations import comments, relation, relations
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFeed

_PUBLISHED: Final = ("published", "issued", "dcterms:issued", "created", "dc:date")
_UPDATED: Final = ("updated", "modified", "dcterms:modified")
_BINARY: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_KIND_SCHEME: Final = "http://schemas.google.com/blogger/2008/kind#"
"""Blogger's own category on every entry: a type, not a topic."""


def read_atom(root: etree._Element) -> WireFeed:
    """
    A whole feed, or a document that is a single entry.
    """
    names = Names("atom")
    if names[str(root.tag)] == "entry":
        return WireFeed(dialect="atom", entries=(_entry(root, names, ()),))
    writers, credited = people_in(root, names)
    authors = distinct((*writers, *credited))
    about: dict[str, etree._Element] = {}
    links: list[etree._Element] = []
    entries: list[WireEntry | WireDeletion] = []
    for name, child in names.children(root):
        if name == "entry":
            entries.append(_entry(child, names, authors))
        elif name == "at:deleted-entry":
            entries.extend(_deletion(child))
        elif name == "link":
            links.append(child)
        else:
            about.setdefault(name, child)
    return WireFeed(
        dialect="atom",
        entries=tuple(entries),
        authors=authors,
        lang=root.get(LANG) or (text_of(about["language"]) if "language" in about else None),
        home=_page(links),
        **relations(links, about),
    )


def _entry(entry: etree._Element, names: Names, feed_authors: tuple[str, ...]) -> WireEntry:
    found: dict[str, etree._Element] = {}
    tags: list[str | None] = []
    links: list[etree._Element] = []
    children = names.children(entry)
    for name, child in children:
        if name in ("category", "dc:subject"):
            if child.get("scheme") != _KIND_SCHEME:
                tags.append(child.get("term") or child.get("label") or text_of(child))
        elif name == "link":
            links.append(child)
        elif name != "?":
            found.setdefault(name, child)
    writers, credited = people_among(children, names)
    if not writers and "source" in found:
        writers = people_in(found["source"], names)[0]
    reply = found.get("thr:in-reply-to")
    return WireEntry(
        id=_text(found, "id"),
        link=_page(links) or web_address(_text(found, "id")),
        title=_construct(found.get("title"))
        or _construct(found.get("dc:title"))
        or _plain(media_element(found, "media:title", names)),
        content=_construct(found.get("content")),
        summary=_construct(found.get("summary"))
        or _construct(found.get("dc:description"))
        or _plain(media_element(found, "media:description", names)),
        published=_first(found, _PUBLISHED),
        updated=_first(found, _UPDATED),
        lang=entry.get(LANG) or _text(found, "dc:language"),
        categories=distinct(tags),
        authors=authors_of(writers, credited, feed_authors),
        reply_ref=reply.get("ref") if reply is not None else None,
        reply_href=absolute(reply.get("href"), reply) if reply is not None else None,
        **comments(links, found),
    )


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
    if kind.startswith("text") or kind.endswith(("/xml", "+xml")) or "/" not in kind:
        return plain(element)
    return _decoded(element)  # source: RFC 4287, section 4.1.3.3, item 5


def _plain(element: etree._Element | None) -> Text | None:
    return None if element is None else plain(element)


def _decoded(element: etree._Element) -> Text | None:
    """
    What stands there in base64, if it is text after all and no picture or the like.
    """
    try:
        packed = "".join((text_of(element) or "").split())
        text = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return Text(text, "guess") if text.strip() and not _BINARY.search(text) else None


def _page(links: list[etree._Element]) -> str | None:
    """
    The address of the page: `alternate`, what says that it is HTML before what says nothing, and that before other
    types. Source: RFC 4287, section 4.2.7.2.
    """
    candidates = [link for link in links if relation(link) == "alternate"]
    candidates.sort(key=lambda link: _distance_from_html(link.get("type")))
    return next(
        (found for link in candidates if (found := absolute(link.get("href") or text_of(link), link))), None
    )


def _distance_from_html(kind: str | None) -> int:
    return 1 if not kind else 0 if "html" in kind.lower() else 2


def _text(found: dict[str, etree._Element], name: str) -> str | None:
    element = found.get(name)
    return None if element is None else text_of(element)


def _first(found: dict[str, etree._Element], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in found and (text := text_of(found[name])):
            return text
    return None
