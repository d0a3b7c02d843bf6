"""
python-youtube, which shares nothing with us, reads the simulator without an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from pyyoutube import Api, Client, PyYouTubeException  # type: ignore[import-untyped]  # ships no types

from adapters.youtube.simulator import Served, serve
from tests.adapters.youtube.simulated_youtube import KEY, small_tube

T = TypeVar("T")

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


class Theirs(Client):  # type: ignore[misc]
    """Their client, which knows one address only, sent to ours."""

    def __init__(self, served: Served, *, key: str = KEY) -> None:
        self.BASE_URL = f"{served.address}/youtube/v3/"
        super().__init__(api_key=key)


class TheirApi(Api):  # type: ignore[misc]
    """Their older interface, which pages by itself."""

    def __init__(self, served: Served) -> None:
        self.BASE_URL = f"{served.address}/youtube/v3/"
        super().__init__(api_key=KEY)


async def asked(ask: Callable[[], T]) -> T:
    """Their client blocks; the simulator shares our loop."""
    return await asyncio.to_thread(ask)


async def test_it_pages_through_threads_and_answers() -> None:
    """All 45 threads by three pages, the seven answers of one by two."""
    tube, clock, who, video = small_tube()
    said = []
    for number in range(45):
        clock.walk(seconds=1)
        said.append(tube.comment(video, who, f"Number {number}"))
    for number in range(7):
        clock.walk(seconds=1)
        tube.comment(video, who, f"Answer {number}", to=said[0])
    async with serve(tube) as served:
        theirs = TheirApi(served)
        threads = await asked(lambda: theirs.get_comment_threads(video_id=video.id, count=None, limit=20))
        answers = await asked(
            lambda: theirs.get_comments(parent_id=said[0].id, count=None, limit=5, text_format="plainText")
        )

    assert [each.id for each in threads.items] == [each.id for each in said[::-1]]
    assert [each.snippet.topLevelComment.snippet.textDisplay for each in threads.items[:2]] == [
        "Number 44",
        "Number 43",
    ]
    assert threads.items[-1].snippet.totalReplyCount == 7
    assert len(threads.items[-1].replies.comments) == 5
    assert [each.snippet.textDisplay for each in answers.items] == [
        f"@{who.handle} Answer {number}" for number in range(7)
    ][::-1]
    assert {each.snippet.parentId for each in answers.items} == {said[0].id}


async def test_it_reads_a_channel_and_its_uploads() -> None:
    """From the handle to the list, by pages, and on to the videos."""
    tube, clock, _, video = small_tube()
    for number in range(11):
        clock.walk(minutes=1)
        tube.video(video.channel, f"Number {number}")
    async with serve(tube) as served:
        theirs = TheirApi(served)
        channel = await asked(lambda: theirs.get_channel_info(for_handle="@cityofexample"))
        uploads = channel.items[0].contentDetails.relatedPlaylists.uploads
        items = await asked(lambda: theirs.get_playlist_items(playlist_id=uploads, count=None, limit=5))
        ids = [each.contentDetails.videoId for each in items.items]
        videos = await asked(lambda: theirs.get_video_by_id(video_id=ids))

    assert (channel.items[0].snippet.title, channel.items[0].statistics.videoCount) == ("City of Example", 12)
    assert [each.snippet.title for each in items.items] == [
        f"Number {each}" for each in range(10, -1, -1)
    ] + ["Snow routes"]
    assert [each.id for each in videos.items] == ids
    assert videos.items[-1].statistics.commentCount == 0


async def test_it_searches() -> None:
    """By words, videos only."""
    tube, _, _, video = small_tube()
    async with serve(tube) as served:
        found = await asked(
            lambda: Theirs(served).search.list(part="snippet", q="snow", type="video", order="date")
        )

    assert [(each.id.videoId, each.snippet.title) for each in found.items] == [(video.id, "Snow routes")]


@pytest.mark.parametrize(
    ("ask", "status", "words"),
    [
        (lambda theirs: theirs.videos.list(part="id", video_id="x" * 600 + ",y" * 60), 400, "invalid filter"),
        (lambda theirs: theirs.commentThreads.list(part="id", video_id="x"), 404, "could not be found"),
        (lambda theirs: theirs.playlistItems.list(part="id", playlist_id="x"), 404, "could not be found"),
    ],
)
async def test_it_understands_a_refusal(ask: Callable[[Theirs], Any], status: int, words: str) -> None:
    """Status and message of the envelope."""
    tube, *_ = small_tube()
    async with serve(tube) as served:
        with pytest.raises(PyYouTubeException) as refused:
            await asked(lambda: ask(Theirs(served)))

    assert (refused.value.status_code, words in str(refused.value.message)) == (status, True)


async def test_it_is_told_of_a_wrong_key_and_a_spent_day() -> None:
    """400 and 403."""
    tube, _, _, video = small_tube()
    tube.meter.limits["units"] = 0
    async with serve(tube) as served:
        found = []
        for key in ("wrong", KEY):
            theirs = Theirs(served, key=key)
            with pytest.raises(PyYouTubeException) as refused:
                await asked(lambda theirs=theirs: theirs.videos.list(part="id", video_id=video.id))  # type: ignore[misc]
            found.append(refused.value.status_code)

    assert found == [400, 403]
