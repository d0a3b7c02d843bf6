"""
P14: how often a feed speaks, as its entries show.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from adapters.feed.rhythm import is_active, rhythm_s
from tests.adapters.feed.reading import NOW, Reading, answer, item, rss

HOUR_S = 3600.0
DAY_S = 86_400.0


def ago(*hours: float) -> list[datetime | None]:
    """
    So many hours before now.
    """
    return [NOW - timedelta(hours=each) for each in hours]


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (ago(1, 25, 49, 73), DAY_S),
        (ago(49, 1, 73, 25), DAY_S),
        (ago(1, 2, 3, 100, 101), HOUR_S),
        (ago(0, 24, 48, 24 * 365), DAY_S),
        (ago(-4, -3, -2, -1, 0, 24, 48), DAY_S),
        (ago(0, 24), None),
        ([], None),
        ([None, None, None], None),
        ([None, *ago(0, 24, 48)], DAY_S),
        (ago(5, 5, 5, 5), None),
        ([NOW - timedelta(seconds=second) for second in range(3000)], None),
        ([*ago(24, 48), *(NOW - timedelta(seconds=second) for second in range(30))], DAY_S - 14.5),
        (ago(*range(50), 1000, 2000, 3000, 4000, 5000, 6000, 7000), HOUR_S),
    ],
    ids=[
        "daily",
        "any order",
        "busy, then silent",
        "one long silence",
        "the future",
        "two entries",
        "none",
        "no dates",
        "some dates",
        "one instant",
        "an import",
        "an import among others",
        "only the newest fifty",
    ],
)
def test_p14_rhythm(published: list[datetime | None], expected: float | None) -> None:
    """P14: the median gap between acts of publishing; None where nothing tells."""
    assert rhythm_s(published, NOW) == expected


@pytest.mark.parametrize(
    ("published", "changed_before_s", "expected"),
    [
        (ago(24 * 8), None, True),
        (ago(24 * 8 + 1), None, False),
        (ago(-1), None, False),
        ([None], None, False),
        ([], 8 * DAY_S, True),
        ([], 8 * DAY_S + 1, False),
        ([], -1.0, False),
    ],
)
def test_p06_alive(published: list[datetime | None], changed_before_s: float | None, expected: bool) -> None:
    """P6: alive is a feed with something published, or two documents, within the time."""
    assert is_active(published, NOW, changed_before_s=changed_before_s, within_s=8 * DAY_S) is expected


@pytest.mark.anyio
async def test_p14_a_304_tells_it_too() -> None:
    """P14: the rhythm of the latest document holds for every 304 after it."""
    body = rss(*(item(number, at=NOW - timedelta(days=number)) for number in range(4)))
    one = Reading(answer(body, headers={"etag": '"1"'}), answer(status=304))
    pages = [await one.fetch(), await one.fetch()]

    assert [page.freshness.rhythm_s for page in pages] == [DAY_S, DAY_S]
    assert pages[1].freshness.not_modified
