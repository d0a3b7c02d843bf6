"""
The only way out: one GET at a time, within what a source declared, in the pace of its host; connections that only
receive; and the one exchange.

`listener.app` builds one `Web`; `web.reader(...)` is what an adapter is handed as `listener.adapter.Reader`. Addresses
pass `listener.hear.guard`, turns come from `listener.hear.turns`, bytes from `listener.hear.transport` and
`listener.hear.handshake`; `listener.hear.judging` says what an answer means.

Invariants: nothing but GET can be said, by either door of `ReadOnly`, its own methods or an `httpx.AsyncClient` built
on it, except at an address that was declared as an exchange word for word; what is said is exactly what was checked;
every request has taken its turn, and paid where it costs something, hops and handshakes included; an answer is whole and within its caps, or an error; no
connection outlives what was cancelled; no message holds more than the source's name and its host.

Offered encoding is gzip alone: brotli and zstd decoders cannot be bounded as tightly.
"""

from __future__ import annotations

import re
import ssl
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self, TypeVar

import anyio
import httpx
import msgspec
from aiohttp.abc import AbstractResolver

from listener.adapter import Pieces, Reach, Reply, Validators
from listener.clock import Clock
from listener.errors import DocumentRefused, RateLimited, RequestRefused, SourceUnavailable
from listener.hear.guard import LISTENED, Guard, IPNetwork, Target, parse
from listener.hear.handshake import HandshakeAnswered, opened
from listener.hear.judging import FOREIGN, hold_if_asked, no_answer, unavailable_because
from listener.hear.machines import Machines
from listener.hear.open_ended import BodyPieces
from listener.hear.pace import Pace
from listener.hear.purse import Wallet
from listener.hear.reads import Meter
from listener.hear.sockets import Options, SocketPieces
from listener.hear.transport import Answer, Transport, body_within
from listener.hear.turns import Turns

VALIDATORS: Final = frozenset({"if-none-match", "if-modified-since"})
"""Belong to one address: left behind at every redirect (RFC 9110, section 13.1)."""

_EVERYWHERE: Final = frozenset({"accept", "accept-language"})
HEADERS: Final = _EVERYWHERE | VALIDATORS | {"authorization", "x-goog-api-key"}
"""What a request may say beside who asks; credentials stay at their origin. Everything else is not sent."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ANSWERS: Final = frozenset({304, 404, 410})
_BODY_HEADERS: Final = frozenset({"content-length", "transfer-encoding"})
_NOT_TOLD: Final = _BODY_HEADERS | {"set-cookie", "content-encoding"}
"""Of the wire, not of the decoded body; and what would let a server know us again."""

_BREAKS_A_REQUEST: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
JUDGED_MOST_BYTES: Final = 65_536
"""Of an error that an adapter judges: what says more is a page for people."""
UNSENT: Final = (RequestRefused, httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Of what a request fails with: no byte of it left, so nobody counts it."""

