"""What headers say about coming back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.adapter import Freshness
from listener.http_hints import DELTA_MAX_S, freshness_from_headers, parse_delta_s, parse_http_date

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 09:49:37 +0100", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37 -0000", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Sun, 36 Nov 1994 08:49:37 GMT", None),
        ("0", None),
        ("-1", None),
        ("", None),
        ("never", None),
    ],
)
def test_a_date_is_read_in_every_form_a_recipient_must_accept(value: str, expected: datetime | None) -> None:
    """IMF-fixdate, RFC 850, asctime; no date is no error."""
    assert parse_http_date(value) == expected


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_date(value: str) -> None:
    """An aware instant, or none."""
    parsed = parse_http_date(value)

    assert parsed is None or parsed.tzinfo is UTC


def test_seconds_are_whole_and_capped() -> None:
    """As a cache reads them."""
    given_and_read = {
        "60": 60,
        ' "60" ': 60,
        "0": 0,
        "9" * 5_000: DELTA_MAX_S,
        "1.5": None,
        "-1": None,
        "": None,
    }

    assert {value: parse_delta_s(value) for value in given_and_read} == given_and_read


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Freshness()),
        ({"etag": '"1"'}, Freshness(has_validators=True)),
        ({"last-modified": "x"}, Freshness(has_validators=True)),
        ({"cache-control": "public, Max-Age=600"}, Freshness(fresh_for_s=600)),
        ({"cache-control": 'max-age="600"', "age": "100"}, Freshness(fresh_for_s=500)),
        ({"cache-control": "max-age=600", "age": "1000"}, Freshness(fresh_for_s=0)),
        ({"cache-control": "max-age=600", "age": "x"}, Freshness(fresh_for_s=600)),
        ({"cache-control": "max-age=600, max-age=900"}, Freshness(fresh_for_s=600)),
        ({"cache-control": "s-maxage=600, x-max-age=5"}, Freshness()),
        ({"cache-control": "max-age=soon"}, Freshness()),
        ({"cache-control": "max-age=600, no-cache"}, Freshness()),
        ({"cache-control": "NO-STORE,max-age=600", "expires": "Mon, 05 Jan 2026 13:00:00 GMT"}, Freshness()),
        ({"cache-control": 'no-cache="set-cookie", max-age=600'}, Freshness(fresh_for_s=600)),
        ({"cache-control": 'x="no-store, no-cache", max-age=600'}, Freshness(fresh_for_s=600)),
        ({"expires": "Mon, 05 Jan 2026 13:00:00 GMT"}, Freshness(fresh_for_s=3600)),
        (
            {"expires": "Mon, 05 Jan 2026 13:00:00 GMT", "date": "Mon, 05 Jan 2026 12:59:00 GMT"},
            Freshness(fresh_for_s=60),
        ),
        ({"expires": "0"}, Freshness()),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, Freshness(fresh_for_s=0)),
        (
            {"cache-control": "max-age=600", "expires": "Mon, 05 Jan 2026 13:00:00 GMT"},
            Freshness(fresh_for_s=3600),
        ),
    ],
)
def test_freshness_is_the_longest_that_the_server_vouches_for(
    headers: Mapping[str, str], expected: Freshness
) -> None:
    """max-age less Age, or Expires less Date; nothing where the server forbids keeping."""
    assert freshness_from_headers(headers, NOW) == expected


def test_a_304_is_told_as_such() -> None:
    """Its headers freshen what is stored."""
    told = freshness_from_headers({"cache-control": "max-age=60"}, NOW, not_modified=True)

    assert told == Freshness(not_modified=True, fresh_for_s=60)
