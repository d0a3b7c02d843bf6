"""
The shipped daemon, on virtual time, hears the simulated YouTube: nothing lost, nothing twice, no quota passed, nobody named.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.youtube.simulated_city import city
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import NAME, configuration, serve, site_of
from listener import settings
from listener.testing.rig import rig
from listener.testing.virtual_clock import START, VirtualClock
from tests.adapters.youtube.simulated_youtube import KEY

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

HOUR_S = 3_600
MIDNIGHT = START.replace(hour=8) + timedelta(days=1)
"""The first in California after the clocks here begin, in winter."""


def key_file(folder: Path) -> str:
    """The key, in a file that only we can read."""
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(KEY, "utf-8")
    return str(file)


def source(name: str, folder: Path, **keys: Any) -> str:
    """A `[[source]]` table, as an operator writes it."""
    asked = {"relation": "public", "key_file": key_file(folder), **keys}
    if asked["relation"] == "public":
        asked["criterion"] = "Broadcasters of the valley whose uploads are mostly about the town"
        if "channel" in asked:
            asked["channel_of"] = "publication"
    lines = [f"{key} = {json.dumps(value)}" for key, value in asked.items()]
    return "\n".join(["[[source]]", f'name = "{name}"', 'adapter = "youtube"', *lines, ""])


def own_channel() -> tuple[Tube, VirtualClock, Any, Any]:
    """The city's, with one video, and somebody to speak there."""
    clock = VirtualClock()
    tube = Tube(clock, hashtags=("#yyc",))
    own = tube.channel(title="City of Example", handle="cityofexample", own=True)
    return tube, clock, tube.video(own, "Snow routes"), tube.channel()


def links(events: list[dict[str, Any]]) -> list[str]:
    """Of the posts a consumer was given."""
    return [
        event["data"]["link"]
        for event in events
        if event["type"] in ("listener.post.created", "listener.post.updated")
    ]


async def test_a_day_of_the_city_is_queued_once_and_names_nobody(tmp_path: Path) -> None:
    """Two channels, their videos and titles: what is shown is there, once; no handle and no key is anywhere."""
    clock = VirtualClock()
    tube = city(clock, seed=11, hashtags=("#yyc",), start_at=clock.now(), hours=2, comments=120)
    tube.turn()  # the channels are there
    own, news = [channel for channel in tube.channels.values() if channel.person is None]
    tables = [
        source("own", tmp_path, relation="own", channel=own.id, interval_s=600),
        source("own-uploads", tmp_path, relation="own", channel=own.id, listen="uploads"),
        source("news", tmp_path, channel=news.id),
        source("news-uploads", tmp_path, channel=news.id, listen="uploads"),
        source("titles", tmp_path, listen="titles"),
    ]
    async with rig(*tables, hosts=site_of(tube).routes, secure=(NAME,), clock=clock) as house:
        await house.pass_s(6 * HOUR_S)
        events = await house.events()
        out, asked = house.out.getvalue(), list(house.net.asked)
        await house.stop()
        stored = b"".join(path.read_bytes() for path in (house.folder / "data").rglob("*") if path.is_file())
    found = links(events)
    fates = tube.fates(found)
    handles = [channel.handle for channel in tube.channels.values() if channel.person is not None]
    day = [spent for spent in tube.meter.spent() if spent.units or spent.refused]

    print(f"\nsix hours: {len(asked)} requests, {len(found)} posts; {[tuple(each) for each in day]}")
    assert len(found) == len(set(found)) > 80
    rounds_ago = clock.now() - timedelta(
        hours=2
    )  # late answers, and what moderators held, are found in rounds
    shown = {
        video.post
        for video in tube.videos.values()
        if tube.public(video) and video.published_at <= rounds_ago
    } | {
        comment.post
        for comment in tube.comments.values()
        if tube.public(comment) and comment.public_at <= rounds_ago
    }
    assert {post: fates[post] for post in shown if tube.ledger.posts[post].expected == "queued"} == {
        post: "queued" for post in shown if tube.ledger.posts[post].expected == "queued"
    }
    assert [fates[post] for post, row in tube.ledger.posts.items() if row.expected == "not_ours"] == [
        "not_ours" for row in tube.ledger.posts.values() if row.expected == "not_ours"
    ]
    assert [each.refused for each in day] == [0] * len(day)
    assert [handle for handle in handles if handle.encode() in stored or handle in out] == []
    assert KEY.encode() not in stored
    assert KEY not in out
    assert {one.head["x-goog-api-key"] for one in asked} == {KEY}
    assert not [one for one in asked if KEY in one.line or one.scheme != "https"]


