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
