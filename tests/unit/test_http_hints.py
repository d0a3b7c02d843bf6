"""What headers say about coming back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.adapter import Freshness
from listener.http_hints import (
    DELTA_MAX_S,
    Limits,
    freshness_from_headers,
    limits_from_headers,
    parse_delta_s,
    parse_http_date,
)

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


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Limits()),
        ({"x-ratelimit-limit": "300"}, Limits()),
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-01-05T12:05:00.019685Z"},
            Limits(0, 300.019685),
        ),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "2026-01-05T11:00:00"}, Limits(7, 0.0)),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1767615300"}, Limits(0, 900.0)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767615300000"}, Limits(0, 900.0)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17.5"}, Limits(0, 17.5)),
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "Mon, 05 Jan 2026 12:01:00 GMT"},
            Limits(0, 60.0),
        ),
        (
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "1767615300",
                "date": "Mon, 05 Jan 2026 12:14:00 GMT",
            },
            Limits(0, 60.0),
        ),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "50"}, Limits(0, 50.0)),
        ({"ratelimit": "limit=100, remaining=0, reset=5"}, Limits(0, 5.0)),
        ({"ratelimit": '"default";r=50;t=30'}, Limits(50, 30.0)),
        ({"ratelimit": '"hour";r=0;t=30, "day";r=0;t=3000, "burst";r=4;t=1'}, Limits(0, 3000.0)),
        ({"ratelimit": '"r=0;t=9, remaining";r=4;t=30;pk=:dA==:'}, Limits(4, 30.0)),
        ({"ratelimit": '"default";r=0'}, Limits(0, None)),
        ({"ratelimit": ""}, Limits()),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "soon"}, Limits()),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 40}, Limits(0, None)),
    ],
)
def test_a_quota_is_read_as_each_network_writes_it(headers: Mapping[str, str], expected: Limits) -> None:
    """Instants against the server's own clock, numbers by their size, the tightest of several policies."""
    assert limits_from_headers(headers, NOW) == expected


@given(
    st.dictionaries(st.sampled_from(["ratelimit", "ratelimit-reset", "x-ratelimit-reset", "date"]), st.text())
)
def test_no_text_breaks_the_reading_of_a_quota(headers: Mapping[str, str]) -> None:
    """Whatever a server sends, the wait is unknown or not negative."""
    reset_s = limits_from_headers(headers, NOW).reset_s

    assert reset_s is None or reset_s >= 0
