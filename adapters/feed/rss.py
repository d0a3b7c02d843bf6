"""
RSS 2.0 and 0.91 to 0.94 to `WireFeed`; items of RDF share `read_item`.

Source: https://www.rssboard.org/rss-specification, https://www.rssboard.org/rss-profile, and the modules content,
wfw, slash, syndication, Dublin Core, Atom (RFC 4287) and threading (RFC 4685) as blogs use them inside RSS.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from adapters.feed.elements import (
    LANG,
    Names,
    absolute,
    distinct,
    guess,
    html,
    relations,
    text_of,
    web_address,
    whole_number,
)
from adapters.feed.wire import Dialect, Text, WireEntry, WireFeed

_PERIODS_S: Final = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
"""Source: https://web.resource.org/rss/1.0/modules/syndication/."""

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AUTHORS: Final = frozenset(
    {"author", "dc:creator", "dc:contributor", "itunes:author", "managingeditor", "webmaster"}
)
_PERSONS: Final = frozenset({"atom:author", "atom:contributor", "itunes:owner"})
_WRITERS: Final = _AUTHORS | _PERSONS
_PERSON_PARTS: Final = frozenset({"name", "email", "uri", "url"})
_CONTENT: Final = ("content:encoded", "xhtml:body", "xhtml:div", "body", "fullitem", "atom:content")
_SUMMARY: Final = (
    "description",
    "summary",
    "itunes:summary",
    "dc:description",
    "atom:summary",
    "media:description",
)
_PUBLISHED: Final = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published")
_UPDATED: Final = ("dcterms:modified", "atom:updated")
_TAGS: Final = frozenset({"category", "dc:subject"})


def read_rss(root: etree._Element) -> WireFeed:
    """
    A whole `rss` document. Items outside the channel, as 0.90 had them, count too.
    """
    names = Names()
    channel = root
    items: list[etree._Element] = []
    for name, child in names.children(root):
        if name == "channel":
            channel = child
        elif name == "item":
            items.append(child)
    items[:0] = (
        [child for name, child in names.children(channel) if name == "item"] if channel is not root else []
    )
    return assemble("rss", channel, items, names)


def assemble(
    dialect: Dialect, channel: etree._Element, items: list[etree._Element], names: Names
) -> WireFeed:
    """
    Channel and items as one feed.
    """
    about = {name: child for name, child in names.children(channel) if name != "item"}
    language = about.get("language", about.get("dc:language"))
    links = relations(channel, names)
    return WireFeed(
        dialect=dialect,
        entries=tuple(read_item(item, names) for item in items),
        authors=distinct(
            text
            for name, child in names.children(channel)
            if name in _WRITERS
            for text in _names_in(name, child, names)
        ),
        lang=text_of(language) if language is not None else channel.get(LANG),
        home=absolute(text_of(about["link"]), channel) if "link" in about else None,
        fresh_for_s=_fresh_for_s(about),
        skip_hours=frozenset(_hours(about.get("skiphours"), names)),
        skip_days=frozenset(_days(about.get("skipdays"), names)),
        next_page=links.get("next"),
        prev_archive=links.get("prev-archive"),
        is_archive="fh:archive" in about,
        is_complete="fh:complete" in about,
        new_address=web_address(_text(about, "itunes:new-feed-url")),
        self_address=links.get("self"),
    )


def read_item(item: etree._Element, names: Names) -> WireEntry:
    """
    One item; where an element occurs twice, the first that says something counts.
    """
    found: dict[str, etree._Element] = {}
    tags: list[str | None] = []
    authors: list[str | None] = []
    link: str | None = None
    for name, child in names.children(item):
        if name in _TAGS:
            tags.append(text_of(child))
        elif name in _WRITERS:
            authors.extend(_names_in(name, child, names))
        elif name == "atom:link":
            if child.get("rel", "alternate") == "alternate":
                link = link or absolute(child.get("href"), child)
        elif name != "?" and (name not in found or not _says(found[name])):
            found[name] = child
    identity = _text(found, "guid") or item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about")
    reply = found.get("thr:in-reply-to")
    return WireEntry(
        id=identity or _text(found, "atom:id") or _text(found, "dc:identifier"),
        link=_own_link(found) or link or _permalink(found),
        title=_first_guess(found, ("title", "dc:title", "media:title")),
        content=_first_html(found, _CONTENT),
        summary=_first_guess(found, _SUMMARY) or _media_description(found, names),
        published=_first_text(found, _PUBLISHED),
        updated=_first_text(found, _UPDATED),
        lang=_first_text(found, ("dc:language", "language")) or item.get(LANG),
        categories=distinct(tags),
        authors=distinct(authors),
        reply_ref=reply.get("ref") if reply is not None else None,
        reply_href=absolute(reply.get("href"), reply) if reply is not None else None,
        comments_feed=_address(found, "wfw:commentrss"),
        comment_count=whole_number(_text(found, "slash:comments") or _text(found, "thr:total")),
        takes_comments=any(name in found for name in ("comments", "wfw:commentrss", "slash:comments")),
    )


def _says(element: etree._Element) -> bool:
    return len(element) > 0 or bool(element.text and element.text.strip())


def _text(found: dict[str, etree._Element], name: str) -> str | None:
    element = found.get(name)
    return None if element is None else text_of(element)


def _address(found: dict[str, etree._Element], name: str) -> str | None:
    element = found.get(name)
    return None if element is None else absolute(text_of(element), element)


def _first_text(found: dict[str, etree._Element], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(found, name))), None)


def _first_guess(found: dict[str, etree._Element], names: tuple[str, ...]) -> Text | None:
    return next((text for name in names if name in found and (text := guess(found[name]))), None)


def _first_html(found: dict[str, etree._Element], names: tuple[str, ...]) -> Text | None:
    return next((text for name in names if name in found and (text := html(found[name]))), None)


def _media_description(found: dict[str, etree._Element], names: Names) -> Text | None:
    group = found.get("media:group")
    if group is None:
        return None
    return next((guess(child) for name, child in names.children(group) if name == "media:description"), None)


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


def _names_in(name: str, child: etree._Element, names: Names) -> list[str | None]:
    """
    Every string in this element that names a person, as it stands.
    """
    if name in _PERSONS or len(child):
        return [text_of(part) for part_name, part in names.children(child) if _is_person_part(part_name)]
    return [text_of(child)]


def _is_person_part(name: str) -> bool:
    return name.rpartition(":")[2] in _PERSON_PARTS


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
