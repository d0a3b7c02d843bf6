"""
`WireFeed` to posts and removals. Pure: takes what `documents` read, gives what a page carries.

Which post an entry is, is told by `naming`; what a comment hides, by `comments`.

Invariant: one item per entry of the document, in its order; only a post that stands there twice under the same
identity is given once, and one that its tombstone outlives not at all.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from adapters.feed.comments import (
    Found,
    is_comment_address,
    is_locked,
    page_of_comment,
    sibling_id,
    without_commenter,
    without_parent,
    without_parent_name,
    without_pictures,
)
from adapters.feed.config import FeedConfig
from adapters.feed.dates import parse_date
from adapters.feed.elements import distinct
from adapters.feed.identities import Ids
from adapters.feed.naming import Identities, identities_of
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFault, WireFeed
from listener.adapter import Item
from listener.events import Author, Kind, Post, Rejected, Removal
from listener.text import clean, fold, html_to_text, same_address

TITLE_MAX: Final = 10_000
"""Characters; chosen: no title is longer, a longer one is a broken document."""

TEXT_MAX: Final = 500_000
"""Characters of plain text; chosen: three novels' chapters, and well below what a broker takes in one message."""

_MARKUP_MAX: Final = 8 * TEXT_MAX
"""Characters of HTML that are looked at to find that text."""

_SIGNS: Final = "#＃"
"""What some write before a category, as if it were a hashtag."""

_MARKED_UP: Final = re.compile(r"</?[A-Za-z!][^<>]*>|&(?:#\d|#[xX][0-9A-Fa-f]|[A-Za-z]{2,30};)")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
_MAIL_AND_NAME: Final = re.compile(r"(?:mailto:)?([^\s()<>@]{1,100}@[^\s()<>]{1,200})\s*\(([^()]{1,200})\)")
_NAME_AND_MAIL: Final = re.compile(r"([^<>@]{1,200}?)\s*<(?:mailto:)?([^\s()<>]{1,100}@[^\s()<>]{1,200})>")


@dataclass(frozen=True, slots=True)
class _Document:
    """
    What an entry has to know of its document.

    Args:
        identities: Which of its ids and links may be believed.
        answers: See `items_from`.
    """

    feed: WireFeed
    config: FeedConfig
    identities: Identities
    answers: str | None


class _TooLarge(Exception):
    """
    Raised and caught in this file only: an entry is larger than any honest one.
    """


def items_from(
    feed: WireFeed, config: FeedConfig, *, ids: Ids = "stated", answers: str | None = None
) -> tuple[Item, ...]:
    """
    Every entry as a `Post`, `Removal` or `Rejected`, in the order of the document.

    Args:
        ids: What identifies an entry; see `identities.Ids`.
        answers: Native identity of the article whose comments this document holds, where it is known: every entry is
            a comment, and answers that article where it states no other comment.
    """
    document = _Document(feed, config, identities_of(feed, config, ids), answers)
    gone = _gone(document)
    return tuple(_once(_items(document, gone), gone))


def _items(document: _Document, gone: Set[str]) -> Iterator[Item]:
    for entry in document.feed.entries:
        if isinstance(entry, WireFault):
            yield Rejected(entry.reason)
        elif isinstance(entry, WireDeletion):
            name = document.identities.named(entry.ref)
            if name in gone:
                yield Removal(name)
        else:
            yield item_from(entry, document)


def item_from(entry: WireEntry, document: _Document) -> Post | Removal | Rejected:
    """
    One entry in the words the rest of the service uses.

    Returns:
        `Removal` where JSON Feed says that it expired; `Rejected` where it says nothing (`no_content`), not
        even which it is (`no_identity`), or shows a form that asks for a password instead (`no_content`).
    """
    if is_locked(entry.content) or is_locked(entry.summary):
        return Rejected("no_content")
    try:
        post = _post(entry, document)
    except _TooLarge:
        return Rejected("too_large")
    if post is None:
        return Rejected("no_content" if entry.id or entry.link else "no_identity")
    return Removal(post.native) if entry.expired else post


