"""
The YouTube simulator says nothing that the API does not say: every JSON path of it stands in a recorded reply or on a published
resource page. Runs where LISTENER_CORPUS names a folder of recorded documents; prints how many paths it looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.youtube.simulated_parts import Key
from adapters.youtube.simulator import Served, serve
from tests.adapters.youtube.simulated_youtube import get, small_tube
from tests.corpus.recorded import NEEDS_CORPUS

pytestmark = [NEEDS_CORPUS, pytest.mark.anyio]

PUBLISHED: Final = {
    # developers.google.com, youtube/v3/docs/comments, and its revision history of 2026-09-30
    "comment.snippet.imageUrl",
    # google.rpc.ErrorInfo, as the service in front of the API tells errors
    "error.details",
    "error.details[]",
    *(f"error.details[].{name}" for name in ("@type", "reason", "domain", "metadata", "metadata.service")),
    "error.details[].metadata.quota_limit",
}
"""What no recorded document of ours has; by resource, as the paths below are named."""


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def paths(value: Any, at: str = "") -> Iterator[str]:
    """
    Every path of a document; a resource within another begins a path of its own, by its kind.
    """
    if isinstance(value, dict):
        kind = value.get("kind")
        if isinstance(kind, str) and kind.startswith("youtube#"):
            within = kind.removeprefix("youtube#")
            at = at if at.endswith((".id", ".resourceId")) else within
        yield at
        for name, each in value.items():
            yield from paths(each, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        yield at
        for each in value:
            yield from paths(each, f"{at}[]")
    else:
        yield at


def recorded(folder: Path) -> set[str]:
    """
    Of every document there.
    """
    return {
        path for file in sorted(folder.rglob("*.json")) for path in paths(json.loads(file.read_text("utf-8")))
    }


async def everything() -> list[Any]:
    """
    One of each answer, with whatever each can carry, and one of each error.
    """
    tube, clock, who, video = small_tube()
    tube.keys["expired"] = Key(state="expired")
    other = tube.video(video.channel, "Closed", comments_enabled=False)
    top = tube.comment(video, who, "Said #yyc", picture=True)
    for number in range(7):
        tube.comment(video, who, f"Answer {number}", to=top)
    tube.edit(top, "Said otherwise")
    clock.walk(seconds=1)
    tube.comment(video, who, "Another")
    async with serve(tube) as served:
        return [document async for document in _asked(served, video.id, other.id, top.id)]


async def _asked(served: Served, video: str, closed: str, top: str) -> Any:
    channel = served.tube.videos[video].channel.id
    threads, items = "id,snippet,replies", "id,snippet,contentDetails,status"
    shown = "id,snippet,contentDetails,status,statistics"
    for route, query in (
        ("commentThreads", {"part": threads, "videoId": video, "maxResults": 1}),
        ("commentThreads", {"part": threads, "allThreadsRelatedToChannelId": channel}),
        ("comments", {"part": "snippet", "parentId": top, "maxResults": 2}),
        ("comments", {"part": "snippet", "id": top}),
        ("playlistItems", {"part": items, "playlistId": f"UU{channel[2:]}", "maxResults": 1}),
        ("videos", {"part": shown, "id": f"{video},{closed}"}),
        ("channels", {"part": shown, "id": channel}),
        ("search", {"part": "id,snippet", "type": "video", "q": "snow", "maxResults": 1}),
        ("commentThreads", {"part": "id", "videoId": closed}),
        ("videos", {"part": "id"}),
        ("videos", {"part": "id", "id": video, "key": "none"}),
    ):
        yield (await get(served, route, **query)).json
    yield (await get(served, "videos", key="expired", part="id", id=video)).json
    served.tube.meter.per_minute = 0
    yield (await get(served, "videos", part="id", id=video)).json


async def test_no_path_that_the_api_has_not() -> None:
    """Resource by resource; the list of what is known from pages only stays short, and holds nothing that is never shown."""
    known = recorded(Path(os.environ["LISTENER_CORPUS"]) / "youtube")
    found = {path for document in await everything() for path in paths(document)}

    print(
        f"\n{len(found)} paths; {len(found & known)} recorded, {len(found - known & PUBLISHED)} by a page only; "
        f"{len(known)} known from records"
    )
    assert len(known) > 300
    assert {
        "commentThread.snippet.totalReplyCount",
        "commentThread.replies.comments",
        "comment.snippet.parentId",
        "playlistItem.snippet.resourceId.videoId",
        "video.statistics.commentCount",
        "channel.contentDetails.relatedPlaylists.uploads",
        "searchResult.id.videoId",
        "error.errors[].reason",
    } <= found
    assert sorted(found - known - PUBLISHED) == []
    assert sorted(PUBLISHED - found) == []
