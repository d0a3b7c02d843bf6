"""
Reads what one channel publishes: the list of its uploads, whose id follows from the channel's. No search, no profile.

Takes what `api` brings, gives `Page`s with what `normalise` makes of it. A turn goes back, page by page, until a page holds no
video that was not seen; the first page is always read whole, because a video may become public long after it was put there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeGuard

from adapters.youtube.api import Api
from adapters.youtube.comments import KEPT, LOOK_BACK
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.cursor import Known, Seen, decode_cursor, digest, encode_cursor, stamp_of
from adapters.youtube.normalise import Place, instant, is_public, video_from_upload
from adapters.youtube.recheck import Rechecks
from adapters.youtube.wire import WireUpload
from listener.adapter import Cursor, Interest, Page, Reader
from listener.clock import Clock
from listener.events import Gap

PAGES_MOST: Final = 4
"""Chosen: two hundred videos between two readings; more is told as a gap."""


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
        super().__init__()
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
        known = {_name(upload): _known(upload) for upload in listed.items if upload is not None}
        changed = {name for name, now_known in known.items() if seen.known(name) != now_known}
        told = tuple(
            video_from_upload(upload, self._place)
            for upload in listed.items
            if upload is None or (_name(upload) in changed and not _is_before(upload, now - LOOK_BACK))
        )
        further = not known or any(name not in seen.settled for name in known)  # as with comments
        further = further and listed.token is not None
        further = further and not any(upload and _is_before(upload, now - KEPT) for upload in listed.items)
        more = further and turn.pages < PAGES_MOST
        gaps = self._hole(listed.items, seen) if further and not more else ()
        for name, now_known in known.items():
            seen.note(name, *now_known)
        if not more:
            seen.settle(int(now.timestamp()))
        turn.token, turn.cursor = listed.token, encode_cursor(seen, place=self._where)
        if more:
            self._turn = turn
        return Page(items=(*told, *gaps), cursor=turn.cursor, more=more, note=listed.absent)

    def _hole(self, uploads: Sequence[WireUpload | None], seen: Seen) -> tuple[Gap, ...]:
        """
        What lies between the oldest that was shown and the last walk that went through.
        """
        published = [
            instant(upload.content_details.video_published_at) for upload in uploads if upload is not None
        ]
        oldest = min((at for at in published if at is not None), default=None)
        if not seen.read_at or oldest is None or oldest.timestamp() <= seen.read_at:
            return ()
        return (Gap(datetime.fromtimestamp(seen.read_at, UTC), oldest, "window_overrun"),)

    async def there_now(self) -> tuple[str, ...]:
        """
        See `Rechecks`: the newest videos that everybody may see.
        """
        listed = await self._api.uploads(None)
        return tuple(upload.content_details.video_id for upload in listed.items if _is_shown(upload))


def _name(upload: WireUpload) -> bytes:
    return digest(upload.content_details.video_id)


def _known(upload: WireUpload) -> Known:
    said, status = upload.snippet, upload.status
    return Known(0, stamp_of(said.title, said.description, None if status is None else status.privacy_status))


def _is_shown(upload: WireUpload | None) -> TypeGuard[WireUpload]:
    return (
        upload is not None
        and is_public(upload.status)
        and upload.content_details.video_published_at is not None
    )


def _is_before(upload: WireUpload, since: datetime) -> bool:
    published = instant(upload.content_details.video_published_at)
    return published is not None and published < since
