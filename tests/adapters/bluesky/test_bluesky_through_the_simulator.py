"""
The daemon as it ships before the simulated Bluesky, which shares no code with the adapter: what happened there and what
was heard are compared. The checks themselves are in `bluesky_checks`, because they are also run against broken adapters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.adapters.bluesky import bluesky_checks as checks

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", ["asyncio"]),
    pytest.mark.timeout(300),
]

CHECKS: list[Callable[[], Awaitable[None]]] = [
    checks.an_afternoon_is_heard_whole,
    checks.nothing_is_lost_or_doubled_by_reconnects,
    checks.what_is_said_while_the_daemon_is_down_is_heard_afterwards,
    checks.an_expired_cursor_is_told_as_a_gap,
    checks.a_blind_host_is_found_and_costs_nothing,
    checks.silence_of_one_collection_is_found_within_minutes,
    checks.a_half_open_stream_is_left_within_minutes,
    checks.losses_where_replay_becomes_live_are_made_up_by_the_other_host,
    checks.losses_of_both_hosts_do_not_meet,
    checks.what_a_careless_host_lost_comes_with_the_next_connection,
    checks.a_deletion_that_comes_before_its_post_keeps_it_out,
    checks.a_deletion_takes_the_words_away_within_seconds,
    checks.a_change_replaces_the_words,
    checks.the_wish_not_to_be_shown_is_kept,
    checks.a_wish_that_comes_later_is_kept_within_a_day,
    checks.accounts_and_identities_pass_by,
    checks.bytes_are_not_characters,
    checks.hashtags_count_wherever_they_stand,
    checks.who_speaks_to_the_city_is_heard,
    checks.a_late_appview_is_waited_for,
    checks.a_lost_appview_is_waited_for,
    checks.a_gap_is_filled_by_search,
    checks.a_host_that_is_down_is_not_hammered,
    checks.a_week_stays_within_every_limit,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_the_daemon_keeps_what_it_owes(check: Callable[[], Awaitable[None]]) -> None:
    """Each check of `bluesky_checks`, by name."""
    await check()
