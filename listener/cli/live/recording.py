"""
A `Reader` that tells what was asked and in which shape it was answered. Stands between an adapter and the reader that the
daemon uses; every way of it is passed on unchanged.

Bodies are turned into shapes as they come and are not kept. What an error says is not told, only its class.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from listener.adapter import AdapterSpec, Pieces, Reply, Validators
from listener.cli.live.documents import Body, Flow, body_of
from listener.cli.live.patterns import EXCHANGE, Patterns
from listener.cli.live.report import MOST_ASKED, Asked, ContentType, Looked, Method
from listener.cli.live.vocabulary import declared_names
from listener.clock import Clock
from listener.errors import ListenerError
from listener.hear.reader import ReadOnly

_LIMITS: Final = re.compile(
    r"retry-after|(?:x-)?rate-?limit(?:-(?:limit|remaining|reset|used|policy))?"
    r"|x-(?:app|user)-limit-24hour-(?:limit|remaining|reset)"
)
_CACHING: Final = frozenset({"age", "cache-control", "etag", "expires", "last-modified"})
_SMALL: Final = re.compile(r"[0-9]{1,7}")
"""A number of requests or seconds; longer ones may be instants, or anything."""

_TYPES: Final[tuple[tuple[str, ContentType], ...]] = (
    ("event-stream", "events"),
    ("json", "json"),
    ("html", "html"),
    ("xml", "xml"),
    ("text/", "text"),
)


class RecordingReader:
    """
    `listener.adapter.Reader` for one source.

    Args:
        inner: What the daemon would read it with.
        looked: Where requests are told.
        spec, config: Of the source.
        clock: For how long it took.
        on_open: Called when a connection is there.
    """

    def __init__(
        self, inner: ReadOnly, looked: Looked, *, spec: AdapterSpec, config: Any, clock: Clock
    ) -> None:
        self.on_open: Callable[[], None] = lambda: None
        self._inner, self._looked, self._clock = inner, looked, clock
        self._spec, self._config = spec, config
        self._patterns = Patterns(spec.reaches(config), config)
        self._declared = declared_names(spec.wire)

    def __repr__(self) -> str:
        return f"RecordingReader({self._looked.name!r})"

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
        See `listener.adapter.Reader.read`.
        """
        told = self._begun("GET", address)
        try:
            reply = await self._inner.read(
                address, headers=headers, validators=validators, judges=judges, account=account
            )
        except ListenerError as error:
            self._failed(told, error)
            raise
        self._answered(told, reply, address)
        return reply

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """
        See `listener.adapter.Reader.exchange`.
        """
        told = self._begun("POST", address)
        try:
            reply = await self._inner.exchange(address, body=body, headers=headers)
        except ListenerError as error:
            self._failed(told, error)
            raise
        self._answered(told, reply, address)
        return reply

    def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        See `listener.adapter.Reader.stream`.
        """
        flow = Flow(self._declared, is_events=True)
        told = self._begun("GET (stream)", address)
        return self._open(told, flow, 200, self._inner.stream(address, headers=headers, idle_s=idle_s))

    def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        See `listener.adapter.Reader.listen`.
        """
        flow = Flow(self._declared, is_events=False)
        opening = self._inner.listen(address, headers=headers, idle_s=idle_s, most_bytes=most_bytes)
        return self._open(self._begun("WebSocket", address), flow, 101, opening)

    def paid(self, budget: str, amount: float) -> None:
        """
        See `listener.adapter.Reader.paid`.
        """
        self._inner.paid(budget, amount)
        for at in range(len(self._looked.asked) - 1, -1, -1):
            if budget in self._looked.asked[at].cost:
                last = self._looked.asked[at]
                self._looked.asked[at] = replace(last, cost={**last.cost, budget: amount})
                return

    # --------------------------------------------------------------------------------------------- telling

    @asynccontextmanager
    async def _open(
        self,
        told: Callable[..., None],
        flow: Flow,
        status: int,
        opening: AbstractAsyncContextManager[Pieces],
    ) -> AsyncIterator[Pieces]:
        async with AsyncExitStack() as stack:
            try:
                pieces = await stack.enter_async_context(opening)
            except ListenerError as error:
                self._failed(told, error)
                raise
            self.on_open()
            heard = _Heard(pieces, flow)
            kind: ContentType = "events" if flow.is_events else "none"
            try:
                yield heard
            finally:
                told(status=status, content_type=kind, body_bytes=heard.body_bytes, body=flow.body())

    def _begun(self, method: Method, address: str) -> Callable[..., None]:
        """
        What tells of the request once it is over.
        """
        host, pattern = self._patterns.of(address)
        if method == "POST":
            host, pattern = urlsplit(address).hostname or "", EXCHANGE
        begun_s, sent = self._clock.monotonic(), self._inner.meter.requests
        cost = {charge.budget: charge.most for charge in self._spec.charges(self._config, address)}

        def told(*, status: int | None = None, **rest: Any) -> None:
            if status is None and self._inner.meter.requests > sent:
                status = self._inner.meter.status or None
            if len(self._looked.asked) >= MOST_ASKED:
                self._looked.more_asked += 1
                return
            took_s = round(self._clock.monotonic() - begun_s, 3)
            one = Asked(
                method=method, host=host, pattern=pattern, status=status, took_s=took_s, cost=cost, **rest
            )
            self._looked.asked.append(one)

        return told

    def _failed(self, told: Callable[..., None], error: ListenerError) -> None:
        told(failure=type(error).__name__)

    def _answered(self, told: Callable[..., None], reply: Reply, address: str) -> None:
        body: Body | None = None if reply.status == 304 else body_of(reply.body, self._declared)
        told(
            status=reply.status,
            hops=tuple((status, _stays(address, target)) for status, target in reply.hops),
            content_type=_content_type(reply.headers),
            limits=_limits(reply.headers),
            caching=tuple(sorted(_CACHING & reply.headers.keys())),
            body_bytes=len(reply.body),
            body=body,
        )


class _Heard:
    """
    `Pieces` of one connection, told as they are taken.
    """

    def __init__(self, inner: Pieces, flow: Flow) -> None:
        self._inner, self._flow = inner, flow
        self.body_bytes = 0

    async def next(self) -> Sequence[bytes]:
        """
        See `listener.adapter.Pieces.next`.
        """
        taken = await self._inner.next()
        for piece in taken:
            self.body_bytes += len(piece)
            self._flow.take(piece)
        return taken


def _stays(address: str, target: str) -> str:
    return "same host" if urlsplit(address).hostname == urlsplit(target).hostname else "another host"


def _content_type(headers: Mapping[str, str]) -> ContentType:
    said = headers.get("content-type", "").lower()
    if not said:
        return "none"
    return next((kind for part, kind in _TYPES if part in said), "other")


def _limits(headers: Mapping[str, str]) -> dict[str, int | None]:
    return {
        name: int(value) if _SMALL.fullmatch(value) else None
        for name, value in sorted(headers.items())
        if _LIMITS.fullmatch(name)
    }
