"""What may be configured, and how far a source reaches."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.mastodon import SPEC
from adapters.mastodon.config import MastodonConfig
from tests.adapters.mastodon.statuses import HOST, config


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "social.example"},
        {"endpoint": "https://social.example/@city"},
        {"endpoint": "https://jo:pw@social.example"},
        {"endpoint": "https://social.example/?a=1"},
        {"endpoint": "https://[1"},
        {"endpoint": "ftp://social.example"},
        {"hashtags": ["two words"]},
        {"hashtags": ["@jo"]},
        {"hashtags": [f"t{each}" for each in range(201)]},
        {"own_accounts": ["city hall"]},
        {"own_accounts": ["https://social.example/@city"]},
        {"listen": "mentions"},
        {"streaming": "sse"},
        {"streaming": "websocket"},
        {"listen": "mentions", "token": "t0ken", "streaming": "sse"},
        {"streaming_host": "https://x.example"},
        {"interval_s": 59},
        {"accounts": ["jo"]},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_without_being_shown(wrong: dict[str, Any]) -> None:
    """An instance and tags can be named, a person cannot; the message holds nothing of a value."""
    with pytest.raises(ValidationError) as caught:
        config(**wrong)

    assert "jo:pw" not in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_an_endpoint_is_a_host_and_own_accounts_are_compared_folded() -> None:
    """However they are written."""
    made = config(endpoint="HTTPS://Social.Example:8443/", own_accounts=["@City@Town.Example", "acct:desk"])

    assert (made.endpoint, made.host, made.place) == (
        "https://social.example:8443",
        "social.example",
        "social.example:8443",
    )
    assert made.own_accounts == ("city@town.example", "desk")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts/1",
        "/api/v1/accounts/lookup",
        "/api/v1/statuses/1/reblogged_by",
        "/api/v1/follows",
        "/api/v2/search",
        "/@jo",
        "/api/v1/streaming/user",
    ],
)
def test_no_profile_and_no_follower_can_be_asked_for(path: str) -> None:
    """The reach has no path for a person, with or without a token."""
    for settings in ({}, {"token": "t0ken-t0ken"}):
        assert not [reach for reach in SPEC.reaches(config(**settings)) if re.fullmatch(reach.path, path)]


def test_the_streaming_host_is_reached_for_streams_alone() -> None:
    """And not at all without a token."""
    made = config(token="t0ken-t0ken", streaming_host="streaming.social.example")
    paths = {reach.path for reach in SPEC.reaches(made) if reach.host != HOST}

    assert paths == {r"/api/v1/streaming(?:/hashtag)?"}
    assert {reach.host for reach in SPEC.reaches(config())} == {HOST}


@pytest.mark.parametrize(
    ("settings", "relation", "interval_s"),
    [
        ({}, "public", 300.0),
        ({}, "own", 60.0),
        ({"listen": "mentions", "token": "t0ken-t0ken"}, "public", 60.0),
        ({"interval_s": 600}, "own", 600.0),
    ],
)
def test_what_is_said_to_us_is_looked_for_every_minute(
    settings: dict[str, Any], relation: str, interval_s: float
) -> None:
    """Mentions and our own instance; no setting goes below the floor."""
    made = config(**settings)

    assert SPEC.interval_s(made, relation) == interval_s
    assert SPEC.floor_s(made, relation) <= interval_s


def test_a_token_is_no_part_of_what_prints() -> None:
    """Nor of what a dump shows."""
    made = config(token="t0ken-t0ken")

    assert "t0ken" not in f"{made!r} {made} {made.model_dump()}"
    assert MastodonConfig.model_json_schema()["properties"]["token"]["anyOf"][0]["writeOnly"] is True
