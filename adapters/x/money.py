"""
What reading X costs: the budgets of a credential, what a request takes from them, and what a source is expected to spend.

Pure; behind `AdapterSpec.budgets`, `charges` and `outlook`. A page of posts is charged with as many posts as it may have,
before it is asked for; `api` gives back what did not come. Numbers cost by the request, whatever they say, so searches and
mentions leave the last tenth of the money to them. Asking again whether a post is still there may use all: it is a duty.

Source: docs.x.com, getting-started/pricing and post-cap, read 2026-11 (platform facts, 1.5).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from adapters.x.config import XConfig
from adapters.x.queries import plan_for
from listener.adapter import Budget, Charge, Interest, Outlay

SEARCH_SHARE: Final = 0.9
LONGEST_MONTH_H: Final = 31 * 24
RETENTION_DAYS: Final = 7


def budgets(config: XConfig) -> tuple[Budget, ...]:
    """
    Money, which the operator bounds, and posts, which X does.
    """
    credential, day = config.credential, config.cycle_day
    return (
        Budget(
            name="usd",
            credential=credential,
            limit=config.monthly_usd,
            unit="USD",
            window="month",
            first_day=day,
        ),
        Budget(
            name="posts",
            credential=credential,
            limit=float(config.posts_a_month),
            unit="posts",
            window="month",
            first_day=day,
        ),
    )


def charges(config: XConfig, address: str) -> tuple[Charge, ...]:
    """
    What one request costs at most.
    """
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    if parts.path == "/2/tweets/counts/recent":
        return (Charge(budget="usd", most=config.counts_usd),)
    if parts.path == "/2/tweets":
        posts = len(asked.get("ids", [""])[0].split(","))
        return _posts(posts, config.post_usd, share=1.0)
    posts = int(asked.get("max_results", ["100"])[0])
    each = config.mention_usd if config.listen == "mentions" else config.post_usd
    return _posts(posts, each, share=SEARCH_SHARE)


def _posts(count: int, each_usd: float, *, share: float) -> tuple[Charge, ...]:
    return (
        Charge(budget="usd", most=count * each_usd, share=share),
        Charge(budget="posts", most=float(count), share=share),
    )


def outlook(config: XConfig, interest: Interest, relation: str) -> tuple[Outlay, ...]:
    """
    Numbers to the cent, for the longest month; posts by the piece, because nobody knows how much will be said.
    """
    if config.listen == "search" and interest.keep == "counts":
        return (_numbers(config, interest),)
    each = config.mention_usd if config.listen == "mentions" else config.post_usd
    what = "posts that mention us, each" if config.listen == "mentions" else "posts found, each"
    found = Outlay(budget="usd", what=what, a_window=None, each=each)
    if not config.recheck or interest.keep == "counts":
        return (found,)
    days = f"posts kept, asked for again every day of {RETENTION_DAYS} at most, each post"
    return found, Outlay(budget="usd", what=days, a_window=None, each=RETENTION_DAYS * config.post_usd)


def _numbers(config: XConfig, interest: Interest) -> Outlay:
    plan = plan_for(interest.watches, own=frozenset(config.own_accounts), most=config.query_length)
    queries = sum(map(len, plan.by_watch.values()))
    often = "every hour" if config.counts_every_h == 1 else f"every {config.counts_every_h} hours"
    return Outlay(
        budget="usd",
        what=f"counts of {queries} {'query' if queries == 1 else 'queries'}, {often}",
        a_window=queries * -(-LONGEST_MONTH_H // config.counts_every_h) * config.counts_usd,
        each=config.counts_usd,
    )
