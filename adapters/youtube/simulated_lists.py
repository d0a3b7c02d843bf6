"""
The lists: which items a request gets, in which order, on which page.

Takes an `Asked` from `simulated_query` and the state from `simulated_tube`; gives a `Listed` to `simulated_site`.

A page of comments goes on after an item, so that news above do not move it, and is cut before what may not be seen is left
out: it may be short, or empty, and still have a next one (a recorded page of 100 has 98). Pages of playlists and searches
go on at a number: an upload in between moves everything down by one (recorded tokens say 25, 50, …).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from adapters.youtube.simulated_errors import Refused, comments_disabled, missing
from adapters.youtube.simulated_ids import Page, etag_of, uploads_of
from adapters.youtube.simulated_parts import Channel, Comment, Video
from adapters.youtube.simulated_query import Asked
from adapters.youtube.simulated_resources import Json, Show, Shown
from adapters.youtube.simulated_tube import Tube

T = TypeVar("T")

_KINDS: Final = {
    "commentThreads": "commentThreadListResponse",
    "comments": "commentListResponse",
    "playlistItems": "playlistItemListResponse",
    "videos": "videoListResponse",
    "channels": "channelListResponse",
    "search": "searchListResponse",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """
    An answer, and its items with the posts within.
    """

    document: Json
    shown: Sequence[Shown]


def listed(tube: Tube, asked: Asked) -> Listed:
    """
    Raises:
        Refused: what was asked for is not there, or takes no comments.
    """
    show = Show(tube, asked, _once(lambda: tube.handles), _once(lambda: tube.titles))
    return _LISTS[asked.route](tube, asked, show)


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """
    Made when it is first wanted.
    """
    made: list[T] = []

    def found() -> T:
        if not made:
            made.append(make())
        return made[0]

    return found


# ---------------------------------------------------------------------------------------------------- comments


def _threads(tube: Tube, asked: Asked, show: Show) -> Listed:
    if asked.filter == "id":
        found = [tube.comments.get(each) for each in asked.ids()]
        tops = [each for each in found if each is not None and each.parent is None and tube.public(each)]
        if not tops:
            raise Refused(missing("commentThreads", "commentThread", "id"))
        return _answer(asked, [show.thread(each) for each in tops], total=len(tops), size=len(tops))
    candidates = [each for video in _videos_of(tube, asked) for each in tube.under(video)]
    alive = [each for each in candidates if each.deleted_at is None and _contains(each, asked)]
    page, token = _after(_ordered(alive, asked), asked)
    shown = [show.thread(each) for each in page if tube.public(each)]
    return _answer(asked, shown, token=token, total=len(shown), size=asked.limit)


def _videos_of(tube: Tube, asked: Asked) -> list[Video]:
    """
    Those whose comments are wanted. A video that takes none is left out of its channel's.
    """
    if asked.filter == "videoId":
        video = tube.videos.get(asked.one("videoId"))
        if video is None or not tube.public(video):
            raise Refused(missing("commentThreads", "video", "videoId"))
        if not video.comments_enabled:
            raise Refused(comments_disabled())
        return [video]
    channel = tube.channels.get(asked.one("allThreadsRelatedToChannelId"))
    if channel is None or channel.closed:
        raise Refused(missing("commentThreads", "channel", "allThreadsRelatedToChannelId"))
    return [each for each in tube.uploads(channel) if each.comments_enabled]


def _contains(comment: Comment, asked: Asked) -> bool:
    wanted = asked.one("searchTerms").casefold().split()
    return all(word in comment.text.casefold() for word in wanted)


def _ordered(comments: Sequence[Comment], asked: Asked) -> list[tuple[str, Comment]]:
    """
    With the key each has in the order that is wanted, the greatest first. An answer does not lift its thread, nor does an
    edit.
    """
    by_time = asked.one("order", "time") == "time"

    def key(each: Comment) -> str:
        stood = f"{each.published_at.timestamp():017.3f}/{each.id}"
        return stood if by_time else f"{each.likes:06}/{stood}"

    return sorted(((key(each), each) for each in comments), key=lambda pair: pair[0], reverse=True)


def _after(ordered: Sequence[tuple[str, T]], asked: Asked) -> tuple[list[T], str | None]:
    """
    A page that goes on after an item, and the token of the next.
    """
    rest = [pair for pair in ordered if asked.page is None or pair[0] < asked.page.at]
    page = rest[: asked.limit]
    more = len(rest) > len(page)
    token = Page(asked.request, "after", page[-1][0]).token() if more and page else None
    return [each for _, each in page], token


def _comments(tube: Tube, asked: Asked, show: Show) -> Listed:
    """
    By id those that are there; the answers to a comment, the newest first.
    """
    if asked.filter == "id":
        found = [tube.comments.get(each) for each in asked.ids()]
        there = [each for each in found if each is not None and tube.public(each)]
        return _answer(asked, [show.comment(each) for each in there])
    parent = tube.comments.get(asked.one("parentId"))
    if parent is None or parent.parent is not None or not tube.public(parent):
        raise Refused(missing("comments", "comment", "parentId"))
    page, token = _after(_ordered(tube.replies(parent), asked), asked)
    return _answer(asked, [show.comment(each) for each in page], token=token, size=asked.limit)


# ------------------------------------------------------------------------------------------------------ videos


def _playlist(tube: Tube, asked: Asked, show: Show) -> Listed:
    """
    The uploads of a channel, the newest first; there are no other playlists.
    """
    if asked.filter == "id":
        return _answer(asked, [], total=0, size=asked.limit)
    name = asked.one("playlistId")
    channel = next((each for each in tube.channels.values() if uploads_of(each.id) == name), None)
    if channel is None or channel.closed:
        raise Refused(missing("playlistItems", "playlist", "playlistId"))
    uploads = list(enumerate(tube.uploads(channel)))
    if asked.one("videoId"):
        uploads = [pair for pair in uploads if pair[1].id == asked.one("videoId")]
    page, token = _offset(uploads, asked)
    shown = [show.playlist_item(video, position) for position, video in page]
    return _answer(asked, shown, token=token, total=len(uploads), size=asked.limit)


def _offset(found: Sequence[T], asked: Asked) -> tuple[list[T], str | None]:
    """
    A page that goes on at a number, and the token of the next.
    """
    start = int(asked.page.at) if asked.page is not None else 0
    end = start + asked.limit
    more = end < len(found) and asked.limit > 0
    return list(found[start:end]), Page(asked.request, "offset", str(end)).token() if more else None


def _videos(tube: Tube, asked: Asked, show: Show) -> Listed:
    found = [tube.videos.get(each) for each in asked.ids()]
    shown = [show.video(each) for each in found if each is not None and tube.public(each)]
    return _answer(asked, shown, total=len(shown), size=len(shown))


def _channels(tube: Tube, asked: Asked, show: Show) -> Listed:
    """
    By id or handle, with or without the sign. Where there is none, the answer has no `items` at all.
    """
    if asked.filter == "id":
        found = [tube.channels.get(each) for each in asked.ids()]
    else:
        wanted = asked.one("forHandle").removeprefix("@").casefold()
        found = [each for each in tube.channels.values() if each.handle.casefold() == wanted]
    there: list[Channel] = [each for each in found if each is not None and not each.closed]
    answer = _answer(asked, [show.channel(each) for each in there], total=len(there), size=asked.limit)
    if not there:
        del answer.document["items"]
    return answer


# ------------------------------------------------------------------------------------------------------ search


def _search(tube: Tube, asked: Asked, show: Show) -> Listed:
    """
    Videos by their words. Of a search nothing is sure: a new video is not found at once, and some not every time.
    """
    after, before = asked.instant("publishedAfter"), asked.instant("publishedBefore")
    types = asked.one("type", "video,channel,playlist").split(",")
    found = [
        video
        for video in tube.videos.values()
        if "video" in types
        and _findable(tube, video)
        and asked.one("channelId", video.channel.id) == video.channel.id
        and (after or datetime.min.replace(tzinfo=UTC)) <= video.published_at
        and video.published_at < (before or datetime.max.replace(tzinfo=UTC))
        and _speaks_of(video, asked.one("q"))
    ]
    by_date = asked.one("order", "relevance") == "date"
    found.sort(key=lambda each: (each.published_at if by_date else each.likes, each.id), reverse=True)
    page, token = _offset(found, asked)
    shown = [show.found(each) for each in page]
    answer = _answer(asked, shown, token=token, total=len(found), size=asked.limit)
    answer.document["regionCode"] = asked.one("regionCode", "CA")
    return answer


def _findable(tube: Tube, video: Video) -> bool:
    now = tube.clock.now()
    if not tube.public(video) or now - video.published_at < timedelta(seconds=tube.search_lag_s):
        return False
    drawn = hashlib.sha256(f"{video.id}/{int(now.timestamp()) // 60}".encode()).digest()[0]
    return drawn % 10 >= tube.search_misses


def _speaks_of(video: Video, query: str) -> bool:
    """
    Every word of one of the alternatives (`|`), and none with a minus; words in quotes belong together.
    """
    said = f"{video.title} {video.description} {' '.join(video.tags)}".casefold()
    return any(_all_in(said, alternative) for alternative in query.casefold().split("|"))


def _all_in(said: str, alternative: str) -> bool:
    pieces = alternative.split('"')
    words = [word for plain in pieces[::2] for word in plain.split()] + pieces[1::2]
    unwanted = [word[1:] for word in words if word.startswith("-") and len(word) > 1]
    wanted = [word for word in words if not word.startswith("-")]
    return all(word in said for word in wanted) and not any(word in said for word in unwanted)


# ------------------------------------------------------------------------------------------------------ answers


def _answer(
    asked: Asked,
    shown: Sequence[Shown],
    *,
    token: str | None = None,
    total: int | None = None,
    size: int | None = None,
) -> Listed:
    """
    The document around items. Comments by id have no `pageInfo`, answers to one no total (recorded).
    """
    document: dict[str, Any] = {"kind": f"youtube#{_KINDS[asked.route]}", "etag": ""}
    if token is not None:
        document["nextPageToken"] = token
    if size is not None:
        counts = {"totalResults": total} if total is not None else {}
        document["pageInfo"] = counts | {"resultsPerPage": size}
    document["items"] = [each.item for each in shown]
    document["etag"] = etag_of(document)
    return Listed(document, shown)


_LISTS: Final = {
    "commentThreads": _threads,
    "comments": _comments,
    "playlistItems": _playlist,
    "videos": _videos,
    "channels": _channels,
    "search": _search,
}
