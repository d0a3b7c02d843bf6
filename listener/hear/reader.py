"""
The only way out: one GET at a time, within what a source declared, in the pace of its host.

`listener.app` builds one `Web`; `web.reader(...)` is what an adapter is handed as `listener.adapter.Reader`. Addresses
pass `listener.hear.guard`, turns come from `listener.hear.turns`, bytes from `listener.hear.transport`.

Invariants: nothing but GET can be said, by either door of `ReadOnly`, its own `read` or an `httpx.AsyncClient` built
on it; both say exactly what was checked; every request has taken its turn, hops included; an answer is whole and within its caps, or an error; no
connection outlives the request that was cancelled; no message holds more than the source's name and its host.

Offered encoding is gzip alone: brotli and zstd decoders cannot be bounded as tightly.
"""

from __future__ import annotations

import re
import ssl
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

import anyio
import httpx
from aiohttp.abc import AbstractResolver

from listener.adapter import Reach, Reply, Validators
from listener.clock import Clock
from listener.errors import AccessDenied, RateLimited, RequestRefused, SourceUnavailable
from listener.hear.guard import Guard, IPNetwork, Target
from listener.hear.machines import Machines
from listener.hear.pace import Pace, parse_retry_after
from listener.hear.reads import Meter
from listener.hear.transport import Answer, Transport, body_within
from listener.hear.turns import Turns
from listener.http_hints import limits_from_headers, parse_http_date

VALIDATORS: Final = frozenset({"if-none-match", "if-modified-since"})
"""Belong to one address: left behind at every redirect (RFC 9110, section 13.1)."""

_EVERYWHERE: Final = frozenset({"accept", "accept-language"})
HEADERS: Final = _EVERYWHERE | VALIDATORS | {"authorization"}
"""What a request may say beside who asks; credentials stay at their origin. Everything else is not sent."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ANSWERS: Final = frozenset({304, 404, 410})
_BODY_HEADERS: Final = frozenset({"content-length", "transfer-encoding"})
_NOT_TOLD: Final = _BODY_HEADERS | {"set-cookie", "content-encoding"}
"""Of the wire, not of the decoded body; and what would let a server know us again."""

_BREAKS_A_REQUEST: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTA_MOST_S: Final = 86_400.0
"""Chosen: the networks' windows are a day at most; a good answer that names a longer one is not believed further."""

UNAVAILABLE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ConnectTimeout, "did not accept a connection in time"),
    (httpx.PoolTimeout, "did not accept a connection in time"),
    (httpx.TimeoutException, "did not answer in time"),
    (httpx.ConnectError, "cannot be reached (name, connection or certificate)"),
    (httpx.ProxyError, "cannot be reached through a proxy"),
    (httpx.UnsupportedProtocol, "speaks no protocol that is read"),
    (httpx.ProtocolError, "broke the connection or does not speak HTTP"),
    (httpx.NetworkError, "broke the connection"),
    (httpx.TransportError, "cannot be read from"),
    (httpx.DecodingError, "sent an answer that cannot be decompressed"),
    (httpx.TooManyRedirects, "redirects too often"),
    (httpx.RequestError, "cannot be asked"),
    (httpx.HTTPStatusError, "answered with an error"),
    (httpx.StreamError, "sent an answer that cannot be read"),
    (httpx.InvalidURL, "has an address that cannot be parsed"),
    (httpx.CookieConflict, "sent cookies that contradict each other"),
)
"""What is said of a host for each error of httpx, most specific first. A test walks httpx's exceptions."""


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
        if self._machines is None or not self.pace.spacing_s(host):
            return None
        place = await self._machines.place(host)
        if place is not None:
            await self.turns.take(place, source=source)
        return place

    def reader(self, name: str, reaches: Sequence[Reach]) -> ReadOnly:
        """
        The reader of one source.

        Args:
            name: Of the source; stands in messages.
            reaches: All it may ask.
        """
        return ReadOnly(self, name, reaches)


@dataclass(frozen=True, slots=True, repr=False)
class _Asked:
    """
    One request on its way: what is asked, within which reach, saying what, and with what is left of the deadline.
    """

    target: Target
    reach: Reach
    headers: Mapping[str, str]
    left_s: float


