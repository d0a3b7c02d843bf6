"""
The documents of the feed simulator: RSS 2.0 (in the shape WordPress gives it), RSS 1.0, Atom 1.0, JSON Feed, pages.

Takes entries of a `listener.simulation.world.World`; gives bytes to `adapters.feed.simulator`. Written from the
specifications alone. Whatever a format has room for that names a person is filled in, because real feeds do it too.

Sources (as remembered or quoted, 2026-11):
RSS 2.0, https://www.rssboard.org/rss-specification (2.0.11); RSS 1.0, http://web.resource.org/rss/1.0/spec;
Atom, RFC 4287; threads in Atom, RFC 4685; deleted entries, RFC 6721; archives, RFC 5005;
JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/ (`expired` is said of a feed, not of an item);
WordPress, src/wp-includes/feed-rss2.php and feed-rss2-comments.php.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, Final, Literal

from listener.simulation.people import Person
from listener.simulation.world import Entry, World

Format = Literal["rss2", "atom", "json", "rss1"]
FORMATS: Final[tuple[Format, ...]] = ("rss2", "atom", "json", "rss1")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """
    How one place of the world shows itself.

    Args:
        place: Its name.
        format: In which it is announced and configured; it answers in all of them.
        window: How many entries a document shows, newest first.
        ttl_min: `<ttl>` of RSS 2.0; None for none.
        max_age_s: Of Cache-Control; None for no such header.
        validators: `exact`; `none`; or `wordpress`, which derives both from the newest date written on an entry, so
            that a comment approved late changes neither.
        summary_only: Shows the first sentence where others show all.
        software: Whose shape documents and addresses have.
        ids: `steady`; `unstable`: other ones at every reading; `one`: the same for every entry; `none`.
        secure: Addresses and ids say https, or neither does; None: ids alone do.
        restless: At every reading the same words in other dress: white space, entities, counters, times from now, marks
            of a visit, an advertisement, order of categories, a new `updated`.
        twins: Posts that say something else at every other reading, as two caches would.
        locked: Posts behind a password: a form stands where the text was.
        archives: The feed's past stands in archive documents (RFC 5005, section 4).
        titles: What the language of the software makes of a comment's title, in the feed of all comments and in that of
            one article.
        answers: The sentence WordPress puts before an answer to a comment.
    """

    place: str
    format: Format = "rss2"
    window: int = 10
    ttl_min: int | None = None
    max_age_s: int | None = None
    validators: Literal["exact", "none", "wordpress"] = "exact"
    summary_only: bool = False
    software: Literal["wordpress", "blogger"] = "wordpress"
    ids: Literal["steady", "unstable", "one", "none"] = "steady"
    secure: bool | None = None
    restless: bool = False
    twins: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    archives: bool = False
    titles: tuple[str, str] = ("Comment on {on} by {by}", "By: {by}")
    answers: str = "In reply to {parent}."


@dataclass(frozen=True, slots=True)
class Document:
    """
    One document about to be written.

    Args:
        world: Its world.
        blog: Whose document.
        origin: `http://127.0.0.1:port`.
        path: Where it stands.
        entries: What it shows, newest first.
        gone: What it says was taken away, latest first.
        comments: It is a feed of comments.
        on: The one article whose comments it shows.
        changed_at: When it last changed.
        reading: Counts how often the blog was read.
        links: Relation and address of documents beside this one.
        is_archive: It is closed and will never change.
    """

    world: World
    blog: Blog
    origin: str
    path: str
    entries: Sequence[Entry]
    gone: Sequence[Entry]
    comments: bool
    on: Entry | None
    changed_at: datetime
    reading: int = 0
    links: tuple[tuple[str, str], ...] = ()
    is_archive: bool = False

    @property
    def home(self) -> str:
        return f"{self.origin}/{self.blog.place}/"

    @property
    def title(self) -> str:
        site = self.world.place(self.blog.place).title
        if self.on is not None:
            return f"Comments on: {self.on.title}"
        return f"Comments for {site}" if self.comments else site

    def title_of(self, entry: Entry) -> str:
        """
        WordPress names the author in the title of every comment.
        """
        if not self.comments:
            return entry.title
        on_all, on_one = self.blog.titles
        if self.on is not None:
            return on_one.format(by=entry.author.name)
        return on_all.format(on=self.world.entries[entry.on or ""].title, by=entry.author.name)

    def link_of(self, entry: Entry) -> str:
        link = self.origin + self.world.link(entry)
        if self.blog.secure:
            link = link.replace("http://", "https://", 1)
        if not self.blog.restless:
            return link
        page, mark, fragment = link.partition("#")
        return f"{page}?utm_source=feed&utm_content={self.reading}{mark}{fragment}"

    def id_of(self, entry: Entry) -> str:
        """
        The identity that no move changes: as WordPress does it, an address by number on the blog's first host.
        """
        article = entry if entry.on is None else self.world.entries[entry.on]
        scheme = "http" if self.blog.secure is False else "https"
        base = f"{scheme}://{self.blog.place}.example/?p={article.number}"
        match self.blog.ids:
            case "unstable":
                base += f"&session={self.reading}"
            case "one":
                base = f"https://{self.blog.place}.example/?p=0"
            case "none":
                return ""
        return base if entry.on is None else f"{base}#comment-{entry.number}"

    def updated_of(self, entry: Entry) -> datetime:
        return self.world.clock.now() if self.blog.restless else entry.changed_at

    def tags_of(self, entry: Entry) -> tuple[str, ...]:
        return entry.tags[::-1] if self.blog.restless and self.reading % 2 else entry.tags

    def html_of(self, entry: Entry) -> str:
        article = entry if entry.on is None else self.world.entries[entry.on]
        if article.post in self.blog.locked:
            return _LOCKED_FORM.format(home=self.home, number=article.number)
        if self.blog.summary_only:
            return f"<p>{escape(_excerpt(entry))}</p>"
        twin = self.blog.twins.get(entry.post) if self.reading % 2 else None
        if twin is not None:
            return _paragraphs(twin)
        shown = entry.html if entry.html is not None else _paragraphs(entry.text)
        return shown + _dress(self.reading) if self.blog.restless else shown

    def said_in(self, entry: Entry) -> str:
        """
        What WordPress shows of an entry: before an answer, whom it answers, with a link to what they said.
        """
        parent = self.world.entries.get(entry.reply_to or "")
        if parent is None or entry.on in self.blog.locked:
            return self.html_of(entry)
        link = f'<a href="{escape(self.link_of(parent))}">{escape(parent.author.name)}</a>'
        return f"<p>{self.blog.answers.format(parent=link)}</p>\n{self.html_of(entry)}"

    def excerpt_of(self, entry: Entry) -> str:
        article = entry if entry.on is None else self.world.entries[entry.on]
        if article.post in self.blog.locked:
            return "There is no excerpt because this is a protected post."
        return _excerpt(entry)


_LOCKED_FORM: Final = (
    '<form action="{home}wp-login.php?action=postpass" class="post-password-form" method="post">'
    "<p>This content is password-protected. To view it, please enter the password below.</p>"
    '<p><label for="pwbox-{number}">Password: <input name="post_password" id="pwbox-{number}" type="password"'
    ' spellcheck="false" required size="20" /></label> <input type="submit" name="Submit" value="Enter" /></p></form>'
)
"""Source: WordPress, get_the_password_form (as remembered, 2026-11)."""


def _dress(reading: int) -> str:
    """
    What plug-ins put below a text, other at every reading.
    """
    space, quote = (" ", "’") if reading % 2 else ("&#32;\n ", "&#8217;")
    return (
        f'<p class="meta-{reading}">Posted{space}{reading + 2} hours ago. {1200 + reading:,} views. That{quote}s all.</p>'
        f'<div id="ad-{reading}"><script>show({reading})</script>'
        f'<a href="https://ads.example/click?zone=3&amp;cb={reading}">Tyres</a></div>'
    )


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
        f"<dc:creator>{_cdata(author.name)}</dc:creator>",
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
        f'<li id="comment-{comment.number}"><b>{escape(comment.author.name)}</b>{_paragraphs(comment.text)}</li>'
        for comment in reversed(world.comments(article.place.name, article.post))
    )
    body = article.html if article.html is not None else _paragraphs(article.text)
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


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))


def _excerpt(entry: Entry) -> str:
    """
    The first paragraph, as plain text.
    """
    return entry.text.split("\n\n")[0]


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_of(world: World, article: Entry) -> str:
    """
    Path of an article's page: its link without query.
    """
    return world.link(article).partition("?")[0]
