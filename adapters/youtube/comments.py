"""
Reads comments and replies on one channel, page by page.

Takes what `api` brings, gives `Page`s with what `normalise` makes of it. A turn is:

1. the newest threads of the whole channel, page by page, until a page holds no thread that was not seen (the first time:
   until they are older than anything that is kept);
2. the replies of every thread that has more of them than came with it, and another number than when they were last read;
3. one page of one recent video: a late reply does not move its thread up, and a comment that waited for approval appears
   where it would have stood, so that both are found only by going through the threads again and comparing.

`sweep` says which video is next. A video whose comments are off is passed over, and so is a thread, or a page far down, that
YouTube refuses for a reason of its own: it holds up no other.

Invariants: of a thread the number of replies is noted only when all of them were read; nothing is settled before a walk is
through (`cursor`). So that whatever is broken off is read again, and the key removes the repeat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.youtube.api import Api, Listed
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.cursor import (
    REPLIES_DUE,
    REPLIES_MOST,
    Known,
    Seen,
    decode_cursor,
    digest,
    encode_cursor,
    stamp_of,
)
from adapters.youtube.judging import QuotaSpent, is_about_one
from adapters.youtube.normalise import Place, comment_from, instant, items_of_thread, replies_of
from adapters.youtube.recheck import Rechecks
from adapters.youtube.sweep import Stretch, Sweep
from adapters.youtube.wire import WireThread
from listener.adapter import Cursor, Interest, Item, Page, Reader
from listener.clock import Clock
from listener.errors import BudgetSpent, SourceError
from listener.events import Gap, GapCause, Post, Rejected

PAGES_MOST: Final = 10
"""Chosen: a thousand comments between two readings; more is told as a gap."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)

REPLY_PAGES_MOST: Final = 10
"""Chosen: YouTube itself shows no more than a few hundred replies to a comment."""

REFUSED_FOR: Final = timedelta(hours=1)
"""Chosen: replies that YouTube refuses to show are asked for again so much later; the rest of the channel does not wait."""

REFUSALS_MOST: Final = 3
"""Chosen: where so many threads in a row are refused, it is about none of them; each turn costs so many units at most."""

CUTS_MOST: Final = 3
"""Chosen: a walk that is refused a further page so often, turn after turn, ends there."""

KEPT: Final = timedelta(days=30)
"""Longest that anything is kept (developer policies, III.E.4.d): further back nothing is news."""

LOOK_BACK: Final = timedelta(days=60)
"""Nothing older is told, whatever is shown, so that keys need to outlive bodies no longer than this."""


@dataclass(frozen=True, slots=True)
class _Due:
    """
    A thread whose replies are to be read.
    """

    name: bytes
    parent: str
    video: str | None
    count: int
    stamp: int
    token: str | None = None
    pages: int = 0


@dataclass(slots=True)
class _Turn:
    """
    What is left of a turn after a page.

    Args:
        cursor: Of that page; the turn goes on only from there.
        token: Of the next page of the newest.
        pages: Of the newest, read.
        through: The newest are read.
        unread: Threads whose replies were still due when the last turn ended, and that were not met again yet.
        due: Threads whose replies come next.
        swept: The video of this turn was read.
        oldest: When the last thread of the newest was begun that was met.
        refused: Threads in a row whose replies YouTube does not show.
        note: What an operator should look at.
    """

    cursor: Cursor | None
    token: str | None = None
    pages: int = 0
    through: bool = False
    unread: set[bytes] = field(default_factory=set)
    due: deque[_Due] = field(default_factory=deque)
    swept: bool = False
    oldest: datetime | None = None
    refused: int = 0
    note: str | None = None


