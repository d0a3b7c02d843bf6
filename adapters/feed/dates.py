"""
Dates as feeds write them. Pure; called by `normalise`.

A date that cannot be read is None; one that is merely odd (in the future, long ago) is kept as stated, because the
gate clamps it. Source: RFC 822 section 5, RFC 5322 sections 3.3 and 4.3, RFC 3339 section 5.6,
https://www.w3.org/TR/NOTE-datetime.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from adapters.feed.months import month_of

_LONGEST: Final = 80
"""Characters; chosen: twice the longest form that can be read."""

_ENGLISH: Final = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}

_ZONES: Final = {
    "EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480,
    "AKDT": -480, "AKST": -540, "HST": -600, "ADT": -180, "AST": -240, "NDT": -150, "NST": -210,
    "BST": 60, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180,
    "MSK": 180, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "ACST": 570, "ACDT": 630, "AWST": 480,
    "NZST": 720, "NZDT": 780,
}  # fmt: skip
"""Minutes east of Greenwich. RFC 822's American names, and those that European and Pacific blogs write. Any other
name counts as -0000, as RFC 5322 section 4.3 asks."""

_TIME: Final = r"(\d{1,2}):(\d{2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?"
_DAY_NAME: Final = r"[^\W\d]{2,14}(?:-feira)?\.?,?\s{0,3}(?:den\s)?"
_AT: Final = r"[\s,-]{1,3}(?:(?:at|um|à|às|a\slas|alle(?:\sore)?|o|kl|klo|в)\.?\s)?"
_MAIL: Final = re.compile(
    rf"(?:{_DAY_NAME})?(\d{{1,2}})(?:er)?[\s.-]{{1,3}}(?:de\s)?([^\W\d]{{3,12}})\.?[\s,-]{{1,3}}(?:del?\s)?(\d{{2,4}})"
    rf"(?:\s(?:г|р|r)\.?)?(?:{_AT}{_TIME}\s*(.{{0,16}}))?$",
    re.IGNORECASE,
)
_ASCTIME: Final = re.compile(
    rf"(?:{_DAY_NAME}(?<=\s))?([^\W\d]{{3,12}})\.?\s{{1,2}}(\d{{1,2}})(?:,?\s{_TIME}\s?([A-Z]{{2,5}})?\s(\d{{4}})"
    rf"|,?\s(\d{{4}})(?:{_AT}{_TIME}\s?(.{{0,16}}))?)$",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    rf"(\d{{4}})(?:[-/.](\d{{1,2}})(?:[-/.](\d{{1,2}})(?:[T\s]{{1,2}}{_TIME}\s?(.{{0,16}}))?)?)?$",
    re.IGNORECASE,
)
_DOTTED: Final = re.compile(rf"(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?(\d{{4}})(?:{_AT}{_TIME}\s?(.{{0,16}}))?$")
_BASIC: Final = re.compile(r"\d{8}T\d{6}(?:Z|[+-]\d{2}:?\d{2})?")
_OFFSET: Final = re.compile(
    r"(?:GMT|UTC?)?\s?([+\-−])(\d{1,2}):?(\d{2})?(?:\s?\(.{0,12}\)?)?$", re.IGNORECASE
)


def parse_date(text: str | None) -> datetime | None:
    """
    The instant, aware, in UTC; None where it cannot be read or lies in 1970 or before (an unset clock, not a date).
    """
    if not text:
        return None
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        stated = _at_once(text) or _iso(text) or _mail(text) or _asctime(text) or _dotted(text)
        if stated is None:
            return None
        if stated.tzinfo is not UTC:
            stated = stated.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return stated if stated.year > 1970 else None


def _at_once(text: str) -> datetime | None:
    """
    Nearly all dates, at the speed of C: RFC 3339, and the one form of RFC 822 that everybody writes
    (`Mon, 05 Jan 2026 09:30:00 +0100`), put into the other's order.
    """
    if text[3:5] == ", " and text[7:26:9] == "   " and text[11:12] == " ":
        zone = text[26:]
        offset = "+00:00" if zone in ("GMT", "+0000", "UTC") else f"{zone[:3]}:{zone[3:]}"
        text = f"{text[12:16]}-{_ENGLISH.get(text[8:11], '')}-{text[5:7]}T{text[17:25]}{offset}"
        if len(text) != 25:
            return None
    elif not (len(text) >= 19 and text[4] == "-" and text[10] == "T") and not _BASIC.fullmatch(text):
        return None
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stated if stated.tzinfo else stated.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    found = _ISO.match(text)
    if not found:
        return None
    year, month, day, *clock, zone = found.groups()
    return _build(int(year), int(month or 1), int(day or 1), clock, zone)


def _mail(text: str) -> datetime | None:
    found = _MAIL.match(text)
    if not found:
        return None
    day, month, year, *clock, zone = found.groups()
    return _build(_full_year(year), month_of(month), int(day), clock, zone)


def _asctime(text: str) -> datetime | None:
    """
    `Mon Jan  2 15:04:05 2006`, as C prints it, and `January 2, 2006`.
    """
    found = _ASCTIME.match(text)
    if not found:
        return None
    month, day, *rest = found.groups()
    clock, zone, year = (rest[:3], rest[3], rest[4]) if rest[4] else (rest[6:9], rest[9], rest[5])
    return _build(int(year), month_of(month), int(day), clock, zone)


def _dotted(text: str) -> datetime | None:
    """
    `05.01.2026 09:30`, day first wherever dots are written.
    """
    found = _DOTTED.match(text)
    if not found:
        return None
    day, month, year, *clock, zone = found.groups()
    return _build(int(year), int(month), int(day), clock, zone)


def _build(year: int, month: int, day: int, clock: list[str | None], zone: str | None) -> datetime:
    """
    Raises:
        ValueError: no such day or time. A leap second counts as the second before it; 24:00 as the next midnight.
    """
    hour, minute, second = (int(part or 0) for part in clock)
    midnight = hour == 24 and not minute and not second
    stated = datetime(
        year, month, day, 0 if midnight else hour, minute, min(second, 59) if second == 60 else second,
        tzinfo=_zone(zone),
    )  # fmt: skip
    return stated + timedelta(days=1) if midnight else stated


def _full_year(digits: str) -> int:
    """
    Source: RFC 5322, section 4.3: two digits below 50 are of this century, three count from 1900.
    """
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _zone(text: str | None) -> timezone:
    name = (text or "").strip()
    offset = _OFFSET.match(name)
    if offset:
        sign, hours, minutes = offset.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(size if sign == "+" else -size)
    return timezone(timedelta(minutes=_ZONES.get(name.partition(" ")[0].upper(), 0)))
