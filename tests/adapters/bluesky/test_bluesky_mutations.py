"""
Each trap of the network, with the adapter made to step into it: the check that guards it fails. What is broken is put in
the adapter's place for the length of one test; the simulator and the daemon stay as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.bluesky import (
    crosscheck,
    facets,
    hosts,
    hydrate,
    listening,
    memory,
    normalise,
    pages,
    recheck,
    search,
    sieve,
    wire,
)
from listener.adapter import Verdict
from listener.errors import SourceError
from listener.events import Consent, Post
from tests.adapters.bluesky import bluesky_checks as checks

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Trap:
    """
    Args:
        where: Module or class of the adapter.
        name: What is replaced there.
        broken: By what.
        check: Which has to fail.
    """

    where: Any
    name: str
    broken: Any
    check: Check


# ----------------------------------------------------------------------------------------------- broken pieces


def in_milliseconds(position_us: int) -> int:
    """A cursor that hosts take for a sequence number of the far future."""
    return position_us // 1000


def not_rewound(position_us: int) -> int:
    """From where it ended, not a moment earlier."""
    return position_us


def by_characters(facet: Any, said: bytes) -> tuple[int, int] | None:
    """A facet's bytes taken for characters."""
    index = wire.maybe(wire.Slice, facet.index)
    text = said.decode()
    if index is None or index.byte_end > len(text):
        return None
    return len(text[: index.byte_start].encode()), len(text[: index.byte_end].encode())


def without_labels(post: Post, _view: Any, *, own: frozenset[str]) -> Post:
    """The post is there, so it is taken; nobody looks at the author's labels."""
    return replace(post, consent=Consent(flags=post.consent.flags))


def ignoring(operation: str) -> Callable[..., Any]:
    """Commits of one kind are nobody's business."""
    whole = sieve.Sieve._event

    def event(self: sieve.Sieve, frame: Any, commit: Any) -> Any:
        return None if commit.operation == operation else whole(self, frame, commit)

    return event


def crashing_on_accounts(self: sieve.Sieve, frame: bytes, sifted: sieve.Sifted) -> None:
    """Every event is taken for a commit."""
    if wire.decoded(wire.Frame, frame).commit is None:
        raise KeyError("commit")
    DECODE(self, frame, sifted)


DECODE = sieve.Sieve._decode


async def nothing_is_unread(self: hydrate.LookUp, uris: Any) -> tuple[hydrate.Standing, SourceError | None]:
    """A look-up that failed says that nothing is there."""
    standing, fault = await STANDING(self, uris)
    standing.unread.clear()
    return standing, fault


STANDING = hydrate.LookUp.standing
NOTE = sieve.Sifted.note
LISTENING = listening.Listening.__init__


def moved_by_every_event(self: sieve.Sifted, at_us: int, *, about_post: bool) -> None:
    """Accounts and identities move the cursor, too."""
    NOTE(self, at_us, about_post=True)


def one_host_only(self: listening.Listening, *, hosts: Sequence[str], **rest: Any) -> None:
    """The second host alone is heard."""
    LISTENING(self, hosts=tuple(hosts)[1:], **rest)


def always_what_is_shown(ask: Any, view: Any, *, own: frozenset[str], now: Any) -> Verdict | None:
    """What the AppView shows replaces what is held, although it ignores changes."""
    post = normalise.post_of_view(view, own=own, seen_at=now)
    return Verdict("changed", replace(post, edited_at=now)) if isinstance(post, Post) else None


def forgiven_at_once(self: hosts.Host, _error: SourceError, monotonic: float) -> None:
    """A host that failed may be connected again at the next opportunity."""
    self.connected, self.retry_at = False, monotonic


def always(answer: Any) -> Callable[..., Any]:
    """The same answer, whatever is asked."""

    def told(*_: Any, **__: Any) -> Any:
        return answer

    return told


def nothing(*_: Any, **__: Any) -> Iterator[Any]:
    """Nothing at all."""
    return iter(())


