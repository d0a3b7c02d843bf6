"""
Dates as feeds write them.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.dates import parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 05 Jan 2026 09:30:00 +0100", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("Xyz, 05 Jan 2026 09:30:00 GMT", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon 5 January 2026, 09:30 Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("05 Jan 26 09:30 EST", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("05 Jan 99 09:30:00 UT", datetime(1999, 1, 5, 9, 30, tzinfo=UTC)),
        ("05-Jan-2026 09:30:00 PDT", datetime(2026, 1, 5, 16, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 GMT+2", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 +0200 (CEST)", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 CEST", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 NOWHERE", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026", datetime(2026, 1, 5, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 24:00:00 GMT", datetime(2026, 1, 6, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Mon Jan  5 09:30:00 2026", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("January 5, 2026", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-05T09:30:00Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:00.25-03:30", datetime(2026, 1, 5, 13, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-01-05T09:30+0100", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("2026-01-05 09:30:00 EST", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026/1/5 09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:7+01:00", datetime(2026, 1, 5, 8, 30, 7, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 +3000", None),
        ("2026-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("  2041-01-05T09:30:00Z ", datetime(2041, 1, 5, 9, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("Mon, 31 Feb 2026 09:30:00 GMT", None),
        ("Mon, 05 Foo 2026 09:30:00 GMT", None),
        ("Mon, 05 Jan 2026 25:30:00 GMT", None),
        ("2026-01-05T09:30:00+99:99", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_date(text: str | None, expected: datetime | None) -> None:
    """Each form is read as what it says; what says nothing is None."""
    assert parse_date(text) == expected


@given(
    st.text(max_size=100)
    | st.from_regex(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{2,4} \d+:\d+.*", fullmatch=True)
)
def test_any_text_is_answered(text: str) -> None:
    """No text raises; an answer is aware and in UTC."""
    found = parse_date(text)

    assert found is None or found.tzinfo is UTC
