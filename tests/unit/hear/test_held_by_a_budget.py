"""A source that waits for its budget: no failure, an exact hour, and nothing that an operator's hand could break."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from listener.adapter import Budget, Charge, Cursor, Page
from listener.hear.purse import Purse, Wallet
from tests.unit.hear.test_intake import HOUR, House

pytestmark = pytest.mark.anyio

CREDENTIAL = "town:0123456789ab"


class Priced:
    """A poller whose every read costs so much."""

    def __init__(self, wallet: Wallet) -> None:
        self.wallet, self.reads = wallet, 0

    async def fetch(self, cursor: Cursor | None) -> Page:
        await self.wallet.pay("any", account="snow")
        self.reads += 1
        return Page(cursor=Cursor(b"next"))


def priced(house: House, name: str, most: float) -> tuple[Purse, Priced]:
    """A day of 240: ten at the start, ten an hour."""
    purse = Purse(queue=house.queue, clock=house.clock, telemetry=house.telemetry, node="local")
    budget = Budget(name="units", credential=CREDENTIAL, limit=240.0, unit="units", window="day")
    wallet = purse.wallet(name, "town", (budget,), lambda address: (Charge(budget="units", most=most),))
    assert wallet is not None
    return purse, Priced(wallet)


async def test_it_is_held_until_the_hour_at_which_it_can_pay() -> None:
    """Not as a failure; the host is not held for it, asking by hand changes nothing, and no line says which credential it is."""
    house = House()
    _, reads = priced(house, "square", 150.0)
    source = replace(house.source("square", reads, host=CREDENTIAL), wallet=reads.wallet, secret_group=True)

    async with house.running(source):
        await house.clock.advance(10)
        view = house.view("square")
        polled = await house.intake.poll("square")
        assert view.next_due_at is not None
        back = (view.next_due_at - house.clock.now()).total_seconds()
        await house.clock.advance(back - 10)
        early = reads.reads
        await house.clock.advance(20)

    assert (view.state, view.why, view.failures, view.error_code) == ("held", "budget", 0, None)
    assert (
        view.reason
        == f"its budget `units` has to last, so it goes on at {view.next_due_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    assert (polled.due_at, polled.reason) == (view.next_due_at, view.reason)
    assert (early, reads.reads) == (0, 1)
    assert house.pace.held_until(CREDENTIAL, house.clock.now() - timedelta(hours=1)) is None
    assert house.lines("source.rate_limited") == []
    assert [(line["source"], line["budget"]) for line in house.lines("source.budget_spent")] == [
        ("square", "units")
    ]
    assert "0123456789ab" not in house.out.getvalue()


async def test_reads_stretch_before_they_stop() -> None:
    """Where what is read in an hour costs more than comes in, the next read is later, so that the rest of the day can pay for it."""
    house = House()
    _, reads = priced(house, "square", 20.0)
    source = replace(
        house.source("square", reads, host=CREDENTIAL), wallet=reads.wallet, interval_s=HOUR / 2, floor_s=60.0
    )

    async with house.running(source):
        await house.clock.advance(10)
        view = house.view("square")
        assert view.next_due_at is not None
        wait_s = (view.next_due_at - house.clock.now()).total_seconds()

    assert (view.state, view.why) == ("waiting", "budget")
    assert view.reason.endswith("so that its budget lasts")
    assert wait_s > HOUR / 2 * 1.5


async def test_a_limit_that_is_raised_is_noticed_at_once() -> None:
    """Also by the source that waited for the smaller limit of another; one that is not raised changes nothing."""
    house = House()
    purse, reads = priced(house, "square", 150.0)
    source = replace(house.source("square", reads, host=CREDENTIAL), wallet=reads.wallet)

    async with house.running(source):
        await house.clock.advance(10)
        before, told = purse.limits(), house.view("square")
        house.intake.afford(house.intake.slowed & purse.raised(before))
        unmoved = house.view("square")
        reads.wallet = priced_again(purse, 24_000.0)
        house.intake.afford(house.intake.slowed & purse.raised(before))
        await house.clock.advance(10)

    assert (told.why, unmoved, reads.reads) == ("budget", told, 1)


async def test_a_source_that_was_slowed_comes_when_it_would_have_come() -> None:
    """A raised limit makes nobody read more often than its interval."""
    house = House()
    purse, reads = priced(house, "square", 20.0)
    source = replace(
        house.source("square", reads, host=CREDENTIAL), wallet=reads.wallet, interval_s=HOUR / 2, floor_s=60.0
    )

    async with house.running(source):
        await house.clock.advance(10)
        before = purse.limits()
        reads.wallet = priced_again(purse, 24_000.0, most=20.0)
        house.intake.afford(house.intake.slowed & purse.raised(before))
        view = house.view("square")

    assert view.last_read_at is not None
    assert (view.why, view.next_due_at) == ("afforded", view.last_read_at + timedelta(seconds=HOUR / 2))


async def test_a_restart_asks_the_budget_again() -> None:
    """An operator who raises a limit and starts the daemon anew does not wait for an hour that was reckoned from the old one."""
    house = House()
    _, reads = priced(house, "square", 150.0)
    source = replace(house.source("square", reads, host=CREDENTIAL), wallet=reads.wallet)
    async with house.running(source):
        await house.clock.advance(10)
    again = House(house.queue)
    again.clock = house.clock
    purse, reads = priced(again, "square", 150.0)
    wallet = priced_again(purse, 24_000.0)
    reads = Priced(wallet)
    again.intake._clock = again.keeper._clock = house.clock
    async with again.running(replace(again.source("square", reads, host=CREDENTIAL), wallet=wallet)):
        await house.clock.advance(10)

    assert reads.reads == 1


def priced_again(purse: Purse, limit: float, *, most: float = 150.0) -> Wallet:
    """The same source under another limit, as a reload would have it."""
    budget = Budget(name="units", credential=CREDENTIAL, limit=limit, unit="units", window="day")
    wallet = purse.wallet("square", "town", (budget,), lambda address: (Charge(budget="units", most=most),))
    assert wallet is not None
    return wallet
