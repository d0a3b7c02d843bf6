"""
What HTTP headers say about coming back: dates, freshness. Pure; read by adapters and by the reader.

Takes the headers of a `listener.adapter.Reply` (lower-case names), gives `Freshness`. Stands beside
`listener.adapter`, knows no client library and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
