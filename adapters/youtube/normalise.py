"""
A comment or a video in the words the rest of the service uses. Pure; wire → `Post`.

Takes structs from `wire`, gives `Post` and `Rejected` to the sources and to `recheck`.

Decisions:

- There is no author: none is asked for. So nothing of ours can tell that a comment is by us, or by somebody who objected;
  what is said to us stays open until staff mark it.
- What the organisation's own channel publishes is by us, because it is its channel.
- A comment may be a picture without a word (since 2026-11): it is a post without words, so that what is said to us is
  seen with its link. A video without a title says nothing.
- A comment answers its video, a reply its comment: replies are one level deep.
- The link opens the comment under its video and names nobody: `watch?v=…&lc=…`.
- The handle that a reply begins with is left to the gate, which masks every handle that is not ours.
- Of a search only the title is read: its descriptions are cut, and would look edited when the video is asked about again.

Source: developers.google.com/youtube/v3/docs, comment, video, playlistItem, search; as noted in 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Final

from adapters.youtube import wire
from adapters.youtube.wire import (
    WireComment,
    WireFound,
    WirePrivacy,
    WireReplies,
    WireThread,
    WireTitle,
    WireUpload,
    WireVideo,
)
from listener.adapter import Ask
from listener.events import Consent, Post, Rejected
from listener.text import clean, same_address

_COMMENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_VIDEO: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""What an id is made of: a list by ids parts them by commas."""

WATCH: Final = "https://www.youtube.com/watch?v="
_LOST: Final = frozenset({"Private video", "Deleted video"})
"""What a playlist calls a video that it may not show; from memory."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where something was read, as far as its meaning depends on it.

    Args:
        ours: On the organisation's own channel.
        titles_only: Of videos, nothing but the title.
    """

    ours: bool = False
    titles_only: bool = False


def items_of_thread(thread: WireThread | None, place: Place) -> Iterator[Post | Rejected]:
    """
    The comment that opened it, then the replies that came with it.
    """
    if thread is None:
        yield Rejected("unreadable_item")
        return
    top, video = thread.snippet.top_level_comment, thread.snippet.video_id
    yield comment_from(top, video=video, place=place)
    for reply in replies_of(thread.replies):
        yield comment_from(reply, video=video, parent=top.id, place=place)


def replies_of(replies: WireReplies | None) -> tuple[WireComment | None, ...]:
    """
    Those that came with a thread.
    """
    return () if replies is None else wire.COMMENTS.each(replies.comments)


def comment_from(
    comment: WireComment | None, *, video: str | None, place: Place, parent: str | None = None
) -> Post | Rejected:
    """
    Args:
        video: Under which it stands; None where it stands under none.
        parent: What it answers; None: the video, or what the comment itself says.
    """
    if comment is None:
        return Rejected("unreadable_item")
    if not _COMMENT.fullmatch(comment.id):
        return Rejected("no_identity")
    said = comment.snippet
    video = video if video and _VIDEO.fullmatch(video) else None
    parent = said.parent_id or parent
    published = instant(said.published_at)
    link = None if not video else f"{WATCH}{video}&lc={comment.id}"
    return Post(
        native=comment.id,
        aliases=() if link is None else (same_address(link),),
        ask=ask_for(comment.id, video),
        kind="comment" if parent is None else "reply",
        text=clean(said.text_display or ""),
        published_at=published,
        edited_at=_edited(said.updated_at, published),
        link=link,
        reply_to=parent or video,
        addressed=place.ours,
    )


def video_from_upload(upload: WireUpload | None, place: Place) -> Post | Rejected:
    """
    A place of the channel's list. One that the list may not show is not public any more.
    """
    if upload is None:
        return Rejected("unreadable_item")
    details = upload.content_details
    hidden = upload.snippet.title in _LOST and details.video_published_at is None
    return _video(
        details.video_id,
        upload.snippet,
        published=details.video_published_at,
        public=not hidden and is_public(upload.status),
        place=place,
    )


def video_from(video: WireVideo, place: Place) -> Post | Rejected:
    """
    A video that was asked for by its id.
    """
    said = video.snippet
    return _video(video.id, said, published=said.published_at, public=is_public(video.status), place=place)


def video_from_search(found: WireFound | None, place: Place) -> Post | Rejected:
    """
    A result. Its title is HTML, here and nowhere else.
    """
    if found is None:
        return Rejected("unreadable_item")
    said = WireTitle(title=unescape(found.snippet.title or ""))
    return _video(found.id.video_id, said, published=found.snippet.published_at, public=True, place=place)


def ask_for(comment: str, video: str | None) -> str:
    """
    What to send to ask again: the comment, and the video that the answer would not name.
    """
    return f"{comment} {video or ''}".strip()


def parts_of(ask: Ask) -> tuple[str, str | None]:
    """
    The id to ask for, and the video.
    """
    comment, _, video = ask.partition(" ")
    return comment, video or None


def instant(stated: str | None) -> datetime | None:
    """
    An aware instant in UTC; None where none is stated readably.
    """
    if not stated:
        return None
    try:
        parsed = datetime.fromisoformat(stated)
        return parsed.astimezone(UTC) if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _video(
    native: str, said: WireTitle, *, published: str | None, public: bool, place: Place
) -> Post | Rejected:
    if not _VIDEO.fullmatch(native):
        return Rejected("no_identity")
    title = clean(said.title or "").strip() if public else ""
    if public and not title:
        return Rejected("no_content")
    description = clean(said.description or "").strip() if public and not place.titles_only else ""
    link = f"{WATCH}{native}"
    return Post(
        native=native,
        aliases=(same_address(link),),
        ask=native,
        kind="video",
        text=description,
        title=title or None,
        published_at=instant(published),
        link=link,
        by_us=place.ours,
        consent=Consent(public=public),
    )


def _edited(stated: str | None, published: datetime | None) -> datetime | None:
    """
    None where it says the same as when it was published.
    """
    edited = instant(stated)
    return None if edited == published else edited


def is_public(status: WirePrivacy | None) -> bool:
    """
    Whether everybody may see a video; nothing said, they may.
    """
    return status is None or status.privacy_status in (None, "public")
