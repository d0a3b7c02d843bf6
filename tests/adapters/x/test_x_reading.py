"""Turns of a source in the corners: watches that change, answers that lead nowhere, what a cursor holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listener.adapter import Terms
from listener.errors import BudgetSpent, DocumentRefused, SourceUnavailable
from listener.events import Count, Gap, Rejected, WatchName
from listener.testing.canned import Watching
from tests.adapters.x.checks import HOUR, burst
from tests.adapters.x.hearing import Hearing
from tests.adapters.x.world import NOW, PEOPLE, ROADS, config, invalid, mentions, page, post, reply, watching

pytestmark = pytest.mark.anyio


async def test_a_watch_that_changes_goes_back_to_where_it_stood() -> None:
    """Another query is asked from there on: nothing said meanwhile is lost, and no more is read than that."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.clock.step(hours=5)
    said = burst(hearing, 2)
    hearing.clock.step(minutes=1)
    hearing.interest = watching("rivertown", "bridge")
    hearing.restart()
    await hearing.turn()

    assert said < hearing.natives
    assert hearing.queries[-1]["start_time"] == "2026-11-24T11:58:31Z"


async def test_a_token_that_leads_back_is_refused() -> None:
    """A server that gives the same page for ever would be paid for ever."""
    hearing = Hearing()
    hearing.world.faults["search"] = page(post(), token="t1")
    await hearing.page()

    with pytest.raises(DocumentRefused) as caught:
        await hearing.page()
    assert caught.value.reason == "not_an_answer"


async def test_where_a_token_is_refused_the_walk_goes_on_by_id() -> None:
    """Below the oldest post that was read, so that nothing is lost and nothing read twice."""
    hearing = Hearing()
    said = burst(hearing, 30)
    hearing.clock.step(minutes=1)
    await hearing.page()
    hearing.world.faults["next_token=t10"] = invalid("next_token")
    await hearing.page()
    del hearing.world.faults["next_token=t10"]
    await hearing.turn()

    assert hearing.natives == said
    assert len(hearing.queries) == 4


async def test_a_name_that_is_configured_is_kept_to() -> None:
    """No other is tried; the operator is told."""
    hearing = Hearing(config(fields="tweet"))
    hearing.world.words = "post"

    with pytest.raises(DocumentRefused) as caught:
        await hearing.turn()
    assert caught.value.reason == "request_invalid"
    assert len(hearing.reader.asked) == 1


async def test_an_hour_of_which_nothing_is_told_is_a_gap() -> None:
    """Not a nought; what cannot be read is counted."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    hearing.clock.step(minutes=10)
    await hearing.turn()
    hearing.clock.step(hours=2)
    hour = {"start": "2026-11-24T13:00:00.000Z", "end": "2026-11-24T14:00:00.000Z", "tweet_count": 3}
    part = {"start": "2026-11-24T12:30:00.000Z", "end": "2026-11-24T13:00:00.000Z", "tweet_count": 3}
    hearing.world.faults["counts"] = reply({"data": [hour, part, "Brook Secret"], "meta": {}})
    items = await hearing.turn()

    assert items == (
        Rejected("unreadable_item"),
        Rejected("unreadable_item"),
        Gap(NOW, NOW + HOUR, "unknown", suspected=True),
        Count(ROADS, NOW + HOUR, NOW + 2 * HOUR, 3),
    )


async def test_numbers_of_more_than_a_page_are_read_to_the_end() -> None:
    """A token is followed, and the hours of all pages are told together."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    hearing.clock.step(minutes=10)
    await hearing.turn()
    hearing.clock.step(hours=2)
    first, second = (
        {"start": f"2026-11-24T{at}:00:00Z", "end": f"2026-11-24T{at + 1}:00:00Z", "tweet_count": at}
        for at in (12, 13)
    )
    hearing.world.faults["next_token=n1"] = reply({"data": [first], "meta": {}})
    hearing.world.faults["counts"] = reply({"data": [second], "meta": {"next_token": "n1"}})
    items = await hearing.turn()

    assert items == (Count(ROADS, NOW, NOW + HOUR, 12), Count(ROADS, NOW + HOUR, NOW + 2 * HOUR, 13))


