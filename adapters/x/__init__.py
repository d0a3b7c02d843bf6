"""
X: how much is said with the terms of the watches, and, where its terms allow, what; and what mentions our own account.
Read only.

`SPEC` is all the core sees. What reads is imported when the first source is built, not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.x.config import OWN_INTERVAL_S, PUBLIC_FLOOR_S, PUBLIC_INTERVAL_S, XConfig
from adapters.x.meanings import MEANINGS
from adapters.x.money import RETENTION_DAYS, budgets, charges, outlook
from adapters.x.public import PUBLIC
from adapters.x.sensitive import clauses, unlawful
from adapters.x.wire import WIRE_TYPES
from listener.adapter import AdapterSpec, Clause, Interest, Poller, Reach, Reader, RecheckTerms, TermsOfUse
from listener.clock import Clock

_EXAMPLE: Final = """\
[[source]]
name = "x-volumes"
adapter = "x"
relation = "public"
criterion = "Every public post on X, by number only"
token = "the app's bearer token; better in a file, as token_file"
monthly_usd = 10
"""

SPACING_S: Final = 2.0
"""Between two requests: 450 in fifteen minutes (docs.x.com, fundamentals/rate-limits, read 2026-11)."""

COUNTS_SPACING_S: Final = 3.0
"""300 in fifteen minutes."""

_READ: Final = date(2026, 11, 24)
_AGREEMENT: Final = "https://docs.x.com/developer-terms/ppu-agreement"
_POLICY: Final = "https://docs.x.com/developer-terms/policy"
_DISPLAY: Final = "https://docs.x.com/developer-terms/display-requirements"


def _build(config: XConfig, reader: Reader, clock: Clock, interest: Interest) -> Poller:
    from adapters.x.client import XSource

    return XSource(config, reader, clock, interest)


def _reaches(config: XConfig) -> tuple[Reach, ...]:
    """
    What is asked, and no profile: the one account with a path is our own.
    """
    lookup = Reach(config.host, r"/2/tweets", spacing_s=SPACING_S)
    if config.listen == "mentions":
        path = rf"/2/users/{re.escape(config.own_user_id or '')}/mentions"
        return Reach(config.host, path, spacing_s=SPACING_S), lookup
    return (
        Reach(config.host, r"/2/tweets/counts/recent", spacing_s=COUNTS_SPACING_S),
        Reach(config.host, r"/2/tweets/search/recent", spacing_s=SPACING_S),
        lookup,
    )


def _credential(config: XConfig) -> str:
    return config.credential


def _floor_s(config: XConfig, relation: str) -> float:
    return OWN_INTERVAL_S if _is_urgent(config, relation) else PUBLIC_FLOOR_S


def _interval_s(config: XConfig, relation: str) -> float | None:
    return config.interval_s or (OWN_INTERVAL_S if _is_urgent(config, relation) else PUBLIC_INTERVAL_S)


def _is_urgent(config: XConfig, relation: str) -> bool:
    """
    What is said to us is looked for every minute.
    """
    return relation == "own" or config.listen == "mentions"


def _names(configs: Sequence[XConfig], link: str) -> tuple[str, ...]:
    from adapters.x.links import names

    return names(configs, link)


SPEC: Final = AdapterSpec(
    name="x",
    summary="X: numbers of posts with the terms of the watches (default), such posts themselves, or mentions of our own account.",
    listens_to="By default only how many public posts an hour have the terms of a watch in them. With proofs that X's terms "
    "ask for: the posts themselves, without their authors, who are not asked for. Or posts that mention the organisation's "
    "own account, named by its number. Nobody is followed, no profile is read, nothing is posted; there is no stream, "
    "because its rules are made by POST. Since authors are unknown, an answer by our own account is not recognised, and a name "
    "that somebody signs under a post of their own stays in its text. The numbers "
    "are those that X itself gives out; its policy forbids to use them for benchmarking, competitive or commercial purposes "
    "(docs.x.com/developer-terms/policy, X performance benchmarking, read 2026-11-24).",
    credentials="an app of X's developer platform: its bearer token; for mentions at a fifth of the price, an OAuth 1.0a token "
    "of the organisation's own account, read only. Both cost money by use.",
    limits="450 searches, 300 questions for numbers in fifteen minutes (docs.x.com/x-api/fundamentals/rate-limits): one request "
    "every 2 and 3 seconds at most; 3,000,000 posts in a cycle (post-cap); and what monthly_usd allows, of which searches "
    "and mentions use nine tenths at most, so that numbers go on.",
    terms=TermsOfUse(
        retention_max_days=RETENTION_DAYS,
        delete_within_h=24,
        default_keep="counts",
        address=_POLICY,
        checked_on=_READ,
        government=Clause(
            says="who makes X content available to a government-related entity needs an Enterprise plan, names every "
            "government end user in the use case, and notifies X before each new one (C. Government Use); and must not use it "
            "for surveillance, nor monitor sensitive events such as protests, rallies or community organizing meetings "
            "(B. User Protection)",
            address=_AGREEMENT,
            checked_on=_READ,
        ),
        derived_metrics="free",
        derived_clause=None,
        proofs={"links": ("attestation",), "text": ("attestation", "permission_ref")},
        clauses={
            "permission_ref": Clause(
                says="where a post is shown, its author's name, handle and picture must always be displayed and its text not "
                "altered, so that text without author needs X's written permission",
                address=_DISPLAY,
                checked_on=_READ,
            )
        },
        further=clauses,
        by_address_only=Clause(
            says="whoever hands X content on to a third party hands on ids of posts only, for which the content is asked of X "
            "again (Redistribution)",
            address=_POLICY,
            checked_on=_READ,
        ),
    ),
    config=XConfig,
    example=_EXAMPLE,
    build=_build,
    reaches=_reaches,
    lease_group=_credential,
    floor_s=_floor_s,
    interval_s=_interval_s,
    look_back_s=(RETENTION_DAYS + 1) * 86_400.0,
    wire=WIRE_TYPES,
    recheck=RecheckTerms(within_s=23 * 3600.0, batch=100, spacing_s=2 * SPACING_S),
    budgets=budgets,
    charges=charges,
    outlook=outlook,
    unlawful=unlawful,
    names=_names,
    meanings=MEANINGS,
    simulator="adapters.x.simulator:serve",
    quarter="adapters.x.simulated_quarter:PostsQuarter",
    public=PUBLIC,
)
"""
Bodies are kept for seven days at most, because X wants copies deleted and tells of deletions in bulk only to who uploads ids
by POST, which this service cannot say. Each is asked about within 23 hours, an hour before X's clock. Every second turn at
the host is left to reading.
"""
