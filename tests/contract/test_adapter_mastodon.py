"""
The Mastodon adapter through the published contracts of adapters: polled, and streamed both ways.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from adapters.mastodon import SPEC
from listener.adapter import Reply
from listener.errors import SourceUnavailable
from listener.testing.adapter_contract import AdapterContract, Script
from listener.testing.canned import Answers, Connection
from listener.testing.streamer_contract import StreamerContract, StreamScript, Told
from tests.adapters.mastodon.statuses import (
    MASTODON,
    NOW,
    PEOPLE,
    World,
    account,
    config,
    id_of,
    reply,
    status,
)


def post(number: int) -> dict[str, Any]:
    """A post written so many minutes before the suite's clock stands still at ten."""
    at = NOW - timedelta(minutes=10 - number)
    return status(id_of(at, number), at=at)


def page(*numbers: int) -> Reply:
    return reply([post(number) for number in sorted(numbers, reverse=True)])


INSTANCE = reply(MASTODON)


class TestMastodon(AdapterContract):
    """
    A hashtag, asked for.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three posts, then one more; people in every place that has room for them.
        """
        return Script(
            spec=SPEC,
            config=config(),
            first=[INSTANCE, page(1, 2, 3)],
            later=[INSTANCE, page(1, 2, 3, 4)],
            unchanged=[INSTANCE, page(1, 2, 3)],
            bad_item=[
                INSTANCE,
                reply(
                    [
                        post(3),
                        {"id": "7", "account": account(), "content": ["Brook Secret"]},
                        "Brook Secret",
                        {**post(2), "uri": None, "url": None},
                        {**post(2), "content": "", "uri": "https://river.example/x/1"},
                        post(1),
                    ]
                ),
            ],
            bad_items=4,
            broken=[
                reply({"error": "Brook Secret"}),
                reply(["Brook Secret"]),
                reply({"version": {"Brook Secret": 1}}),
                reply("Brook Secret"),
                reply({"version": "4.5.0"}, status=206),
            ],
            people=PEOPLE,
        )


def event(name: str, payload: str) -> bytes:
    return f"event: {name}\ndata: {payload}\n\n".encode()


def message(name: str, payload: str) -> bytes:
    return json.dumps({"stream": ["hashtag", "rivertown"], "event": name, "payload": payload}).encode()


def answers(*numbers: int) -> Answers:
    """What is read beside the stream."""
    return World(said=[post(number) for number in numbers])


class _Streamed(StreamerContract):
    """
    What both ways share: the reading behind the connection shows post 1, the stream the others.
    """

    streaming: str

    def frame(self, name: str, payload: str) -> bytes:
        """
        As this way writes it.
        """
        raise NotImplementedError

    def update(self, number: int) -> bytes:
        """
        A post as it is said.
        """
        return self.frame("update", json.dumps(post(number)))

    def told(self, read: Sequence[int], *batches: Sequence[bytes]) -> Told:
        """
        One run.
        """
        return Told(connections=[Connection(batches)], answers=answers(*read))

    @pytest.fixture
    def script(self) -> StreamScript:
        """
        Posts, a heartbeat, news of an edit, and frames that nobody knows.
        """
        return StreamScript(
            spec=SPEC,
            config=config(token="t0ken-t0ken", streaming=self.streaming),
            first=self.told(
                (1,),
                [self.update(2)],
                [self.frame("filters_changed", ""), self.update(3)],
                [self.frame("announcement", "{}"), self.frame("delete", post(2)["id"])],
                [self.update(4)],
            ),
            later=self.told((1, 2, 3, 4), [self.update(5)]),
            bad_frame=self.told(
                (1,),
                [self.frame("update", "Brook Secret")],
                [self.frame("update", '{"id": 1, "content": 5}'), self.frame("update", "[")],
                [self.update(2)],
            ),
            bad_items=3,
            quiet=None,
            broken=[
                Told(connections=[], answers=[reply("Brook Secret")]),
                Told(connections=[Connection()], answers=[INSTANCE, reply({"error": "Brook Secret"})]),
                Told(connections=[SourceUnavailable("nobody there")], answers=[INSTANCE]),
            ],
            people=PEOPLE,
        )


class TestMastodonByEvents(_Streamed):
    """
    Server-sent events.
    """

    streaming = "sse"

    def frame(self, name: str, payload: str) -> bytes:
        """
        With a heartbeat before it.
        """
        return b":thump\n" + event(name, payload)


class TestMastodonByWebSocket(_Streamed):
    """
    A WebSocket that only receives.
    """

    streaming = "websocket"

    def frame(self, name: str, payload: str) -> bytes:
        """
        JSON within JSON.
        """
        return message(name, payload)
