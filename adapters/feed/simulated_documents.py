"""
The documents of the feed simulator: RSS 2.0 (in the shape WordPress gives it), RSS 1.0, Atom 1.0, JSON Feed, pages.

Takes a `simulated_blog.Document`; gives bytes to `adapters.feed.simulator`. Written from the
specifications alone. Whatever a format has room for that names a person is filled in, because real feeds do it too.

Sources (as remembered or quoted, 2026-11):
RSS 2.0, https://www.rssboard.org/rss-specification (2.0.11); RSS 1.0, http://web.resource.org/rss/1.0/spec;
Atom, RFC 4287; threads in Atom, RFC 4685; deleted entries, RFC 6721; archives, RFC 5005;
JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/ (`expired` is said of a feed, not of an item);
WordPress, src/wp-includes/feed-rss2.php and feed-rss2-comments.php.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from adapters.feed.simulated_blog import Blog, Document, Format, page_of, paragraphs
from listener.simulation.people import Person
from listener.simulation.world import Entry, World

MEDIA_TYPES: Final[dict[Format, str]] = {
    "rss2": "application/rss+xml; charset=UTF-8",
    "atom": "application/atom+xml; charset=UTF-8",
    "json": "application/feed+json; charset=utf-8",
    "rss1": "application/rdf+xml; charset=UTF-8",
}
ENDINGS: Final[dict[Format, str]] = {
    "rss2": "feed/",
    "atom": "feed/atom/",
    "json": "feed/json/",
    "rss1": "feed/rdf/",
}


def _rss2(doc: Document) -> bytes:
    """
    RSS 2.0 as WordPress shapes it, with the extensions that name people.
    """
    owner, place = doc.world.owner, doc.world.place(doc.blog.place)
    head = [
        _tag("title", doc.title),
        f'<atom:link href="{escape(doc.origin + doc.path)}" rel="self" type="application/rss+xml" />',
        *(f'<atom:link rel="{rel}" href="{escape(href)}" />' for rel, href in doc.links),
        "<fh:archive />" if doc.is_archive else "",
        _tag("link", doc.home),
        _tag("description", f"{place.title}. {owner.bio}"),
        _tag("lastBuildDate", _rfc822(doc.changed_at)),
        _tag("language", place.lang),
        _tag("copyright", f"© {owner.name} (@{owner.handle}), {owner.phone}"),
        f'<site xmlns="com-wordpress:feed-additions:1">{escape(owner.account_id)}</site>',
        _tag("managingEditor", f"{owner.email} ({owner.name})"),
        _tag("webMaster", f"{owner.email} ({owner.name})"),
        _tag("sy:updatePeriod", "hourly"),
        _tag("sy:updateFrequency", "1"),
        _tag("generator", "https://wordpress.org/?v=6.9"),
        _tag("ttl", str(doc.blog.ttl_min)) if doc.blog.ttl_min is not None else "",
        _tag("itunes:author", owner.name),
        f"<itunes:owner>{_tag('itunes:name', owner.name)}{_tag('itunes:email', owner.email)}</itunes:owner>",
        _tag("webfeeds:icon", owner.avatar),
        f"<image>{_tag('url', owner.avatar)}{_tag('title', owner.name)}{_tag('link', owner.profile)}</image>",
    ]
    items = [_rss2_item(doc, entry) for entry in doc.entries]
    return _xml(
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
        ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:webfeeds="http://webfeeds.org/rss/1.0" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:fh="http://purl.org/syndication/history/1.0">',
        "<channel>",
        *filter(None, head),
        *items,
        "</channel></rss>",
    )


def _rss2_item(doc: Document, entry: Entry) -> str:
    author = entry.author
    parts = [
        _tag("title", doc.title_of(entry)),
        _tag("link", doc.link_of(entry)),
        "" if doc.blog.nameless else f"<dc:creator>{_cdata(author.name)}</dc:creator>",
        _tag("pubDate", _rfc822(entry.written_at)),
        f'<guid isPermaLink="false">{escape(doc.id_of(entry))}</guid>' if doc.blog.ids != "none" else "",
        f"<description>{_cdata(escape(doc.excerpt_of(entry), quote=False))}</description>",
        f"<content:encoded>{_cdata(doc.said_in(entry))}</content:encoded>",
    ]
    if not doc.comments:
        thread = doc.origin + page_of(doc.world, entry)
        parts += [
            _tag("comments", f"{thread}#comments"),
            _tag("author", f"{author.email} ({author.name})"),
            *(f"<category>{_cdata(tag)}</category>" for tag in doc.tags_of(entry)),
            _tag("wfw:commentRss", f"{thread}feed/"),
            _tag("slash:comments", str(len(doc.world.comments(doc.blog.place, entry.post)))),
            _tag("itunes:author", author.name),
            f'<media:credit role="author">{escape(author.name)}</media:credit>',
            f'<media:thumbnail url="{escape(author.avatar)}" />',
        ]
    return f"<item>{''.join(parts)}</item>"


def _atom(doc: Document) -> bytes:
    """
    Atom with threads (RFC 4685) and deleted entries (RFC 6721).
    """
    place = doc.world.place(doc.blog.place)
    head = [
        _tag("title", doc.title),
        _tag("id", f"tag:{doc.blog.place}.example,2026:{'comments' if doc.comments else 'posts'}"),
        _tag("updated", _rfc3339(doc.changed_at)),
        f'<link rel="self" type="application/atom+xml" href="{escape(doc.origin + doc.path)}" />',
        f'<link rel="alternate" type="text/html" href="{escape(doc.home)}" />',
        *(f'<link rel="{rel}" href="{escape(href)}" />' for rel, href in doc.links),
        "<fh:archive />" if doc.is_archive else "",
        _atom_person("author", doc.world.owner),
        _tag("icon", doc.world.owner.avatar),
        '<generator uri="https://wordpress.org/" version="6.9">WordPress</generator>',
    ]
    return _xml(
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"'
        f' xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:fh="http://purl.org/syndication/history/1.0"'
        f' xml:lang="{place.lang}">',
        *filter(None, head),
        *(_atom_entry(doc, entry) for entry in doc.entries),
        *(_atom_tombstone(doc, entry) for entry in doc.gone),
        "</feed>",
    )


def _atom_entry(doc: Document, entry: Entry) -> str:
    parts = [
        _tag("title", doc.title_of(entry)),
        _tag("id", doc.id_of(entry)),
        f'<link rel="alternate" type="text/html" href="{escape(doc.link_of(entry))}" />',
        _tag("published", _rfc3339(entry.written_at)),
        _tag("updated", _rfc3339(doc.updated_of(entry))),
        _atom_person("author", entry.author),
        *(f'<category term="{escape(tag)}" />' for tag in doc.tags_of(entry)),
        _tag("summary", doc.excerpt_of(entry)),
        f'<content type="html">{escape(doc.said_in(entry))}</content>',
    ]
    if doc.comments:
        answered = doc.world.entries[entry.reply_to or entry.on or ""]
        parts.append(
            f'<thr:in-reply-to ref="{escape(doc.id_of(answered))}" href="{escape(doc.link_of(answered))}"'
            ' type="text/html" />'
        )
    else:
        thread = escape(f"{doc.origin}{page_of(doc.world, entry)}feed/atom/")
        count = len(doc.world.comments(doc.blog.place, entry.post))
        parts.append(
            f'<link rel="replies" type="application/atom+xml" href="{thread}" thr:count="{count}" />'
        )
    return f'<entry xml:lang="{entry.lang}">{"".join(parts)}</entry>'


def _atom_person(tag: str, person: Person) -> str:
    inner = _tag("name", person.name) + _tag("uri", person.profile) + _tag("email", person.email)
    return f"<{tag}>{inner}</{tag}>"


def _atom_tombstone(doc: Document, entry: Entry) -> str:
    when = _rfc3339(entry.deleted_at or entry.visible_at)
    return (
        f'<at:deleted-entry ref="{escape(doc.id_of(entry))}" when="{when}">'
        f"{_atom_person('at:by', entry.author)}</at:deleted-entry>"
    )


def _json_feed(doc: Document) -> bytes:
    """
    JSON Feed 1.1. An item that is gone is just gone; a blog that has ended says `expired`.
    """
    place = doc.world.place(doc.blog.place)
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": doc.title,
        "description": f"{place.title}. {doc.world.owner.bio}",
        "home_page_url": doc.home,
        "feed_url": doc.origin + doc.path,
        "language": place.lang,
        "icon": doc.world.owner.avatar,
        "authors": [_json_author(doc.world.owner)],
        "items": [_json_item(doc, entry) for entry in doc.entries],
    }
    if doc.blog.place in doc.world.ended:
        document["expired"] = True
    return json.dumps(document, ensure_ascii=False).encode()


def _json_item(doc: Document, entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": doc.id_of(entry),
        "url": doc.link_of(entry),
        "title": doc.title_of(entry),
        "content_html": doc.html_of(entry),
        "summary": doc.excerpt_of(entry),
        "date_published": _rfc3339(entry.written_at),
        "language": entry.lang,
        "authors": [_json_author(entry.author)],
        "tags": list(entry.tags),
        "_author_bio": entry.author.bio,
    }
    if entry.edited_at is not None:
        item["date_modified"] = _rfc3339(entry.edited_at)
    return item


def _json_author(person: Person) -> dict[str, str]:
    return {"name": person.name, "url": person.profile, "avatar": person.avatar}


def _rss1(doc: Document) -> bytes:
    """
    RSS 1.0 with the Dublin Core, content and syndication modules.
    """
    place = doc.world.place(doc.blog.place)
    listed = "".join(f'<rdf:li rdf:resource="{escape(doc.link_of(entry))}" />' for entry in doc.entries)
    head = [
        _tag("title", doc.title),
        _tag("link", doc.home),
        _tag("description", f"{place.title}. {doc.world.owner.bio}"),
        _tag("dc:language", place.lang),
        _tag("dc:creator", f"{doc.world.owner.name} ({doc.world.owner.email})"),
        _tag("dc:date", _rfc3339(doc.changed_at)),
        f"<items><rdf:Seq>{listed}</rdf:Seq></items>",
    ]
    return _xml(
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">',
        f'<channel rdf:about="{escape(doc.origin + doc.path)}">',
        *head,
        "</channel>",
        *(_rss1_item(doc, entry) for entry in doc.entries),
        "</rdf:RDF>",
    )


def _rss1_item(doc: Document, entry: Entry) -> str:
    parts = [
        _tag("title", doc.title_of(entry)),
        _tag("link", doc.link_of(entry)),
        _tag("description", doc.excerpt_of(entry)),
        _tag("dc:creator", entry.author.name),
        _tag("dc:identifier", doc.id_of(entry)),
        _tag("dc:date", _rfc3339(entry.written_at)),
        *(_tag("dc:subject", tag) for tag in entry.tags),
        f"<content:encoded>{_cdata(doc.html_of(entry))}</content:encoded>",
    ]
    return f'<item rdf:about="{escape(doc.link_of(entry))}">{"".join(parts)}</item>'


WRITERS: Final[dict[Format, Callable[[Document], bytes]]] = {
    "rss2": _rss2,
    "atom": _atom,
    "json": _json_feed,
    "rss1": _rss1,
}


def page(world: World, article: Entry) -> bytes:
    """
    The page of an article for people, comments below.
    """
    comments = "".join(
        f'<li id="comment-{comment.number}"><b>{escape(comment.author.name)}</b>{paragraphs(comment.text)}</li>'
        for comment in reversed(world.comments(article.place.name, article.post))
    )
    body = article.html if article.html is not None else paragraphs(article.text)
    return (
        f'<!doctype html><html lang="{article.lang}"><meta charset="utf-8"><title>{escape(article.title)}</title>'
        f"<h1>{escape(article.title)}</h1>{body}<ol>{comments}</ol></html>"
    ).encode()


def home_page(world: World, blog: Blog) -> bytes:
    """
    The front page, which announces the feeds.
    """
    title = escape(world.place(blog.place).title)
    links = "".join(
        f'<link rel="alternate" type="{MEDIA_TYPES[form].partition(";")[0]}" title="{title}" href="/{blog.place}/{ending}">'
        for form, ending in ENDINGS.items()
    )
    return f'<!doctype html><html><meta charset="utf-8"><title>{title}</title>{links}<h1>{title}</h1></html>'.encode()


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _xml(*parts: str) -> bytes:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *parts, ""]).encode()


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