class ReadOnly(httpx.AsyncBaseTransport):
    """
    The reader of one source: `listener.adapter.Reader` through `read`, and a transport for an `httpx.AsyncClient`
    that can do no more than `read` can.
    """

    def __init__(self, web: Web, name: str, reaches: Sequence[Reach]) -> None:
        self._web = web
        self._name = name
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
    ) -> Reply:
        """
        See `listener.adapter.Reader.read`. Only a 2xx has its body read: what an error page says is of no use and
        may name people. Cookies never come back, nor do headers of the wire (length, encoding). A validator whose bytes cannot be sent as they came is not
        sent at all.
        """
        said = self._said(headers or {})
        target, reach = self._guard.first(address)
        try:
            first = _Asked(target, reach, said, self._web.limits.deadline_s)
            reply = await self._follow(first, validators)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict) as error:
            raise SourceUnavailable(f"{self._name}: {reach.host} {unavailable_because(error)}") from error
        self._judge(reply.status, reach.host)
        return reply

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

    # --------------------------------------------------------------------------------------------- exchange

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
            asked = _Asked(target, asked.reach, kept, left_s)

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
        machine: str | None = None
        turns, host = self._web.turns, asked.target.host
        await turns.take(host, source=self._name)
        self.meter.sent(host)
        left_s = 0.0
        try:
            machine = await self._web.machine(host, source=self._name)
            with anyio.move_on_after(asked.left_s) as scope:
                status, headers, body = await self._taken_in(asked)
                if status in _REDIRECTS:
                    left_s = scope.deadline - anyio.current_time()
            if scope.cancelled_caught:
                raise httpx.ReadTimeout("deadline")
        finally:
            if machine is not None:
                turns.give_back(machine)
            turns.give_back(host)
        self._hold_if_asked(status, headers, host)
        return status, headers, body, left_s

    async def _taken_in(self, asked: _Asked) -> tuple[int, dict[str, str], bytes]:
        try:
            answer = await self._web.transport.get(asked.target.url, asked.headers)
        except RequestRefused as error:
            raise RequestRefused(f"{self._name}: {asked.reach.host} was not asked: {error}") from None
        try:
            body = b""
            self.meter.status = answer.status
            if 200 <= answer.status < 300:
                limit = self._web.limits.max_bytes
                body = await body_within(
                    answer, wire_bytes=limit, body_bytes=limit, source=self._name, meter=self.meter
                )
            return answer.status, _headers(answer), body
        finally:
            answer.release()

    # ---------------------------------------------------------------------------------------------- judging

    def _hold_if_asked(self, status: int, headers: Mapping[str, str], host: str) -> None:
        """
        Raises:
            RateLimited: 429; 503 with Retry-After; 403 of a host that said 429 not long ago, or with a quota that is
                spent. A wait that the server named holds the whole host. So does a spent quota in a good answer, which
                raises nothing (P28).
        """
        now = self._web.clock.now()
        limits = limits_from_headers(headers, now)
        quota_s = min(limits.reset_s or 0.0, _QUOTA_MOST_S) if limits.spent else None
        if quota_s is not None:
            self._web.pace.hold(host, now + timedelta(seconds=quota_s))
        if status not in {403, 429, 503}:
            return
        wait_s = _retry_after_s(headers, now)
        if status == 503 and wait_s is None:
            return
        if status == 403 and quota_s is None and not self._web.pace.was_limited(host, now):
            return
        if status == 429:
            self._web.pace.limited(host, now)
        if wait_s is not None:
            self._web.pace.hold(host, now + timedelta(seconds=wait_s))
        told_s = wait_s if quota_s is None else max(wait_s or 0.0, quota_s)
        raise RateLimited(f"{self._name}: {host} asked for a pause; it goes on by itself", wait_s=told_s)

    def _judge(self, status: int, host: str) -> None:
        """
        Raises:
            AccessDenied, SourceUnavailable: no answer for an adapter.
        """
        if 200 <= status < 300 or status in _ANSWERS:
            return
        if status in {401, 403}:
            raise AccessDenied(f"{self._name}: {host} denies access ({status}); look at credential and terms")
        raise SourceUnavailable(f"{self._name}: {host} answered {status}; tried again later", status=status)


def unavailable_because(error: Exception) -> str:
    """
    What a failure of httpx means for the source; never its own message, which may hold an address.
    """
    for kind, meaning in UNAVAILABLE:
        if isinstance(error, kind):
            return meaning
    return "cannot be read"


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


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    asked = headers.get("retry-after")
    if asked is None:
        return None
    return parse_retry_after(asked, response_date=parse_http_date(headers.get("date", "")), now=now)
