"""
`WireFeed` to posts and removals. Pure: takes what `documents` read, gives what a page carries.

Identity is id, else guid, else link, else a digest of what is said, always scoped by the feed's first configured
address, so that a feed that moves brings nothing back as news. http and https name the same post.

Invariant: one item per entry of the document, in its order; only a post that stands there twice under the same
identity is given once.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from adapters.feed.comments import Found, is_comment_address, without_commenter, without_parent
from adapters.feed.config import FeedConfig
from adapters.feed.dates import parse_date
from adapters.feed.elements import distinct
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFault, WireFeed
from listener.adapter import Item
from listener.events import Author, Kind, Post, Rejected, Removal
from listener.text import clean, fold, html_to_text

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
        repeated_ids: Identities that several entries with different links share; no identity of any of them.
        shared_links: Addresses that name more than one entry or the whole site; no name of any of them.
    """

    feed: WireFeed
    config: FeedConfig
    repeated_ids: Set[str]
    shared_links: Set[str]


class _TooLarge(Exception):
    """
    Raised and caught in this file only: an entry is larger than any honest one.
    """


def items_from(feed: WireFeed, config: FeedConfig) -> tuple[Item, ...]:
    """
    Every entry as a `Post`, `Removal` or `Rejected`, in the order of the document.
    """
    document = _Document(feed, config, _repeated_ids(feed), _shared_links(feed, config))
    living = {_native(config.scope, entry.id): entry for entry in _entries(feed) if entry.id}
    return tuple(_once(_items(document, living)))


def _items(document: _Document, living: dict[str, WireEntry]) -> Iterator[Item]:
    for entry in document.feed.entries:
        if isinstance(entry, WireFault):
            yield Rejected(entry.reason)
        elif isinstance(entry, WireDeletion):
            name = _native(document.config.scope, entry.ref)
            if not _came_back(living.get(name), entry):
                yield Removal(name)
        else:
            yield item_from(entry, document)


def item_from(entry: WireEntry, document: _Document) -> Post | Removal | Rejected:
    """
    One entry in the words the rest of the service uses.

    Returns:
        `Removal` where JSON Feed says that it expired; `Rejected` where it says nothing (`no_content`), not
        even which it is (`no_identity`).
    """
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
    config = document.config
    kind = _kind(entry, config)
    answered = _answered(entry) if kind == "comment" else None
    text = _body(entry, answered) or ""
    authors = _names(entry.authors or document.feed.authors)
    titled = _titled(entry, kind, authors, text)
    if not (text or titled.rest or (entry.expired and (entry.id or entry.link))):
        return None
    native = _identity(entry, document, titled.rest, text)
    names = distinct((*authors, *titled.names))
    by_us = _is_by_us(kind, names, config)
    published, edited = _times(entry)
    return Post(
        native=native,
        aliases=_aliases(entry.link, native, document),
        kind=kind,
        text=text,
        title=titled.rest,
        lang=_language(entry.lang or document.feed.lang),
        tags=distinct(_line(tag).lstrip(_SIGNS) for tag in entry.categories),
        published_at=published,
        edited_at=edited,
        link=entry.link,
        reply_to=_reply_to(entry, answered, config.scope),
        by_us=by_us,
        addressed=config.relation == "own" and not by_us,
        open_to_reply="yes" if entry.takes_comments else "unknown",
        author=Author(names) if names else None,
    )


# ------------------------------------------------------------------------------------------------------- identity


def _native(scope: str, identity: str) -> str:
    """
    An identity inside its feed.
    """
    identity = identity.strip()
    return f"{scope}\n{'http' + identity[5:] if identity.startswith('https://') else identity}"


def _identity(entry: WireEntry, document: _Document, title: str | None, text: str) -> str:
    stated = entry.id if entry.id not in document.repeated_ids else None
    if stated or entry.link:
        return _native(document.config.scope, stated or entry.link or "")
    said = hashlib.sha256(
        f"{entry.id or ''}\0{title or ''}\0{text}".encode(errors="surrogatepass")
    ).hexdigest()
    return _native(document.config.scope, f"sha256:{said}")


def _aliases(link: str | None, native: str, document: _Document) -> tuple[str, ...]:
    """
    Its public address, and the same inside its feed; not where the address is shared with others.
    """
    if link is None or link in document.shared_links:
        return ()
    return tuple(name for name in (link, _native(document.config.scope, link)) if name != native)


def _repeated_ids(feed: WireFeed) -> frozenset[str]:
    links: dict[str, set[str | None]] = {}
    for entry in _entries(feed):
        if entry.id:
            links.setdefault(entry.id, set()).add(entry.link)
    return frozenset(identity for identity, found in links.items() if len(found) > 1)


def _shared_links(feed: WireFeed, config: FeedConfig) -> frozenset[str]:
    counts = Counter(link for link, _ in {(entry.link, entry.id) for entry in _entries(feed)} if link)
    shared = {link for link, count in counts.items() if count > 1}
    return frozenset(shared | {config.address, config.scope} | ({feed.home} if feed.home else set()))


def _entries(feed: WireFeed) -> Iterable[WireEntry]:
    return (entry for entry in feed.entries if isinstance(entry, WireEntry))


def _once(items: Iterable[Item]) -> Iterator[Item]:
    """
    Of posts with the same identity, the first; a second one would be taken for an edit of it at every reading.
    """
    seen: set[str] = set()
    for item in items:
        if isinstance(item, Post):
            if item.native in seen:
                continue
            seen.add(item.native)
        yield item


def _came_back(entry: WireEntry | None, deletion: WireDeletion) -> bool:
    """
    Whether an entry outlives its tombstone. Source: RFC 6721, section 3: one updated later does.
    """
    if entry is None:
        return False
    updated, deleted = parse_date(entry.updated or entry.published), parse_date(deletion.when)
    return updated is not None and deleted is not None and updated > deleted


# -------------------------------------------------------------------------------------------------- what is said


def _body(entry: WireEntry, answered: Found | None) -> str | None:
    """
    The whole content, else the summary.
    """
    if answered is not None:
        return _plain(Text(answered.rest or "", "html"))
    return _plain(entry.content) or _plain(entry.summary)


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
    if found.rest and text.startswith(found.rest.rstrip(".… ")):  # Blogger: the first words again
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
    found = html_to_text(text.value) if is_html else clean(text.value)
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


def _reply_to(entry: WireEntry, answered: Found | None, scope: str) -> str | None:
    """
    What it answers. Another comment lives in the same feed and goes by its identity there; an article lives in
    another feed and goes by its address, which is one of its names.
    """
    href = entry.reply_href
    if href is not None and not is_comment_address(href):
        return href
    if entry.reply_ref:
        return _native(scope, entry.reply_ref)
    parent = href or (html.unescape(answered.parent) if answered and answered.parent else None)
    return _native(scope, parent) if parent else None


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
