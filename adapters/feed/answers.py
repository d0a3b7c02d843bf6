"""
What one answer of a feed means: the cursor after it, and the page. Pure; `client` asks, this understands.

Every function takes what was known before the answer and gives what is known after it; a failure never comes here, so
that it leaves the stored validators as they are (politeness P5).

Source: RFC 9110 sections 13 and 15.4.5 (304), RFC 9111 section 4.3.4 (a 304 freshens what is stored).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from adapters.feed import archives, moving, threads
from adapters.feed.config import FeedConfig
from adapters.feed.cursor import (
    VERSION,
    FeedCursor,
    digest,
    encode_cursor,
    kept_validator,
    place_of,
    window_of,
)
from adapters.feed.documents import read_document
from adapters.feed.identities import Ids, ids_after, marks_of
from adapters.feed.normalise import items_from
from adapters.feed.probing import DAY_S, doubt_after, is_lie, said_by, shows_comments
from adapters.feed.rhythm import is_active, rhythm_s
from adapters.feed.versions import settled
from adapters.feed.wire import WireEntry, WireFeed
from listener.adapter import Freshness, Item, Page, Reply, Validators
from listener.errors import DocumentRefused, SourceUnavailable
from listener.events import Gap, Post
from listener.http_hints import freshness_from_headers

ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, "
    "application/xml;q=0.8, */*;q=0.1"
)

NOTES: Final = frozenset(
    {
        "validators_untrusted",
        "ids_unstable",
        "new_address_stated",
        "feed_ended",
        archives.ENDED,
        archives.LOOPED,
        threads.UNREADABLE,
    }
)
"""Every `Page.note` of this adapter. The first two are conditions and stand on each reading as long as they last."""

_FULL: Final = 2
"""Posts a window must show before it can be overrun; a feed of one entry always replaces it. Chosen."""


@dataclass(frozen=True, slots=True, repr=False)
class Understood:
    """
    A document, with what it shows and by what its entries are identified.

    Args:
        feed: As the dialects read it.
        items: As the core is given them.
        ids: See `identities`.
        marks: Likewise.
        said: See `probing.said_by`.
        shown: Identities of the posts, in the order of the document.
        published: When each post says it was published.
    """

    feed: WireFeed
    items: tuple[Item, ...]
    ids: Ids
    marks: bytes
    said: bytes
    shown: list[str]
    published: list[datetime | None]


def understood(
    reply: Reply, config: FeedConfig, known: FeedCursor | None, answers: str | None = None
) -> Understood:
    """
    The feed in an answer; may take long for a large one.

    Args:
        reply: The answer.
        config: Of the source.
        known: Before it.
        answers: See `items_from`.

    Raises:
        DocumentRefused: it is none.
    """
    feed = read_document(reply.body, address=reply.address, content_type=reply.headers.get("content-type"))
    marks = marks_of(entry for entry in feed.entries if isinstance(entry, WireEntry))
    ids: Ids = "stated" if known is None else ids_after(known.ids, known.marks, marks)
    items = items_from(feed, config, ids=ids, answers=answers)
    posts = [item for item in items if isinstance(item, Post)]
    return Understood(
        feed=feed,
        items=items,
        ids=ids,
        marks=marks,
        said=said_by(items),
        shown=[post.native for post in posts],
        published=[post.published_at for post in posts],
    )


def conditions(known: FeedCursor | None) -> dict[str, str]:
    """
    Headers of a request: both validators verbatim, as the latest answer gave them; none is ever invented.
    """
    return {"accept": ACCEPT} | ({} if known is None or known.valid_at else _conditional(known))


def conditions_behind(known: FeedCursor | None) -> Validators | None:
    """
    The same for the address that a redirect led to when it gave the validators; None where none did.
    """
    if known is None or not known.valid_at:
        return None
    return lambda address: _conditional(known) if place_of(address) == known.valid_at else {}


def _conditional(known: FeedCursor) -> dict[str, str]:
    headers = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def require_document(reply: Reply) -> None:
    """
    Raises:
        DocumentRefused: 410 (`gone`).
        SourceUnavailable: any other status that brings no document.
    """
    if reply.status == 410:
        raise DocumentRefused("the server says that the feed has ended (410)", reason="gone")
    if reply.status != 200:
        raise SourceUnavailable(f"the server answers {reply.status} where the feed should be")


# ----------------------------------------------------------------------------------------- three kinds of answer


def unchanged(
    known: FeedCursor | None, reply: Reply, config: FeedConfig, now: datetime, *, whole: bool
) -> tuple[FeedCursor | None, Page]:
    """
    After a 304: the cursor, the same object where nothing changed, and the page. Behind a redirect it proves as much as
    the document it stands for (`moving`).

    Where the 304 names the entity tag we know and no date, or neither, the stored set stands: beside an ETag a server
    leaves Last-Modified out (RFC 9110, section 15.4.5). Where it names other validators, what it names is the new
    set, because the two belong together (P2, P4).
    """
    if known is None:
        return None, Page(freshness=_freshness(None, reply, now))
    fresh = known
    etag, last_modified = _validators(reply)
    stands = last_modified is None and etag in (None, known.etag)
    if not stands and (etag, last_modified) != (known.etag, known.last_modified):
        fresh = msgspec.structs.replace(
            known, etag=etag, last_modified=last_modified, valid_at=_valid_at(reply)
        )
    moved_to: str | None = None
    if reply.hops or known.move:
        move, moved_to = moving.sighted(
            known.move, window=known.window, shown=None, reply=reply, address=config.address, now=now
        )
        if move != known.move:
            fresh = msgspec.structs.replace(fresh, move=move)
    if whole:  # it answers "unchanged" to nobody, and would at every probe
        fresh = msgspec.structs.replace(fresh, whole_at=int(now.timestamp()))
    return fresh, Page(
        cursor=encode_cursor(fresh) if fresh is not known else None,
        freshness=_freshness(fresh, reply, now),
        moved_to=moved_to,
        note=standing(fresh),
    )


def same_again(known: FeedCursor, reply: Reply, config: FeedConfig, now: datetime) -> tuple[FeedCursor, Page]:
    """
    After a 200 with the body we know, from a server that ignores its validators, changes them, or was given none.
    """
    move, moved_to = moving.sighted(
        known.move, window=known.window, shown=None, reply=reply, address=config.address, now=now
    )
    etag, last_modified = _validators(reply)
    fresh = msgspec.structs.replace(
        known,
        etag=etag,
        last_modified=last_modified,
        valid_at=_valid_at(reply),
        whole_at=int(now.timestamp()),
        move=move,
    )
    return fresh, Page(
        cursor=encode_cursor(fresh) if fresh != known else None,
        freshness=_freshness(fresh, reply, now),
        moved_to=moved_to,
        note=standing(fresh),
    )


def document(
    known: FeedCursor | None,
    reply: Reply,
    found: Understood,
    config: FeedConfig,
    now: datetime,
    *,
    probe: bool,
) -> tuple[FeedCursor, Page]:
    """
    After a document that was not known.

    Args:
        known: Before it.
        reply: The answer.
        found: What it says.
        config: Of the source.
        now: Aware.
        probe: The validators were left out to see whether they tell the truth.
    """
    before = known or _nothing(config)
    move, moved_to = moving.sighted(
        before.move, window=before.window, shown=found.shown, reply=reply, address=config.address, now=now
    )
    told, versions = settled(found.items, before.versions, now)
    fresh = msgspec.structs.replace(
        _read(before, reply, found, config, now),
        versions=versions,
        active=is_active(
            found.published,
            now,
            changed_before_s=None if known is None else now.timestamp() - known.read_at,
            within_s=config.probe_after_days * DAY_S,
        ),
        doubt=doubt_after(
            before, said=found.said, lied=_is_lie(before, reply, found, now) if probe else None
        ),
        move=move,
    )
    gap = None if known is None else _gap(known, found, now)
    return fresh, Page(
        items=(*([gap] if gap else []), *told),
        cursor=encode_cursor(fresh),
        freshness=_freshness(fresh, reply, now, overrun=gap is not None),
        moved_to=moved_to,
        note=standing(fresh) or _stated(found.feed, reply, config),
    )


def standing(known: FeedCursor) -> str | None:
    """
    What an operator should know of this feed, whatever it shows.
    """
    if known.doubt and known.has_validators:
        return "validators_untrusted"
    return "ids_unstable" if known.ids != "stated" else None


# -------------------------------------------------------------------------------------------------------- parts


def _nothing(config: FeedConfig) -> FeedCursor:
    """
    What is known of a feed that was never read.
    """
    return FeedCursor(
        version=VERSION,
        place=place_of(config.address),
        etag=None,
        last_modified=None,
        body=b"",
        hint_s=None,
        skip_hours=(),
        skip_days=(),
        window=b"",
        shown=0,
        read_at=0,
    )


def _read(
    before: FeedCursor, reply: Reply, found: Understood, config: FeedConfig, now: datetime
) -> FeedCursor:
    """
    The cursor with everything that one document tells by itself.
    """
    feed = found.feed
    etag, last_modified = _validators(reply)
    posts = (item for item in found.items if isinstance(item, Post))
    followed = threads.observed(threads.threads_of(before.threads), feed, posts, config, now)
    history = archives.begun(archives.history_of(before.history), feed, config)
    return msgspec.structs.replace(
        before,
        etag=etag,
        last_modified=last_modified,
        valid_at=_valid_at(reply),
        body=digest(reply.body),
        hint_s=feed.fresh_for_s,
        skip_hours=tuple(sorted(feed.skip_hours)),
        skip_days=tuple(sorted(feed.skip_days)),
        window=window_of(found.shown),
        shown=len(found.shown),
        read_at=int(now.timestamp()),
        rhythm_s=rhythm_s(found.published, now),
        whole_at=int(now.timestamp()),
        comments=shows_comments(found.items, config),
        said=found.said,
        ids=found.ids,
        marks=found.marks,
        wants=config.wants,
        history=archives.stored_history(history),
        threads=threads.stored_threads(followed),
        threads_due_at=followed.due_at,
    )


def _validators(reply: Reply) -> tuple[str | None, str | None]:
    """
    Those of the address that answered in the end.
    """
    return kept_validator(reply.headers.get("etag")), kept_validator(reply.headers.get("last-modified"))


def _is_lie(known: FeedCursor, reply: Reply, found: Understood, now: datetime) -> bool:
    """
    See `probing.is_lie`; of the entries, those that the document before did not show.
    """
    etag, last_modified = _validators(reply)
    hidden = [
        published
        for native, published in zip(found.shown, found.published, strict=True)
        if published is not None and not known.overlaps([native])
    ]
    return is_lie(known, etag=etag, last_modified=last_modified, hidden=hidden, now=now)


def _valid_at(reply: Reply) -> bytes:
    """
    Where the validators of an answer belong, as the cursor holds it.
    """
    return place_of(reply.address) if reply.hops else b""


def _gap(known: FeedCursor, found: Understood, now: datetime) -> Gap | None:
    """
    Suspected where a full window shows nothing of the one before: more may have passed than it can hold. Where
    entries have no identity that lasts, nothing can be told from that.
    """
    if known.shown < _FULL or len(found.shown) < known.shown or known.overlaps(found.shown):
        return None
    if found.ids != known.ids or found.ids == "content":
        return None
    return Gap(
        start_at=min(datetime.fromtimestamp(known.read_at, UTC), now), end_at=now, cause="window_overrun"
    )


def _stated(feed: WireFeed, reply: Reply, config: FeedConfig) -> str | None:
    """
    What the document says about the feed itself; shown to the operator, and nothing more.
    """
    if feed.ended:
        return "feed_ended"
    return "new_address_stated" if feed.new_address not in (None, config.address, reply.address) else None


def _freshness(known: FeedCursor | None, reply: Reply, now: datetime, *, overrun: bool = False) -> Freshness:
    """
    What headers and document say together; a 304 to our own validators proves that they work.
    """
    said = freshness_from_headers(reply.headers, now, not_modified=reply.status == 304)
    if known is None:
        return said
    hints = [hint for hint in (said.fresh_for_s, known.hint_s) if hint is not None]
    return Freshness(
        not_modified=said.not_modified,
        has_validators=known.has_validators,
        fresh_for_s=max(hints) if hints else None,
        skip_hours=frozenset(known.skip_hours),
        skip_days=frozenset(known.skip_days),
        rhythm_s=known.rhythm_s,
        overrun=overrun,
    )
