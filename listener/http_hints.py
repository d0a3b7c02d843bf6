"""
What HTTP headers say about coming back: dates, freshness, what is left of a quota. Pure; read by adapters and by the
reader.

Takes the headers of a `listener.adapter.Reply` (lower-case names), gives `Freshness`. Stands beside
`listener.adapter`, knows no client library and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from listener.adapter import Freshness

DELTA_MAX_S: Final = 2**31
"""Larger delta-seconds count as this. Source: RFC 9111, section 1.2.2."""

_DELTA: Final = re.compile(r"[0-9]{1,18}")
_DIRECTIVE: Final = re.compile(
    r"""([!#$%&'*+.^_`|~0-9a-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?""", re.IGNORECASE
)

_LEFT: Final = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
_RESET: Final = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
"""
Mastodon, GitHub and most; X; IETF drafts 00 to 06. Source: docs.joinmastodon.org/api/rate-limits,
docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, docs.x.com/fundamentals/rate-limits, read
2026-11-24.
"""

_QUOTA: Final = re.compile(r"\b(r|t|remaining|reset)\s*=\s*([0-9]{1,18})\b", re.IGNORECASE)
_EPOCH_FROM: Final = 1_000_000_000.0
"""Chosen: a number from here on (2001) is an instant; as a wait it would be thirty years."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a server says of our quota.

    Args:
        remaining: Requests left in its window; None where it does not say.
        reset_s: Seconds until the window ends, never negative; None where it does not say, or not readably.
    """

    remaining: int | None = None
    reset_s: float | None = None

    @property
    def spent(self) -> bool:
        """
        Nothing is left, and it is known until when.
        """
        return self.remaining == 0 and self.reset_s is not None


_UNSAID: Final = Limits()


def parse_http_date(value: str) -> datetime | None:
    """
    The instant an HTTP date names, aware, in UTC; None where it names none.

    Reads the three forms a recipient must accept (IMF-fixdate, RFC 850, asctime) and what mail software makes of
    them; a date without a zone is GMT.

    Source: RFC 9110, section 5.6.7.
    """
    try:
        parsed = parsedate_to_datetime(value.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if parsed.tzinfo is None:
        return parsed.replace(tzinfo=UTC)
    try:
        return parsed.astimezone(UTC)
    except OverflowError:  # year 1 or 9999, shifted out of the calendar
        return None


def parse_delta_s(value: str) -> int | None:
    """
    Delta-seconds of a header, capped at `DELTA_MAX_S`; None where it is no whole number.
    """
    value = value.strip().strip('"')
    if not value.isascii() or not value.isdigit():
        return None
    return min(int(value), DELTA_MAX_S) if _DELTA.fullmatch(value) else DELTA_MAX_S


def freshness_from_headers(
    headers: Mapping[str, str], now: datetime, *, not_modified: bool = False
) -> Freshness:
    """
    What the headers of one answer say about coming back.

    Args:
        headers: Lower-case names, as in `Reply.headers`.
        now: Aware; stands in for a missing `Date`.
        not_modified: The answer was a 304.

    Returns:
        `fresh_for_s` is the longer of `max-age` less `Age`, and `Expires` less `Date`; never negative. `no-cache`
        and `no-store` take both away. `s-maxage` is for shared caches and not for us.

    Source: RFC 9111, sections 4.2.1, 5.1 to 5.3.
    """
    directives = _cache_directives(headers.get("cache-control", ""))
    hints: list[float] = []
    if not directives.keys() & {"no-cache", "no-store"}:
        max_age = parse_delta_s(directives.get("max-age") or "")
        if max_age is not None:
            hints.append(max(0, max_age - (parse_delta_s(headers.get("age", "")) or 0)))
        expires = parse_http_date(headers.get("expires", ""))
        if expires is not None:
            sent_at = parse_http_date(headers.get("date", "")) or now
            hints.append(max(0.0, (expires - sent_at).total_seconds()))
    return Freshness(
        not_modified=not_modified,
        has_validators="etag" in headers or "last-modified" in headers,
        fresh_for_s=float(max(hints)) if hints else None,
    )


def limits_from_headers(headers: Mapping[str, str], now: datetime) -> Limits:
    """
    What is left of a quota, as the networks write it: `X-RateLimit-*` with the end of the window as an ISO instant
    (Mastodon), as seconds since 1970 (GitHub; X, as `x-rate-limit-*`) or as seconds from now; `RateLimit-*` in
    seconds (IETF drafts 00 to 06); `RateLimit` with `remaining` and `reset` (draft 07) or `r` and `t` for each policy
    (08 and later). Of several policies, the one with the least left counts, of equals the longest.

    Args:
        headers: Lower-case names, as in `Reply.headers`.
        now: Aware; stands in for a missing `Date`, against which instants are read, because clocks differ.

    Source: draft-ietf-httpapi-ratelimit-headers-10; the pages named at the top.
    """
    fields = headers.get("ratelimit")
    if fields is not None:
        return min(map(_quota, _outside_quotes(fields)), key=_tightest)
    left = next((headers[name] for name in _LEFT if name in headers), None)
    reset = next((headers[name] for name in _RESET if name in headers), None)
    if left is None and reset is None:  # nearly always
        return _UNSAID
    there = parse_http_date(headers.get("date", "")) or now
    return Limits(parse_delta_s(left or ""), _seconds_until(reset or "", there))


def _outside_quotes(fields: str) -> list[str]:
    """
    The members of a `RateLimit` field, names of policies taken out: they are free text. Draft 07 has one member,
    spread over commas.
    """
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", fields)
    return [bare] if re.search(r"\bremaining\b", bare, re.IGNORECASE) else bare.split(",")


def _quota(member: str) -> Limits:
    said = {name.lower()[0:3]: value for name, value in _QUOTA.findall(member)}
    left, reset = said.get("r", said.get("rem")), said.get("t", said.get("res"))
    return Limits(
        None if left is None else parse_delta_s(left), None if reset is None else parse_delta_s(reset)
    )


def _tightest(limits: Limits) -> tuple[float, float]:
    left = float("inf") if limits.remaining is None else limits.remaining
    return left, -(limits.reset_s or 0.0)


def _seconds_until(reset: str, now: datetime) -> float | None:
    """
    Seconds from now, an instant since 1970 in seconds or milliseconds, or one that ISO 8601 or HTTP can write.
    """
    text = reset.strip()
    if re.fullmatch(r"[0-9]{1,13}(?:\.[0-9]{1,9})?", text, re.ASCII):
        number = float(text)
        if number < _EPOCH_FROM:
            return number
        at_s = number / 1_000 if number >= _EPOCH_FROM * 1_000 else number
        return max(0.0, at_s - now.timestamp())
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        found = parse_http_date(text)
        return None if found is None else max(0.0, (found - now).total_seconds())
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def _cache_directives(value: str) -> dict[str, str | None]:
    """
    Directive names in lower case with their arguments; the first of two equal ones counts. `no-cache="field"` is
    about that field only and left out.
    """
    found: dict[str, str | None] = {}
    for name, argument in _DIRECTIVE.findall(value):
        if name.lower() == "no-cache" and argument:
            continue
        found.setdefault(name.lower(), argument or None)
    return found
