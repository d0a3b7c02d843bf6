"""
Reads one feed through the reader it is given; nothing but conditional GETs of the configured address.

Takes addresses and validators from config and cursor, gives `Page`. Politeness rules P1 to P5, P9, P10 and P32 of
the project's list are kept here, the rest by the core.

Source: RFC 9110 section 13 (conditional requests), RFC 9111 section 4.3.4 (a 304 freshens what is stored).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import anyio.to_thread
import msgspec

from adapters.feed.config import FeedConfig
from adapters.feed.cursor import (
    VERSION,
    FeedCursor,
    decode_cursor,
    digest,
    encode_cursor,
    place_of,
    window_of,
)
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from adapters.feed.versions import settled
from adapters.feed.wire import WireFeed
from listener.adapter import Cursor, Freshness, Item, Page, Reader, Reply
from listener.clock import Clock
from listener.errors import DocumentRefused, SourceUnavailable
from listener.events import Gap, Post
from listener.http_hints import freshness_from_headers

ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, "
    "application/xml;q=0.8, */*;q=0.1"
)

_IN_A_THREAD_BYTES: Final = 64 * 1024
"""Larger documents are read beside the event loop, so that none delays another source. Chosen: about 5 ms."""

SHOW_AGAIN_S: Final = 14 * 86400.0
"""
Whatever a feed shows is given to the queue again this often, although nothing changed: what it still shows keeps its
keys (design.md, section 6), or an undated post would come back as news once they ended. Chosen: a third of the time a
key lives, so that two readings in a row may fail.
"""

_FULL: Final = 2
"""Posts a window must show before it can be overrun; a feed of one entry always replaces it. Chosen."""


class FeedSource:
    """
    A `Poller` over one address.
    """

    def __init__(self, config: FeedConfig, reader: Reader, clock: Clock) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        What the feed shows, or nothing where it is unchanged.

        Raises:
            DocumentRefused: the answer is no feed (`documents.REASONS`), or 410 (`gone`). The stored validators stay.
            SourceUnavailable: 404, or an answer no feed gives.
            SourceError: whatever else the reader raises.
        """
        known = decode_cursor(cursor, address=self._config.address)
        again = known is not None and self._clock.now().timestamp() - known.read_at >= SHOW_AGAIN_S
        headers = _conditions(None if again else known)
        reply = await self._reader.read(self._config.address, headers=headers)
        now = self._clock.now()
        if reply.status == 304:
            return _unchanged(known, reply, now)
        _require_document(reply)
        body = digest(reply.body)
        if known is not None and known.body == body and not again:
            return _same_again(known, reply, now)
        feed, items = await self._understand(reply)
        told, versions = settled(items, b"" if known is None else known.versions, now)
        fresh = _cursor(self._config.address, reply, body, feed, items, now)
        page = _page(known, msgspec.structs.replace(fresh, versions=versions), items, reply, now)
        return replace(page, items=tuple(item for item in page.items if isinstance(item, Gap)) + told)

    async def _understand(self, reply: Reply) -> tuple[WireFeed, tuple[Item, ...]]:
        if len(reply.body) <= _IN_A_THREAD_BYTES:
            return _understood(reply, self._config)
        work = partial(_understood, reply, self._config)
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _understood(reply: Reply, config: FeedConfig) -> tuple[WireFeed, tuple[Item, ...]]:
    feed = read_document(reply.body, address=reply.address, content_type=reply.headers.get("content-type"))
    return feed, items_from(feed, config)


def _conditions(known: FeedCursor | None) -> dict[str, str]:
    """
    Both validators verbatim, as the latest answer gave them; none is ever invented.
    """
    headers = {"accept": ACCEPT}
    if known is not None and known.etag is not None:
        headers["if-none-match"] = known.etag
    if known is not None and known.last_modified is not None:
        headers["if-modified-since"] = known.last_modified
    return headers


def _require_document(reply: Reply) -> None:
    if reply.status == 410:
        raise DocumentRefused("the server says that the feed has ended (410)", reason="gone")
    if reply.status != 200:
        raise SourceUnavailable(f"the server answers {reply.status} where the feed should be")


def _unchanged(known: FeedCursor | None, reply: Reply, now: datetime) -> Page:
    """
    A 304 freshens the validators it brings; one that brings none leaves them as they are.
    """
    if known is None:
        return Page(freshness=_freshness(None, reply, now))
    etag, last_modified = _validators(reply)
    if etag is None and last_modified is None:
        return Page(freshness=_freshness(known, reply, now))
    return _with_validators(known, reply, now)


def _same_again(known: FeedCursor, reply: Reply, now: datetime) -> Page:
    """
    A 200 with the body we know, from a server that ignores or changes its validators.
    """
    return _with_validators(known, reply, now)


def _with_validators(known: FeedCursor, reply: Reply, now: datetime) -> Page:
    etag, last_modified = _validators(reply)
    fresh = msgspec.structs.replace(known, etag=etag, last_modified=last_modified)
    return Page(
        cursor=encode_cursor(fresh) if fresh != known else None, freshness=_freshness(fresh, reply, now)
    )


def _page(
    known: FeedCursor | None, fresh: FeedCursor, items: tuple[Item, ...], reply: Reply, now: datetime
) -> Page:
    gap = _gap(known, items, now)
    return Page(
        items=(*([gap] if gap else []), *items),
        cursor=encode_cursor(fresh),
        freshness=_freshness(fresh, reply, now),
    )


def _cursor(
    address: str, reply: Reply, body: bytes, feed: WireFeed, items: tuple[Item, ...], now: datetime
) -> FeedCursor:
    etag, last_modified = _validators(reply)
    shown = [item.native for item in items if isinstance(item, Post)]
    return FeedCursor(
        version=VERSION,
        place=place_of(address),
        etag=etag,
        last_modified=last_modified,
        body=body,
        hint_s=feed.fresh_for_s,
        skip_hours=tuple(sorted(feed.skip_hours)),
        skip_days=tuple(sorted(feed.skip_days)),
        window=window_of(shown),
        shown=len(shown),
        read_at=int(now.timestamp()),
    )


def _validators(reply: Reply) -> tuple[str | None, str | None]:
    return reply.headers.get("etag") or None, reply.headers.get("last-modified") or None


def _gap(known: FeedCursor | None, items: tuple[Item, ...], now: datetime) -> Gap | None:
    """
    Suspected where a full window shows nothing of the one before: more may have passed than it can hold.
    """
    shown = [item.native for item in items if isinstance(item, Post)]
    if known is None or known.shown < _FULL or len(shown) < known.shown or known.overlaps(shown):
        return None
    return Gap(
        start_at=min(datetime.fromtimestamp(known.read_at, UTC), now), end_at=now, cause="window_overrun"
    )


def _freshness(known: FeedCursor | None, reply: Reply, now: datetime) -> Freshness:
    """
    What headers and document say together; a 304 to our own validators proves that they work.
    """
    said = freshness_from_headers(reply.headers, now, not_modified=reply.status == 304)
    if known is None:
        return said
    hints = [hint for hint in (said.fresh_for_s, known.hint_s) if hint is not None]
    return replace(
        said,
        has_validators=known.has_validators,
        fresh_for_s=max(hints) if hints else None,
        skip_hours=frozenset(known.skip_hours),
        skip_days=frozenset(known.skip_days),
    )
