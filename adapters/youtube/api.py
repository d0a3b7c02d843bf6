"""
Asks the API through the reader it is given: addresses, the key, the fields, and what an answer has to be. GETs only.

Used by `comments`, `uploads`, `titles` and `recheck`. An answer that is no list of its kind is a `DocumentRefused` that shows
nothing of it.

Decisions:

- The key stands in the header `x-goog-api-key`, never in an address: addresses are logged by whoever stands between.
- `fields` names what is read and nothing else: no author, no picture. It is a promise of ours before it is a saving.
- `textDisplay` as plain text: `textOriginal` is shown to its author only, and the default is HTML.
- No validators: an answer that says "unchanged" costs as much as any, and ETags change oftener than what they stand for.

Source: developers.google.com/youtube/v3/docs, commentThreads, comments, playlistItems, videos, search; guides, partial
responses; as noted in 2026-11. That `kind` may be asked for in `fields`, and each path below, is inferred from the
documents, not tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic
from urllib.parse import quote

from adapters.youtube import wire
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.judging import JUDGED, absence, error_of, is_about_one, said_by
from adapters.youtube.quota import SEARCHES, UNITS
from adapters.youtube.wire import T, WireComment, WireFound, WireThread, WireUpload, WireVideo
from listener.adapter import Reader, Reply
from listener.clock import Clock
from listener.errors import AccessDenied, DocumentRefused, SourceError, SourceUnavailable

PATH: Final = "/youtube/v3/"
THREADS_A_PAGE: Final = 100
OTHERS_A_PAGE: Final = 50
"""The most that each list gives at once."""

_SAID: Final = "snippet(textDisplay,publishedAt,updatedAt,parentId)"
THREAD_FIELDS: Final = (
    "kind,nextPageToken,items(id,snippet(videoId,totalReplyCount,"
    "topLevelComment(id,snippet(textDisplay,publishedAt,updatedAt))),"
    f"replies/comments(id,{_SAID}))"
)
COMMENT_FIELDS: Final = f"kind,nextPageToken,items(id,{_SAID})"
UPLOAD_FIELDS: Final = (
    "kind,nextPageToken,items(snippet(title,description),contentDetails(videoId,videoPublishedAt),"
    "status/privacyStatus)"
)
PLACE_FIELDS: Final = "kind,items(snippet/title,contentDetails(videoId,videoPublishedAt))"
VIDEO_FIELDS: Final = "kind,items(id,snippet(title,description,publishedAt),status/privacyStatus)"
FOUND_FIELDS: Final = "kind,items(id/videoId,snippet(title,publishedAt))"


@dataclass(frozen=True, slots=True, repr=False)
class Listed(Generic[T]):
    """
    A page of something.

    Args:
        items: In the order of the answer; None for each that cannot be read.
        token: Of the next page; None at the end.
        absent: A word from `judging.ABSENT` where there is no such list.
    """

    items: tuple[T | None, ...] = ()
    token: str | None = None
    absent: str | None = None


class Api:
    """
    The API, as one source needs it.
    """

    def __init__(self, config: YouTubeConfig, reader: Reader, clock: Clock) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock

    async def newest(self, token: str | None) -> Listed[WireThread]:
        """
        Threads on all videos of the channel, the newest first. A late reply does not move its thread up.

        Raises:
            DocumentRefused: `channel_not_found`, `not_an_answer`, and what `judging` refuses.
            SourceError: whatever the reader raises, and what an error of the API means.
        """
        whose = {"allThreadsRelatedToChannelId": self._config.channel or ""}
        return await self._threads(whose, token)

    async def on_video(self, video: str, token: str | None) -> Listed[WireThread]:
        """
        Threads on one video, the newest first; absent where its comments are off, however that is said, and where YouTube
        refuses this one for a reason of its own: one video does not fail its channel.

        Raises:
            As `newest`.
        """
        try:
            return await self._threads({"videoId": video}, token)
        except SourceError as error:
            if not is_about_one(error):
                raise
            return Listed(absent="comments_off" if isinstance(error, AccessDenied) else "refused")

    async def replies(self, parent: str, token: str | None) -> Listed[WireComment]:
        """
        All replies to a comment.

        Raises:
            As `newest`.
        """
        asked = {
            "part": "snippet",
            "parentId": parent,
            "maxResults": str(THREADS_A_PAGE),
            "textFormat": "plainText",
            "fields": COMMENT_FIELDS,
        }
        return await self._listed(wire.COMMENTS, "comments", _paged(asked, token))

    async def comments(self, ids: Sequence[str]) -> Listed[WireComment]:
        """
        Those of the comments that are still there.

        Raises:
            As `newest`.
        """
        asked = {"part": "snippet", "id": ",".join(ids), "textFormat": "plainText", "fields": COMMENT_FIELDS}
        return await self._listed(wire.COMMENTS, "comments", asked)

    async def uploads(self, token: str | None, *, places_only: bool = False) -> Listed[WireUpload]:
        """
        What the channel published, the newest first.

        Args:
            places_only: Only which videos these are.

        Raises:
            As `newest`.
        """
        asked = {
            "part": "snippet,contentDetails" if places_only else "snippet,contentDetails,status",
            "playlistId": self._config.uploads,
            "maxResults": str(OTHERS_A_PAGE),
            "fields": PLACE_FIELDS if places_only else UPLOAD_FIELDS,
        }
        return await self._listed(wire.UPLOADS, "playlistItems", _paged(asked, token))

    async def videos(self, ids: Sequence[str]) -> Listed[WireVideo]:
        """
        Those of the videos that are still there.

        Raises:
            As `newest`.
        """
        asked = {"part": "snippet,status", "id": ",".join(ids), "fields": VIDEO_FIELDS}
        return await self._listed(wire.VIDEOS, "videos", asked)

    async def search(self, query: str, *, after: datetime, account: str) -> Listed[WireFound]:
        """
        Videos about something, published since; neither complete nor the same twice.

        Args:
            after: Aware UTC.
            account: Name of the watch that asks.

        Raises:
            As `newest`.
        """
        asked = {
            "part": "snippet",
            "type": "video",
            "order": "date",
            "maxResults": str(OTHERS_A_PAGE),
            "publishedAfter": after.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "q": query,
            "fields": FOUND_FIELDS,
        }
        return await self._listed(wire.FOUND, "search", asked, account=account)

    # -------------------------------------------------------------------------------------------------- asking

    async def _threads(self, whose: Mapping[str, str], token: str | None) -> Listed[WireThread]:
        asked = {
            "part": "snippet,replies",
            **whose,
            "order": "time",
            "textFormat": "plainText",
            "maxResults": str(THREADS_A_PAGE),
            "fields": THREAD_FIELDS,
        }
        return await self._listed(wire.THREADS, "commentThreads", _paged(asked, token))

    async def _listed(
        self, kind: wire.Kind[T], call: str, asked: Mapping[str, str], *, account: str = ""
    ) -> Listed[T]:
        query = "&".join(f"{name}={quote(value, safe=',()/')}" for name, value in asked.items())
        reply = await self._reader.read(
            f"{self._config.endpoint}{PATH}{call}?{query}",
            headers={
                "accept": "application/json",
                "x-goog-api-key": self._config.key.get_secret_value(),
            },
            judges=JUDGED,
            account=account,
        )
        if reply.status != 200:
            return self._judged(reply, call)
        try:
            items, following = kind.read(reply.body)
        except wire.UNREADABLE:
            raise DocumentRefused(
                "the address answers, but not as the YouTube Data API", reason="not_an_answer"
            ) from None
        return Listed(items, following or None)

    def _judged(self, reply: Reply, call: str) -> Listed[T]:
        """
        Raises:
            SourceError: unless it is only not there.
        """
        if reply.status not in JUDGED:
            raise SourceUnavailable("YouTube gave no list; tried again later", status=reply.status)
        said = said_by(reply.body)
        absent = absence(said)
        if absent is not None:
            return Listed(absent=absent)
        budget = SEARCHES if call == "search" else UNITS
        raise error_of(reply.status, said, budget=budget, now=self._clock.now())


def _paged(asked: Mapping[str, str], token: str | None) -> Mapping[str, str]:
    return asked if token is None else {**asked, "pageToken": token}