class CommentsSource(Rechecks):
    """
    A `Poller` over what is said on one channel; a `Rechecker`, too.
    """

    asks_for_comments = True

    def __init__(self, config: YouTubeConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        super().__init__()
        self._channel = config.channel or ""
        self._clock = clock
        self._api = Api(config, reader, clock)
        self._place = Place(ours=config.relation == "own")
        self._sweep = Sweep()
        self._turn: _Turn | None = None
        self._not_before: dict[bytes, datetime] = {}
        self._cuts = 0
        self._beyond: dict[bytes, Known] = {}

    def __repr__(self) -> str:
        return "CommentsSource(…)"

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        The next page of the turn; the first of a new one where the last has ended or was broken off.

        Raises:
            DocumentRefused: `channel_not_found`, `not_an_answer`, and what `judging` refuses.
            SourceError: whatever the reader raises, and what an error of the API means.
        """
        turn, self._turn = self._turn, None
        seen = decode_cursor(cursor, place=self._channel)
        if not seen.settled and not seen.met:  # everything is to be told anew
            self._beyond.clear()
        seen.beyond = self._beyond
        if turn is None or turn.cursor != cursor:
            turn = _Turn(cursor, unread=seen.unread)
        if not turn.through:
            page = await self._newest(turn, seen)
        elif turn.due:
            page = Page(items=await self._replies(turn, seen))
        else:
            turn.swept = True
            page = Page(items=await self._swept(turn, seen))
        more = (
            not turn.through
            or bool(turn.due)
            or not (turn.swept or not self._sweep.is_due(self._clock.now()))
        )
        seen.shed()
        turn.cursor = encode_cursor(seen, place=self._channel)
        if more:
            self._turn = turn
        turn.note = turn.note or page.note
        return replace(page, cursor=turn.cursor, more=more, note=turn.note)

    async def there_now(self) -> tuple[str, ...]:
        """
        See `Rechecks`: the newest comments.
        """
        listed = await self._api.newest(None)
        return tuple(thread.snippet.top_level_comment.id for thread in listed.items if thread is not None)

    # ------------------------------------------------------------------------------------------------- newest

    async def _newest(self, turn: _Turn, seen: Seen) -> Page:
        now = self._clock.now()
        try:
            listed = await self._api.newest(turn.token)
        except SourceError as error:
            if turn.token is None or not is_about_one(error) or not self._is_cut():
                raise
            return Page(tuple(self._passed(turn, seen, cause="unknown")), note="page_refused")
        turn.pages += 1
        shown = [digest(thread.id) for thread in listed.items if thread is not None]
        known = bool(shown) and all(name in seen.settled for name in shown)  # a page of held ones shows none
        items, turn.oldest = self._taken(listed, turn, seen), _oldest(listed.items) or turn.oldest
        reached = listed.token is None or (known and not turn.unread)
        reached = reached or (turn.oldest is not None and turn.oldest < now - KEPT)
        if reached or turn.pages == PAGES_MOST:
            items += self._passed(turn, seen, cause=None if reached else "window_overrun")
        turn.token = listed.token
        return Page(items=tuple(items), note=listed.absent)

    def _is_cut(self) -> bool:
        """
        Whether a further page was refused so often that the walk ends before it.
        """
        self._cuts += 1
        return self._cuts >= CUTS_MOST

    def _passed(self, turn: _Turn, seen: Seen, *, cause: GapCause | None) -> list[Item]:
        """
        The walk is through; what it left out is told.
        """
        gaps = [] if cause is None else self._hole(turn, seen, cause)
        for name in turn.unread:  # not shown any more
            seen.settled.pop(name, None)
        seen.settle(int(self._clock.now().timestamp()))
        turn.through = True
        self._cuts = 0
        return gaps

    def _hole(self, turn: _Turn, seen: Seen, cause: GapCause) -> list[Item]:
        """
        What lies between the oldest that was shown and the last walk that went through.
        """
        oldest = turn.oldest
        if not seen.read_at or oldest is None or oldest.timestamp() <= seen.read_at:
            return []
        start_at = datetime.fromtimestamp(seen.read_at, tz=oldest.tzinfo)
        return [Gap(start_at=start_at, end_at=oldest, cause=cause)]

    # ------------------------------------------------------------------------------------------------ replies

    async def _replies(self, turn: _Turn, seen: Seen) -> tuple[Item, ...]:
        due = turn.due.popleft()
        try:
            listed = await self._api.replies(due.parent, due.token)
        except SourceError as error:
            if not is_about_one(error):
                raise
            self._refused(due, turn, seen, error)
            return ()
        turn.refused = 0
        if listed.token is not None and due.pages + 1 < REPLY_PAGES_MOST:
            turn.due.appendleft(replace(due, token=listed.token, pages=due.pages + 1))
        else:
            seen.note(due.name, due.count, due.stamp)
        posts = (
            comment_from(reply, video=due.video, parent=due.parent, place=self._place)
            for reply in listed.items
        )
        return self._recent(posts)

    def _refused(self, due: _Due, turn: _Turn, seen: Seen, error: SourceError) -> None:
        """
        One thread whose replies are not shown does not hold up the others: it is due again later, and no walk looks for it.

        Raises:
            SourceError: so many were refused that the fault is in none of them.
        """
        now = self._clock.now()
        self._not_before = {name: until for name, until in self._not_before.items() if until > now}
        self._not_before[due.name] = now + REFUSED_FOR
        turn.refused += 1
        if turn.refused == REFUSALS_MOST:
            raise error
        turn.note = "replies_refused"
        seen.note(due.name, 0, due.stamp)

    # -------------------------------------------------------------------------------------------------- sweep

    async def _swept(self, turn: _Turn, seen: Seen) -> tuple[Item, ...]:
        """
        A page of a recent video; nothing where the day's units are kept for the newest.
        """
        now = self._clock.now()
        try:
            stretch = self._sweep.next
            if stretch is None:
                listed = await self._api.uploads(None, places_only=True)
                self._sweep.begin(
                    (upload.content_details.video_id for upload in listed.items if upload is not None), now
                )
                return ()
            return tuple(await self._video(stretch, turn, seen, now))
        except QuotaSpent:
            raise
        except BudgetSpent:
            return ()

    async def _video(self, stretch: Stretch, turn: _Turn, seen: Seen, now: datetime) -> list[Item]:
        threads = await self._api.on_video(stretch.video, stretch.token)
        self._sweep.passed()
        oldest = _oldest(threads.items)
        if threads.token is not None and oldest is not None and oldest >= now - KEPT:
            self._sweep.go_on(stretch, threads.token)
        return self._taken(threads, turn, seen)

    # -------------------------------------------------------------------------------------------------- taking

    def _taken(self, listed: Listed[WireThread], turn: _Turn, seen: Seen) -> list[Item]:
        """
        What those threads of a page say that changed; and which of them have replies that did not come with it.
        """
        items: list[Item] = []
        for thread in listed.items:
            if thread is None or self._noted(thread, turn, seen):
                items += self._recent(items_of_thread(thread, self._place))
        return items

    def _noted(self, thread: WireThread, turn: _Turn, seen: Seen) -> bool:
        """
        Whether there is anything in it that was not there when it was last met.
        """
        name, stamp, known = digest(thread.id), _stamp(thread), seen.known(digest(thread.id))
        count = min(max(0, thread.snippet.total_reply_count), REPLIES_MOST)
        turn.unread.discard(name)
        here = len(replies_of(thread.replies))
        if count > here and self._clock.now() < self._not_before.get(name, EPOCH):
            seen.note(name, 0, stamp)
        elif count > here and (known is None or known.replies != count):
            if all(due.name != name for due in turn.due):
                top = thread.snippet.top_level_comment.id
                turn.due.append(_Due(name, top, thread.snippet.video_id, count, stamp))
            seen.note(name, REPLIES_DUE, stamp)
        else:
            seen.note(name, count, stamp)
        return known is None or known.stamp != stamp

    def _recent(self, items: Iterable[Post | Rejected]) -> tuple[Item, ...]:
        since = self._clock.now() - LOOK_BACK
        return tuple(
            item
            for item in items
            if isinstance(item, Rejected) or item.published_at is None or item.published_at >= since
        )


def _stamp(thread: WireThread) -> int:
    """
    Of when it and the replies that came with it were last written.
    """
    said = (thread.snippet.top_level_comment, *replies_of(thread.replies))
    return stamp_of(
        *(part for one in said if one is not None for part in (one.id, one.snippet.updated_at)),
    )


def _oldest(threads: Iterable[WireThread | None]) -> datetime | None:
    """
    When the last thread of a page was begun.
    """
    begun = [
        instant(thread.snippet.top_level_comment.snippet.published_at)
        for thread in threads
        if thread is not None
    ]
    return min((at for at in begun if at is not None), default=None)