def _post(entry: WireEntry, document: _Document) -> Post | None:
    """
    None where the entry has no words and is not a named one that expired.
    """
    config, identities = document.config, document.identities
    kind = "comment" if document.answers else _kind(entry, config)
    answered = _answered(entry) if kind == "comment" else None
    text = _body(entry, kind, answered) or ""
    authors = _names(entry.authors or document.feed.authors)
    titled = _titled(entry, kind, authors, text)
    if not (text or titled.rest or (entry.expired and (entry.id or entry.link))):
        return None
    native = identities.native(entry, title=titled.rest, text=text)
    names = distinct((*authors, *titled.names))
    # Who a whole feed is by did not write the comments in it.
    writers = distinct((*_names(entry.authors), *titled.names)) if kind == "comment" else names
    by_us = _is_by_us(kind, writers, config)
    published, edited = _times(entry)
    return Post(
        native=native,
        aliases=() if kind == "comment" and _leads_to_page(entry) else identities.aliases(entry, native),
        kind=kind,
        text=text,
        title=titled.rest,
        lang=_language(entry.lang or document.feed.lang),
        tags=distinct(_line(tag).lstrip(_SIGNS) for tag in entry.categories),
        published_at=published,
        edited_at=edited,
        link=entry.link,
        reply_to=_reply_to(entry, kind, answered, document),
        by_us=by_us,
        addressed=config.relation == "own" and not by_us,
        open_to_reply="yes" if entry.takes_comments else "unknown",
        author=Author(names) if names else None,
    )


# --------------------------------------------------------------------------------------------------- what is gone


def _gone(document: _Document) -> frozenset[str]:
    """
    Names of what the document's tombstones take away. Source: RFC 6721, section 3: an entry that was updated later
    than its tombstone says outlives it.
    """
    graves = [entry for entry in document.feed.entries if isinstance(entry, WireDeletion)]
    if not graves:
        return frozenset()
    named = document.identities.named
    living = {
        named(entry.id): entry for entry in document.feed.entries if isinstance(entry, WireEntry) and entry.id
    }
    return frozenset(
        named(grave.ref) for grave in graves if not _came_back(living.get(named(grave.ref)), grave)
    )


def _came_back(entry: WireEntry | None, deletion: WireDeletion) -> bool:
    if entry is None:
        return False
    updated, deleted = parse_date(entry.updated or entry.published), parse_date(deletion.when)
    return updated is not None and deleted is not None and updated > deleted


def _once(items: Iterable[Item], gone: Set[str]) -> Iterator[Item]:
    """
    Of posts with the same identity, the first; a second one would be taken for an edit of it at every reading. What
    is gone is not shown beside its tombstone.
    """
    seen = set(gone)
    for item in items:
        if isinstance(item, Post):
            if item.native in seen:
                continue
            seen.add(item.native)
        yield item


# -------------------------------------------------------------------------------------------------- what is said


def _body(entry: WireEntry, kind: Kind, answered: Found | None) -> str | None:
    """
    The whole content, else the summary.
    """
    if answered is not None:
        return _plain(Text(without_pictures(answered.rest or ""), "html"))
    if kind == "comment":
        found = _plain(_without_pictures(entry.content)) or _plain(_without_pictures(entry.summary))
        return found and without_parent_name(found)
    return _plain(entry.content) or _plain(entry.summary)


def _without_pictures(text: Text | None) -> Text | None:
    return text if text is None else Text(without_pictures(text.value), text.markup, text.base)


def _answered(entry: WireEntry) -> Found | None:
    """
    The text of a comment that begins with whom it answers; None where it does not.
    """
    for text in (entry.content, entry.summary):
        if text is not None and text.markup != "plain":
            found = without_parent(text.value)
            if found.parent is not None:
                return found
    return None


def _titled(entry: WireEntry, kind: Kind, authors: tuple[str, ...], text: str) -> Found:
    title = _line(_plain(entry.title, longest=TITLE_MAX) or "")
    if not title:
        return Found(None)
    if kind != "comment":
        return Found(title)
    found = without_commenter(title, authors)
    if found.rest and _line(text).startswith(found.rest.rstrip(".… ")):  # Blogger: the first words again
        return replace(found, rest=None)
    return found


