"""
Every recorded document of the network that the adapter could meet, read to the last field: through wire, normalise and
gate, and replayed to the shipped adapter as it was answered.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.youtube import wire
from adapters.youtube.api import Api
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.normalise import (
    Place,
    comment_from,
    items_of_thread,
    video_from,
    video_from_search,
    video_from_upload,
)
from listener.adapter import Reply
from listener.errors import AccessDenied, BudgetSpent, SourceError, SourceUnavailable
from listener.events import Cleared, Post, Rejected
from listener.gate.clear import Place as At
from listener.keys import Sealer
from listener.testing.canned import CannedReader
from listener.testing.virtual_clock import VirtualClock
from tests.corpus.recorded import NEEDS_CORPUS, gate, objects_in

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEALER: Final = Sealer(NOW.date(), b"k" * 32)
AT: Final = At(
    network="youtube",
    source="recorded",
    keep="text",
    retention=timedelta(days=30),
    emit_from=timedelta(days=36_500),
)
OURS: Final = Place(ours=True)

pytestmark = NEEDS_CORPUS


def documents() -> Iterator[tuple[Path, Any]]:
    """Each, as JSON."""
    for path in sorted((Path(os.environ["LISTENER_CORPUS"]) / "youtube").rglob("*.json")):
        yield path, json.loads(path.read_bytes())


def of_kind(kind: wire.Kind[Any]) -> Iterator[tuple[Path, Any]]:
    """Answers that call themselves so."""
    return ((path, value) for path, value in documents() if value.get("kind") == kind.name)


def read(value: Any, kind: wire.Kind[Any]) -> Iterator[Post | Rejected]:
    """All that one answer says."""
    if kind is wire.UPLOADS:
        value = {**value, "items": [placed(item) for item in value["items"]]}
    found, _ = kind.read(json.dumps(value).encode())
    for item in found:
        if kind is wire.THREADS:
            yield from items_of_thread(item, OURS)
        elif kind is wire.COMMENTS:
            yield comment_from(item, video="vid00000001", place=OURS)
        elif kind is wire.UPLOADS:
            yield video_from_upload(item, OURS)
        elif kind is wire.FOUND:
            yield video_from_search(item, Place(titles_only=True))
        else:
            assert item is not None
            yield video_from(item, OURS)


def placed(item: dict[str, Any]) -> dict[str, Any]:
    """As if `contentDetails` had been asked for, too: whoever recorded these lists took the snippet alone."""
    said = item["snippet"]
    details = {"videoId": said["resourceId"]["videoId"], "videoPublishedAt": said["publishedAt"]}
    return {**item, "contentDetails": details}


def snippets(value: Any) -> Iterator[dict[str, Any]]:
    """Of every comment in a value, however deep."""
    return objects_in(value, lambda part: "authorDisplayName" in part)


def told(items: Iterator[Post | Rejected]) -> list[Cleared]:
    """What the gate lets through of them."""
    cleared = [
        gate("@city").clear(item, place=AT, watches=(), shortest=None, sealer=SEALER, now=NOW)
        for item in items
        if isinstance(item, Post)
    ]
    return [each for each in cleared if isinstance(each, Cleared)]


@pytest.mark.parametrize(
    ("kind", "documents_at_least", "posts_at_least"),
    [
        (wire.THREADS, 8, 100),
        (wire.COMMENTS, 4, 6),
        (wire.UPLOADS, 3, 10),
        (wire.VIDEOS, 5, 10),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_recorded_item_is_read(
    kind: wire.Kind[Any], documents_at_least: int, posts_at_least: int
) -> None:
    """None is unreadable, each has identity, date and link."""
    answers = list(of_kind(kind))
    items = [item for _, value in answers for item in read(value, kind)]
    posts = [item for item in items if isinstance(item, Post)]

    assert len(answers) >= documents_at_least
    assert len(posts) >= posts_at_least
    assert Counter(item.reason for item in items if isinstance(item, Rejected)) == Counter()
    assert all(post.published_at is not None and post.author is None for post in posts)


def test_what_is_said_is_what_was_displayed() -> None:
    """Word for word, in the order of the answer; replies behind their comment, and whom they answer is known."""
    for _, value in of_kind(wire.THREADS):
        posts = [item for item in read(value, wire.THREADS) if isinstance(item, Post)]
        expected: list[tuple[str, str, str | None]] = []
        for item in value["items"]:
            top, video = item["snippet"]["topLevelComment"], item["snippet"].get("videoId")
            expected.append((top["id"], top["snippet"]["textDisplay"], video))
            replies = item.get("replies", {}).get("comments", [])
            expected += [(reply["id"], reply["snippet"]["textDisplay"], top["id"]) for reply in replies]

        assert [(post.native, "".join(post.text.split()), post.reply_to) for post in posts] == [
            (name, "".join(text.split()), parent) for name, text, parent in expected
        ]


def test_of_a_search_every_video_is_read_and_nothing_else() -> None:
    """Channels and playlists, which are no videos, are no posts."""
    seen = 0
    for _, value in of_kind(wire.FOUND):
        videos = [item for item in value["items"] if "videoId" in item["id"] and "snippet" in item]
        posts = [item for item in read(value, wire.FOUND) if isinstance(item, Post)]
        seen += len(posts)

        assert [post.native for post in posts] == [item["id"]["videoId"] for item in videos]
    assert seen > 50


def test_no_annotated_person_is_left_behind_the_gate() -> None:
    """Although every recorded comment came with its author: channel, address, picture and handle are in nothing that is kept."""
    for kind in (wire.THREADS, wire.COMMENTS):
        for path, value in of_kind(kind):
            kept = "".join(str(each.event) + str(each.provenance) for each in told(read(value, kind)))
            for snippet in snippets(value):
                name = snippet["authorDisplayName"]
                marks = [
                    snippet.get("authorChannelUrl"),
                    snippet.get("authorProfileImageUrl"),
                    (snippet.get("authorChannelId") or {}).get("value"),
                    name if name.startswith("@") else f"@{name}",
                ]

                assert not [mark for mark in marks if mark and mark in kept], path.name


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    ("name", "status", "kind", "word"),
    [
        ("403_quotaExceeded.json", 403, BudgetSpent, "units"),
        ("error_response.json", 400, AccessDenied, "key_refused"),
        ("error_response_simple.json", 400, SourceUnavailable, None),
        ("error_permission_resp.json", 403, AccessDenied, "not_permitted"),
    ],
)
async def test_a_recorded_error_is_what_it_means(
    name: str, status: int, kind: type[SourceError], word: str | None
) -> None:
    """Replayed as it was answered; no message of it is in ours."""
    ((_, value),) = [(path, value) for path, value in documents() if path.name == name]
    with pytest.raises(SourceError) as caught:
        await asked(value, status).newest(None)
    words = [getattr(caught.value, each, None) for each in ("budget", "code", "reason")]

    assert isinstance(caught.value, kind)
    assert next((each for each in words if each is not None), None) == word
    assert "exceeded your quota" not in str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_recorded_comments_that_are_off_fail_nothing() -> None:
    """The answer about one video, and the same about a channel."""
    ((_, value),) = [(path, value) for path, value in documents() if path.name == "403_commentsDisabled.json"]

    assert (await asked(value, 403).on_video("vid00000001", None)).absent == "comments_off"
    assert (await asked(value, 403).newest(None)).absent == "comments_off"


def asked(value: Any, status: int) -> Api:
    """The adapter's own talk, before one recorded answer."""
    config = YouTubeConfig.model_validate(
        {"channel": "UCriverton0123456789abcd", "relation": "own", "key": "AIza-test-key"}
    )
    reply = Reply(status, {}, json.dumps(value).encode(), "https://www.googleapis.com/")
    return Api(config, CannedReader([reply]), VirtualClock())