TRAPS = {
    "the cursor is in milliseconds": Trap(
        hosts, "rewound", in_milliseconds, checks.what_is_said_while_the_daemon_is_down_is_heard_afterwards
    ),
    "a reconnect does not go back": Trap(
        hosts, "rewound", not_rewound, checks.what_a_careless_host_lost_comes_with_the_next_connection
    ),
    "both hosts are connected at one moment": Trap(
        listening, "STAGGER_S", 0.0, checks.losses_of_both_hosts_do_not_meet
    ),
    "accounts move the cursor": Trap(
        sieve.Sifted,
        "note",
        moved_by_every_event,
        checks.silence_of_one_collection_is_found_within_minutes,
    ),
    "clamping is not noticed": Trap(
        hosts.Host, "judge", always(None), checks.an_expired_cursor_is_told_as_a_gap
    ),
    "one host is enough": Trap(
        listening.Listening, "__init__", one_host_only, checks.a_blind_host_is_found_and_costs_nothing
    ),
    "hosts are not compared": Trap(
        crosscheck.CrossCheck,
        "blind",
        always(frozenset()),
        checks.a_blind_host_is_found_and_costs_nothing,
    ),
    "silence is not noticed": Trap(
        listening.Listening,
        "_leave",
        always(None),
        checks.silence_of_one_collection_is_found_within_minutes,
    ),
    "a half-open line is waited for": Trap(
        listening.Listening,
        "_leave",
        always(None),
        checks.a_half_open_stream_is_left_within_minutes,
    ),
    "facets count characters": Trap(facets, "_span", by_characters, checks.bytes_are_not_characters),
    "tags beside the text are not read": Trap(
        normalise, "_tags", nothing, checks.hashtags_count_wherever_they_stand
    ),
    "only mentions address us, answers do not": Trap(
        normalise, "_is_ours", always(False), checks.who_speaks_to_the_city_is_heard
    ),
    "labels of accounts are not looked up": Trap(
        pages, "seen", without_labels, checks.the_wish_not_to_be_shown_is_kept
    ),
    "deletions are filtered out": Trap(
        sieve.Sieve, "_event", ignoring("delete"), checks.a_deletion_takes_the_words_away_within_seconds
    ),
    "updates are filtered out": Trap(
        sieve.Sieve, "_event", ignoring("update"), checks.a_change_replaces_the_words
    ),
    "re-check believes the first words": Trap(
        recheck, "_verdict", always_what_is_shown, checks.a_change_replaces_the_words
    ),
    "re-check does not see what is gone": Trap(
        hydrate.Standing, "is_gone", always(False), checks.a_wish_that_comes_later_is_kept_within_a_day
    ),
    "account events crash": Trap(
        sieve.Sieve, "_decode", crashing_on_accounts, checks.accounts_and_identities_pass_by
    ),
    "a deletion is forgotten": Trap(
        memory.Revisions, "has", always(False), checks.a_deletion_that_comes_before_its_post_keeps_it_out
    ),
    "what the AppView does not know yet is gone": Trap(
        pages.Pages, "_may_come", always(False), checks.a_late_appview_is_waited_for
    ),
    "a failed look-up says that nothing is there": Trap(
        hydrate.LookUp, "standing", nothing_is_unread, checks.a_lost_appview_is_waited_for
    ),
    "only the first page of a search is read": Trap(search, "PAGES_MAX", 1, checks.a_gap_is_filled_by_search),
    "a refused host is asked again at once": Trap(
        hosts.Host, "failed", forgiven_at_once, checks.a_host_that_is_down_is_not_hammered
    ),
}


@pytest.mark.parametrize("name", TRAPS)
async def test_a_broken_adapter_fails_its_check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that guards a trap says so when the adapter steps into it."""
    trap = TRAPS[name]
    monkeypatch.setattr(trap.where, trap.name, trap.broken)

    with pytest.raises(AssertionError):
        await trap.check()
