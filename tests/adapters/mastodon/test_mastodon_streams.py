"""Hashtags as they are said: frames of both kinds, and what closes the gap behind a connection. Sections: platforms.md."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from adapters.mastodon import SPEC
from adapters.mastodon.frames import EVENT_MAX, EventStream, items_of_event, items_of_message
from adapters.mastodon.normalise import place_of
from adapters.mastodon.stream import IDLE_S, READ_EVERY_S, STREAMS_MOST, MastodonStream
from listener.adapter import Page, Streamer
from listener.errors import AccessDenied, DocumentRefused, SourceError, SourceUnavailable
from listener.events import Post, Rejected, Removal
from listener.testing.canned import Asked, CannedReader, Connection
from tests.adapters.mastodon.statuses import HOST, MASTODON, NOW, Watching, World, config, id_of, status

pytestmark = pytest.mark.anyio

PLACE = place_of(host=HOST, domain=None)
ENDED = SourceUnavailable("the connection ended")


def event(name: str, payload: str) -> bytes:
    return f"event: {name}\ndata: {payload}\n\n".encode()


def post(number: int, **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=100 - number)
    return status(id_of(at), at=at, **more)


def update(number: int, name: str = "update", **more: Any) -> bytes:
    return event(name, json.dumps(post(number, **more)))


# ------------------------------------------------------------------------------------------------------ frames


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_s2_3_events_are_cut_the_same_however_they_come(size: int, end: str) -> None:
    """Greeting and heartbeats are comments; lines may end in three ways, in the middle of any part."""
    body = (
        ":)\n:thump\nevent: update\ndata: {\ndata: }\n\n:thump\n\nevent:delete\ndata:12\nid: 3\nretry: 5\n\n"
        "data: bare\n\nevent: filters_changed\n\nevent: cut off\ndata: nothing"
    )
    sent = body.replace("\n", end).encode()
    cut = EventStream()
    found = [event for at in range(0, len(sent), size) for event in cut.feed(sent[at : at + size])]

    assert found == [("update", b"{\n}"), ("delete", b"12"), ("", b"bare"), ("filters_changed", b"")]


def test_an_event_that_does_not_end_is_refused() -> None:
    """Neither one endless line nor endless lines of one event fill the memory."""
    for part in (b"x" * 65536, b"data: " + b"x" * 65529 + b"\n"):
        cut = EventStream()
        parts = itertools.repeat(part, EVENT_MAX // len(part) + 2)
        with pytest.raises(DocumentRefused, match="does not end"):
            list(itertools.chain.from_iterable(map(cut.feed, parts)))


@pytest.mark.parametrize("name", ["filters_changed", "announcement", "notification", "", "who knows"])
def test_s2_3_events_that_are_about_no_post_are_passed_over(name: str) -> None:
    """Also those that nobody knows yet; one without a payload is no error."""
    assert items_of_event(name, b"", PLACE) == ()
    assert items_of_message(json.dumps({"stream": ["x"], "event": name or "x"}).encode(), PLACE) == ()


def test_s2_3_payloads_are_json_in_json_but_for_a_delete() -> None:
    """A WebSocket's payload is a string of JSON, that of a delete a bare id; relays of old send both as they are."""
    said = post(1)
    wrapped = {"stream": ["hashtag", "rivertown"], "event": "update", "payload": json.dumps(said)}
    bare = {"event": "status.update", "payload": said}

    (one,), (other,) = (items_of_message(json.dumps(each).encode(), PLACE) for each in (wrapped, bare))
    assert isinstance(one, Post)
    assert one == other
    for payload in ("104061222412800865", 104061222412800865):
        message = json.dumps({"event": "delete", "payload": payload}).encode()
        assert items_of_message(message, PLACE) == (Removal(f"{HOST}/104061222412800865"),)


def test_s2_3_a_delete_names_the_post_as_this_instance_does() -> None:
    """The name in it is one of the aliases under which the post was stored."""
    (said,) = items_of_event("update", json.dumps(post(1)).encode(), PLACE)
    (gone,) = items_of_event("delete", post(1)["id"].encode(), PLACE)

    assert isinstance(said, Post)
    assert isinstance(gone, Removal)
    assert gone.name in said.aliases


@pytest.mark.parametrize(
    "payload", [b"", b'""', b"a b\n", b"x" * 65, "ø".encode(), b"\x00"], ids=lambda payload: repr(payload[:8])
)
def test_a_delete_without_an_id_is_counted(payload: bytes) -> None:
    """What cannot be the name of a post erases none."""
    assert items_of_event("delete", payload, PLACE) == (Rejected("unreadable_item"),)


def test_boosts_on_a_stream_are_no_items() -> None:
    """As in a timeline."""
    assert items_of_event("update", json.dumps(post(1, reblog=post(2))).encode(), PLACE) == ()


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ({"error": "Missing access token", "status": 401}, AccessDenied),
        ({"error": "Unknown stream type", "status": 400}, SourceUnavailable),
        ({"error": "Unknown channel requested"}, SourceUnavailable),
    ],
)
def test_s2_3_a_refused_subscription_is_no_silence(frame: dict[str, Any], error: type[SourceError]) -> None:
    """The server says so in a frame and keeps the connection open, empty and running for ever."""
    with pytest.raises(error):
        items_of_message(json.dumps(frame).encode(), PLACE)