EXCHANGE_MOST_BYTES: Final = 65_536
"""Chosen: a credential, and the answer to it, take a few thousand bytes; nothing longer is said or heard that way."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLimits:
    """
    What one read may cost.

    Args:
        deadline_s: For connecting, hops and body together; waiting for a turn does not count.
        max_bytes: Of one answer, on the wire and again after decompression.
        redirects: Most hops followed.
        turn_s: Longest wait for a turn at a host; a longer one is told as `RateLimited`.
    """

    deadline_s: float = 30.0
    max_bytes: int = 8 * 2**20
    redirects: int = 4
    turn_s: float = 30.0


def user_agent(organisation: str, contact: str, version: str) -> str:
    """
    Who asks, and where to complain: `civic-listener/0.1.0 (+https://city.example/listener; City of Example)`.

    Args:
        organisation: Name of the public body; written in ASCII, because a header is.
        contact: Web or e-mail address.
        version: Of this service.

    Raises:
        ValueError: one of them holds a line break, or the contact cannot be written in ASCII.

    Source: RFC 9110, section 10.1.5; politeness rule P24.
    """
    for part in (organisation, contact, version):
        if re.search(r"[\x00-\x1f\x7f]", part):
            raise ValueError("the User-Agent cannot hold a line break or control character")
    if not contact.isascii() or re.search(r"[\s()\\;]", contact):
        raise ValueError("the contact of the User-Agent must be a plain web or e-mail address")
    folded = unicodedata.normalize("NFKD", organisation).encode("ascii", "ignore").decode()
    name = " ".join(re.sub(r"[()\\;]", " ", folded).split())
    at = f"+{contact}" if re.match("https?://", contact, re.IGNORECASE) else contact
    return f"civic-listener/{version} ({'; '.join(filter(None, (at, name)))})"


class Web:
    """
    The network, as far as this service uses it: one transport, one pace. `async with` opens and closes it.

    Args:
        clock: For turns and for what servers say about time.
        pace: Shared with intake, which stores the holds.
        user_agent: See `user_agent`.
        limits: See `ReaderLimits`.
        allow: Networks that may be read although they are not global.
        tls: How servers are verified; None: with the system's authorities. One that does not verify is refused.
        resolver: Of host names; None: the system's.
        by_address: Names that lead to one machine share its pace (own hosts excepted).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        pace: Pace,
        user_agent: str,
        limits: ReaderLimits | None = None,
        allow: Iterable[IPNetwork] = (),
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        by_address: bool = False,
    ) -> None:
        self.clock = clock
        self.pace = pace
        self.limits = limits or ReaderLimits()
        self.turns = Turns(clock, pace, most_s=self.limits.turn_s)
        self.identity: Mapping[str, str] = {"user-agent": user_agent, "accept-encoding": "gzip"}
        self._allow = tuple(allow)
        self._tls = tls
        self._resolver = resolver
        self._by_address = by_address
        self._machines: Machines | None = None
        self._transport: Transport | None = None

    async def __aenter__(self) -> Self:
        self._transport = Transport(allow=self._allow, tls=self._tls, resolver=self._resolver)
        if self._by_address:
            self._machines = Machines(self._resolver, most_s=self.limits.deadline_s)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            with anyio.CancelScope(shield=True):
                await transport.aclose()

    @property
    def transport(self) -> Transport:
        """
        Raises:
            RuntimeError: used outside `async with`.
        """
        if self._transport is None:
            raise RuntimeError("the web is read inside `async with`")
        return self._transport

    async def machine(self, host: str, *, source: str) -> str | None:
        """
        The turn at the machine behind the host, whose own turn was taken before; always in this order, so that nobody
        waits in a circle.

        Returns:
            What to give back; None where machines do not count.

        Raises:
            RateLimited: see `Turns.take`.
        """
        if self._machines is None or self.pace.is_own(host):
            return None
        place = await self._machines.place(host)
        if place is not None:
            await self.turns.take(place, source=source)
        return place

    def reader(
        self,
        name: str,
        reaches: Sequence[Reach],
        *,
        exchanges: Iterable[str] = (),
        wallet: Wallet | None = None,
    ) -> ReadOnly:
        """
        The reader of one source.

        Args:
            name: Of the source; stands in messages.
            reaches: All it may ask.
            exchanges: Whole addresses at which it may trade a credential.
            wallet: What it pays from; None where nothing costs anything.
        """
        return ReadOnly(self, name, reaches, exchanges=exchanges, wallet=wallet)


@dataclass(frozen=True, slots=True, repr=False)
class _Asked:
    """
    One request on its way: what is asked, within which reach, saying what, with what is left of the deadline; a body only
    where it is an exchange, which costs nothing.
    """

    target: Target
    reach: Reach
    headers: Mapping[str, str]
    left_s: float
    body: bytes | None = None
    judges: frozenset[int] = frozenset()
    account: str = ""


