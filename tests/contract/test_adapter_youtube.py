"""
The YouTube adapter through the published contract of pollers: comments, and uploads.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.youtube import SPEC
from listener.adapter import Reply
from listener.testing.adapter_contract import AdapterContract, Script
from tests.adapters.youtube.channel import CHANNEL, NOW, PEOPLE, answer, config, error, stamp


def said(number: int) -> dict[str, Any]:
    """A thread of so many minutes before the suite's clock stands still at ten, with everything about its author."""
    name, at = f"Ug{number:05}AaABAg", stamp(NOW - timedelta(minutes=10 - number))
    comment = {
        "authorDisplayName": "Jo Fenn",
        "authorProfileImageUrl": "https://yt3.example/jofenn",
        "authorChannelUrl": "http://www.youtube.com/@jofenn",
        "authorChannelId": {"value": "UCjofenn"},
        "textDisplay": "The river is high",
        "textOriginal": "Brook Secret",
        "publishedAt": at,
        "updatedAt": at,
    }
    return {
        "id": name,
        "snippet": {
            "channelId": CHANNEL,
            "videoId": "vid00000001",
            "topLevelComment": {"id": name, "snippet": comment},
            "totalReplyCount": 1,
        },
        "replies": {"comments": [{"id": f"{name}.r1", "snippet": {**comment, "parentId": name}}]},
    }


def threads(*numbers: int, bad: tuple[Any, ...] = ()) -> Reply:
    items = [*(said(number) for number in sorted(numbers, reverse=True)), *bad]
    return answer({"kind": "youtube#commentThreadListResponse", "items": items})


def upload(number: int) -> dict[str, Any]:
    """A video as the list of uploads has it."""
    return {
        "snippet": {"title": f"Snow {number}", "description": "Ploughs", "channelTitle": "Jo Fenn"},
        "contentDetails": {
            "videoId": f"vid{number:08}",
            "videoPublishedAt": stamp(NOW - timedelta(hours=100 - number)),
        },
        "status": {"privacyStatus": "public"},
    }


def uploads(*numbers: int, bad: tuple[Any, ...] = ()) -> Reply:
    items = [*(upload(number) for number in sorted(numbers, reverse=True)), *bad]
    return answer({"kind": "youtube#playlistItemListResponse", "items": items})


BROKEN = [
    answer({"kind": "youtube#videoListResponse", "items": []}),
    answer({"items": [{"id": "Brook Secret"}]}),
    answer({"kind": "youtube#commentThreadListResponse", "items": "Brook Secret"}),
    error(403, "quotaExceeded"),
    error(403, "Brook Secret"),
    error(400, "keyInvalid"),
    answer("Brook Secret", 429),
]


class TestComments(AdapterContract):
    """
    What is said on a channel.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three threads, then one more; people in every place that has room for them. Behind the newest comes the list of
        recent videos, here an empty one.
        """
        return Script(
            spec=SPEC,
            config=config(),
            first=[threads(1, 2, 3), uploads()],
            later=[threads(1, 2, 3, 4), uploads()],
            unchanged=[threads(1, 2, 3), uploads()],
            bad_item=[
                threads(
                    1,
                    2,
                    bad=(
                        "Brook Secret",
                        {"id": "Ug9", "snippet": {"topLevelComment": {"id": "Ug9"}}},
                        {**said(3), "replies": {"comments": [{"id": 5}, {"id": "a b", "snippet": {}}]}},
                    ),
                ),
                uploads(),
            ],
            bad_items=4,
            broken=BROKEN,
            people=PEOPLE,
        )


class TestUploads(AdapterContract):
    """
    What a channel publishes.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three videos, then one more.
        """
        return Script(
            spec=SPEC,
            config=config(listen="uploads"),
            first=[uploads(1, 2, 3)],
            later=[uploads(1, 2, 3, 4)],
            unchanged=[uploads(1, 2, 3)],
            bad_item=[
                uploads(
                    1,
                    bad=(
                        "Brook Secret",
                        {"contentDetails": {"videoId": "a,b"}, "snippet": {"title": "Snow"}},
                        {"contentDetails": {"videoId": "vid00000009"}, "snippet": {"title": " "}},
                    ),
                )
            ],
            bad_items=3,
            broken=BROKEN,
            people=PEOPLE,
        )