# ------------------------------------------------------------------------------------------------- the stream


class Ticking:
    """A clock on which sleeping ends when the test says so."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []
        self._bell = anyio.Event()

    def now(self) -> Any:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)
        await self._bell.wait()

    def ring(self) -> None:
        bell, self._bell = self._bell, anyio.Event()
        bell.set()


class Hearing:
    """One run over one world, with what became durable."""

    def __init__(
        self,
        world: World,
        connections: Sequence[Connection] | Callable[[Asked], Connection],
        *,
        watching: Watching | None = None,
        **settings: Any,
    ) -> None:
        self.config = config(**{"token": "t0ken-t0ken", "hashtags": ["rivertown"], **settings})
        self.clock = Ticking()
        self.reader = CannedReader(
            world,
            reaches=SPEC.reaches(self.config),
            connections=connections,
        )
        self.stream = MastodonStream(self.config, self.reader, self.clock, watching or Watching())
        self.pages: list[Page] = []

    async def send(self, page: Page) -> None:
        self.pages.append(page)

    async def to_its_end(self) -> SourceError:
        with pytest.raises(SourceError) as caught, anyio.fail_after(5):
            await self.stream.run(None, self.send)
        return caught.value

    def asks(self) -> list[list[str]]:
        return [[item.ask or "" for item in page.items if isinstance(item, Post)] for page in self.pages]

    def ways(self) -> list[str]:
        return [f"{asked.how} {urlsplit(asked.address).path}" for asked in self.reader.asked]


def test_what_is_built_is_what_the_configuration_says() -> None:
    """A token makes a stream unless it is switched off; mentions and tokenless sources are polled."""
    reader = CannedReader()
    built = {
        way: SPEC.build(config(**way_of(way)), reader, Ticking(), Watching())
        for way in ("none", "auto", "sse", "websocket", "off", "mentions")
    }

    assert {way for way, source in built.items() if isinstance(source, Streamer)} == {
        "auto",
        "sse",
        "websocket",
    }
    assert all(hasattr(source, "recheck") for source in built.values())


def way_of(way: str) -> dict[str, Any]:
    if way == "none":
        return {}
    if way == "mentions":
        return {"listen": "mentions", "token": "t0ken-t0ken"}
    return {"streaming": way, "token": "t0ken-t0ken"}


async def test_s2_3_connect_then_read_then_deliver() -> None:
    """There is no replay: what was said while nobody listened is read after the connection stands, and delivered first."""
    world = World(said=[post(1), post(2)])
    hearing = Hearing(world, [Connection([[update(3)]], ENDED)])

    assert await hearing.to_its_end() is ENDED
    assert hearing.asks() == [[post(2)["id"], post(1)["id"]], [post(3)["id"]]]
    assert [page.cursor is not None for page in hearing.pages] == [True, False]
    assert hearing.ways() == [
        "read /api/v2/instance",
        "stream /api/v1/streaming/hashtag",
        "read /api/v1/timelines/tag/rivertown",
    ]


async def test_s2_3_the_token_stands_in_a_header_and_nowhere_else() -> None:
    """Addresses are logged by servers on the way; both ways of streaming, and every reading."""
    for way, scheme in (("sse", "https"), ("websocket", "wss")):
        hearing = Hearing(World(), [Connection([], ENDED)], streaming=way)
        await hearing.to_its_end()

        assert all("t0ken" not in asked.address for asked in hearing.reader.asked)
        assert all(asked.headers["authorization"] == "Bearer t0ken-t0ken" for asked in hearing.reader.asked)
        assert urlsplit(hearing.reader.asked[1].address).scheme == scheme


async def test_s7_silence_is_borne_for_three_heartbeats() -> None:
    """One comes every fifteen seconds; a connection that says nothing for that long is half open."""
    hearing = Hearing(World(), [Connection([], ENDED)])
    await hearing.to_its_end()

    assert {asked.idle_s for asked in hearing.reader.asked if asked.how == "stream"} == {IDLE_S}
    assert IDLE_S >= 2 * 15


async def test_s2_3_each_tag_has_a_connection_of_its_own() -> None:
    """One subscription stands in an address; what each says is delivered, one page at a time."""
    said = {"rivertown": update(1), "weir": update(2), "東京": update(3)}

    def connections(asked: Asked) -> Connection:
        (tag,) = parse_qs(urlsplit(asked.address).query)["tag"]
        return Connection([[said[tag]]], ENDED)

    hearing = Hearing(World(), connections, hashtags=list(said))
    await hearing.to_its_end()

    assert hearing.ways().count("stream /api/v1/streaming/hashtag") == 3
    assert {ask for asks in hearing.asks() for ask in asks} <= {post(each)["id"] for each in (1, 2, 3)}
    assert hearing.reader.open == 0


async def test_more_tags_than_streams_are_read_and_told_of() -> None:
    """The operator learns that some tags are heard by readings alone."""
    tags = [f"tag{each}" for each in range(STREAMS_MOST + 3)]
    hearing = Hearing(World(), lambda _asked: Connection([], ENDED), hashtags=tags)
    await hearing.to_its_end()

    assert hearing.ways().count("stream /api/v1/streaming/hashtag") == STREAMS_MOST
    assert {page.note for page in hearing.pages} == {"more_tags_than_streams"}
    assert hearing.ways().count("read /api/v1/timelines/tag/tag0") == 1


async def test_an_edit_that_nobody_waited_for_is_told_once() -> None:
    """Of one batch, the last words of a post count; its removal stands where it came."""
    batch = [
        update(1),
        update(2),
        update(1, "status.update", content="<p>Not so high #rivertown</p>", edited_at="2026-11-24T11:00:00Z"),
        event("delete", post(2)["id"]),
    ]
    hearing = Hearing(World(), [Connection([batch], ENDED)])
    await hearing.to_its_end()
    items = hearing.pages[-1].items

    assert [item.text if isinstance(item, Post) else repr(item) for item in items] == [
        "The river is high #rivertown",
        "Not so high #rivertown",
        repr(Removal("")),
    ]


async def test_a_running_stream_is_read_beside_every_quarter_of_an_hour() -> None:
    """A stream may be empty and running: an edit that adds a tag, a late post, a lost publisher are found by a reading."""
    world = World(said=[post(1)])
    hearing = Hearing(world, [Connection()])
    async with anyio.create_task_group() as group:
        group.start_soon(hearing.stream.run, None, hearing.send)
        await anyio.wait_all_tasks_blocked()
        world.said.append(post(50))
        hearing.clock.at += timedelta(seconds=READ_EVERY_S)
        hearing.clock.ring()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()

    assert hearing.clock.slept[0] == READ_EVERY_S
    assert hearing.asks()[-1] == [post(50)["id"], post(1)["id"]]
    assert hearing.reader.open == 0


async def test_other_tags_make_other_connections() -> None:
    """A watch is changed while the daemon runs: at the next reading the old connection is closed and the new one stands."""
    watching = Watching(frozenset({"rivertown"}))
    hearing = Hearing(World(), lambda _asked: Connection(), watching=watching, hashtags=[])
    async with anyio.create_task_group() as group:
        group.start_soon(hearing.stream.run, None, hearing.send)
        await anyio.wait_all_tasks_blocked()
        watching.hashtags = frozenset({"weir"})
        hearing.clock.ring()
        await anyio.wait_all_tasks_blocked()
        open_now = hearing.reader.open
        group.cancel_scope.cancel()
    streams = [asked.address for asked in hearing.reader.asked if asked.how == "stream"]

    assert [address.rpartition("=")[2] for address in streams] == ["rivertown", "weir"]
    assert open_now == 1


@pytest.mark.parametrize(
    ("way", "said", "settings", "base"),
    [
        ("sse", f"wss://{HOST}", {}, f"https://{HOST}/api/v1/streaming/hashtag?tag=rivertown"),
        (
            "websocket",
            f"wss://{HOST}:4000/api/v1/streaming",
            {},
            f"wss://{HOST}:4000/api/v1/streaming?stream=hashtag&tag=rivertown",
        ),
        (
            "websocket",
            "wss://streaming.social.example",
            {"streaming_host": "streaming.social.example"},
            "wss://streaming.social.example/api/v1/streaming?stream=hashtag&tag=rivertown",
        ),
        (
            "sse",
            None,
            {"streaming_host": "streaming.social.example"},
            "https://streaming.social.example/api/v1/streaming/hashtag?tag=rivertown",
        ),
        ("sse", None, {}, f"https://{HOST}/api/v1/streaming/hashtag?tag=rivertown"),
    ],
)
async def test_s2_3_the_stream_is_where_the_instance_says(
    way: str, said: str | None, settings: dict[str, Any], base: str
) -> None:
    """Its host, and its port where it names one; what the document does not say is the instance itself."""
    instance = {**MASTODON, "configuration": {"urls": {"streaming": said}}}
    hearing = Hearing(World(instance=instance), [Connection([], ENDED)], streaming=way, **settings)
    await hearing.to_its_end()

    assert [asked.address for asked in hearing.reader.asked if asked.how != "read"] == [base]


async def test_s2_3_a_token_goes_to_no_host_that_was_not_configured() -> None:
    """An instance that names another host for its streams is not followed there; the operator is told which one."""
    instance = {**MASTODON, "configuration": {"urls": {"streaming": "wss://elsewhere.example"}}}
    hearing = Hearing(World(instance=instance), [Connection()])
    error = await hearing.to_its_end()

    assert isinstance(error, DocumentRefused)
    assert error.reason == "streams_elsewhere"
    assert 'streaming_host = "elsewhere.example"' in str(error)
    assert hearing.ways() == ["read /api/v2/instance"]
