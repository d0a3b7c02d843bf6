"""Politeness P23 to P28: how a request looks, and what causes none."""

from __future__ import annotations

import re

import pytest

from listener import __version__
from listener.testing.politeness import manners, slowing
from listener.testing.rig import CONTACT
from tests.politeness.once import once

pytestmark = pytest.mark.anyio

MAY_BE_SAID = {"host", "user-agent", "accept", "accept-encoding", "if-none-match", "if-modified-since"}


async def test_p23_requests_are_clean() -> None:
    """GET of exactly what was configured or redirected to; no cookie, Referer, cache-buster or second header of a kind."""
    seen = await once(manners.clean)
    away = {"/feed", "/there?x=%7e"}

    assert {asked.request.method for asked in seen.asked} == {"GET"}
    assert {asked.request.body for asked in seen.asked} == {b""}
    assert set().union(*(asked.head for asked in seen.asked)) <= MAY_BE_SAID
    assert all(len(asked.request.headers) == len(asked.head) for asked in seen.asked)
    for name, target in manners.TARGETS.items():
        asked_for = [asked.request.target for asked in seen.at(f"{name}.city.example")]
        assert asked_for == [target.encode()] * len(asked_for)
        assert len(asked_for) >= 3
    assert {asked.request.target.decode() for asked in seen.at("wandering.city.example")} == away
    assert {asked.request.target for asked in seen.at("away.city.example")} == {b"/feed?y=~"}
    assert len(seen.at("cookies.city.example")) >= 3


async def test_p24_every_request_says_who_asks_and_where_to_complain() -> None:
    """Product, version, an address with a plus sign; the same in all, redirects included."""
    seen = await once(manners.clean)
    agents = {asked.head["user-agent"] for asked in seen.asked}

    assert agents == {f"civic-listener/{__version__} (+{CONTACT}; City of Example)"}
    assert re.fullmatch(r"[a-z-]+/\d+(\.\d+)+ \(\+https://\S+; [^()]+\)", agents.pop())


async def test_p25_what_is_offered_is_what_can_be_decoded_within_bounds() -> None:
    """gzip is offered alone and read; what was not offered is refused by name; a bomb ends at the cap."""
    seen = await manners.encodings()
    codes = {name: view["error_code"] for name, view in seen.views.items()}

    assert {asked.head["accept-encoding"] for asked in seen.asked} == {"gzip"}
    assert codes == {
        "gzip": None,
        "br": "bad_encoding",
        "zstd": "bad_encoding",
        "deflate": "bad_encoding",
        "twice": "bad_encoding",
        "cut": "unavailable",
        "bomb": "too_large",
    }
    assert {event["source"] for event in seen.events} == {"/feed/gzip"}
    assert seen.extra["grown_bytes"] < 32 * 2**20


async def test_p26_a_configured_feed_is_read_and_costs_no_other_request() -> None:
    """What an operator configured is read; robots.txt is for discovery and pages (RFC 9309) and is not asked for here."""
    seen = await manners.robots()

    assert [asked.line for asked in seen.asked] == ["GET /feed", "GET /feed"]


async def test_p27_looking_at_the_daemon_asks_no_site() -> None:
    """Health, metrics, events, sources and the rest, time and again: no request leaves."""
    seen = await manners.looked_at()

    assert {"/healthz", "/readyz", "/metrics", "/v1/sources", "/v1/events", "/v1/events/stream"} <= set(
        seen.extra["readable"]
    )
    assert len(seen.asked) == seen.extra["before"] == 1


async def test_p28_a_spent_quota_holds_its_host_until_the_window_ends() -> None:
    """As Mastodon, X, GitHub and both forms of the IETF draft write it; a host with plenty left is not held."""
    seen = await slowing.spent()

    for host in ("mastodon", "x", "github", "ietf-03", "ietf"):
        pause_s, spacing_s = seen.gaps_s(f"{host}.city.example")[:2]
        assert slowing.PAUSE_S - 1 <= pause_s <= slowing.PAUSE_S + 15, host
        assert spacing_s >= 2
    assert seen.starts_s("plenty.city.example")[1] < 10
