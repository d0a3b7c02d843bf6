"""
A small channel that answers as the YouTube Data API does, out of memory, and whoever listens to it. Nobody here exists.

It tells of people in every place that has room for them, whatever `fields` asks for: the worst that may come.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from adapters.youtube import SPEC
from adapters.youtube.config import YouTubeConfig
from listener.adapter import Ask, Cursor, Interest, Item, Reply, Verdict
from listener.errors import SourceError
from listener.events import Post
from listener.testing.canned import Asked, CannedReader, EverythingInteresting, reply

NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CHANNEL: Final = "UCriverton0123456789abcd"
KEY: Final = "AIza-test-key-0123456789"
PEOPLE: Final = ("Jo Fenn", "@jofenn", "UCjofenn", "yt3.example/jofenn", "Brook Secret")
SHOWN: Final = 5
"""Replies that come with a thread."""


def config(**keys: Any) -> YouTubeConfig:
    """Our own channel's comments, unless said otherwise."""
    asked: dict[str, Any] = {"channel": CHANNEL, "key": KEY, "relation": "own", **keys}
    return YouTubeConfig.model_validate({key: value for key, value in asked.items() if value is not None})


def stamp(at: datetime) -> str:
    """As YouTube writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def error(status: int, *reasons: str, **more: Any) -> Reply:
    """An error in the older envelope."""
    message = "Brook Secret <a href='/youtube'>says</a>"
    told = [{"message": message, "domain": "youtube", "reason": reason, **more} for reason in reasons]
    return answer({"error": {"code": status, "message": message, "errors": told}}, status)


def new_error(status: int, word: str, reason: str, **metadata: str) -> Reply:
    """An error in the newer one, without the older's reasons."""
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"url": "https://x.example"}],
            "reason": 5,
        },
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata},
    ]
    return answer({"error": {"code": status, "message": "Brook", "status": word, "details": details}}, status)


def answer(value: Any, status: int = 200) -> Reply:
    """JSON, as it comes."""
    return reply(json.dumps(value).encode(), status=status, address="https://www.googleapis.com/")


@dataclass
class Comment:
    """Something that was said."""

    id: str
    text: str
    at: datetime
    updated: datetime | None = None
    replies: list[Comment] = field(default_factory=list)
    hidden: bool = False
    """Waits for approval."""

    def snippet(self) -> dict[str, Any]:
        """With everything that is known of who said it."""
        return {
            "authorDisplayName": "Jo Fenn",
            "authorProfileImageUrl": "https://yt3.example/jofenn",
            "authorChannelUrl": "http://www.youtube.com/@jofenn",
            "authorChannelId": {"value": "UCjofenn"},
            "textDisplay": self.text,
            "textOriginal": "Brook Secret",
            "likeCount": 3,
            "publishedAt": stamp(self.at),
            "updatedAt": stamp(self.updated or self.at),
        }


@dataclass
class Video:
    """Something to comment on."""

    id: str
    title: str
    at: datetime
    threads: list[Comment] = field(default_factory=list)
    comments_off: str = ""
    """How that is said: a reason, or `message`."""
    privacy: str = "public"
    description: str = "About it"


