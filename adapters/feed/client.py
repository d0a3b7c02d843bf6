"""
Reads one feed through the reader it is given; nothing but GETs of the configured address and, where the operator
wants it, of comments, archives and pages that the feed names on its own host.

Takes addresses and validators from config and cursor, gives `Page`. What is asked next is decided by pure planners:
`probing` (with or without conditions), `archives`, `threads`; what an answer means, by `answers`. Politeness rules P1
to P6, P9, P10, P12, P14, P20, P31 and P32 of the project's list are kept in this folder, the rest by the core.

A turn is one read of the feed, then one page for each comment feed or archive that is due; the feed always comes
first, so that nothing beside it can keep it waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import anyio.to_thread
import msgspec

from adapters.feed import answers, archives, threads
from adapters.feed.answers import ACCEPT, Understood
from adapters.feed.config import FeedConfig
from adapters.feed.cursor import FeedCursor, decode_cursor, digest, encode_cursor
from adapters.feed.naming import native_of
from adapters.feed.probing import DAY_S, HOUR_S, is_to_be_shown_again, wants_whole, whole_every_s
from listener.adapter import Cursor, Freshness, Item, Page, Reader, Reply
from listener.clock import Clock
from listener.errors import AccessDenied, DocumentRefused, RateLimited, SourceError, SourceUnavailable

_IN_A_THREAD_BYTES: Final = 64 * 1024
"""Larger documents are read beside the event loop, so that none delays another source. Chosen: about 5 ms."""


@dataclass(frozen=True, slots=True, repr=False)
class _Turn:
    """
    What is left of a turn after a page.

    Args:
        cursor: Of that page; the turn goes on only from there.
        freshness: What the feed itself said about coming back.
        keys: Comment feeds to read.
        history: Whether a page of the history is to be read.
    """

    cursor: Cursor
    freshness: Freshness
    keys: tuple[bytes, ...]
    history: bool


class FeedSource:
    """
    A `Poller` over one feed.
    """

    def __init__(self, config: FeedConfig, reader: Reader, clock: Clock) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock
        self._turn: _Turn | None = None
        self._probed_at: datetime | None = None
        self._spared_until: datetime | None = None

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        What the feed shows, or nothing where it is unchanged; then, page by page, what else is due.

        Raises:
            DocumentRefused: the answer is no feed (`documents.REASONS`), or 410 (`gone`). The stored validators stay.
            SourceUnavailable: 404, or an answer no feed gives.
            SourceError: whatever else the reader raises.
        """
        turn, self._turn = self._turn, None
        known = decode_cursor(cursor, address=self._config.address)
        if turn is not None and known is not None and turn.cursor == cursor:
            return await self._beside(turn, known)
        return await self._feed(cursor, known)

    # ------------------------------------------------------------------------------------------- the feed itself

    async def _feed(self, cursor: Cursor | None, known: FeedCursor | None) -> Page:
        anew = known is not None and bool(self._config.wants & ~known.wants)
        probe = not anew and self._is_probe(known, self._clock.now())
        conditional = None if anew or probe else known
        reply = await self._reader.read(
            self._config.address,
            headers=answers.conditions(conditional),
            validators=answers.conditions_behind(conditional),
        )
        now = self._clock.now()
        fresh: FeedCursor | None
        if reply.status == 304:
            fresh, page = answers.unchanged(known, reply, self._config, now, whole=probe)
            return self._turning(cursor, fresh, page, now)
        answers.require_document(reply)
        again = anew or (known is not None and is_to_be_shown_again(known, now))
        if known is not None and not again and known.body == digest(reply.body):
            fresh, page = answers.same_again(known, reply, self._config, now)
            return self._turning(cursor, fresh, page, now)
        found = await self._understand(reply, self._config, known)
        fresh, page = answers.document(known, reply, found, self._config, now, probe=probe)
        return self._turning(cursor, fresh, page, now, first=known is None)

    def _is_probe(self, known: FeedCursor | None, now: datetime) -> bool:
        """
        Whether to leave the validators out. A probe that failed is not repeated before its time, although the cursor
        does not know of it.
        """
        if known is None or not wants_whole(known, self._config, now):
            return False
        wait_s = min(whole_every_s(known, self._config) or DAY_S, DAY_S)
        if self._probed_at is not None and 0 <= (now - self._probed_at).total_seconds() < wait_s:
            return False
        self._probed_at = now
        return True

    async def _understand(
        self, reply: Reply, config: FeedConfig, known: FeedCursor | None, answering: str | None = None
    ) -> Understood:
        if len(reply.body) <= _IN_A_THREAD_BYTES:
            return answers.understood(reply, config, known, answering)
        work = partial(answers.understood, reply, config, known, answering)
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    # ------------------------------------------------------------------------------------------- what is beside it

    def _turning(
        self,
        cursor: Cursor | None,
        known: FeedCursor | None,
        page: Page,
        now: datetime,
        *,
        first: bool = False,
    ) -> Page:
        """
        The page, with `more` where something beside the feed is due. Where nothing is, nothing is unpacked.
        """
        stored = page.cursor or cursor
        if known is None or stored is None or (self._spared_until is not None and now < self._spared_until):
            return page
        keys: tuple[bytes, ...] = ()
        if not first and 0 < known.threads_due_at <= now.timestamp():
            keys = tuple(thread.key for thread in threads.threads_of(known.threads).due(now))
        history = bool(known.history) and archives.is_due(
            archives.history_of(known.history), self._config, now
        )
        if not keys and not history:
            return page
        self._turn = _Turn(stored, page.freshness, keys, history)
        return replace(page, more=True)

    async def _beside(self, turn: _Turn, known: FeedCursor) -> Page:
        """
        One page of a turn that goes on.

        Raises:
            RateLimited: the host wants a pause. What is left waits longer than that, because the feed itself was
                answered a moment ago and shall not be held up by what is read beside it.
        """
        try:
            if turn.keys:
                return await self._comments(turn, known)
            return await self._older(turn, known)
        except RateLimited:
            pause_s = HOUR_S if self._config.relation == "own" else DAY_S
            self._spared_until = self._clock.now() + timedelta(seconds=pause_s)
            raise

    async def _comments(self, turn: _Turn, known: FeedCursor) -> Page:
        """
        The comments of one entry. Where the host gives no answer, the rest of them waits for the next turn.
        """
        key, *rest = turn.keys
        followed = threads.threads_of(known.threads)
        thread = followed.find(key)
        items: tuple[Item, ...] = ()
        note: str | None = None
        if thread is not None and thread.address:
            config = self._config.model_copy(update={"kind": "comments"})
            entry = native_of(config, thread.entry) if thread.entry else None
            try:
                reply, found = await self._document_at(thread.address, config, known, answering=entry)
            except RateLimited:
                raise
            except SourceError as error:
                followed, note = followed.given_up(key, self._clock.now()), threads.UNREADABLE
                rest = [] if isinstance(error, SourceUnavailable | AccessDenied) else rest
            else:
                items = found.items
                shown = len(found.feed.entries)
                followed = followed.read(key, digest(reply.body, 8), shown, self._clock.now())
        fresh = msgspec.structs.replace(
            known, threads=threads.stored_threads(followed), threads_due_at=followed.due_at
        )
        return self._page_beside(replace(turn, keys=tuple(rest)), fresh, items, note)

    async def _older(self, turn: _Turn, known: FeedCursor) -> Page:
        """
        One page of the history.
        """
        history = archives.history_of(known.history)
        items: tuple[Item, ...] = ()
        try:
            _, found = await self._document_at(history.next, self._config, known)
        except RateLimited:
            raise
        except SourceError as error:
            answered = not isinstance(error, SourceUnavailable)
            history, note = archives.failed(history, self._clock.now(), answered=answered)
        else:
            items = found.items
            history, note = archives.walked(history, found.feed, self._config)
        fresh = msgspec.structs.replace(known, history=archives.stored_history(history))
        is_due = archives.is_due(history, self._config, self._clock.now())
        return self._page_beside(replace(turn, history=is_due), fresh, items, note)

    async def _document_at(
        self, address: str, config: FeedConfig, known: FeedCursor, *, answering: str | None = None
    ) -> tuple[Reply, Understood]:
        """
        A feed beside the feed; its entries are identified as those of the feed are.

        Args:
            address: Where it stands.
            config: Of the source, or with what this feed is known to carry.
            known: Of the feed itself.
            answering: See `items_from`.

        Raises:
            DocumentRefused: there is none, whatever else the server says.
            SourceError: whatever the reader raises.
        """
        reply = await self._reader.read(address, headers={"accept": ACCEPT})
        if reply.status != 200:
            raise DocumentRefused("nothing stands where the feed pointed to", reason="not_a_feed")
        beside = msgspec.structs.replace(known, marks=b"")
        return reply, await self._understand(reply, config, beside, answering)

    def _page_beside(self, turn: _Turn, fresh: FeedCursor, items: tuple[Item, ...], note: str | None) -> Page:
        """
        Its freshness is that of the feed, because the last page of a turn decides when the next one begins.
        """
        cursor = encode_cursor(fresh)
        more = bool(turn.keys) or turn.history
        if more:
            self._turn = replace(turn, cursor=cursor)
        return Page(
            items=items,
            cursor=cursor,
            more=more,
            freshness=turn.freshness,
            note=note or answers.standing(fresh),
        )
