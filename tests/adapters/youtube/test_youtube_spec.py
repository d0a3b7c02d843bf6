"""What may be configured, how far a source reaches, what it costs, and what is left of a person behind the gate."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.youtube import SPEC
from adapters.youtube.config import YouTubeConfig
from listener.adapter import Outlay, Terms
from listener.events import Cleared, WatchName
from listener.gate.clear import Gate, Place
from listener.keys import KeyRing, Sealer
from listener.testing.canned import Watching
from tests.adapters.youtube.channel import CHANNEL, KEY, NOW, Hearing, World, config, post

TITLES: dict[str, Any] = {"listen": "titles", "channel": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": None},
        {"relation": "public"},
        {"relation": "public", "channel_of": "secret person"},
        {"relation": "own", "channel_of": "publication"},
        {**TITLES, "relation": "public", "channel_of": "publication"},
        {"channel": "@secret"},
        {"channel": "UCsecret"},
        {"channel": f"https://www.youtube.com/channel/{CHANNEL}"},
        {"listen": "titles"},
        {"listen": "followers"},
        {"key": None},
        {"key": "short"},
        {"key": "secret-key with a space"},
        {"endpoint": "http://www.googleapis.com"},
        {"endpoint": "https://secret.example.org"},
        {"endpoint": "https://googleapis.com.secret.org"},
        {"endpoint": "https://jo:secret@www.googleapis.com"},
        {"endpoint": "https://www.googleapis.com/youtube"},
        {"endpoint": "https://[1"},
        {"share": 0},
        {"share": 1.5},
        {"interval_s": 59},
        {"channels": [CHANNEL]},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_without_being_shown(wrong: dict[str, Any]) -> None:
    """A channel by its id, and a key that goes to Google alone; the message holds nothing of a value."""
    with pytest.raises(ValidationError) as caught:
        config(**wrong)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://www.googleapis.com",
        "https://youtube.googleapis.com",
        "http://127.0.0.1:8099",
        "http://api.example",
    ],
)
def test_a_key_goes_to_google_or_to_a_place_that_leads_nowhere(endpoint: str) -> None:
    """Loopback and reserved names are for simulators."""
    assert config(endpoint=endpoint).endpoint == endpoint


def test_a_key_is_no_part_of_what_prints() -> None:
    """Nor of a dump, nor of what stands for it; two keys are two credentials."""
    made = config()
    told = f"{made!r} {made} {made.model_dump()} {SPEC.lease_group(made)} {SPEC.budgets(made)}"

    assert KEY not in told
    assert re.fullmatch(r"youtube-[0-9a-f]{12}", SPEC.lease_group(made))
    assert SPEC.lease_group(made) != SPEC.lease_group(config(key=f"{KEY}2"))
    assert {budget.credential for budget in SPEC.budgets(made)} == {SPEC.lease_group(made)}
    assert YouTubeConfig.model_json_schema()["properties"]["key"]["writeOnly"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/youtube/v3/channels",
        "/youtube/v3/subscriptions",
        "/youtube/v3/activities",
        "/youtube/v3/commentsx",
        "/@jo",
    ],
)
def test_no_profile_and_no_subscription_can_be_asked_for(path: str) -> None:
    """The reach has no path for a person, whatever is listened to."""
    for keys in ({}, {"listen": "uploads"}, TITLES):
        assert not [reach for reach in SPEC.reaches(config(**keys)) if re.fullmatch(reach.path, path)]


@pytest.mark.parametrize(
    ("keys", "relation", "interval_s"),
    [
        ({}, "own", 60.0),
        ({}, "public", 900.0),
        ({"listen": "uploads"}, "own", 600.0),
        (TITLES, "public", 960.0),
        ({**TITLES, "share": 0.25}, "public", 3840.0),
        ({**TITLES, "interval_s": 60}, "public", 960.0),
        ({"interval_s": 120}, "own", 120.0),
    ],
)
def test_what_is_said_to_us_is_looked_for_every_minute_and_a_hundred_searches_last_a_day(
    keys: dict[str, Any], relation: str, interval_s: float
) -> None:
    """No setting goes below what the quota bears."""
    made = config(**keys)

    assert SPEC.interval_s(made, relation) == interval_s
    assert SPEC.floor_s(made, relation) <= interval_s


def test_a_day_is_told_before_it_is_spent() -> None:
    """What an own channel costs at a minute, and what searches cost."""
    watching = Watching({WatchName("a"): Terms(phrases=frozenset({"snow"})), WatchName("b"): Terms()})
    comments = SPEC.outlook(config(), watching, "own")
    titles = SPEC.outlook(config(**TITLES), watching, "public")

    assert [(outlay.budget, outlay.a_window) for outlay in comments] == [
        ("units", 1440.0),
        ("units", 1440.0),
        ("units", None),
        ("units", None),
    ]
    assert titles[0] == Outlay(
        budget="searches", what="a search for one of 1 watches every 960 s", a_window=90.0, each=1.0
    )


def test_the_terms_are_data() -> None:
    """Thirty days, seven for a request, and derived metrics only under an agreement."""
    terms = SPEC.terms

    assert (terms.retention_max_days, terms.delete_within_h, terms.derived_metrics) == (30, 168, "agreement")
    assert terms.derived_clause is not None
    assert "amendment" in terms.derived_clause.says
    assert SPEC.recheck is not None
    assert SPEC.recheck.within_s <= 30 * 86_400


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_gate_leaves_nobody_in_a_reply_and_the_link_whole() -> None:
    """A reply begins with whom it answers; that goes, and the way to the comment stays."""
    world = World()
    video = world.video()
    (top,) = world.say(video, text="Who ploughs this? Ask mary.m@mail.example")
    (reply,) = world.answer_to(top, text="\u200b@jofenn  @cityofexample does #yyc")
    hearing = Hearing(world)
    items = await hearing.turn()
    gate = Gate(
        keys=KeyRing([b"k" * 32]),
        own_handles=("@cityofexample",),
        country="CA",
        consent="objection",
        nobot_tags=(),
        objections=frozenset(),
    )
    at = Place(
        network="youtube",
        source="our-videos",
        keep="text",
        retention=timedelta(days=30),
        emit_from=timedelta(days=30),
    )
    cleared = [
        gate.clear(
            post(items, name),
            place=at,
            watches=(),
            shortest=None,
            sealer=Sealer(NOW.date(), b"k" * 32),
            now=NOW,
        )
        for name in (top.id, reply.id)
    ]
    data = [each.event.data for each in cleared if isinstance(each, Cleared)]

    assert [(each.kind, each.addressed, each.link) for each in data] == [
        ("comment", True, f"https://www.youtube.com/watch?v={video.id}&lc={top.id}"),
        ("reply", True, f"https://www.youtube.com/watch?v={video.id}&lc={reply.id}"),
    ]
    assert not [word for word in ("jofenn", "mary") if word in str(cleared)]
    assert "@cityofexample does #yyc" in str(data[1].text)
    assert data[1].in_reply_to == cleared[0].event.subject  # type: ignore[union-attr]