@dataclass
class World:
    """
    One channel and a clock.

    Args:
        videos: Newest last.
        found: What every search brings.
        disturb: Answers first, where it has anything to say.
    """

    videos: list[Video] = field(default_factory=list)
    found: list[Video] = field(default_factory=list)
    disturb: Callable[[Asked, dict[str, str]], Reply | SourceError | None] | None = None
    at: datetime = NOW
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def now(self) -> datetime:
        """As a clock."""
        return self.at

    def monotonic(self) -> float:
        """As a clock."""
        return self.at.timestamp()

    async def sleep(self, delay_s: float) -> None:
        """An adapter never sleeps."""
        raise AssertionError("the core owns the waiting")

    def walk(self, **how: float) -> None:
        """Time passes."""
        self.at += timedelta(**how)

    def video(self, name: str = "vid00000001", **more: Any) -> Video:
        """A new one."""
        made = Video(name, more.pop("title", f"Title of {name}"), more.pop("at", self.at), **more)
        self.videos.append(made)
        return made

    def say(
        self, video: Video, count: int = 1, *, at: datetime | None = None, text: str = "Ice"
    ) -> list[Comment]:
        """So many comments, a second apart."""
        made = []
        for _ in range(count):
            if at is None:
                self.walk(seconds=1)
            number = sum(len(each.threads) for each in self.videos)
            made.append(Comment(f"Ug{number:05}AaABAg", text, at or self.at))
            video.threads.append(made[-1])
        return made

    def answer_to(self, comment: Comment, count: int = 1, text: str = "@jofenn Thanks") -> list[Comment]:
        """So many replies, a second apart."""
        made = []
        for _ in range(count):
            self.walk(seconds=1)
            made.append(Comment(f"{comment.id}.r{len(comment.replies):04}", text, self.at))
            comment.replies.append(made[-1])
        return made

    # ----------------------------------------------------------------------------------------------- answering

    def __call__(self, asked: Asked) -> Reply | SourceError:
        """As `CannedReader` wants it."""
        parts = urlsplit(asked.address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        call = parts.path.removeprefix("/youtube/v3/")
        self.calls.append((call, query))
        said = self.disturb(asked, query) if self.disturb is not None else None
        if said is not None:
            return said
        made: Reply = getattr(self, f"_{call}")(query)
        return made

    def _commentThreads(self, query: dict[str, str]) -> Reply:  # noqa: N802 - the network's own name
        assert ("videoId" in query) != ("allThreadsRelatedToChannelId" in query)
        videos = self.videos
        if "videoId" in query:
            videos = [video for video in self.videos if video.id == query["videoId"]]
            if not videos:
                return error(404, "videoNotFound")
            if videos[0].comments_off == "message":
                return error(403, "forbidden", location="videoId")
            if videos[0].comments_off:
                return error(403, videos[0].comments_off, location="videoId")
        threads = [(video, one) for video in videos for one in video.threads if not one.hidden]
        if not any(video.comments_off for video in videos):
            threads.sort(key=lambda pair: pair[1].at, reverse=True)
        else:
            threads = sorted(
                (pair for pair in threads if not pair[0].comments_off),
                key=lambda pair: pair[1].at,
                reverse=True,
            )
        return self._page("commentThreadListResponse", [self._thread(*pair) for pair in threads], query)

    def _thread(self, video: Video, top: Comment) -> dict[str, Any]:
        shown = [self._comment(one, parent=top.id) for one in top.replies[-SHOWN:]]
        return {
            "kind": "youtube#commentThread",
            "id": top.id,
            "snippet": {
                "channelId": CHANNEL,
                "videoId": video.id,
                "topLevelComment": self._comment(top),
                "totalReplyCount": len(top.replies),
            },
            **({"replies": {"comments": shown}} if shown else {}),
        }

    def _comment(self, one: Comment, parent: str | None = None) -> dict[str, Any]:
        more = {} if parent is None else {"parentId": parent}
        return {"kind": "youtube#comment", "id": one.id, "snippet": {**one.snippet(), **more}}

    def _comments(self, query: dict[str, str]) -> Reply:
        everything = [one for video in self.videos for one in video.threads]
        if "parentId" in query:
            tops = [one for one in everything if one.id == query["parentId"]]
            if not tops:
                return error(404, "parentCommentNotFound")
            replies = [self._comment(one, parent=tops[0].id) for one in tops[0].replies]
            return self._page("commentListResponse", replies, query)
        wanted = query["id"].split(",")
        assert len(wanted) <= 50
        known = {one.id: self._comment(one) for one in everything}
        known |= {one.id: self._comment(one, top.id) for top in everything for one in top.replies}
        return self._page("commentListResponse", [known[one] for one in wanted if one in known], {})

    def _playlistItems(self, query: dict[str, str]) -> Reply:  # noqa: N802 - the network's own name
        assert query["playlistId"] == f"UU{CHANNEL[2:]}"
        items = [
            {
                "snippet": {
                    "title": video.title,
                    "description": video.description,
                    "channelTitle": "Jo Fenn",
                },
                "contentDetails": {"videoId": video.id, "videoPublishedAt": stamp(video.at)},
                "status": {"privacyStatus": video.privacy},
            }
            for video in reversed(self.videos)
        ]
        return self._page("playlistItemListResponse", items, query)

    def _videos(self, query: dict[str, str]) -> Reply:
        known = {video.id: video for video in (*self.videos, *self.found)}
        items = [
            {
                "id": one,
                "snippet": {
                    "title": known[one].title,
                    "description": known[one].description,
                    "publishedAt": stamp(known[one].at),
                    "channelTitle": "Jo Fenn",
                },
                "status": {"privacyStatus": known[one].privacy},
            }
            for one in query["id"].split(",")
            if one in known
        ]
        return self._page("videoListResponse", items, {})

    def _search(self, query: dict[str, str]) -> Reply:
        items = [
            {
                "id": {"kind": "youtube#video", "videoId": video.id},
                "snippet": {
                    "title": video.title,
                    "description": "About …",
                    "publishedAt": stamp(video.at),
                    "channelId": "UCjofenn",
                    "channelTitle": "Jo Fenn",
                },
            }
            for video in self.found
            if stamp(video.at) >= query["publishedAfter"]
        ]
        return self._page("searchListResponse", items, {})

    def _page(self, kind: str, items: list[Any], query: dict[str, str]) -> Reply:
        size, start = int(query.get("maxResults", 1000)), int(query.get("pageToken", "0"))
        page: dict[str, Any] = {"kind": f"youtube#{kind}", "items": items[start : start + size]}
        if start + size < len(items):
            page["nextPageToken"] = str(start + size)
        return answer(page)


@dataclass
class Hearing:
    """
    Somebody who turns the pages, as intake does.

    Args:
        items: All that came, turn by turn.
    """

    world: World
    keys: dict[str, Any] = field(default_factory=dict)
    interest: Interest = field(default_factory=EverythingInteresting)
    cursor: Cursor | None = None
    items: list[Item] = field(default_factory=list)
    notes: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = config(**self.keys)
        self.start()

    def start(self) -> None:
        """As after a restart: only the cursor is known."""
        self.reader = CannedReader(self.world, reaches=SPEC.reaches(self.config))
        self.source: Any = SPEC.build(self.config, self.reader, self.world, self.interest)
        self.asking: Any = SPEC.build(self.config, self.reader, self.world, self.interest)

    async def page(self) -> bool:
        """One page; whether there are more."""
        page = await self.source.fetch(self.cursor)
        self.cursor = page.cursor or self.cursor
        self.items += page.items
        self.notes.append(page.note)
        return bool(page.more)

    async def turn(self) -> list[Item]:
        """All that one turn brings."""
        before = len(self.items)
        for _ in range(400):
            if not await self.page():
                return self.items[before:]
        raise AssertionError("a turn that never ends")

    async def turns(self, count: int, *, minutes: float = 1) -> list[Item]:
        """So many, with time between."""
        before = len(self.items)
        for _ in range(count):
            await self.turn()
            self.world.walk(minutes=minutes)
        return self.items[before:]

    async def verdicts(self, *asks: str) -> dict[Ask, Verdict]:
        """What became of these; asked by a second build, as the daemon does."""
        return dict(await self.asking.recheck([Ask(ask) for ask in asks]))

    @property
    def calls(self) -> list[str]:
        """What was asked for, in a word each."""
        return [call for call, _ in self.world.calls]


def natives(items: list[Item]) -> list[str]:
    """Of the posts."""
    return [item.native for item in items if isinstance(item, Post)]


def post(items: list[Item], native: str) -> Post:
    """The last that came under this name."""
    found = [item for item in items if isinstance(item, Post) and item.native == native]
    assert found, f"{native} did not come"
    return found[-1]
