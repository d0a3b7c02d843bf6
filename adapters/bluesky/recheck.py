"""
Posts that are held, asked about again: takes what `Post.ask` held, gives verdicts. Used by `jetstream`.

This is also how accounts that ended are noticed. A stream tells of them by DID alone; whoever wanted to act on that would
have to keep a key of every author, and we keep none (decisions, 2026-11-24). The AppView shows no post of an account that
is deleted, deactivated, suspended or taken down, so that the next re-check finds them gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from adapters.bluesky import wire
from adapters.bluesky.hydrate import LookUp
from adapters.bluesky.identity import parts_of
from adapters.bluesky.normalise import UPDATED, post_of_view
from listener.adapter import Ask, Verdict
from listener.events import Post

GONE: Final = Verdict("gone")
WITHHELD: Final = Verdict("withheld")
UNCHANGED: Final = Verdict("unchanged")

_REFUSING: Final = frozenset({"no_unauthenticated", "limited"})


async def verdicts(
    asks: Sequence[Ask], *, look_up: LookUp, own: frozenset[str], now: datetime
) -> Mapping[Ask, Verdict]:
    """
    What became of each; nothing of those the AppView said nothing about.

    Raises:
        SourceError: it could not be asked at all.
    """
    named = {ask: ask.removesuffix(UPDATED) for ask in asks}
    known = {ask: uri for ask, uri in named.items() if parts_of(uri) is not None}
    standing, fault = await look_up.standing(known.values())
    if fault is not None and standing.unread >= set(known.values()):
        raise fault
    told: dict[Ask, Verdict] = {}
    for ask, uri in known.items():
        if standing.is_gone(uri):
            told[ask] = GONE
        elif uri in standing.views:
            verdict = _verdict(ask, standing.views[uri], own=own, now=now)
            if verdict is not None:
                told[ask] = verdict
    return told


def _verdict(ask: Ask, view: wire.PostView, *, own: frozenset[str], now: datetime) -> Verdict | None:
    """
    What a view says. Of a post that was changed the AppView may still show the first words, so that only its being there
    counts; the network itself tells of every further change.
    """
    post = post_of_view(view, own=own, seen_at=now)
    if not isinstance(post, Post):
        return None
    if not _REFUSING.isdisjoint(post.consent.flags):
        return WITHHELD
    return UNCHANGED if ask.endswith(UPDATED) else Verdict("changed", post)
