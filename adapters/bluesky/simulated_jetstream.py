"""
One Jetstream host: the frozen `/subscribe` over a network's events, with the losses such hosts are known for.

Shows what `simulated_network` remembers. Each host numbers events for itself, may stamp them with a clock that is a
little off, and may be blind for some of them for ever. Not simulated: `options_update` (a client that may not send has
no use for it; with `requireHello=true` nothing is told, as with the real one), and permessage-deflate, which is never
agreed to.

Sources: bluesky-social/jetstream, internal/subscribe (doc.go, cursor.go, filter.go, handler.go, encoder.go), read
2026-11-24; zzstoatzz/plyr.fm#1796 (a blind host); bluesky-social/jetstream-legacy#42 (losses where replay meets live).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs

import anyio
import orjson
import zstandard

from adapters.bluesky.simulated_names import microseconds
from adapters.bluesky.simulated_network import Happening, Network
from listener.simulation.exchange import Request, Response
from listener.simulation.websocket import BINARY, TEXT, WebSocket, WebSockets, frame

SEQ_BELOW: Final = 10**15
"""A cursor below it is a sequence number, from it on microseconds since 1970."""

DICTIONARY_ID: Final = 424_242
"""Chosen; the real dictionary is 1612007021 and not ours to ship."""

_LOOK_BACK_US: Final = 36 * 3600 * 1_000_000
PING_S: Final = 30.0
_BLOCKED_WRITE_S: Final = 5.0
_MOST_COLLECTIONS: Final = 100
_MOST_DIDS: Final = 10_000
_BATCH: Final = 1000
_NSID: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*")
_DID: Final = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")


class Refused(Exception):
    """
    Raised by the parsing of a subscription; answered with its text and 400.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What one subscriber asked for.

    Args:
        collections: Exact NSIDs; None together with no `prefixes` for all.
        prefixes: Each with its last dot.
        dids: None for all.
        max_bytes: Larger events are left out; 0 for no limit.
        zstd: Frames are binary and compressed with the host's dictionary.
        hello: Nothing is told before the client has spoken.
    """

    collections: frozenset[str] | None = None
    prefixes: tuple[str, ...] = ()
    dids: frozenset[str] | None = None
    max_bytes: int = 0
    zstd: bool = False
    hello: bool = False

    def wants(self, happening: Happening) -> bool:
        """
        Accounts and identities come whatever the collections are; DIDs gate everything.
        """
        if self.dids is not None and happening.did not in self.dids:
            return False
        if happening.kind != "commit" or self.collections is None:
            return True
        return happening.collection in self.collections or happening.collection.startswith(self.prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """
    What a host never serves, neither live nor in replay.

    Args:
        collection: Of commits; empty for events of every kind.
        start_us: From this time of the network.
        end_us: Up to this; None for ever.
        every: Only every so manieth event of these.
    """

    collection: str = ""
    start_us: int = 0
    end_us: int | None = None
    every: int = 1

    def hides(self, happening: Happening, number: int) -> bool:
        """
        Whether the event of that place in the log is missing.
        """
        if self.collection and happening.collection != self.collection:
            return False
        if happening.at_us < self.start_us or (self.end_us is not None and happening.at_us >= self.end_us):
            return False
        return number % self.every == 0


@dataclass(slots=True)
class Jetstream:
    """
    One host.

    Args:
        name: Of the host.
        network: Whose events.
        first_seq: Number of the network's first event here.
        skew_us: Added to the time of every event.
        tells_cursor: Whether events carry `cursor`, as since the second version of the software.
        warming: 503 until it is set back.
        blindness: What it never serves.
        stalled: Collections of which open streams tell nothing for now, while they go on pinging; a later replay has
            them.
        ping_s: Seconds between two pings.
        cutover_drops: So many events before the point where a replay becomes live are lost to that replay.
        cutover_swaps: So many events before those come in reverse order.
        dictionary: Of zstd; None for our own.
    """

    name: str
    network: Network
    first_seq: int = 1
    skew_us: int = 0
    tells_cursor: bool = True
    warming: bool = False
    blindness: list[Blindness] = field(default_factory=list)
    stalled: set[str] = field(default_factory=set)
    ping_s: float = PING_S
    cutover_drops: int = 0
    cutover_swaps: int = 0
    dictionary: zstandard.ZstdCompressionDict | None = None
    sockets: WebSockets = field(init=False)

    def __post_init__(self) -> None:
        self.sockets = WebSockets(self.network.clock)

    async def answer(self, request: Request) -> Response:
        """
        The host's only route.
        """
        if request.path != "/subscribe":
            return _plain(404, "404 page not found")
        if self.warming:
            return _plain(503, "service not ready: cursor replay warming up")
        try:
            query = parse_qs(request.query, keep_blank_values=True)
            wanted = _wanted(query, request)
            start = self._start(query.get("cursor", [""])[0])
        except Refused as refusal:
            return _plain(400, str(refusal))

        async def tell(socket: WebSocket) -> None:
            async with anyio.create_task_group() as both:
                both.start_soon(_keep_pinging, socket, self.ping_s)
                await self._tell(socket, wanted, start)
                both.cancel_scope.cancel()

        return self.sockets.accept(request, tell)

    def open_sockets(self) -> list[WebSocket]:
        """
        Conversations that go on.
        """
        return [socket for socket in self.sockets.opened if not socket.ended]

    def cut(self) -> None:
        """
        Every open stream ends with a reset.
        """
        for socket in self.open_sockets():
            socket.cut()

    def fall_silent(self) -> None:
        """
        Every open stream is half-open from now on: nothing is told, not even pings, nothing is answered.
        """
        for socket in self.open_sockets():
            socket.answers = False

    def body(self, number: int) -> bytes:
        """
        The JSON of the event at that place of the log, as this host tells it.
        """
        happening = self.network.log[number]
        cursor = b',"cursor":%d' % (self.first_seq + number) if self.tells_cursor else b""
        at_us = happening.at_us + self.skew_us
        return b'{"did":"%b","time_us":%d%b%b' % (happening.did.encode(), at_us, cursor, happening.rest)

    def _start(self, cursor: str) -> int:
        """
        Place in the log from which a subscriber is told; the end of the log for one who is told what comes.

        Raises:
            Refused: no number.
        """
        log = self.network.log
        if not cursor:
            return len(log)
        if not re.fullmatch(r"[+-]?[0-9]+", cursor) or int(cursor) >= 2**63:
            raise Refused(f'subscribe: invalid cursor: "{cursor}"')
        asked, now_us = int(cursor), microseconds(self.network.clock.now()) + self.skew_us
        if asked < 0:
            raise Refused(f"subscribe: invalid cursor: negative value {asked}")
        floor = self.network.place_of(now_us - _LOOK_BACK_US - self.skew_us)
        if asked < SEQ_BELOW:
            return len(log) if asked >= self.first_seq + len(log) else max(asked - self.first_seq, floor)
        if asked > now_us:
            return len(log)
        return max(self.network.place_of(asked - self.skew_us), floor)

    async def _tell(self, socket: WebSocket, wanted: Wanted, start: int) -> None:
        """
        Everything from there on, until the client has gone or is too slow.
        """
        if wanted.hello:
            await anyio.sleep_forever()
        edge = len(self.network.log)
        place = await self._replay(socket, wanted, start, edge) if start < edge else start
        while not socket.ended:
            await self.network.news(place)
            numbers = range(place, min(len(self.network.log), place + _BATCH))
            place = numbers.stop
            await self._send(socket, wanted, numbers)

    async def _replay(self, socket: WebSocket, wanted: Wanted, start: int, edge: int) -> int:
        """
        What had happened when the client came; with the losses and swaps of a careless change-over at its end.
        """
        numbers = [number for number in range(start, edge) if self._serves(wanted, number)]
        kept = numbers[: len(numbers) - self.cutover_drops] if self.cutover_drops else numbers
        steady = max(0, len(kept) - self.cutover_swaps)
        ordered = [*kept[:steady], *kept[steady:][::-1]]
        for at in range(0, len(ordered), _BATCH):
            if socket.ended:
                break
            await self._send(socket, wanted, ordered[at : at + _BATCH])
        return edge

    def _serves(self, wanted: Wanted, number: int) -> bool:
        happening = self.network.log[number]
        if not wanted.wants(happening) or any(each.hides(happening, number) for each in self.blindness):
            return False
        return happening.collection not in self.stalled

    async def _send(self, socket: WebSocket, wanted: Wanted, numbers: Sequence[int]) -> None:
        """
        These events in one write; a client that does not take it within seconds is dropped.
        """
        told = [number for number in numbers if self._serves(wanted, number)]
        bodies = [self.body(number) for number in told]
        if wanted.max_bytes:
            bodies = [body for body in bodies if len(body) <= wanted.max_bytes]
        if not bodies or not socket.answers:
            return
        if wanted.zstd:
            packed = [self._compressor().compress(body) for body in bodies]
            frames = b"".join(frame(BINARY, each) for each in packed)
        else:
            frames = b"".join(frame(TEXT, each) for each in bodies)
        async with anyio.create_task_group() as race:
            race.start_soon(_drop_when_blocked, socket)
            with suppress(ConnectionError):
                await socket.send(frames)
                self._book(told)
            race.cancel_scope.cancel()

    def _book(self, told: Sequence[int]) -> None:
        for happening in (self.network.log[number] for number in told):
            if happening.post:
                self.network.ledger.shown({happening.post: happening.revision}, self.network.clock.now())

    def _compressor(self) -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(dict_data=self.dictionary or synthetic_dictionary())


@lru_cache(maxsize=1)
def synthetic_dictionary() -> zstandard.ZstdCompressionDict:
    """
    A dictionary for events, trained on events of nobody; the same on every call.
    """
    samples: list[bytes | bytearray | memoryview] = [
        orjson.dumps(
            {
                "did": f"did:plc:{number * 7919:024}",
                "time_us": 1_767_614_400_000_000 + number,
                "cursor": number,
                "kind": "commit",
                "commit": {
                    "rev": f"3mb{number:010}",
                    "operation": "create",
                    "collection": "app.bsky.feed.post",
                    "rkey": f"3mb{number * 31:010}",
                    "record": {
                        "$type": "app.bsky.feed.post",
                        "createdAt": "2026-01-05T12:00:00.000Z",
                        "langs": ["en"],
                        "text": f"Sentence {number * 104_729} about street {number % 97}",
                    },
                },
            }
        )
        for number in range(2000)
    ]
    return zstandard.train_dictionary(8192, samples, dict_id=DICTIONARY_ID)


async def _keep_pinging(socket: WebSocket, every_s: float) -> None:
    with suppress(ConnectionError):
        while True:
            await socket.clock.sleep(every_s)
            if socket.answers:
                await socket.ping()


async def _drop_when_blocked(socket: WebSocket) -> None:
    await socket.clock.sleep(_BLOCKED_WRITE_S)
    with suppress(ConnectionError):
        socket.cut()


def _wanted(query: dict[str, list[str]], request: Request) -> Wanted:
    """
    Raises:
        Refused: too many, ill-formed, or two compressions at once.
    """
    zstd = query.get("compress", [""])[0] == "true" or "zstd" in (request.header("socket-encoding") or "")
    if zstd and "permessage-deflate" in (request.header("sec-websocket-extensions") or ""):
        raise Refused(
            "choose one compression scheme: custom zstd (compress=true / Socket-Encoding: zstd)"
            " or RFC 7692 permessage-deflate, not both"
        )
    asked = query.get("wantedCollections", [])
    exact = frozenset(each for each in asked if not each.endswith(".*"))
    prefixes = tuple(dict.fromkeys(each[:-1] for each in asked if each.endswith(".*")))
    for each in exact:
        if not _NSID.fullmatch(each):
            raise Refused(f"subscribe: invalid options: invalid collection: {each}")
    if len(exact) + len(prefixes) > _MOST_COLLECTIONS:
        raise Refused(f"subscribe: invalid options: too many wanted collections: > {_MOST_COLLECTIONS}")
    dids = frozenset(query.get("wantedDids", []))
    for each in dids:
        if not _DID.fullmatch(each):
            raise Refused(f"subscribe: invalid options: invalid DID: {each}")
    if len(dids) > _MOST_DIDS:
        raise Refused(f"subscribe: invalid options: too many wanted DIDs: {len(dids)} > {_MOST_DIDS}")
    limit = query.get("maxMessageSizeBytes", [""])[0]
    return Wanted(
        collections=exact if asked else None,
        prefixes=prefixes,
        dids=dids or None,
        max_bytes=int(limit) if re.fullmatch(r"[0-9]{1,9}", limit) else 0,
        zstd=zstd,
        hello=query.get("requireHello", [""])[0] == "true",
    )


def _plain(status: int, text: str) -> Response:
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Response(status=status, headers=headers, body=f"{text}\n".encode())
