"""
What an answer, or the failure to get one, means for its source. `listener.hear.reader` asks after every request,
whichever way it was made.

Invariants: no message holds more than the source's name and its host; a pause that a server asks for holds the whole
host before anybody is told (politeness P15, P16, P28).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx

from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.hear.pace import Pace, parse_retry_after
from listener.http_hints import limits_from_headers, parse_http_date

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

FOREIGN: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
"""What a request may fail with before it is one of ours."""


def unavailable_because(error: Exception) -> str:
    """
    What a failure of httpx means for the source; never its own message, which may hold an address.
    """
    for kind, meaning in UNAVAILABLE:
        if isinstance(error, kind):
            return meaning
    return "cannot be read"


def no_answer(status: int, host: str, *, source: str) -> SourceError:
    """
    What is told of a status that carries nothing for an adapter.
    """
    if status in {401, 403}:
        return AccessDenied(f"{source}: {host} denies access ({status}); look at credential and terms")
    return SourceUnavailable(f"{source}: {host} answered {status}; tried again later", status=status)


def hold_if_asked(
    status: int, headers: Mapping[str, str], host: str, *, source: str, pace: Pace, now: datetime
) -> None:
    """
    Raises:
        RateLimited: 429; 503 with Retry-After; 403 of a host that said 429 not long ago, or with a quota that is
            spent. A wait that the server named holds the whole host. So does a spent quota in a good answer, which
            raises nothing (P28).
    """
    limits = limits_from_headers(headers, now)
    quota_s = min(limits.reset_s or 0.0, _QUOTA_MOST_S) if limits.spent else None
    if quota_s is not None:
        pace.hold(host, now + timedelta(seconds=quota_s))
    if status not in {403, 429, 503}:
        return
    wait_s = _retry_after_s(headers, now)
    if status == 503 and wait_s is None:
        return
    if status == 403 and quota_s is None and not pace.was_limited(host, now):
        return
    if status == 429:
        pace.limited(host, now)
    if wait_s is not None:
        pace.hold(host, now + timedelta(seconds=wait_s))
    told_s = wait_s if quota_s is None else max(wait_s or 0.0, quota_s)
    raise RateLimited(f"{source}: {host} asked for a pause; it goes on by itself", wait_s=told_s)


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    asked = headers.get("retry-after")
    if asked is None:
        return None
    return parse_retry_after(asked, response_date=parse_http_date(headers.get("date", "")), now=now)