class ReadOnly(httpx.AsyncBaseTransport):
    """
    The reader of one source: `listener.adapter.Reader` through `read`, and a transport for an `httpx.AsyncClient`
    that can do no more than `read` can.
    """

    def __init__(
        self,
        web: Web,
        name: str,
        reaches: Sequence[Reach],
        *,
        exchanges: Iterable[str] = (),
        wallet: Wallet | None = None,
    ) -> None:
        self._web = web
        self._wallet = wallet
        self._name = name
        self._exchanges = frozenset(exchanges)
        self._guard = Guard(name, reaches)
        self.meter = Meter()

    def __repr__(self) -> str:
        return f"ReadOnly({self._name!r})"

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
        See `listener.adapter.Reader.read`. Only a 2xx has its body read, and an error that the adapter judges: what any
        other error page says is of no use and may name people. Cookies never come back, nor do headers of the wire (length, encoding). A validator whose bytes cannot be sent as they came is not
        sent at all.
        """
        said = self._said(headers or {})
        target, reach = self._guard.first(address)
        try:
            first = _Asked(target, reach, said, self._web.limits.deadline_s, judges=judges, account=account)
            reply = await self._follow(first, validators)
        except FOREIGN as error:
            raise self._unavailable(reach.host, error) from error
        if not 200 <= reply.status < 300 and reply.status not in _ANSWERS | judges:
            raise no_answer(reply.status, reach.host, source=self._name)
        return reply

    @asynccontextmanager
    async def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AsyncIterator[Pieces]:
        """
        See `listener.adapter.Reader.stream`. Only a 200 that is not encoded has its body taken: what a decoder holds
        back would be silence on a wire that speaks.
        """
        target, reach = self._guard.first(address)
        said = {**self._said(headers or {}), "accept-encoding": "identity"}
        asked = _Asked(target, reach, said, self._web.limits.deadline_s)
        answer = await self._asked(asked, self._head)
        try:
            self._settle(answer.status, _headers(answer), target.host, expected=200)
            if answer.said(b"content-encoding").strip().lower() not in {"", "identity"}:
                raise DocumentRefused(
                    f"{self._name}: {target.host} encodes a stream, and none was offered",
                    reason="bad_encoding",
                )
            whose = f"{self._name}: {target.host}"
            yield BodyPieces(
                answer,
                meter=self.meter,
                whose=whose,
                idle_s=idle_s,
                failed=lambda error: self._unavailable(target.host, error),
            )
        finally:
            answer.release()

    @asynccontextmanager
    async def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AsyncIterator[Pieces]:
        """
        See `listener.adapter.Reader.listen`.
        """
        target, reach = self._guard.first(address, schemes=LISTENED)
        said = self._said(headers or {})
        del said["accept-encoding"]
        asked = _Asked(target, reach, said, self._web.limits.deadline_s)
        whose = f"{self._name}: {target.host}"
        options = Options(whose=whose, idle_s=idle_s, most_bytes=most_bytes)
        pieces = await self._asked(asked, lambda asked: self._handshake(asked, options))
        try:
            self._settle(101, pieces.headers, target.host, expected=101)
            yield pieces
        finally:
            await pieces.aclose()

    def paid(self, budget: str, amount: float) -> None:
        """
        See `listener.adapter.Reader.paid`.
        """
        if self._wallet is not None:
            self._wallet.paid(budget, amount)

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """
        See `listener.adapter.Reader.exchange`. An empty body goes without a type, because some servers refuse one.
        """
        if address not in self._exchanges:
            raise RequestRefused(f"{self._name}: the address is no declared exchange; nothing was sent")
        target = parse(address, source=self._name)
        said = {name: value for name, value in self._said(headers or {}).items() if name not in VALIDATORS}
        if body:
            said["content-type"] = self._json(body)
        limit_s = self._web.limits.deadline_s
        asked = _Asked(target, Reach(target.host), said, limit_s, body)
        try:
            status, told, answer, _ = await self._exchange(asked)
        except FOREIGN as error:
            raise self._unavailable(target.host, error) from error
        if not 200 <= status < 300:
            raise no_answer(status, target.host, source=self._name)
        return Reply(status, told, answer, str(target.url))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The door for an `httpx.AsyncClient`: the same checks, turns, deadline and caps; the answer is whole. Of the
        headers, only what `HEADERS` names is sent on.

        Raises:
            RequestRefused: not a GET, or outside the reach.
            httpx.TransportError, httpx.DecodingError, DocumentRefused, RateLimited: no whole answer.
        """
        if request.method != "GET" or _BODY_HEADERS & request.headers.keys():
            raise RequestRefused(f"{self._name}: this service only reads; the request was not sent")
        target, reach = self._guard.first(str(request.url))
        headers = {name: value for name, value in request.headers.items() if name in HEADERS}
        asked = _Asked(target, reach, {**self._web.identity, **headers}, self._web.limits.deadline_s)
        status, told, body, _ = await self._exchange(asked)
        raw = [(name.encode(), value.encode(errors="surrogateescape")) for name, value in told.items()]
        return httpx.Response(status, headers=raw, content=body, request=request)

    def _said(self, headers: Mapping[str, str]) -> dict[str, str]:
        """
        All that the request says, names in lower case.

        Raises:
            RequestRefused: a header that may not be sent, or one that would break the request.
        """
        said = dict(self._web.identity)
        for given, value in headers.items():
            name = given.lower()
            if name not in HEADERS:
                raise RequestRefused(f"{self._name}: a request may not carry the header {name[:40]!a}")
            if _BREAKS_A_REQUEST.search(value):
                raise RequestRefused(f"{self._name}: the header {name} holds a control character")
            if name not in VALIDATORS or _sendable(value):
                said[name] = value
        return said

    def _json(self, body: bytes) -> str:
        """
        The type of a body that may be handed over.

        Raises:
            RequestRefused: it is larger than a credential, or not JSON.
        """
        try:
            if len(body) <= EXCHANGE_MOST_BYTES and msgspec.json.decode(body) is not None:
                return "application/json"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        raise RequestRefused(f"{self._name}: an exchange carries a small JSON document; nothing was sent")

    def _unavailable(self, host: str, error: Exception) -> SourceUnavailable:
        return SourceUnavailable(f"{self._name}: {host} {unavailable_because(error)}")

    # --------------------------------------------------------------------------------------------- one request

    async def _follow(self, asked: _Asked, validators: Validators | None) -> Reply:
        """
        The answer at the end of the redirects.
        """
        hops: list[tuple[int, str]] = []
        while True:
            status, headers, body, left_s = await self._exchange(asked)
            location = headers.get("location")
            if status not in _REDIRECTS or location is None:
                return Reply(status, headers, body, str(asked.target.url), tuple(hops))
            if len(hops) == self._web.limits.redirects:
                raise httpx.TooManyRedirects("too many")
            target = self._guard.hop(asked.target, location, asked.reach)
            hops.append((status, str(target.url)))
            kept = self._kept_at(asked, target)
            if validators is not None:
                kept |= {
                    name: value
                    for name, value in self._said(validators(str(target.url))).items()
                    if name in VALIDATORS
                }
            asked = replace(asked, target=target, headers=kept, left_s=left_s)

    def _kept_at(self, asked: _Asked, target: Target) -> dict[str, str]:
        """
        What goes along to the next hop: never validators of another address, credentials only within the origin.
        """
        kept = _EVERYWHERE if asked.target.origin != target.origin else HEADERS - VALIDATORS
        return {**self._web.identity, **{name: asked.headers[name] for name in asked.headers if name in kept}}

    async def _exchange(self, asked: _Asked) -> tuple[int, dict[str, str], bytes, float]:
        """
        One request in its turn: status, headers, body of a 2xx, and what is left of the deadline.
        """
        (status, headers, body), left_s = await self._in_turn(asked, self._taken_in)
        try:
            self._hold_if_asked(status, headers, asked.target.host)
        except RateLimited:
            if status not in asked.judges:
                raise
        return status, headers, body, left_s

    async def _asked(self, asked: _Asked, ask: Callable[[_Asked], Awaitable[_T]]) -> _T:
        """
        The head of a connection that stays open, in its turn; the turn is over when it has come.
        """
        host = asked.target.host
        try:
            came, _ = await self._in_turn(asked, ask)
        except HandshakeAnswered as answer:
            self.meter.status = answer.status
            self._hold_if_asked(answer.status, answer.headers, host)
            raise no_answer(answer.status, host, source=self._name) from None
        except FOREIGN as error:
            raise self._unavailable(host, error) from None
        return came

    async def _in_turn(self, asked: _Asked, ask: Callable[[_Asked], Awaitable[_T]]) -> tuple[_T, float]:
        """
        What came of asking once, within the deadline and in the turn of the host; and what is left of the deadline.
        """
        machine: str | None = None
        turns, host = self._web.turns, asked.target.host
        await turns.take(host, source=self._name)
        try:
            await self._pay(asked)
            self.meter.sent(host)
            machine = await self._web.machine(host, source=self._name)
            with anyio.move_on_after(asked.left_s) as scope:
                return await ask(asked), scope.deadline - anyio.current_time()
            raise httpx.ReadTimeout("deadline")
        except UNSENT:
            if self._wallet is not None:
                self._wallet.unsent()
            raise
        finally:
            if machine is not None:
                turns.give_back(machine)
            turns.give_back(host)

    async def _pay(self, asked: _Asked) -> None:
        """
        Raises:
            BudgetSpent: what it may cost is not there now.
        """
        if self._wallet is not None and asked.body is None:
            await self._wallet.pay(str(asked.target.url), account=asked.account)

    async def _head(self, asked: _Asked) -> Answer:
        transport, host = self._web.transport, asked.reach.host
        try:
            if asked.body is None:
                answer = await transport.get(asked.target.url, asked.headers)
            else:
                answer = await transport.post(asked.target.url, asked.headers, asked.body)
        except RequestRefused as error:
            raise RequestRefused(f"{self._name}: {host} was not asked: {error}") from None
        self.meter.status = answer.status
        return answer

    async def _taken_in(self, asked: _Asked) -> tuple[int, dict[str, str], bytes]:
        answer = await self._head(asked)
        try:
            body = b""
            if 200 <= answer.status < 300:
                limit = self._web.limits.max_bytes
                limit = limit if asked.body is None else min(limit, EXCHANGE_MOST_BYTES)
                body = await self._body(answer, limit)
            elif answer.status in asked.judges:
                with suppress(DocumentRefused):
                    body = await self._body(answer, JUDGED_MOST_BYTES)
            return answer.status, _headers(answer), body
        finally:
            answer.release()

    async def _body(self, answer: Answer, most: int) -> bytes:
        return await body_within(
            answer, wire_bytes=most, body_bytes=most, source=self._name, meter=self.meter
        )

    async def _handshake(self, asked: _Asked, options: Options) -> SocketPieces:
        transport = self._web.transport
        pieces = await opened(
            asked.target,
            asked.headers,
            options,
            dialer=transport.dialer,
            tls=transport.tls,
            meter=self.meter,
        )
        self.meter.status = 101
        return pieces

    def _settle(self, status: int, headers: Mapping[str, str], host: str, *, expected: int) -> None:
        """
        Raises:
            RateLimited, AccessDenied, SourceUnavailable: the head promises no stream.
        """
        self._hold_if_asked(status, headers, host)
        if status != expected:
            raise no_answer(status, host, source=self._name)

    def _hold_if_asked(self, status: int, headers: Mapping[str, str], host: str) -> None:
        now = self._web.clock.now()
        hold_if_asked(status, headers, host, source=self._name, pace=self._web.pace, now=now)


def _headers(answer: Answer) -> dict[str, str]:
    """
    Names in lower case; values decoded so that `_sendable` can tell whether they can be sent back unchanged.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("ascii", "replace").lower(), raw_value.decode(errors="surrogateescape")
        if name not in _NOT_TOLD:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _sendable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
