"""
YouTube: comments on a channel, its new videos, and titles that a watch asks for. Read only, and never who wrote.

`SPEC` is all the core sees. What reads is imported when the first source is built, not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.youtube import quota
from adapters.youtube.config import (
    OWN_INTERVAL_S,
    PUBLIC_FLOOR_S,
    PUBLIC_INTERVAL_S,
    UPLOADS_INTERVAL_S,
    YouTubeConfig,
)
from adapters.youtube.meanings import MEANINGS
from adapters.youtube.public import PUBLIC
from adapters.youtube.wire import WIRE_TYPES
from listener.adapter import (
    AdapterSpec,
    Clause,
    Cursor,
    Interest,
    Outlay,
    Poller,
    Reach,
    Reader,
    RecheckTerms,
    TermsOfUse,
)
from listener.clock import Clock

_EXAMPLE: Final = """\
[[source]]
name = "our-videos"
adapter = "youtube"
relation = "own"
channel = "UCxxxxxxxxxxxxxxxxxxxxxx"
key = "put-the-key-here"  # better: key_file = "/run/secrets/youtube_key"
"""

_CALLS: Final = {
    "comments": ("commentThreads", "comments", "playlistItems"),
    "uploads": ("playlistItems", "videos"),
    "titles": ("search", "videos"),
}


def _build(config: YouTubeConfig, reader: Reader, clock: Clock, interest: Interest) -> Poller:
    if config.listen == "comments":
        from adapters.youtube.comments import CommentsSource

        return CommentsSource(config, reader, clock, interest)
    if config.listen == "uploads":
        from adapters.youtube.uploads import UploadsSource

        return UploadsSource(config, reader, clock, interest)
    from adapters.youtube.titles import TitlesSource

    return TitlesSource(config, reader, clock, interest)


def _reaches(config: YouTubeConfig) -> tuple[Reach, ...]:
    """
    What is asked, and no channel: there is no path for one.
    """
    return tuple(Reach(config.host, re.escape(f"/youtube/v3/{call}")) for call in _CALLS[config.listen])


def _credential(config: YouTubeConfig) -> str:
    return config.credential


def _floor_s(config: YouTubeConfig, relation: str) -> float:
    if config.listen == "titles":
        return max(PUBLIC_FLOOR_S, config.search_every_s)
    return OWN_INTERVAL_S if relation == "own" else PUBLIC_FLOOR_S


def _interval_s(config: YouTubeConfig, relation: str) -> float:
    if config.listen == "titles":
        return max(config.interval_s or PUBLIC_INTERVAL_S, _floor_s(config, relation))
    if config.listen == "uploads":
        return config.interval_s or UPLOADS_INTERVAL_S
    return config.interval_s or (OWN_INTERVAL_S if relation == "own" else PUBLIC_INTERVAL_S)


def _outlook(config: YouTubeConfig, interest: Interest, relation: str) -> tuple[Outlay, ...]:
    return quota.outlook(config, interest, max(_interval_s(config, relation), _floor_s(config, relation)))


def _anew(_: Cursor) -> Cursor:
    """
    Nothing seen: everything that is shown goes through the gate once more.
    """
    return Cursor(b"")


def _names(configs: Sequence[YouTubeConfig], link: str) -> tuple[str, ...]:
    from adapters.youtube.links import names

    return names(configs, link)


SPEC: Final = AdapterSpec(
    name="youtube",
    summary="YouTube Data API v3: comments on a channel, its new videos, titles of videos that a watch asks for.",
    listens_to="Public comments and replies on the organisation's own channel, or on the channel of a public body or a "
    "publication that meets the criterion of the source; the videos such a channel publishes; or titles that a watch asks "
    "for. Who wrote is not asked for: no name, picture or channel of a commenter crosses the wire, so that nobody can be "
    "recognised: an answer by our own account marks nothing answered by itself, an objection is honoured by `listener "
    "forget`, and a name that somebody signs under a comment of their own stays in its text. Nobody is subscribed to, no profile is read.",
    credentials="an API key of a project of the organisation's, for which the YouTube Data API v3 is switched on; no account",
    limits="10,000 units a day for a project, a page of any list costing one, and 100 searches a day beside them; both come "
    "back at midnight in California (developers.google.com/youtube/v3/determine_quota_cost, revision of 2026-06-01).",
    terms=TermsOfUse(
        retention_max_days=30,
        delete_within_h=7 * 24,
        default_keep="text",
        address="https://developers.google.com/youtube/terms/developer-policies",
        checked_on=date(2026, 11, 25),
        government=None,
        derived_metrics="agreement",
        derived_clause=Clause(
            says="sentiment of viewers, classes of content and other metrics may be derived only after the amendment on derived "
            "metrics was accepted; in force since 2026-06-01",
            address="https://developers.google.com/youtube/terms/derived-metrics-policy",
            checked_on=date(2026, 11, 25),
        ),
    ),
    config=YouTubeConfig,
    example=_EXAMPLE,
    build=_build,
    reaches=_reaches,
    lease_group=_credential,
    floor_s=_floor_s,
    interval_s=_interval_s,
    look_back_s=60 * 86_400.0,
    wire=WIRE_TYPES,
    simulator="adapters.youtube.simulator:serve",
    quarter="adapters.youtube.simulated_quarter:TubeQuarter",
    unconditional=_anew,
    recheck=RecheckTerms(within_s=86_400.0, batch=quota.RECHECK_BATCH, spacing_s=30.0),
    budgets=quota.budgets,
    charges=quota.charges,
    outlook=_outlook,
    names=_names,
    meanings=MEANINGS,
    public=PUBLIC,
)
"""
Each post is asked about once a day: YouTube tells of no removal, its terms allow 30 days until what is held is asked about
again and 7 until a person's request is met, and a day costs little more than two units for a hundred posts. That leaves room: 10,000 held
posts take 205 units beside the 2,880 that an own channel's comments take. A list takes fifty by id, and one of them is the
witness (`recheck`).
"""
