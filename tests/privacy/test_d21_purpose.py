"""
D21: every watch says what for, by which right, who answers for it and until when; past that day it pauses and says so.

Through the shipped daemon on virtual time. What a watch has to say is checked in detail in
`tests/unit/settings/test_settings_naming.py` (placeholders) and `test_settings_faults.py` (what is missing).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import pytest

from listener import settings
from listener.simulation.exchange import Request, Response
from listener.testing.rig import Rig, rig, source
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

DAY_S: Final = 86_400
LAST_DAY: Final = date(2026, 1, 6)
"""The day after the one on which virtual time begins."""

BLOG: Final = source("blog", "http://blog.example/feed", take="matching", interval_s=7200)


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


def snow(review_by: date) -> str:
    """A watch beside the rig's own, which asks for #yyc and is never due."""
    return (
        '[[watch]]\nname = "snow"\nhashtags = ["#snow"]\npurpose = "Clear the snow"\nowner = "Roads"\n'
        f'legal_authority = "By-law 7"\nreview_by = {review_by.isoformat()}\n'
    )


class Blog:
    """Each time it is asked there is a post about snow, one about the city, and one about both."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._items: list[str] = []

    async def feed(self, _request: Request) -> Response:
        """The last thirty posts."""
        at = self._clock.now()
        for about in ("#snow", "#yyc", "#snow #yyc"):
            name = f"{at:%d-%H:%M}-{re.sub('[# ]', '', about)}"
            self._items.append(
                f"<item><guid>{name}</guid><title>{name}</title><description>{name} {about}</description>"
                f"<link>http://blog.example/{name}</link><pubDate>{format_datetime(at)}</pubDate></item>"
            )
        listed = "".join(reversed(self._items[-30:]))
        body = f'<rss version="2.0"><channel><title>Blog</title><link>http://blog.example/</link>{listed}</channel></rss>'
        return Response(headers=(("Content-Type", "application/rss+xml"),), body=body.encode())


def said(events: list[dict[str, Any]], begin: datetime, end: datetime) -> dict[str, set[tuple[str, ...]]]:
    """What a post was about, to the watches that posts about it were queued for, of those published in a span."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for event in events:
        if event["type"] == "listener.post.created" and begin <= datetime.fromisoformat(event["time"]) < end:
            about = event["data"]["title"].rpartition("-")[2]
            found.setdefault(about, set()).add(tuple(event["data"]["watches"]))
    return found


async def to(house: Rig, instant: datetime) -> list[dict[str, Any]]:
    """It is that time, and this is what a consumer that begins now is given."""
    await house.pass_s((instant - house.clock.now()).total_seconds())
    return await house.events()


async def test_d21_past_its_review_a_watch_pauses_says_so_and_goes_on_after_it() -> None:
    """
    To the second: on its last day a watch is queued for, from the next midnight (UTC) nothing is, posts that another watch asks
    for, too, name only that one, the log says so once, what was stored stays until its time is over, and a review takes
    effect by a reload without a restart.
    """
    clock, midnight = VirtualClock(), START.replace(hour=0) + timedelta(days=2)
    blog = Blog(clock)
    async with rig(BLOG, snow(LAST_DAY), hosts={"blog.example": blog.feed}, clock=clock, days=True) as house:
        before = await to(house, midnight)
        during = await to(house, midnight + timedelta(days=2))
        await house.configure(BLOG, snow(LAST_DAY + timedelta(days=365)))
        after, views = await to(house, midnight + timedelta(days=3)), await house.views()
        paused = [(line["watch"], line["review_by"]) for line in house.log("watch.paused")]
        started = len(house.log("daemon.started"))

    whole = {"snow": {("snow",)}, "yyc": {("city",)}, "snowyyc": {("city", "snow")}}
    assert said(before, START, midnight) == whole
    assert said(during, START, midnight) == whole
    assert said(during, midnight, midnight + timedelta(days=2)) == {
        "yyc": {("city",)},
        "snowyyc": {("city",)},
    }
    assert said(after, midnight + timedelta(days=2, hours=3), midnight + timedelta(days=3)) == whole
    assert paused == [("snow", "2026-01-06")]
    assert started == 1
    assert views["blog"]["state"] in ("reading", "waiting")


async def test_d21_the_statement_and_the_check_say_until_when() -> None:
    """The statement gives the day and what follows, the notice before signing says what is past; a renewed day is to be signed."""
    clock = VirtualClock()
    async with rig(BLOG, snow(LAST_DAY), hosts={"blog.example": Blog(clock).feed}, clock=clock) as house:
        loaded = settings.load(house.config, environ={})
        before = settings.statement(loaded)
        await house.configure(BLOG, snow(LAST_DAY + timedelta(days=365)))
        after = settings.statement(settings.load(house.config, environ={}))

    assert "    reviewed by: 2026-01-06; without a review it stops" in before.as_text().splitlines()
    assert settings.warnings(loaded, LAST_DAY + timedelta(days=1))[0] == (
        "watch snow: review_by 2026-01-06 is past; it asks for nothing until somebody reviews it"
    )
    assert settings.grown(before, after) == (
        "watch snow is reviewed later: by 2027-01-06 instead of 2026-01-06",
    )
