"""
Blogs and their comments: RSS, RDF, Atom and JSON Feed. No account, no credential.

`SPEC` is all the core sees. The parser is imported when the first feed is built, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.feed.config import OWN_INTERVAL_S, PUBLIC_INTERVAL_S, FeedConfig
from adapters.feed.meanings import MEANINGS
from adapters.feed.public import PUBLIC
from adapters.feed.wire import WIRE_TYPES
from listener.adapter import (
    AdapterSpec,
    Candidate,
    Cursor,
    Interest,
    Poller,
    Reach,
    Reader,
    Reply,
    TermsOfUse,
)
from listener.clock import Clock

_EXAMPLE: Final = """\
[[source]]
name = "river-blog"
adapter = "feed"
relation = "public"
criterion = "Blogs of associations listed in the city's register, on their own request or ours"
address = "https://river.example/feed/"
"""


def _build(config: FeedConfig, reader: Reader, clock: Clock, _interest: Interest) -> Poller:
    """
    A feed cannot be asked for a term: the core's watch chooses from what it shows.
    """
    from adapters.feed.client import FeedSource

    return FeedSource(config, reader, clock)


def _reaches(config: FeedConfig) -> tuple[Reach, ...]:
    return (Reach(config.host, ".*", redirects="public"),)


def _host(config: FeedConfig) -> str:
    return config.host


def _floor_s(_config: FeedConfig, relation: str) -> float:
    return OWN_INTERVAL_S if relation == "own" else PUBLIC_INTERVAL_S


def _interval_s(config: FeedConfig, relation: str) -> float | None:
    """
    An own site is asked as often as it may be; anybody else's as its rhythm suggests, unless the operator knows better.
    """
    return config.interval_s or (OWN_INTERVAL_S if relation == "own" else None)


def _address(config: FeedConfig) -> str:
    return config.address


def _relocated(config: FeedConfig, address: str) -> FeedConfig:
    """
    What an operator would write: the new address, and the first one so that identities stay.
    """
    return config.model_copy(update={"address": address, "first_address": config.scope})


def _discover(reply: Reply) -> tuple[Candidate, ...]:
    from adapters.feed.discovery import discover

    return discover(reply)


def _unconditional(cursor: Cursor) -> Cursor:
    from adapters.feed.cursor import without_validators

    return without_validators(cursor)


def _names(configs: Sequence[FeedConfig], link: str) -> tuple[str, ...]:
    from adapters.feed.links import names

    return names(configs, link)


SPEC: Final = AdapterSpec(
    name="feed",
    summary="Blogs, news pages and their comments by RSS, Atom or JSON Feed.",
    listens_to="Entries that a site publishes in a feed for anybody to read: posts, and comments under them. On the "
    "organisation's own sites the comment feeds of single entries are read, too.",
    credentials="none",
    limits="Read at most once an hour (own sites: once a minute), later where the site asks for it, and only what "
    "changed: conditional requests (RFC 9110, section 13), but for one whole answer a day where comments are approved "
    "late (own sites: one an hour). Comments of single entries (`follow_comments`) and older pages (`history_pages`) "
    "are read after the feed itself, each only when there is something new. One request at a time for each host.",
    terms=TermsOfUse(
        retention_max_days=None,
        delete_within_h=None,
        default_keep="text",
        address=None,
        checked_on=date(2026, 11, 24),
        government=None,
        derived_metrics="free",
        derived_clause=None,
    ),
    config=FeedConfig,
    example=_EXAMPLE,
    build=_build,
    reaches=_reaches,
    lease_group=_host,
    floor_s=_floor_s,
    interval_s=_interval_s,
    look_back_s=30 * 86400.0,
    wire=WIRE_TYPES,
    simulator="adapters.feed.simulator:serve",
    quarter="adapters.feed.simulated_quarter:BlogQuarter",
    relocated=_relocated,
    discover=_discover,
    unconditional=_unconditional,
    address=_address,
    names=_names,
    meanings=MEANINGS,
    public=PUBLIC,
)
