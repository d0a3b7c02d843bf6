"""Politeness P15 to P19: a server that says "slow down", and one in trouble."""

from __future__ import annotations

import pytest

from listener.testing.politeness import slowing
from listener.testing.politeness.site import DAY_S, HOUR_S, gaps

pytestmark = pytest.mark.anyio

BUSY = "busy.city.example"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
async def test_p15_retry_after_holds_the_whole_host(status: int, as_date: bool) -> None:
    """Queued requests and restarts included; a date counts against the server's own clock; other hosts go on."""
    seen = await slowing.paused(status, as_date=as_date)
    pause_s, *later = seen.gaps_s(BUSY)

    assert slowing.PAUSE_S <= pause_s <= slowing.PAUSE_S + 15
    assert len(seen.at(BUSY)) == 4
    assert {asked.line for asked in seen.at(BUSY)} == {"GET /0", "GET /1", "GET /2"}
    assert min(later) >= 2
    assert {seen.extra["early"][f"f{number}"]["state"] for number in range(3)} == {"held"}
    assert len(seen.at("other.city.example")) >= 2


async def test_p15_a_pause_ends_after_31_days_and_the_cap_is_logged() -> None:
    """Thirty years become 31 days, not eight hours; the log says what was asked for and what was granted."""
    seen = await slowing.paused_for_ever()
    assert 31 * DAY_S <= seen.gaps_s(BUSY)[1] <= 31 * DAY_S + HOUR_S
    cap_s = 31 * DAY_S
    assert [line for line in seen.log("source.clamped") if line["used_s"] == cap_s]


async def test_p16_too_often_without_a_time_is_backed_off_exponentially_with_jitter() -> None:
    """From ten minutes, doubling, and no two hosts in step."""
    seen = await slowing.too_often()
    hosts = sorted({asked.host for asked in seen.asked})
    waits = {host: seen.gaps_s(host) for host in hosts}

    for found in waits.values():
        assert all(600 <= gap <= min(DAY_S, 600 * 2**step) + 15 for step, gap in enumerate(found, start=1))
        assert max(found) > 4 * HOUR_S
    assert len({round(found[0], 3) for found in waits.values()}) == len(hosts)


async def test_p16_a_403_after_a_429_is_another_429() -> None:
    """It is backed off and read again; a host that only ever said 403 is asked once a day."""
    seen = await slowing.forbidden()
    answers = gaps(seen.starts_s("masked.city.example"))

    assert all(gap >= 600 for gap in answers)
    assert answers[2] < DAY_S
    assert seen.views["masked"]["state"] == "waiting"
    assert all(gap >= DAY_S for gap in seen.gaps_s("closed.city.example"))
    assert seen.views["closed"]["state"] == "denied"


async def test_p17_twenty_feeds_of_a_host_that_serves_one_a_minute_are_all_served() -> None:
    """Within 25 minutes, without a burst, and no feed starves."""
    seen = await slowing.lockstep()
    starts = seen.starts_s("few.city.example")

    assert len(seen.extra["served"]) == 20
    assert max(seen.extra["served"].values()) <= 25 * 60
    assert min(gaps(starts)) >= 2
    assert all(sum(0 <= round(other - at, 3) < 60 for other in starts) <= 2 for at in starts)


@pytest.mark.parametrize("by_hand", [False, True], ids=["restarts and reloads", "an operator's hand"])
async def test_p18_a_dead_address_is_asked_once_in_a_back_off_step_whoever_asks(by_hand: bool) -> None:
    """Restarts, a crash and reloads add nothing, nor does an operator."""
    seen = await slowing.dead(by_hand=by_hand)

    assert [step["extra"] for step in seen.extra["steps"]] == [0, 0, 0, 0]
    assert min(seen.gaps_s("dead.city.example")) >= 300


async def test_p19_errors_never_stop_a_feed_and_end_in_a_daily_probe() -> None:
    """A month of 500: still asked, about daily, shown as failing, told to whoever watches; well again within a day."""
    seen = await slowing.failing()
    ill = seen.extra["ill"]
    found = ill.starts_s("ill.city.example")
    late = [at_s for at_s in found if at_s > 20 * DAY_S]

    assert max(gaps(found)) <= DAY_S + 60
    assert 10 <= len(late) <= 30
    assert ill.views["ill"]["state"] == "failing"
    assert 'listener_sources{state="failing"} 1.0' in ill.metrics
    assert len(ill.log("source.failed")) == len(found)
    assert seen.views["ill"]["state"] == "waiting"
    assert len(seen.log("source.recovered")) == 1
