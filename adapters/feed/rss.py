"""
RSS 2.0 and 0.91 to 0.94 to `WireFeed`; `rdf` shares `read_channel`.

Source: https://www.rssboard.org/rss-specification, https://www.rssboard.org/rss-profile, and the modules content,
wfw, slash, syndication, Dublin Core, Atom (RFC 4287) and threading (RFC 4685) as blogs use them inside RSS.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from adapters.feed.elements import (
    LANG,
    NAMESPACES,
    Names,
    absolute,
    distinct,
    guess,
    html,
    media_element,
    text_of,
    web_address,
)
from adapters.feed.people import authors_of, people_among, people_in
from adapters.feed.relations import comments, relation, relations
from adapters.feed.wire import Dialect, Text, WireEntry, WireFeed

_PERIODS_S: Final = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
"""Source: https://web.resource.org/rss/1.0/modules/syndication/."""

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CONTENT: Final = ("content:encoded", "xhtml:body", "xhtml:div", "body", "fullitem", "atom:content")
_SUMMARY: Final = (
    "description",
    "summary",
    "itunes:summary",
    "dc:description",
    "atom:summary",
)
_PUBLISHED: Final = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published")
_UPDATED: Final = ("dcterms:modified", "atom:updated")
_TAGS: Final = frozenset({"category", "dc:subject"})
_ABOUT: Final = f"{{{NAMESPACES['rdf']}}}about"


def read_rss(root: etree._Element) -> WireFeed:
    """
    A whole `rss` document.
    """
    return read_channel("rss", root)


def read_channel(dialect: Dialect, root: etree._Element) -> WireFeed:
    """
    Channel and items as one feed: items in the channel, in its `items` as RSS 1.1 has them, and beside it as RDF and
    0.90 have them.
    """
    names = Names()
    channel, items = root, _items(root, names)
    for name, child in names.children(root):
        if name == "channel":
            channel = child
            items[:0] = _items(child, names)
    links: list[etree._Element] = []
    about: dict[str, etree._Element] = {}
    for name, child in names.children(channel):
        if name == "atom:link":
            links.append(child)
        elif name != "item":
            about[name] = child
    writers, credited = people_in(channel, names)
    authors = distinct((*writers, *credited))
    language = about.get("language", about.get("dc:language"))
    return WireFeed(
        dialect=dialect,
        entries=tuple(read_item(item, names, authors) for item in items),
        authors=authors,
        lang=text_of(language) if language is not None else channel.get(LANG),
        home=absolute(text_of(about["link"]), channel) if "link" in about else None,
        fresh_for_s=_fresh_for_s(about),
        skip_hours=frozenset(_hours(about.get("skiphours"), names)),
        skip_days=frozenset(_days(about.get("skipdays"), names)),
        **relations(links, about),
    )


def _items(holder: etree._Element, names: Names) -> list[etree._Element]:
    items: list[etree._Element] = []
    for name, child in names.children(holder):
        if name == "item":
            items.append(child)
        elif name == "items":
            items.extend(inner for inner_name, inner in names.children(child) if inner_name == "item")
    return items


def read_item(item: etree._Element, names: Names, feed_authors: tuple[str, ...]) -> WireEntry:
    """
    One item; where an element occurs twice, the first that says something counts.
    """
    found: dict[str, etree._Element] = {}
    tags: list[str | None] = []
    links: list[etree._Element] = []
    children = names.children(item)
    for name, child in children:
        if name in _TAGS:
            tags.append(text_of(child))
        elif name == "atom:link":
            links.append(child)
        elif name != "?" and (name not in found or not _says(found[name])):
            found[name] = child
    writers, credited = people_among(children, names)
    if not writers and "atom:source" in found:
        writers = people_in(found["atom:source"], names)[0]
    reply = found.get("thr:in-reply-to")
    return WireEntry(
        id=_text(found, "guid")
        or item.get(_ABOUT)
        or _text(found, "atom:id")
        or _text(found, "dc:identifier"),
        link=_own_link(found) or _alternate(links) or _permalink(found),
        title=_first_guess(found, ("title", "dc:title", "atom:title")) or _media(found, "media:title", names),
        content=_first_html(found, _CONTENT),
        summary=_first_guess(found, _SUMMARY) or _media(found, "media:description", names),
        published=_first_text(found, _PUBLISHED),
        updated=_first_text(found, _UPDATED),
        lang=_first_text(found, ("dc:language", "language")) or item.get(LANG),
        categories=distinct(tags),
        authors=authors_of(writers, credited, feed_authors),
        reply_ref=reply.get("ref") if reply is not None else None,
        reply_href=absolute(reply.get("href"), reply) if reply is not None else None,
        **comments(links, found),
    )


def _says(element: etree._Element) -> bool:
    return len(element) > 0 or bool(element.text and element.text.strip())


def _text(found: dict[str, etree._Element], name: str) -> str | None:
    element = found.get(name)
    return None if element is None else text_of(element)


def _first_text(found: dict[str, etree._Element], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in found and (text := text_of(found[name])):
            return text
    return None


def _first_guess(found: dict[str, etree._Element], names: tuple[str, ...]) -> Text | None:
    for name in names:
        if name in found and (text := guess(found[name])):
            return text
    return None


def _first_html(found: dict[str, etree._Element], names: tuple[str, ...]) -> Text | None:
    for name in names:
        if name in found and (text := html(found[name])):
            return text
    return None


def _media(found: dict[str, etree._Element], wanted: str, names: Names) -> Text | None:
    element = media_element(found, wanted, names)
    return None if element is None else guess(element)


def _alternate(links: list[etree._Element]) -> str | None:
    alternates = (link for link in links if relation(link) == "alternate")
    return next((found for link in alternates if (found := absolute(link.get("href"), link))), None)


def _own_link(found: dict[str, etree._Element]) -> str | None:
    element = found.get("link")
    if element is None:
        return None
    return absolute(text_of(element) or element.get("href"), element)


def _permalink(found: dict[str, etree._Element]) -> str | None:
    """
    The guid, where it says or implies that it is an address. Source: RSS 2.0, `guid`.
    """
    guid = found.get("guid")
    if guid is None or (guid.get("isPermaLink") or guid.get("ispermalink") or "true").lower() == "false":
        return None
    return web_address(text_of(guid))


def _fresh_for_s(about: dict[str, etree._Element]) -> float | None:
    """
    The longer of `ttl` (minutes) and one period of the syndication module divided by its frequency.
    """
    ttl = _whole(about, "ttl")
    hints = [ttl * 60.0] if ttl else []
    period_s = _PERIODS_S.get((_text(about, "sy:updateperiod") or "").lower())
    if period_s:
        hints.append(period_s / (_whole(about, "sy:updatefrequency") or 1))
    return max(hints) if hints else None


def _whole(about: dict[str, etree._Element], name: str) -> int | None:
    text = _text(about, name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _hours(element: etree._Element | None, names: Names) -> list[int]:
    """
    GMT hours; 24 is what some write for midnight.
    """
    stated = (
        []
        if element is None
        else [text_of(child) or "" for name, child in names.children(element) if name == "hour"]
    )
    hours = [int(text) for text in stated if text.isascii() and text.isdigit() and len(text) <= 2]
    return [hour % 24 for hour in hours if hour <= 24]


def _days(element: etree._Element | None, names: Names) -> list[int]:
    stated = (
        []
        if element is None
        else [text_of(child) or "" for name, child in names.children(element) if name == "day"]
    )
    return [_DAYS.index(text.lower()) for text in stated if text.lower() in _DAYS]
