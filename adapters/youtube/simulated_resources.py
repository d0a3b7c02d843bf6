"""
Resources as YouTube shows them: comments and threads, with everything about their authors, videos, their place in a playlist,
channels, search results. Only the parts that were asked for.

Made of `simulated_parts`, for `simulated_lists`. `textOriginal` is for a comment's author alone, who never asks here.

Sources: recorded replies of 2019 to 2022; developers.google.com, youtube/v3/docs/{comments, commentThreads, playlistItems,
videos, channels, search}; imageUrl: revision history of 2026-09-30 (as quoted, 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from adapters.youtube.simulated_ids import etag_of, item_id, uploads_of
from adapters.youtube.simulated_parts import Channel, Comment, Video
from adapters.youtube.simulated_query import Asked
from adapters.youtube.simulated_text import as_html, as_plain
from adapters.youtube.simulated_tube import Tube

Json = dict[str, Any]

SHOWN_REPLIES: Final = 5
"""In a thread; the rest is for comments.list (documented as a subset; five, as remembered)."""

_SIZES: Final = (("default", 120, 90), ("medium", 320, 180), ("high", 480, 360))
_FILES: Final = {"default": "default", "medium": "mqdefault", "high": "hqdefault"}


Path = tuple[str | int, ...]

TITLE: Final[Path] = ("snippet", "title")
WORDS: Final[Path] = ("snippet", "textDisplay")


@dataclass(frozen=True, slots=True)
class Shown:
    """
    An item of a list.

    Args:
        item: As JSON.
        posts: What is within, and where its words stand: who does not get those was not shown the post.
    """

    item: Json
    posts: tuple[tuple[Path, Comment | Video], ...] = ()


def stamp(at: datetime) -> str:
    """
    An instant as YouTube writes it, in whole seconds.
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Show:
    """
    The making of one answer.

    Args:
        tube: Of what.
        asked: Parts and format that are wanted.
        handles: Ids of channels by handle.
        titles: Of videos by id.
    """

    tube: Tube
    asked: Asked
    handles: Callable[[], Mapping[str, str]]
    titles: Callable[[], Mapping[str, str]]

    # ------------------------------------------------------------------------------------------------ comments

    def thread(self, top: Comment) -> Shown:
        """
        A comment at the top, how many answers it has, and a few of them: the latest, the oldest first.
        """
        answers = self.tube.replies(top)
        some = answers[:SHOWN_REPLIES][::-1] if "replies" in self.asked.parts else []
        snippet = {
            "channelId": top.video.channel.id,
            "videoId": top.video.id,
            "topLevelComment": self._comment(top, in_thread=True),
            "canReply": True,
            "totalReplyCount": len(answers),
            "isPublic": True,
        }
        parts: Json = {"snippet": snippet}
        if some:
            parts["replies"] = {"comments": [self._comment(each, in_thread=True) for each in some]}
        posts: list[tuple[Path, Comment | Video]] = [(("snippet", "topLevelComment", *WORDS), top)]
        posts += [(("replies", "comments", number, *WORDS), each) for number, each in enumerate(some)]
        return Shown(self._resource("commentThread", top.id, parts), tuple(posts))

    def comment(self, what: Comment) -> Shown:
        """
        A comment by itself; it does not say under what video it stands.
        """
        item = self._comment(what, in_thread=False)
        if "snippet" not in self.asked.parts:
            del item["snippet"]
        return Shown(item, ((WORDS, what),))

    def _comment(self, what: Comment, *, in_thread: bool) -> Json:
        author = what.author
        plain = self.asked.one("textFormat", "html") == "plainText"
        snippet: Json = {
            "authorDisplayName": f"@{author.handle}",
            "authorProfileImageUrl": author.person.avatar if author.person else _avatar(author),
            "authorChannelUrl": f"http://www.youtube.com/@{author.handle}",
            "authorChannelId": {"value": author.id},
            "channelId": what.video.channel.id,
            "textDisplay": as_plain(what.text, self.titles())
            if plain
            else as_html(what.text, video=what.video.id, channels=self.handles()),
            "canRate": True,
            "viewerRating": "none",
            "likeCount": what.likes,
            "publishedAt": stamp(what.published_at),
            "updatedAt": stamp(what.updated_at),
        }
        if in_thread:
            snippet["videoId"] = what.video.id
        if what.parent is not None:
            snippet["parentId"] = what.parent.id
        if what.picture is not None:
            snippet["imageUrl"] = what.picture
        return self._adorned("comment", what.id, {"snippet": snippet})

    # -------------------------------------------------------------------------------------------------- videos

    def playlist_item(self, video: Video, position: int) -> Shown:
        """
        An upload's place among the uploads.
        """
        channel = video.channel
        playlist = uploads_of(channel.id)
        snippet = {
            "publishedAt": stamp(video.published_at),
            "channelId": channel.id,
            "title": video.title,
            "description": video.description,
            "thumbnails": _thumbnails(video),
            "channelTitle": channel.title,
            "playlistId": playlist,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": video.id},
            "videoOwnerChannelTitle": channel.title,
            "videoOwnerChannelId": channel.id,
        }
        details = {"videoId": video.id, "videoPublishedAt": stamp(video.published_at)}
        parts = {
            "snippet": snippet,
            "contentDetails": details,
            "status": {"privacyStatus": "public"},
        }
        return Shown(self._resource("playlistItem", item_id(playlist, video.id), parts), ((TITLE, video),))

    def video(self, video: Video) -> Shown:
        """
        A video; how many comments it has is not said where it takes none.
        """
        said = {"title": video.title, "description": video.description}
        snippet: Json = {
            "publishedAt": stamp(video.published_at),
            "channelId": video.channel.id,
            **said,
            "thumbnails": _thumbnails(video),
            "channelTitle": video.channel.title,
            "categoryId": "25",
            "liveBroadcastContent": "none",
            "localized": said,
        }
        if video.tags:
            snippet["tags"] = list(video.tags)
        if video.lang is not None:
            snippet |= {"defaultLanguage": video.lang, "defaultAudioLanguage": video.lang}
        comments = [each for each in self.tube.under(video) if self.tube.public(each)]
        counted = len(comments) + sum(len(self.tube.replies(each)) for each in comments)
        statistics = {
            "viewCount": str(40 + 10 * video.likes),
            "likeCount": str(video.likes),
            "favoriteCount": "0",
        }
        if video.comments_enabled:
            statistics["commentCount"] = str(counted)
        parts = {
            "snippet": snippet,
            "statistics": statistics,
            "contentDetails": {
                "duration": "PT4M13S",
                "dimension": "2d",
                "definition": "hd",
                "caption": "false",
                "licensedContent": False,
                "projection": "rectangular",
            },
            "status": {
                "uploadStatus": "processed",
                "privacyStatus": "public",
                "license": "youtube",
                "embeddable": True,
                "publicStatsViewable": True,
            },
        }
        return Shown(self._resource("video", video.id, parts), ((TITLE, video),))

    def found(self, video: Video) -> Shown:
        """
        A search result: its words are escaped as HTML is, and its description is cut.
        """
        cut = video.description[:157] + " ..." if len(video.description) > 160 else video.description
        snippet = {
            "publishedAt": stamp(video.published_at),
            "channelId": video.channel.id,
            "title": _escaped(video.title),
            "description": _escaped(cut),
            "thumbnails": _thumbnails(video),
            "channelTitle": _escaped(video.channel.title),
            "liveBroadcastContent": "none",
        }
        item: Json = {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": video.id}}
        if "snippet" in self.asked.parts:
            item["snippet"] = snippet
        item = {"kind": item.pop("kind"), "etag": etag_of(item), **item}
        if self.tube.adorn is not None:
            item = self.tube.adorn("searchResult", item)
        return Shown(item, ((TITLE, video),))

    # ------------------------------------------------------------------------------------------------ channels

    def channel(self, channel: Channel) -> Shown:
        """
        A channel, with the list of its uploads.
        """
        videos = self.tube.uploads(channel)
        said = {"title": channel.title, "description": channel.description}
        parts = {
            "snippet": {
                **said,
                "customUrl": f"@{channel.handle}",
                "publishedAt": stamp(channel.created_at),
                "thumbnails": {
                    size: {"url": _avatar(channel), "width": side, "height": side}
                    for size, side in (("default", 88), ("medium", 240), ("high", 800))
                },
                "localized": said,
                "country": channel.country,
            },
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": uploads_of(channel.id)}},
            "statistics": {
                "viewCount": str(900 * len(videos)),
                "subscriberCount": "1200",
                "hiddenSubscriberCount": False,
                "videoCount": str(len(videos)),
            },
        }
        return Shown(self._resource("channel", channel.id, parts))

    # -------------------------------------------------------------------------------------------------- inside

    def _resource(self, kind: str, name: str, parts: Json) -> Json:
        """
        A resource with the parts that were asked for, and no others.
        """
        return self._adorned(kind, name, {part: parts[part] for part in parts if part in self.asked.parts})

    def _adorned(self, kind: str, name: str, parts: Json) -> Json:
        item = {"kind": f"youtube#{kind}", "etag": etag_of([name, parts]), "id": name, **parts}
        return item if self.tube.adorn is None else self.tube.adorn(kind, item)


def posts_in(items: Sequence[Any], shown: Sequence[Shown]) -> list[Comment | Video]:
    """
    The posts whose words are still there after a partial response was cut out of these items.
    """
    return [
        post for item, each in zip(items, shown, strict=True) for path, post in each.posts if _has(item, path)
    ]


def _has(item: Any, path: Path) -> bool:
    for step in path:
        if isinstance(item, dict):
            item = item.get(str(step))
        elif isinstance(item, list) and isinstance(step, int) and step < len(item):
            item = item[step]
        else:
            return False
    return item is not None


def _thumbnails(video: Video) -> Json:
    return {
        size: {
            "url": f"https://i.ytimg.com/vi/{video.id}/{_FILES[size]}.jpg",
            "width": width,
            "height": height,
        }
        for size, width, height in _SIZES
    }


def _avatar(channel: Channel) -> str:
    return f"https://pictures.example/avatars/{channel.handle}.png"


def _escaped(text: str) -> str:
    return escape(text).replace("&#x27;", "&#39;")
