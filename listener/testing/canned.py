"""
A `Reader` without a network: it gives scripted answers in order and remembers what it was asked.

For tests of adapters, ours and those of third parties. It refuses what the real reader would refuse, so that an
adapter that leaves its declared reach fails here too. Answers and connections may be a list, given in order, or a
function of what was asked: a small world, where what comes depends on the address.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

import anyio

from listener.adapter import Pieces, Reach, Reply, Terms, Validators
from listener.errors import RequestRefused, SourceError, SourceUnavailable
from listener.events import Keep, WatchName

CONNECTIONS_MOST: Final = 1_000
"""Chosen: an adapter that opens more in one test connects anew by itself, which is the core's to do."""


class Silence:
    """
    A server that takes the request and never answers, or that stops speaking; it ends when whoever waits is cancelled.
    """


SILENCE: Final = Silence()

Answer = Reply | SourceError | Silence


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One request as an adapter made it.

    Args:
        address: Byte for byte.
        headers: As given.
        behind: What would make a hop conditional, as given.
        how: Which of the reader's four ways.
        body: What was handed over in an exchange.
        idle_s: Longest silence that the adapter would bear, on a connection.
        account: Within the source, on whose account.
        judges: Error statuses that would come back.
    """

    address: str
    headers: Mapping[str, str]
    behind: Validators | None = field(default=None, compare=False, repr=False)
    how: Literal["read", "stream", "listen", "exchange"] = "read"
    body: bytes = field(default=b"", repr=False)
    idle_s: float | None = None
    account: str = ""
    judges: frozenset[int] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """
    A connection that stays open, as `stream` or `listen` gives it.

    Args:
        batches: What each call of `next` gives, in order: whole messages, or parts of a body as they came.
        end: What comes then: an error to raise, or `SILENCE`.
    """

    batches: Sequence[Sequence[bytes]] = ()
    end: SourceError | Silence = SILENCE


Opened = Connection | SourceError | Silence
"""What an attempt to connect leads to."""

Answers = Sequence[Answer] | Callable[[Asked], Answer]
Connections = Sequence[Opened] | Callable[[Asked], Opened]


@dataclass(slots=True)
class CannedReader:
    """
    Gives each answer once, in order, or what the function says of what was asked.

    Args:
        answers: Of `read`: a reply to hand over, an error to raise, or `SILENCE`.
        reaches: Where the adapter may read and connect; None takes every address.
        asked: What it was asked so far, by all four ways.
        connections: Of `stream` and `listen` alike, in the order in which they are opened. Where a list is at its
            end, the next attempt finds nobody there (`SourceUnavailable`).
        trades: Of `exchange`.
        exchanges: Where the adapter may trade a credential, word for word; None takes every address.
        on_taken: Called with each batch before it is given.
        open: Connections that are open now.
        drained: Of those, how many have given all they had and are waited on in vain.
        payments: What the adapter said its answers cost: budget and amount.
    """

    answers: Answers = ()
    reaches: tuple[Reach, ...] | None = None
    asked: list[Asked] = field(default_factory=list)
    connections: Connections = ()
    trades: Answers = ()
    exchanges: tuple[str, ...] | None = None
    on_taken: Callable[[Sequence[bytes]], None] | None = None
    open: int = 0
    drained: int = 0
    payments: list[tuple[str, float]] = field(default_factory=list)

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        judges: frozenset[int] = frozenset(),
        account: str = "",
    ) -> Reply:
        """
        The next answer.

        Raises:
            RequestRefused: the address is outside `reaches`.
            SourceError: where the script says so.
            AssertionError: asked more often than the script has answers; or the script has an error that the adapter
                does not judge, which a reader would have raised.
        """
        self._within_reach(address, ("http", "https"))
        reply = await self._answer(
            self.answers, Asked(address, dict(headers or {}), validators, account=account, judges=judges)
        )
        assert 200 <= reply.status < 300 or reply.status in {304, 404, 410} | judges, (
            f"a reader raises what a {reply.status} means, unless the adapter judges it"
        )
        return reply

    def paid(self, budget: str, amount: float) -> None:
        """
        Remembers it in `payments`.
        """
        self.payments.append((budget, amount))

    def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        The next connection; see `listener.adapter.Reader.stream`.
        """
        asked = Asked(address, dict(headers or {}), how="stream", idle_s=idle_s)
        return self._connect(asked, ("http", "https"))

    def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        The next connection; see `listener.adapter.Reader.listen`.
        """
        assert most_bytes > 0
        asked = Asked(address, dict(headers or {}), how="listen", idle_s=idle_s)
        return self._connect(asked, ("ws", "wss"))

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """
        The next of `trades`.

        Raises:
            As `read`; `RequestRefused` where the address is none of `exchanges`.
        """
        if self.exchanges is not None and address not in self.exchanges:
            raise RequestRefused("the address is no declared exchange")
        return await self._answer(self.trades, Asked(address, dict(headers or {}), how="exchange", body=body))

    def _within_reach(self, address: str, schemes: tuple[str, ...]) -> None:
        if urlsplit(address).scheme not in schemes:
            raise RequestRefused(f"only {' and '.join(schemes)} addresses can be asked this way")
        if self.reaches is not None and not any(_is_within(reach, address) for reach in self.reaches):
            raise RequestRefused("the address is outside the declared reach")

    async def _answer(self, answers: Answers, asked: Asked) -> Reply:
        self.asked.append(asked)
        if callable(answers):
            answer = answers(asked)
        else:
            nth = sum(1 for one in self.asked if one.how == asked.how)
            if nth > len(answers):
                raise AssertionError(f"asked {nth} times, {len(answers)} answers were scripted")
            answer = answers[nth - 1]
        if isinstance(answer, Silence):
            await anyio.sleep_forever()
        if isinstance(answer, SourceError):
            raise answer
        assert isinstance(answer, Reply)
        return answer

    @asynccontextmanager
    async def _connect(self, asked: Asked, schemes: tuple[str, ...]) -> AsyncIterator[Pieces]:
        self._within_reach(asked.address, schemes)
        self.asked.append(asked)
        await anyio.lowlevel.checkpoint()
        opened = self._opened(asked)
        if isinstance(opened, Silence):
            await anyio.sleep_forever()
        if isinstance(opened, SourceError):
            raise opened
        assert isinstance(opened, Connection)
        self.open += 1
        try:
            yield _CannedPieces(self, opened)
        finally:
            self.open -= 1

    def _opened(self, asked: Asked) -> Opened:
        nth = sum(1 for one in self.asked if one.how in {"stream", "listen"})
        if nth > CONNECTIONS_MOST:
            raise AssertionError("the adapter connects again and again; that is the core's to do")
        if callable(self.connections):
            return self.connections(asked)
        if nth > len(self.connections):
            return SourceUnavailable("the script has no further connection")
        return self.connections[nth - 1]


class _CannedPieces:
    """
    `Pieces` of one canned connection.
    """

    def __init__(self, reader: CannedReader, connection: Connection) -> None:
        self._reader = reader
        self._batches = iter(connection.batches)
        self._end = connection.end

    async def next(self) -> Sequence[bytes]:
        """
        The next batch; then the end, as often as it is asked for.
        """
        await anyio.lowlevel.checkpoint()
        batch = next(self._batches, None)
        if batch is not None:
            if self._reader.on_taken is not None:
                self._reader.on_taken(batch)
            return batch
        if isinstance(self._end, SourceError):
            raise self._end
        self._reader.drained += 1
        try:
            await anyio.sleep_forever()
        finally:
            self._reader.drained -= 1
        raise AssertionError("unreachable")


class OnlyReads:
    """
    The rest of a `Reader`, for fakes of adapters that only read: it refuses.
    """

    def paid(self, budget: str, amount: float) -> None:
        """
        Nothing costs anything here.
        """

    def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AbstractAsyncContextManager[Pieces]:
        raise RequestRefused("this reader only reads")

    def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AbstractAsyncContextManager[Pieces]:
        raise RequestRefused("this reader only reads")

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        raise RequestRefused("this reader only reads")


class Unwatched:
    """
    The rest of an `Interest`, for fakes whose terms belong to no watch.
    """

    @property
    def watches(self) -> Mapping[WatchName, Terms]:
        return {}

    @property
    def keep(self) -> Keep:
        return "text"


class EverythingInteresting(Unwatched):
    """
    An `Interest` without terms that takes every frame.
    """

    @property
    def terms(self) -> Terms:
        return Terms()

    def maybe(self, frame: bytes) -> bool:
        return True


class NothingInteresting(Unwatched):
    """
    An `Interest` without terms that takes no frame.
    """

    @property
    def terms(self) -> Terms:
        return Terms()

    def maybe(self, frame: bytes) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Watching:
    """
    An `Interest` in what these watches ask for, that takes every frame.

    Args:
        watches: Their terms, folded, by name.
        keep: See `listener.adapter.Interest.keep`.
    """

    watches: Mapping[WatchName, Terms]
    keep: Keep = "text"

    @property
    def terms(self) -> Terms:
        """
        Those of all watches.
        """
        each = self.watches.values()
        return Terms(
            hashtags=frozenset().union(*(terms.hashtags for terms in each)),
            handles=frozenset().union(*(terms.handles for terms in each)),
            phrases=frozenset().union(*(terms.phrases for terms in each)),
        )

    def maybe(self, frame: bytes) -> bool:
        return True


def reply(
    body: bytes = b"",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    address: str = "https://source.example/",
) -> Reply:
    """
    A `Reply` in one line.
    """
    return Reply(status=status, headers=dict(headers or {}), body=body, address=address)


def _is_within(reach: Reach, address: str) -> bool:
    parts = urlsplit(address)
    return parts.hostname == reach.host and re.fullmatch(reach.path, parts.path) is not None
