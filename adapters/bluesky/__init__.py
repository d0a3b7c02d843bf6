"""
Bluesky: the public posts of the network as Jetstream tells them. No account, no credential, nobody followed.

`SPEC` is all the core sees. The streams are imported when the first source is built, not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from adapters.bluesky.config import BlueskyConfig, host_of
from adapters.bluesky.meanings import MEANINGS
from adapters.bluesky.public import PUBLIC
from adapters.bluesky.wire import WIRE_TYPES
from listener.adapter import (
    AdapterSpec,
    Interest,
    Reach,
    Reader,
    RecheckTerms,
    TermsOfUse,
)
from listener.clock import Clock

if TYPE_CHECKING:
    from adapters.bluesky.jetstream import BlueskySource

_EXAMPLE: Final = """\
[[source]]
name = "bluesky"
adapter = "bluesky"
relation = "public"
criterion = "Every public post that a watch asks for, whoever wrote it"
own_accounts = ["did:web:city.example"]
"""

LOOK_UP_SPACING_S: Final = 0.2
"""Half of what an address may ask: 3,000 in five minutes. The rest is for re-checks and for others behind the address."""

SEARCH_SPACING_S: Final = 2.0
"""Chosen: a gap is filled at the pace of a person."""


def _build(config: BlueskyConfig, reader: Reader, clock: Clock, interest: Interest) -> BlueskySource:
    from adapters.bluesky.jetstream import BlueskySource

    return BlueskySource(config, reader, clock, interest)


def _reaches(config: BlueskyConfig) -> tuple[Reach, ...]:
    """
    The streams, two questions about posts and own handles, and a search where there is an account for it.
    """
    appview = host_of(config.appview)
    reaches = [Reach(host_of(host), "/subscribe") for host in config.hosts]
    reaches.append(Reach(appview, _method("app.bsky.feed.getPosts"), spacing_s=LOOK_UP_SPACING_S))
    if config.handles:
        reaches.append(Reach(appview, _method("com.atproto.identity.resolveHandle")))
    if config.may_search:
        reaches.append(
            Reach(host_of(config.service), _method("app.bsky.feed.searchPosts"), spacing_s=SEARCH_SPACING_S)
        )
    return tuple(reaches)


def _method(name: str) -> str:
    return f"/xrpc/{re.escape(name)}"


def _exchanges(config: BlueskyConfig) -> tuple[str, ...]:
    if not config.may_search:
        return ()
    from adapters.bluesky.search import create_session, refresh_session

    return create_session(config.service), refresh_session(config.service)


def _group(config: BlueskyConfig) -> str:
    """
    Connections are what is limited first; look-ups have a pace of their own.
    """
    return host_of(config.hosts[0])


def _floor_s(_config: BlueskyConfig, _relation: str) -> float:
    """
    Between two connections, when the stream ended by itself.
    """
    return 60.0


def _interval_s(_config: BlueskyConfig, _relation: str) -> float | None:
    return 60.0


def _names(configs: Sequence[BlueskyConfig], link: str) -> tuple[str, ...]:
    from adapters.bluesky.links import names

    return names(configs, link)


SPEC: Final = AdapterSpec(
    name="bluesky",
    summary="Public posts on Bluesky, by Jetstream.",
    listens_to="Every public post of the network passes by; kept are those that hold a watched hashtag, phrase or own "
    "handle, and those that mention or answer one of the organisation's own accounts. Before one is kept, the network's "
    "public view of that one post is asked for: whether it is still there, and whether its author wishes not to be shown "
    "to people who are not signed in.",
    credentials="none; an app password of an own account only to search for what was missed during a gap",
    limits="Jetstream is not authenticated and states no limit; it drops a reader that does not take its frames within "
    "5 s (bluesky-social/jetstream, internal/subscribe/handler.go). Look-ups and re-checks: 25 posts a request; 3,000 requests "
    "in 5 minutes for an address, of which at most half are used (docs.bsky.app, advanced-guides/rate-limits). Sessions: "
    "30 in 5 minutes and 300 a day for an account; one is made for each gap at most. Read 2026-11-24.",
    terms=TermsOfUse(
        retention_max_days=None,
        delete_within_h=None,
        default_keep="text",
        # Guideline 3: a service must have a way to delete what a user wants deleted; it sets no clock.
        address="https://docs.bsky.app/docs/support/developer-guidelines",
        checked_on=date(2026, 11, 24),
        government=None,
        derived_metrics="free",
        derived_clause=None,
    ),
    config=BlueskyConfig,
    example=_EXAMPLE,
    build=_build,
    reaches=_reaches,
    lease_group=_group,
    floor_s=_floor_s,
    interval_s=_interval_s,
    look_back_s=36 * 3600.0,
    wire=WIRE_TYPES,
    simulator="adapters.bluesky.simulator:serve",
    quarter="adapters.bluesky.simulated_quarter:BlueskyQuarter",
    exchanges=_exchanges,
    recheck=RecheckTerms(within_s=86_400.0, batch=25, spacing_s=2.0),
    names=_names,
    meanings=MEANINGS,
    public=PUBLIC,
)