async def test_what_is_said_to_us_is_seen_within_two_minutes(tmp_path: Path) -> None:
    """A comment, a picture and an answer in an old thread, each with its link, each said to us."""
    tube, clock, video, anna = own_channel()
    old = tube.comment(video, anna, "Who ploughs this?")
    async with rig(
        source("own", tmp_path, relation="own", channel=video.channel.id),
        hosts=site_of(tube).routes,
        secure=(NAME,),
        clock=clock,
    ) as house:
        await house.pass_s(600)
        said = [
            tube.comment(video, anna, "Ice"),
            tube.comment(video, anna, "", picture=True),
            tube.comment(video, anna, "You do", to=old),
        ]
        await house.pass_s(120)
        events = await house.events()
    told = {event["data"]["link"]: event for event in events}
    answered = told[f"https://www.youtube.com{said[2].link}"]["data"]

    assert {f"https://www.youtube.com{each.link}" for each in (old, *said)} == told.keys()
    assert all(event["data"]["addressed"] for event in events)
    assert answered["in_reply_to"] == told[f"https://www.youtube.com{old.link}"]["subject"]
    assert anna.handle not in str(events)


async def test_a_removal_and_an_edit_are_known_within_a_day(tmp_path: Path) -> None:
    """Nobody tells of them: each comment is asked about again, and gone is gone from the file."""
    tube, clock, video, anna = own_channel()
    gone = tube.comment(video, anna, "Regrettable")
    edited = tube.comment(video, anna, "Iec")
    async with rig(
        source("own", tmp_path, relation="own", channel=video.channel.id, interval_s=7200),
        hosts=site_of(tube).routes,
        secure=(NAME,),
        clock=clock,
    ) as house:
        await house.pass_s(HOUR_S)
        tube.delete(gone)
        tube.edit(edited, "Ice")
        await house.pass_s(26 * HOUR_S)
        events = await house.events()

    assert {(event["type"], event["data"].get("text")) for event in events} == {
        ("listener.post.removed", None),
        ("listener.post.updated", "Ice"),
    }


async def test_a_spent_quota_is_waited_for_and_what_was_said_meanwhile_is_read(tmp_path: Path) -> None:
    """Other programs of the project took the day's units: nobody knocks on an empty bucket, and at midnight in California it goes on."""
    tube, clock, video, anna = own_channel()
    async with rig(
        source("own", tmp_path, relation="own", channel=video.channel.id),
        hosts=site_of(tube).routes,
        secure=(NAME,),
        clock=clock,
    ) as house:
        await house.pass_s(600)
        tube.meter.limits["units"] = 0
        said = tube.comment(video, anna, "Ice")
        await house.pass_s(19 * HOUR_S)
        refused = sum(spent.refused for spent in tube.meter.spent())
        waits = (await house.views())["own"]
        tube.meter.limits["units"] = 10_000
        await house.pass_s((MIDNIGHT - clock.now()).total_seconds() + 120)
        found = links(await house.events())

    assert refused == 1
    assert waits["state"] == "held"
    assert f"https://www.youtube.com{said.link}" in found


async def test_the_configuration_is_one_the_daemon_takes(tmp_path: Path) -> None:
    """Of a city: every channel that uploads, its videos, and titles."""
    async with serve(clock=VirtualClock()) as served:
        text = configuration(served, tmp_path, key_file=Path(key_file(tmp_path)), uploads=True, titles=True)
    (tmp_path / "listener.toml").write_text(text, "utf-8")
    loaded = settings.load(tmp_path / "listener.toml", environ={})

    assert [(each.relation, each.config.listen, each.config.relation) for each in loaded.sources] == [
        ("own", "comments", "own"),
        ("public", "comments", "public"),
        ("own", "uploads", "own"),
        ("public", "uploads", "public"),
        ("public", "titles", "public"),
    ]
