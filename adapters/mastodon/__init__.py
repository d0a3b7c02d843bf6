"""
Mastodon, and what speaks its API: hashtags of an instance, and what mentions our own account. Read only.

`SPEC` is all the core sees. What reads is imported when the first source is built, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.mastodon.config import OWN_INTERVAL_S, PUBLIC_FLOOR_S, PUBLIC_INTERVAL_S, MastodonConfig
from adapters.mastodon.meanings import MEANINGS
from adapters.mastodon.public import PUBLIC
from adapters.mastodon.wire import WIRE_TYPES
from listener.adapter import AdapterSpec, Interest, Poller, Reach, Reader, RecheckTerms, Streamer, TermsOfUse
from listener.clock import Clock

_EXAMPLE: Final = """\
[[source]]
name = "town-social"
adapter = "mastodon"
relation = "public"
criterion = "The instance on which most people of the town have their account, as its rules page lists it"
endpoint = "https://social.example"
hashtags = ["rivertown"]
"""

SPACING_S: Final = 3.1
"""
Between two requests to an instance. Mastodon allows 300 in five minutes and, which its documentation does not say, 300 in
fifteen for whatever pages (config/initializers/rack_attack.rb, read 2026-11-24): 291 in fifteen minutes.
"""

_PATHS: Final = (
    r"/api/v[12]/instance",
    r"/api/v1/timelines/tag/[^/]+",
    r"/api/v1/notifications",
    r"/api/v1/statuses(?:/[^/]+)?",
)
_STREAMS: Final = r"/api/v1/streaming(?:/hashtag)?"


def _build(config: MastodonConfig, reader: Reader, clock: Clock, interest: Interest) -> Poller | Streamer:
    if config.way == "poll":
        from adapters.mastodon.client import MastodonSource

        return MastodonSource(config, reader, clock, interest)
    from adapters.mastodon.stream import MastodonStream

    return MastodonStream(config, reader, clock, interest)


def _reaches(config: MastodonConfig) -> tuple[Reach, ...]:
    """
    What is asked, and no profile: there is no path for one.
    """
    asked = tuple(Reach(config.host, path, spacing_s=SPACING_S) for path in _PATHS)
    if config.way == "poll":
        return asked
    return (*asked, Reach(config.streaming_host or config.host, _STREAMS, spacing_s=SPACING_S))


def _host(config: MastodonConfig) -> str:
    return config.host


def _floor_s(config: MastodonConfig, relation: str) -> float:
    return OWN_INTERVAL_S if _is_urgent(config, relation) else PUBLIC_FLOOR_S


def _interval_s(config: MastodonConfig, relation: str) -> float | None:
    return config.interval_s or (OWN_INTERVAL_S if _is_urgent(config, relation) else PUBLIC_INTERVAL_S)


def _is_urgent(config: MastodonConfig, relation: str) -> bool:
    """
    What is said to us is looked for every minute, wherever our account is; everything else less often.
    """
    return relation == "own" or config.listen == "mentions"


def _names(configs: Sequence[MastodonConfig], link: str) -> tuple[str, ...]:
    from adapters.mastodon.links import names

    return names(configs, link)


SPEC: Final = AdapterSpec(
    name="mastodon",
    summary="Mastodon and what speaks its API (GoToSocial, Akkoma, Pleroma): hashtags, and mentions of our own account.",
    listens_to="Public posts with a hashtag that a watch asks for, as one instance shows them to anybody, or posts that "
    "mention the organisation's own account there. Nobody is followed, no profile is read, nothing is posted.",
    credentials="none for hashtags on an instance that shows them to anybody; a token of the organisation's own account "
    "(read:statuses) for streaming and elsewhere, with read:notifications for mentions",
    limits="300 requests in five minutes for an address and an account (docs.joinmastodon.org/api/rate-limits), and 300 in "
    "fifteen for requests that page (rack_attack.rb): one request every 3.1 seconds at most, all sources of an instance "
    "together, posts that are asked about again included.",
    terms=TermsOfUse(
        retention_max_days=None,
        delete_within_h=None,
        default_keep="text",
        address="https://docs.joinmastodon.org/api/guidelines/",
        checked_on=date(2026, 11, 24),
        government=None,
        derived_metrics="free",
        derived_clause=None,
    ),
    config=MastodonConfig,
    example=_EXAMPLE,
    build=_build,
    reaches=_reaches,
    lease_group=_host,
    floor_s=_floor_s,
    interval_s=_interval_s,
    look_back_s=30 * 86400.0,
    wire=WIRE_TYPES,
    simulator="adapters.mastodon.simulator:serve",
    quarter="adapters.mastodon.simulated_quarter:FediverseQuarter",
    recheck=RecheckTerms(within_s=86_400.0, batch=20, spacing_s=2 * SPACING_S),
    names=_names,
    meanings=MEANINGS,
    public=PUBLIC,
)
"""
Each post is asked about once a day: no terms hold for the whole network (each instance has its own), so the clock is ours,
and a week would be long for somebody who has thought better of it. Twenty is what Mastodon answers at once
(`DEFAULT_STATUSES_LIMIT`, app/controllers/api/base_controller.rb; from memory: an instance that takes fewer is asked for
each). Every second turn at the host is left to reading, which makes 270,000 posts a day.
"""