def _plain(text: Text | None, *, longest: int = TEXT_MAX) -> str | None:
    """
    Raises:
        _TooLarge: longer than `longest` characters, or made of more markup than is looked at.
    """
    if text is None:
        return None
    if len(text.value) > _MARKUP_MAX:
        raise _TooLarge
    is_html = text.markup == "html" or (text.markup == "guess" and _is_marked_up(text.value))
    found = html_to_text(text.value, base=text.base) if is_html else clean(text.value)
    if len(found) > longest:
        raise _TooLarge
    return found or None


def _is_marked_up(text: str) -> bool:
    return ("<" in text or "&" in text) and _MARKED_UP.search(text) is not None


def _line(text: str) -> str:
    return " ".join(text.split())


def _language(stated: str | None) -> str | None:
    stated = (stated or "").strip().replace("_", "-")
    return stated if _LANGUAGE.fullmatch(stated) else None


def _times(entry: WireEntry) -> tuple[datetime | None, datetime | None]:
    """
    When it was published, and when it was last changed if that is later.
    """
    published, updated = parse_date(entry.published), parse_date(entry.updated)
    if published is None:
        return updated, None
    return published, updated if updated is not None and updated > published else None


# ------------------------------------------------------------------------------------------------------- relations


def _kind(entry: WireEntry, config: FeedConfig) -> Kind:
    if config.kind != "auto":
        return "comment" if config.kind == "comments" else "article"
    answers = entry.reply_ref or entry.reply_href
    return "comment" if answers or any(map(is_comment_address, (entry.id, entry.link))) else "article"


def _leads_to_page(entry: WireEntry) -> bool:
    """
    Whether the link of a comment is the page it stands on: that is the name of an article, and whoever has the article
    forgotten means no comment.
    """
    if entry.link is None or is_comment_address(entry.link):
        return False
    link = same_address(entry.link)
    if entry.reply_href is not None and same_address(entry.reply_href) == link:
        return True
    return bool(entry.id) and same_address(entry.id or "") != link


def _reply_to(entry: WireEntry, kind: Kind, answered: Found | None, document: _Document) -> str | None:
    """
    What it answers, by the name that has in its own feed. Another comment lives in this feed and goes by its identity
    here; an article lives in another feed and goes by its address, which is one of its names there, unless it is
    known which one this document belongs to.

    Every comment answers something: where it does not say what, it is the page it stands on.
    """
    href, ref = entry.reply_href, entry.reply_ref
    if href is not None and not is_comment_address(href):
        return document.answers or same_address(href)
    if ref:
        return document.identities.named(ref)
    parent = href or (html.unescape(answered.parent) if answered and answered.parent else None)
    if parent:
        sibling = sibling_id(entry.id, entry.link, parent) if document.identities.ids == "stated" else None
        return document.identities.named(sibling) if sibling else document.identities.native_at(parent)
    if kind != "comment":
        return None
    page = page_of_comment(entry.link)
    return document.answers or (same_address(page) if page else None)


def _is_by_us(kind: Kind, names: tuple[str, ...], config: FeedConfig) -> bool:
    """
    On our own site every article is ours; a comment is, where it bears a name we gave.
    """
    if config.relation != "own":
        return False
    ours = {fold(name) for name in config.own_authors}
    return kind == "article" or any(fold(name) in ours for name in names)


def _names(stated: tuple[str, ...]) -> tuple[str, ...]:
    """
    Every string that names the author, each by itself: `a@b.example (Anna)` holds two.
    """
    return distinct(name.strip() for text in stated for name in _split_name(html.unescape(text)))


def _split_name(text: str) -> tuple[str, ...]:
    if "@" not in text:
        return (text.removeprefix("mailto:"),)
    both = _MAIL_AND_NAME.fullmatch(text.strip()) or _NAME_AND_MAIL.fullmatch(text.strip())
    return both.groups() if both else (text.removeprefix("mailto:"),)
