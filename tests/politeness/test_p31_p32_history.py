"""Politeness P31 and P32: what a feed showed before we came, and what it may have shown between two looks."""

from __future__ import annotations

import pytest

from listener.testing.politeness import moving, pacing
from listener.testing.politeness.site import HOUR_S, gaps, notes
from tests.politeness.once import once

pytestmark = pytest.mark.anyio

OLDER = {"rss": [f"GET /archive/{n}" for n in (1, 2, 3)], "json": [f"GET /page/{n}" for n in (1, 2, 3)]}


async def test_p31_older_pages_are_not_asked_for_unless_the_operator_says_so() -> None:
    """A feed with archives is one address by default."""
    seen = await moving.history(None)

    assert {asked.line for asked in seen.asked} == {"GET /feed"}


@pytest.mark.parametrize("name", OLDER)
async def test_p31_older_pages_are_read_once_for_ever_in_the_same_pace(name: str) -> None:
    """RFC 5005 `prev-archive` and JSON Feed `next_url`: each page once, spaced, over a restart; all of it is heard."""
    seen = await once(moving.history, 10)
    asked = [one.line for one in seen.at(f"{name}.city.example") if one.line != "GET /feed"]
    letter = "p" if name == "rss" else "j"

    assert asked == OLDER[name]
    assert min(gaps(seen.starts_s(f"{name}.city.example"))) >= 2
    assert {f"{letter}{page}{part}" for page in range(4) for part in "ab"} <= notes(seen.events)


@pytest.mark.parametrize("name", OLDER)
async def test_p31_history_is_bounded(name: str) -> None:
    """Two pages are two pages, however many there are."""
    seen = await once(moving.history, 2)
    asked = [one.line for one in seen.at(f"{name}.city.example") if one.line != "GET /feed"]

    assert asked == OLDER[name][:2]


async def test_p32_a_window_without_overlap_is_a_suspected_gap_and_shortens_the_interval() -> None:
    """The gap is told with its bounds, and the feed is asked an hour later instead of six, once."""
    seen = await pacing.overrun()
    told = [event["data"] for event in seen.events if event["type"] == "listener.source.gap"]
    found = seen.gaps_s("blog.city.example")

    assert [(gap["cause"], gap["suspected"]) for gap in told] == [("window_overrun", True)]
    assert found[0] >= 6 * HOUR_S
    assert HOUR_S <= found[1] <= 1.1 * HOUR_S
    assert all(gap >= HOUR_S for gap in found[1:])
