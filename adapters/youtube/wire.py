"""
What is taken off the wire: the fields named here and no others. `api` asks for no more than these (`fields`), so that no
author crosses the wire; what comes all the same never becomes an object.

Takes the bytes of a reply from `api`, gives structs to `normalise` and `judging`. A bad item does not spoil its
neighbours.

Invariant: there is no field for who wrote, what they look like or where they are; of an error no message is read, because
it may quote what was asked.

Source: developers.google.com/youtube/v3/docs, resources commentThread, comment, playlistItem, video, searchResult, errors;
as noted in 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")


class WireSaid(msgspec.Struct, frozen=True, rename="camel"):
    """
    Of a comment. `textOriginal` is shown to its author only; the text may be empty since comments may be pictures
    (revision history, 2026-09-30).
    """

    text_display: str | None = None
    published_at: str | None = None
    updated_at: str | None = None
    parent_id: str | None = None


class WireComment(msgspec.Struct, frozen=True):
    """
    A comment or a reply.
    """

    id: str
    snippet: WireSaid


class WireTop(msgspec.Struct, frozen=True, rename="camel"):
    """
    Of a thread.
    """

    top_level_comment: WireComment
    video_id: str | None = None
    total_reply_count: int = 0


class WireReplies(msgspec.Struct, frozen=True):
    """
    Some of the replies; `comments.list` has all.
    """

    comments: tuple[msgspec.Raw, ...] | None = None


class WireThread(msgspec.Struct, frozen=True):
    """
    A comment on a video, with some of its replies.
    """

    id: str
    snippet: WireTop
    replies: WireReplies | None = None


class WireTitle(msgspec.Struct, frozen=True, rename="camel"):
    """
    Of a video.
    """

    title: str | None = None
    description: str | None = None
    published_at: str | None = None


class WirePrivacy(msgspec.Struct, frozen=True, rename="camel"):
    """
    Who may see a video: public, unlisted, private.
    """

    privacy_status: str | None = None


class WireVideo(msgspec.Struct, frozen=True):
    """
    A video.
    """

    id: str
    snippet: WireTitle
    status: WirePrivacy | None = None


class WirePlaced(msgspec.Struct, frozen=True, rename="camel"):
    """
    Which video a playlist shows, and since when the video is public: the playlist's own date is when it was put there.
    """

    video_id: str
    video_published_at: str | None = None


class WireUpload(msgspec.Struct, frozen=True, rename="camel"):
    """
    A place of a playlist.
    """

    content_details: WirePlaced
    snippet: WireTitle
    status: WirePrivacy | None = None


class WireFoundId(msgspec.Struct, frozen=True, rename="camel"):
    """
    What was found.
    """

    video_id: str


class WireFound(msgspec.Struct, frozen=True):
    """
    A result of a search. Its title is written as HTML, alone among all titles.
    """

    id: WireFoundId
    snippet: WireTitle


class WireList(msgspec.Struct, frozen=True, rename="camel"):
    """
    A page of anything.
    """

    kind: str
    next_page_token: str | None = None
    items: tuple[msgspec.Raw, ...] | None = None


class WireReason(msgspec.Struct, frozen=True):
    """
    Why a request failed, in a word; in the newer envelope also which limit.
    """

    reason: str | None = None
    location: str | None = None


class WireLimit(msgspec.Struct, frozen=True):
    """
    A limit that is spent, by its name.
    """

    quota_limit: str | None = None


class WireDetail(msgspec.Struct, frozen=True):
    """
    Of the newer envelope (google.rpc.ErrorInfo).
    """

    reason: str | None = None
    metadata: WireLimit | None = None


class WireFailure(msgspec.Struct, frozen=True):
    """
    An error.
    """

    status: str | None = None
    errors: tuple[WireReason, ...] | None = None
    details: tuple[msgspec.Raw, ...] | None = None


class WireError(msgspec.Struct, frozen=True):
    """
    What comes with an error status.
    """

    error: WireFailure


WIRE_TYPES: Final = (
    WireSaid,
    WireComment,
    WireTop,
    WireReplies,
    WireThread,
    WireTitle,
    WirePrivacy,
    WireVideo,
    WirePlaced,
    WireUpload,
    WireFoundId,
    WireFound,
    WireList,
    WireReason,
    WireLimit,
    WireDetail,
    WireFailure,
    WireError,
)

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on bytes that are not what they should be; their messages may quote a field's name, no value."""


class Kind(Generic[T]):
    """
    A list of one kind of resource.

    Args:
        name: As its answers call themselves.
        item: What is in it.
    """

    def __init__(self, name: str, item: type[T]) -> None:
        self.name = name
        self._one = msgspec.json.Decoder(item).decode

    def read(self, body: bytes) -> tuple[tuple[T | None, ...], str | None]:
        """
        The entries in the order of the answer, None for each that cannot be read; and the token of the next page.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: it is no such list.
        """
        listed = _list(body)
        if listed.kind != self.name:
            raise msgspec.DecodeError("another kind of answer")
        return self.each(listed.items), listed.next_page_token

    def each(self, pieces: Sequence[msgspec.Raw] | None) -> tuple[T | None, ...]:
        """
        Entries that were left as they came.
        """
        return tuple(map(self._readable, pieces or ()))

    def _readable(self, piece: msgspec.Raw) -> T | None:
        try:
            return self._one(piece)
        except UNREADABLE:
            return None


_list: Final = msgspec.json.Decoder(WireList).decode
_detail: Final = msgspec.json.Decoder(WireDetail).decode

THREADS: Final = Kind("youtube#commentThreadListResponse", WireThread)
COMMENTS: Final = Kind("youtube#commentListResponse", WireComment)
UPLOADS: Final = Kind("youtube#playlistItemListResponse", WireUpload)
VIDEOS: Final = Kind("youtube#videoListResponse", WireVideo)
FOUND: Final = Kind("youtube#searchListResponse", WireFound)

decode_error: Final = msgspec.json.Decoder(WireError).decode


def details_of(failure: WireFailure) -> tuple[WireDetail, ...]:
    """
    Those details that are an ErrorInfo; others (help links, localised messages) are passed over.
    """
    found = []
    for piece in failure.details or ():
        try:
            found.append(_detail(piece))
        except UNREADABLE:
            continue
    return tuple(found)
