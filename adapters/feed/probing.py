"""
When a feed is read without conditions, and what the answer proves about its validators (politeness P6). Pure; used by
`client`.

A server that answers 304 for ever (a Last-Modified in 2041) silences its feed; one that asks for an unconditional
read at every turn wastes its operator's money. So: one probe after `probe_after_days` of nothing but 304s, where the
feed was alive before; one a day where a probe found that the validators had lied, until they prove right again. A
comment that is approved late moves no validator of WordPress, so comments are read without conditions once a day,
those of our own site once an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from adapters.feed.config import FeedConfig
from adapters.feed.cursor import FeedCursor
from listener.adapter import Item
from listener.events import Post, Removal
from listener.http_hints import parse_http_date

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0

SHOW_AGAIN_S: Final = 24 * DAY_S
"""
A document nothing of which was given to the queue for so long is read whole and given again, although nothing changed:
what a feed still shows keeps its keys (design.md, section 6), or an undated entry would come back as news once they
ended. Chosen: six days before the end of a key that lives thirty, so that several readings may fail.
"""

HIDDEN_S: Final = 2 * DAY_S
"""Every source is read at least daily, late by a tenth; what stood there for two days was asked about. Chosen."""

PROOFS: Final = 3
"""Changes that validators must announce by themselves, with none missed between, to be trusted again. Chosen."""


def whole_every_s(known: FeedCursor, config: FeedConfig) -> float | None:
    """
    Seconds between two reads without conditions; None where no such read is due ever.
    """
    if not known.has_validators:
        return None  # every read is one
    if _has_comments(known):
        return HOUR_S if config.relation == "own" else DAY_S
    if known.doubt:
        return DAY_S
    return config.probe_after_days * DAY_S if known.active else None


def wants_whole(known: FeedCursor | None, config: FeedConfig, now: datetime) -> bool:
    """
    Whether this read leaves the validators out. A clock that was set back counts as due.
    """
    if known is None or not known.has_validators:
        return False
    every_s = whole_every_s(known, config)
    is_due = every_s is not None and not 0 <= now.timestamp() - known.whole_at < every_s
    return is_due or is_to_be_shown_again(known, now)


def is_to_be_shown_again(known: FeedCursor, now: datetime) -> bool:
    """
    Whether a document is given to the queue although it is the one we know. A clock that was set back counts, too.
    """
    return not 0 <= now.timestamp() - known.read_at < SHOW_AGAIN_S


def doubt_after(known: FeedCursor, *, said: bytes, lied: bool | None) -> int:
    """
    How often the validators still have to prove right, after a document that was not known.

    Args:
        known: Before it.
        said: Of this document, see `said_by`.
        lied: None where they were in the request and announced the change themselves; else see `is_lie`.
    """
    if not known.said or said == known.said or _has_comments(known) or not known.has_validators:
        return known.doubt
    if lied is None:
        return max(0, known.doubt - 1)
    return PROOFS if lied else known.doubt


def is_lie(
    known: FeedCursor,
    *,
    etag: str | None,
    last_modified: str | None,
    hidden: Iterable[datetime],
    now: datetime,
) -> bool:
    """
    Whether news that an unconditional read brought would have been kept from a conditional one. Not every change that
    a probe meets was: it may be a minute old. It was where the server gives the same validators for it as for the
    document before, or a date that is no later; and where an entry that is new here has stood there for longer than
    `HIDDEN_S`, in which a conditional read was answered "unchanged".

    Args:
        known: Before the read.
        etag: Of this answer.
        last_modified: Likewise.
        hidden: When each entry that the document before did not show says it was published.
        now: Aware.
    """
    if etag is not None or known.etag is not None:
        same = etag == known.etag
    else:
        same = last_modified == known.last_modified or _is_no_later(last_modified, known.last_modified)
    latest = now.timestamp() - HIDDEN_S
    return same or any(known.whole_at < published.timestamp() < latest for published in hidden)


def _is_no_later(one: str | None, other: str | None) -> bool:
    this, before = parse_http_date(one or ""), parse_http_date(other or "")
    return this is not None and before is not None and this <= before


def shows_comments(items: Sequence[Item], config: FeedConfig) -> bool:
    """
    Whether this is a comment feed: as configured, else where most of what it shows is.
    """
    if config.kind != "auto":
        return config.kind == "comments"
    posts = [item for item in items if isinstance(item, Post)]
    return 2 * sum(post.kind == "comment" for post in posts) > len(posts)


def said_by(items: Sequence[Item]) -> bytes:
    """
    Digest of what a document says. Its bytes may change at every reading (a build time, a comment about the cache)
    without saying anything new.
    """
    said = hashlib.blake2b(digest_size=8)
    for item in items:
        parts: tuple[str, ...] = ()
        if isinstance(item, Post):
            parts = (item.native, item.title or "", item.text, item.link or "")
        elif isinstance(item, Removal):
            parts = (item.name,)
        said.update("\0".join((type(item).__name__, *parts, "")).encode(errors="surrogatepass"))
    return said.digest()


def _has_comments(known: FeedCursor) -> bool:
    """
    Of itself, or told by counts beside its entries, which move no validator either.
    """
    return known.comments or bool(known.threads)
