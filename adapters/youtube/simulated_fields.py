"""
Partial responses: the grammar of `fields`, checked against what an answer may hold, and applied to one.

Used by `simulated_site` on its way out. `a,b` are two fields; `a/b` and `a(b)` mean a field within; `*` stands for every
field; lists are passed through. The same grammar writes down what each kind of answer may hold.

Sources: developers.google.com, youtube/v3/getting-started (fields) and the resource pages of commentThreads, comments,
playlistItems, videos, channels, search; imageUrl: revision history of 2026-09-30 (as quoted, 2026-11).
"""

from __future__ import annotations

import re
from typing import Any, Final

Selection = dict[str, "Selection"]
"""Fields by name with what is wanted within; an empty one wants all of it."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_$.:-]+|[*,/()]")


class InvalidFields(Exception):
    """
    The part of `fields` that means nothing.
    """


def parse(text: str) -> Selection:
    """
    What a `fields` asks for.

    Raises:
        InvalidFields: it is not written as the grammar has it.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise InvalidFields(text)
    found, rest = _selection(tokens, text)
    if rest:
        raise InvalidFields(text)
    return found


def check(asked: Selection, schema: Selection) -> None:
    """
    Raises:
        InvalidFields: a field that no such answer has.
    """
    for name, within in asked.items():
        inner = list(schema.values()) if name == "*" else [schema[name]] if name in schema else []
        if not inner:
            raise InvalidFields(name)
        faults = []
        for each in inner:
            try:
                check(within, each)
            except InvalidFields as fault:
                faults.append(fault)
        if len(faults) == len(inner):
            raise faults[0]


def cut(document: Any, asked: Selection) -> Any:
    """
    What is left of a document; a list keeps its length, an object that has none of the fields is empty.
    """
    if not asked:
        return document
    if isinstance(document, list):
        return [cut(each, asked) for each in document]
    if not isinstance(document, dict):
        return document
    everything = asked.get("*")
    kept = {}
    for name, value in document.items():
        if name in asked:
            kept[name] = cut(value, asked[name])
        elif everything is not None:
            kept[name] = cut(value, everything)
    return kept


def _selection(tokens: list[str], whole: str) -> tuple[Selection, list[str]]:
    found: Selection = {}
    while True:
        tokens = _path(tokens, found, whole)
        if not tokens or tokens[0] != ",":
            return found, tokens
        tokens = tokens[1:]


def _path(tokens: list[str], into: Selection, whole: str) -> list[str]:
    """
    One path is added to a selection; a field that was asked for whole stays whole.
    """
    if not tokens or tokens[0] in ",/()":
        raise InvalidFields(whole)
    name, rest = tokens[0], tokens[1:]
    within: Selection = {}
    if rest[:1] == ["/"]:
        rest = _path(rest[1:], within, whole)
    elif rest[:1] == ["("]:
        within, rest = _selection(rest[1:], whole)
        if rest[:1] != [")"]:
            raise InvalidFields(whole)
        rest = rest[1:]
    into[name] = _joined(into[name], within) if name in into else within
    return rest


def _joined(one: Selection, other: Selection) -> Selection:
    if not one or not other:
        return {}
    both = dict(one)
    for name, within in other.items():
        both[name] = _joined(both[name], within) if name in both else within
    return both


_COMMENT: Final = (
    "kind,etag,id,snippet(authorDisplayName,authorProfileImageUrl,authorChannelUrl,authorChannelId/value,channelId,"
    "videoId,textDisplay,textOriginal,parentId,canRate,viewerRating,likeCount,moderationStatus,publishedAt,updatedAt,imageUrl)"
)
_PICTURES: Final = ",".join(
    f"{size}(url,width,height)" for size in ("default", "medium", "high", "standard", "maxres")
)
_LIST: Final = "kind,etag,nextPageToken,prevPageToken,pageInfo(totalResults,resultsPerPage)"

SCHEMAS: Final[dict[str, Selection]] = {
    route: parse(f"{_LIST},items({items}){more}")
    for route, items, more in (
        ("comments", _COMMENT, ""),
        (
            "commentThreads",
            f"kind,etag,id,snippet(channelId,videoId,topLevelComment({_COMMENT}),canReply,totalReplyCount,isPublic),"
            f"replies/comments({_COMMENT})",
            "",
        ),
        (
            "playlistItems",
            f"kind,etag,id,snippet(publishedAt,channelId,title,description,thumbnails({_PICTURES}),channelTitle,"
            "videoOwnerChannelTitle,videoOwnerChannelId,playlistId,position,resourceId(kind,videoId)),"
            "contentDetails(videoId,startAt,endAt,note,videoPublishedAt),status/privacyStatus",
            "",
        ),
        (
            "videos",
            f"kind,etag,id,snippet(publishedAt,channelId,title,description,thumbnails({_PICTURES}),channelTitle,tags,"
            "categoryId,liveBroadcastContent,defaultLanguage,localized(title,description),defaultAudioLanguage),"
            "contentDetails(duration,dimension,definition,caption,licensedContent,projection),"
            "status(uploadStatus,privacyStatus,license,embeddable,publicStatsViewable,madeForKids),"
            "statistics(viewCount,likeCount,dislikeCount,favoriteCount,commentCount)",
            "",
        ),
        (
            "channels",
            f"kind,etag,id,snippet(title,description,customUrl,publishedAt,thumbnails({_PICTURES}),defaultLanguage,"
            "localized(title,description),country),contentDetails/relatedPlaylists(likes,favorites,uploads),"
            "statistics(viewCount,commentCount,subscriberCount,hiddenSubscriberCount,videoCount),"
            "status(privacyStatus,isLinked,longUploadsStatus,madeForKids)",
            "",
        ),
        (
            "search",
            "kind,etag,id(kind,videoId,channelId,playlistId),snippet(publishedAt,channelId,title,description,"
            f"thumbnails({_PICTURES}),channelTitle,liveBroadcastContent)",
            ",regionCode",
        ),
    )
}
"""What each kind of answer may hold."""
