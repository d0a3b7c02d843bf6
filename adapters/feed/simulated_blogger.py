"""
The documents of a simulated blog on Blogger: Atom with threads, GData's extensions, and a profile and a picture of
everybody.

Takes a `simulated_blog.Document`; gives bytes to `adapters.feed.simulator`. Written from the published reference
of the feeds and from documents as remembered, 2026-11 (https://developers.google.com/blogger/docs/2.0/reference): the
title of a comment is the beginning of its text, its address ends in `?showComment=…#c…`, every comment names its
article in `thr:in-reply-to`, an answer to a comment its parent in a `related` link only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Final

from adapters.feed.simulated_blog import Document
from listener.simulation.people import Person
from listener.simulation.world import Entry

MEDIA_TYPE: Final = "application/atom+xml; charset=UTF-8"
_KIND: Final = "http://schemas.google.com/blogger/2008/kind#"
_TITLE_MAX: Final = 50


def blogger_document(doc: Document) -> bytes:
    """
    Posts, all comments, or the comments of one post.
    """
    blog_id = f"tag:blogger.com,1999:blog-{_number(doc.blog.place)}"
    what = f".{doc.on.number}..comments" if doc.on is not None else ".comments" if doc.comments else ""
    head = [
        f"<id>{blog_id}{what}</id>",
        f"<updated>{_stamp(doc.changed_at)}</updated>",
        f"<title type='text'>{escape(doc.title)}</title>",
        f"<link rel='http://schemas.google.com/g/2005#feed' type='application/atom+xml' href='{escape(doc.origin + doc.path)}'/>",
        f"<link rel='alternate' type='text/html' href='{escape(doc.home)}'/>",
        _person(doc.world.owner),
        "<generator version='7.00' uri='https://www.blogger.com'>Blogger</generator>",
        f"<openSearch:totalResults>{len(doc.entries)}</openSearch:totalResults>",
    ]
    return "".join(
        [
            "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'",
            " xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' xmlns:gd='http://schemas.google.com/g/2005'",
            " xmlns:thr='http://purl.org/syndication/thread/1.0'>",
            *head,
            *(_entry(doc, entry, blog_id) for entry in doc.entries),
            "</feed>",
        ]
    ).encode()


def _entry(doc: Document, entry: Entry, blog_id: str) -> str:
    kind = "comment" if entry.on is not None else "post"
    parts = [
        f"<id>{blog_id}.post-{entry.number}</id>",
        f"<published>{_stamp(entry.written_at)}</published>",
        f"<updated>{_stamp(doc.updated_of(entry))}</updated>",
        f"<category scheme='http://schemas.google.com/g/2005#kind' term='{_KIND}{kind}'/>",
        *(
            f"<category scheme='http://www.blogger.com/atom/ns#' term='{escape(tag)}'/>"
            for tag in doc.tags_of(entry)
        ),
        f"<title type='text'>{escape(_title(doc, entry))}</title>",
        f"<content type='html'>{escape(doc.html_of(entry))}</content>",
        *(_of_comment(doc, entry, blog_id) if entry.on is not None else _of_post(doc, entry)),
        _person(entry.author),
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _of_post(doc: Document, entry: Entry) -> list[str]:
    comments = f"{doc.home}feeds/{entry.number}/comments/default"
    count = len(doc.world.comments(doc.blog.place, entry.post))
    return [
        f"<link rel='replies' type='application/atom+xml' href='{escape(comments)}' title='Post Comments'/>",
        f"<link rel='alternate' type='text/html' href='{escape(doc.link_of(entry))}' title='{escape(entry.title)}'/>",
        f"<thr:total>{count}</thr:total>",
    ]


def _of_comment(doc: Document, entry: Entry, blog_id: str) -> list[str]:
    article = doc.world.entries[entry.on or ""]
    page = doc.link_of(article)
    feed = f"{doc.home}feeds/{article.number}/comments/default"
    at = int(entry.written_at.timestamp() * 1000)
    parent = doc.world.entries.get(entry.reply_to or "")
    return [
        f"<link rel='alternate' type='text/html' href='{escape(page)}?showComment={at}#c{entry.number}' title=''/>",
        f"<link rel='related' type='application/atom+xml' href='{escape(feed)}/{parent.number}'/>"
        if parent
        else "",
        f"<thr:in-reply-to href='{escape(page)}' ref='{blog_id}.post-{article.number}' source='{escape(feed)}'"
        " type='text/html'/>",
        f"<gd:extendedProperty name='blogger.itemClass' value='pid-{_number(entry.author.handle)}'/>",
        f"<gd:extendedProperty name='blogger.displayTime' value='{entry.written_at:%d %B %Y at %H:%M}'/>",
    ]


def _title(doc: Document, entry: Entry) -> str:
    if not doc.comments:
        return entry.title
    words = " ".join(entry.text.split())
    return words if len(words) <= _TITLE_MAX else f"{words[:_TITLE_MAX].rsplit(' ', 1)[0]}..."


def _person(person: Person) -> str:
    return (
        f"<author><name>{escape(person.name)}</name><uri>{escape(person.profile)}</uri><email>noreply@blogger.com</email>"
        "<gd:image rel='http://schemas.google.com/g/2005#thumbnail' width='32' height='32'"
        f" src='{escape(person.avatar)}'/></author>"
    )


def _number(name: str) -> int:
    """
    As Blogger counts blogs and people: long numbers.
    """
    return int.from_bytes(name.encode()[:7].ljust(7, b"\1"), "big")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