async def test_a_query_that_numbers_refuse_stops_no_other() -> None:
    """It is told; its hours are asked for again six hours later, and lost by nobody."""
    either = Watching(
        {ROADS: Terms(frozenset({"bad"})), WatchName("snow"): Terms(frozenset({"ok"}))}, "counts"
    )
    hearing = Hearing(interest=either)
    hearing.world.faults["%23bad"] = invalid("query")
    hearing.clock.step(minutes=10)
    await hearing.turn()
    note = hearing.pages[-1].note
    del hearing.world.faults["%23bad"]
    hearing.clock.step(hours=6)
    await hearing.turn()

    assert note == "query_refused"
    assert {count.watch for count in hearing.counts} == {ROADS, WatchName("snow")}


async def test_counts_that_cannot_be_paid_wait() -> None:
    """There is no cheaper question."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    spent = BudgetSpent("spent", budget="usd", wait_s=60.0)
    hearing.world.faults["counts"] = spent
    hearing.clock.step(minutes=10)

    with pytest.raises(BudgetSpent) as caught:
        await hearing.turn()
    assert caught.value is spent


async def test_where_nothing_can_be_asked_nothing_is() -> None:
    """No watch has a term that X could look for."""
    for interest in (watching(), watching("🔥")):
        hearing = Hearing(interest=interest)
        await hearing.turn()

        assert hearing.reader.asked == []
        assert hearing.pages[0].note == "nothing_to_ask"


async def test_counting_seldom_tells_every_hour_all_the_same() -> None:
    """Four hours for one request, in their order."""
    hearing = Hearing(config(counts_every_h=4), watching("rivertown", keep="counts"))
    hearing.clock.step(minutes=10)
    for _ in range(9):
        await hearing.turn()
        hearing.clock.step(hours=1)

    assert [count.start_at for count in hearing.counts] == [NOW + HOUR * each for each in range(-1, 8)]
    assert len(hearing.queries) == 3


async def test_an_account_that_does_not_exist_is_told() -> None:
    """By its code, and nothing was paid."""
    hearing = Hearing(mentions())
    hearing.world.faults["mentions"] = reply({"title": "Brook Secret"}, status=404)
    with pytest.raises(DocumentRefused) as caught:
        await hearing.turn()

    assert caught.value.reason == "no_such_account"
    assert hearing.spent() == 0.0


async def test_a_search_that_is_not_found_is_tried_again() -> None:
    """That says nothing of a query."""
    hearing = Hearing()
    hearing.world.faults["search"] = reply({}, status=404)

    with pytest.raises(SourceUnavailable):
        await hearing.turn()


async def test_a_cursor_is_small_and_names_nobody() -> None:
    """After a burst over many queries: no term, no person, no credential, and only ids that bound a search."""
    tags = [f"tag{number:03}" for number in range(150)]
    hearing = Hearing(interest=watching("rivertown", *tags))
    burst(hearing, 250, text="@jo_fenn #rivertown")
    hearing.clock.step(minutes=1)
    await hearing.turn()
    stored = bytes(hearing.cursor or b"")

    assert len(stored) < 1200
    assert not [name for name in (*PEOPLE, "rivertown", "tag001", "roads") if name.encode() in stored]
    assert sum(name.encode() in stored for name in hearing.natives) == 1


async def test_a_removed_watch_leaves_the_cursor() -> None:
    """It grows with what is asked for now, not with what ever was."""
    hearing = Hearing(interest=watching(*(f"tag{number:03}" for number in range(400))))
    await hearing.turn()
    before = len(hearing.cursor or b"")
    hearing.interest = watching("rivertown")
    hearing.restart()
    hearing.clock.step(minutes=5)
    await hearing.turn()

    assert len(hearing.cursor or b"") < before / 4


async def test_pages_grow_with_what_is_said() -> None:
    """A quiet query risks ten posts, a lively one takes twice what the last turn brought."""
    hearing = Hearing()
    sizes = []
    for count in (0, 3, 20, 60):
        burst(hearing, count)
        hearing.clock.step(minutes=15)
        await hearing.turn()
        sizes.append(hearing.queries[-1]["max_results"])

    assert sizes[:2] == ["10", "10"]
    assert hearing.clock.at - NOW > timedelta(hours=1)
    assert [one["max_results"] for one in hearing.queries if "next_token" not in one] == [
        "10",
        "10",
        "10",
        "40",
    ]
