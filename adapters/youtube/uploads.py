"""
Reads what one channel publishes: the list of its uploads, whose id follows from the channel's. No search, no profile.

Takes what `api` brings, gives `Page`s with what `normalise` makes of it. A turn goes back, page by page, until a page holds no
video that was not seen; the first page is always read whole, because a video may become public long after it was put there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.youtube.api import Api
from adapters.youtube.comments import KEPT, LOOK_BACK
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.cursor import decode_cursor, digest, encode_cursor
from adapters.youtube.normalise import Place, video_from_upload
from adapters.youtube.recheck import Rechecks
from listener.adapter import Cursor, Interest, Page, Reader
from listener.clock import Clock
from listener.events import Post, Rejected

PAGES_MOST: Final = 4
"""Chosen: two hundred videos between two readings."""


@dataclass(slots=True)
class _Turn:
    cursor: Cursor | None
    token: str | None = None
    pages: int = 0


class UploadsSource(Rechecks):
    """
    A `Poller` over the videos of one channel; a `Rechecker`, too.
    """

    asks_for_comments = False

    def __init__(self, config: YouTubeConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self._where = f"{config.channel} uploads"
        self._clock = clock
        self._api = Api(config, reader, clock)
        self._place = Place(ours=config.relation == "own")
        self._turn: _Turn | None = None

    def __repr__(self) -> str:
        return "UploadsSource(…)"

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        The next page of the turn; the first of a new one where the last has ended or was broken off.

        Raises:
            DocumentRefused: `not_an_answer`, and what `judging` refuses.
            SourceError: whatever the reader raises, and what an error of the API means.
        """
        turn, self._turn = self._turn, None
        seen = decode_cursor(cursor, place=self._where)
        if turn is None or turn.cursor != cursor:
            turn = _Turn(cursor)
        now = self._clock.now()
        listed = await self._api.uploads(turn.token)
        turn.pages += 1
        names = [digest(upload.content_details.video_id) for upload in listed.items if upload is not None]
        items = tuple(video_from_upload(upload, self._place) for upload in listed.items)
        more = listed.token is not None and turn.pages < PAGES_MOST and not _is_old(items, now)
        more = more and any(name not in seen.settled for name in names)
        for name in names:
            seen.note(name, 0)
        if not more:
            seen.settle(int(now.timestamp()))
        turn.token, turn.cursor = listed.token, encode_cursor(seen, place=self._where)
        if more:
            self._turn = turn
        told = tuple(
            item for item in items if isinstance(item, Rejected) or not _is_before(item, now - LOOK_BACK)
        )
        return Page(items=told, cursor=turn.cursor, more=more, note=listed.absent)


def _is_old(items: Iterable[Post | Rejected], now: datetime) -> bool:
    """
    Whether a page goes back further than anything is kept.
    """
    return any(isinstance(item, Post) and _is_before(item, now - KEPT) for item in items)


def _is_before(post: Post, since: datetime) -> bool:
    return post.published_at is not None and post.published_at < since
