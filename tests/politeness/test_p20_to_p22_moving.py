"""Politeness P20 to P22: feeds that move, that end, and that lead where nobody may go."""

from __future__ import annotations

from collections import Counter

import pytest

from listener.testing.politeness import moving
from listener.testing.politeness.site import DAY_S, HOUR_S, Seen
from tests.politeness.once import once

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["moved", "moved-308"])
async def test_p20_a_permanent_move_is_believed_after_three_sightings_in_two_days(name: str) -> None:
    """The old address is asked until then and not afterwards, over a restart; one event, nothing heard twice."""
    there: Seen = (await once(moving.moves)).extra["there"]
    _, first, *later = there.starts_s(f"old-{name}.city.example")
    created = Counter(event["source"] for event in there.events if event["type"] == "listener.post.created")

    assert len(later) >= 2
    assert 2 * DAY_S <= later[-1] - first <= 2 * DAY_S + 12 * HOUR_S
    assert there.starts_s(f"new-{name}.city.example")[-1] > later[-1] + DAY_S
    assert [event["type"] for event in there.events if event["subject"] == name] == ["listener.source.moved"]
    assert there.views[name]["moved"] is True
    assert created[f"/feed/{name}"] == 3


@pytest.mark.parametrize("name", ["found", "see-other", "temporary", "mixed", "parked", "stranger", "brief"])
async def test_p20_nothing_else_is_a_move(name: str) -> None:
    """302, 303 and 307 never; nor one such hop, a page, a feed with other entries, or two sightings only."""
    there: Seen = (await once(moving.moves)).extra["there"]

    assert there.starts_s(f"old-{name}.city.example")[-1] > 5 * DAY_S - 1.2 * DAY_S
    assert [
        event
        for event in there.events
        if event["type"] == "listener.source.moved" and event["subject"] == name
    ] == []


async def test_p20_a_move_can_be_taken_back_by_hand() -> None:
    """The configured address was kept, and is asked again within the hour."""
    seen = await once(moving.moves)
    there: Seen = seen.extra["there"]

    assert seen.extra["status"] == 200
    assert len(seen.at("old-moved.city.example")) > len(there.at("old-moved.city.example"))


async def test_p20_https_of_the_same_address_is_believed_at_once() -> None:
    """After one sighting nothing is asked in the clear any more, and the questions are conditional again."""
    seen = await moving.made_secure()
    asked = seen.at("secure.city.example")

    assert [(one.scheme, one.line) for one in asked][:4] == [
        ("http", "GET /feed?a=1"),
        ("http", "GET /feed?a=1"),
        ("https", "GET /feed?a=1"),
        ("https", "GET /feed?a=1"),
    ]
    assert {one.scheme for one in asked[2:]} == {"https"}
    assert all("if-none-match" in one.head for one in asked[4:])
    assert [event["subject"] for event in seen.events if event["type"] == "listener.source.moved"] == [
        "secure"
    ]


async def test_p21_a_feed_that_says_410_three_times_in_two_days_is_not_asked_again() -> None:
    """State `gone`, one event, one alert; a restart changes nothing; an operator's hand does."""
    seen = await once(moving.ended)
    silent: Seen = seen.extra["silent"]
    _, first, *later = silent.starts_s("gone.city.example")

    assert len(later) >= 2
    assert 2 * DAY_S <= later[-1] - first <= 3.5 * DAY_S
    assert silent.views["gone"]["state"] == "gone"
    assert [event["subject"] for event in silent.events if event["type"] == "listener.source.gone"] == [
        "gone"
    ]
    assert [(line["level"], line["source"]) for line in silent.log("source.gone")] == [("error", "gone")]
    assert seen.extra["status"] == 200
    assert len(seen.at("gone.city.example")) == len(silent.at("gone.city.example")) + 1


async def test_p21_two_sightings_or_a_404_end_nothing() -> None:
    """A feed that comes back is read on; a 404 is failing and goes on being asked about daily."""
    silent: Seen = (await once(moving.ended)).extra["silent"]

    assert silent.views["back"]["state"] in {"waiting", "reading"}
    assert silent.views["lost"]["state"] == "failing"
    assert silent.starts_s("lost.city.example")[-1] > 10.9 * DAY_S
    assert silent.starts_s("back.city.example")[-1] > 11.5 * DAY_S


async def test_p21_a_document_cannot_move_itself() -> None:
    """`itunes:new-feed-url` and `rel=self` without proof leave the configured address in charge."""
    seen = await moving.renamed()

    for name in ("itunes", "self"):
        assert seen.starts_s(f"{name}.city.example")[-1] > 3.7 * DAY_S
    assert [event for event in seen.events if event["type"] == "listener.source.moved"] == []


async def test_p22_nothing_private_is_asked_and_https_is_never_left() -> None:
    """By redirect to a number, a name or a spelling of one, by a resolver that changes its mind, or by a downgrade."""
    seen = await moving.astray()
    named = {*moving.LURES, "to-inside", "downgrade", "rebinding"} - {"inside"}

    assert {asked.host for asked in seen.asked} == {f"{name}.city.example" for name in named}
    assert {asked.line for asked in seen.asked} == {"GET /feed"}
    assert {asked.scheme for asked in seen.at("downgrade.city.example")} == {"https"}
    assert len(seen.at("rebinding.city.example")) == 1
    assert {(view["state"], view["error_code"]) for view in seen.views.values()} == {("failing", "refused")}
